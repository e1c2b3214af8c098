//go:build pitfall

// Primes are counted, and another goroutine wants its turns.
package main

import (
	"fmt"
	"sync/atomic"
)

func countPrimes(limit int) int {
	primes := 0
next:
	for n := 2; n < limit; n++ {
		for d := 2; d*d <= n; d++ {
			if n%d == 0 {
				continue next
			}
		}
		primes++
	}
	return primes
}

//region main

func main() {
	var turns atomic.Int64
	go func() {
		for {
			turns.Add(1)
		}
	}()
	primes := 0
	for turns.Load() == 0 {
		primes = countPrimes(100_000) // gives the processor away nowhere
	}
	fmt.Println(primes, "primes, counted until the other goroutine had a turn")
}

//endregion

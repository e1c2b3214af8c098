//go:build pitfall

// Primes are counted, and another task wants its turns.
package main

import (
	"context"
	"fmt"
	"os"

	"example.com/overlap/eventloop"
)

var turns, meanwhile int

//region report

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

func report(co *eventloop.Co) (int, error) {
	before := turns
	primes := countPrimes(1_000_000)
	meanwhile = turns - before
	fmt.Println(primes, "primes; the other task had turns meanwhile:", meanwhile > 0)
	return primes, nil
}

//endregion

func run(co *eventloop.Co) (int, error) {
	eventloop.CreateTask(co, work)
	if err := co.Yield(); err != nil { // it has begun
		return 0, err
	}
	return report(co)
}

func work(co *eventloop.Co) (int, error) {
	for {
		turns++
		if err := co.Yield(); err != nil {
			return turns, err
		}
	}
}

func main() {
	if _, err := eventloop.Main(context.Background(), run); err != nil {
		panic(err)
	}
	if meanwhile == 0 {
		os.Exit(1)
	}
}

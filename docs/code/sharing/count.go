// Package sharing holds the programs of docs/09-sharing.md: one number that many
// goroutines add to, and one store of pages that many goroutines ask.
package sharing

import (
	"sync"
	"sync/atomic"
)

// Each function below starts so many goroutines, lets each of them add one so many
// times, and returns the sum.

// WithNothing is broken: all goroutines write to one variable and nothing orders
// them. Its result is any number, and most often too low.
func WithNothing(goroutines, times int) int {
	sum := 0
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range times {
				sum++
			}
		})
	}
	wg.Wait()
	return sum
}

// WithMutex lets one goroutine at a time read and write.
func WithMutex(goroutines, times int) int {
	sum := 0
	var mu sync.Mutex // guards sum
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range times {
				mu.Lock()
				sum++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return sum
}

// WithAtomic adds in one step that nothing can come between.
func WithAtomic(goroutines, times int) int {
	var sum atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range times {
				sum.Add(1)
			}
		})
	}
	wg.Wait()
	return int(sum.Load())
}

// WithOwn shares nothing while it counts: each goroutine has a number of its own
// and a slot of its own to leave it in.
func WithOwn(goroutines, times int) int {
	sums := make([]int, goroutines)
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			own := 0
			for range times {
				own++
			}
			sums[i] = own
		})
	}
	wg.Wait()
	sum := 0
	for _, own := range sums {
		sum += own
	}
	return sum
}

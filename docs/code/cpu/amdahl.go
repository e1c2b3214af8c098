// Package cpu holds the programs of docs/10-cpu.md: jobs that compute and do not
// wait.
package cpu

import (
	"sync"
	"time"

	"example.com/overlap/bench"
)

// Speedup is Amdahl's law: how many times as fast work becomes on so many cores if
// the serial part of it, from 0 to 1, cannot be divided among them.
func Speedup(serial float64, cores int) float64 {
	return 1 / (serial + (1-serial)/float64(cores))
}

// Work does so many steps of CPU work, the serial part of them on one goroutine and
// the rest in equal parts on so many, and returns how long that took.
func Work(steps int, serial float64, goroutines int) time.Duration {
	start := time.Now()
	alone := int(serial * float64(steps))
	sink(bench.Spin(1, alone))

	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() { sink(bench.Spin(1, (steps-alone)/goroutines)) })
	}
	wg.Wait()
	return time.Since(start)
}

// sink uses a result, so that the compiler cannot leave out the work for it.
func sink(x uint64) {
	if x == 0 { // Spin never gives 0 in so few steps
		panic("the work was for nothing")
	}
}

// Beat lets one goroutine compute for a second without a pause, on one core, and
// another one wake every 10 ms beside it. It prints the longest time for which the
// second one did not get to run.
package main

import (
	"fmt"
	"runtime"
	"time"

	"example.com/overlap/bench"
)

func main() {
	runtime.GOMAXPROCS(1)
	steps := 1_000_000 * bench.StepsPerMicrosecond() // a second

	//region beat
	done := make(chan uint64)
	start := time.Now()
	go func() { done <- bench.Spin(1, steps) }() // nothing in it waits, or yields

	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	beats, longest, last := 0, time.Duration(0), start
	for working := true; working; {
		select {
		case <-ticker.C:
			beats++
			longest = max(longest, time.Since(last))
			last = time.Now()
		case <-done:
			working = false
		}
	}
	//endregion
	fmt.Printf("the work took %v; %d beats meanwhile, the longest pause %v\n",
		time.Since(start).Round(10*time.Millisecond), beats, longest.Round(time.Millisecond))
}

// Amdahl prints how many times as fast work becomes on more cores if a part of it
// cannot be divided: as the formula has it, and measured on two cores here.
//
// Each measured time is the fastest of several, one core and two cores by turns:
// whatever else the machine does can only make it slower.
package main

import (
	"fmt"
	"runtime"
	"time"

	"example.com/overlap/bench"
	"example.com/overlap/docs/code/cpu"
)

func main() {
	const tries = 20
	steps := 20_000 * bench.StepsPerMicrosecond() // 20 ms
	fmt.Println("serial part   computed for 2, 4, 8, 64 cores   measured on 2")
	for _, serial := range []float64{0, 0.05, 0.1, 0.25, 0.5} {
		fmt.Printf("%10.0f%%  ", 100*serial)
		for _, cores := range []int{2, 4, 8, 64} {
			fmt.Printf(" %6.2f", cpu.Speedup(serial, cores))
		}
		one, two := time.Hour, time.Hour
		for range tries {
			one = min(one, cpu.Work(steps, serial, 1))
			two = min(two, cpu.Work(steps, serial, 2))
		}
		if runtime.GOMAXPROCS(0) < 2 {
			fmt.Println("    this machine has one core")
			continue
		}
		fmt.Printf(" %19.2f\n", float64(one)/float64(two))
	}
}

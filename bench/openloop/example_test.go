package openloop_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/openloop"
	"example.com/overlap/sequential"
)

// A constant rate never has two jobs come at once. Those of a Poisson process come in
// bunches, though there are as many of them on average.
func ExampleSchedule_Starts() {
	for _, schedule := range []openloop.Schedule{openloop.Constant(100), openloop.Poisson(100, 3)} {
		fmt.Println(schedule)
		n := 0
		for start := range schedule.Starts() {
			fmt.Print("  ", start.Round(time.Millisecond))
			if n++; n == 6 {
				break
			}
		}
		fmt.Println()
	}
	// Output:
	// 100/s, constant
	//   0s  10ms  20ms  30ms  40ms  50ms
	// 100/s, Poisson, seed 3
	//   13ms  14ms  50ms  50ms  55ms  74ms
}

// Any Streamer can be run on keys that arrive, and any Job.
func ExampleRun() {
	greet := overlap.Job[string, string, string]{
		Fetch:   func(_ context.Context, name string) (string, error) { return name, nil },
		Process: func(_ context.Context, name string) (string, error) { return "hello " + name, nil },
	}
	guests := slices.Values([]string{"Ada", "Grace", "Gil"})

	report, err := openloop.Run(context.Background(), sequential.Stream, greet, guests, openloop.Config{
		Schedule: openloop.Constant(500),
	})
	fmt.Println("offered", report.Offered, "done", report.Done, "dropped", report.Dropped, err)
	fmt.Println("the last came after", report.Last)
	// Output:
	// offered 3 done 3 dropped 0 <nil>
	// the last came after 4ms
}

package cost_test

import (
	"fmt"
	"time"

	"example.com/overlap/bench/cost"
)

// Two rounds: one with a thousand jobs at 1 ms, one with ten at 100 ms. Their p99 are
// 1 ms and 100 ms; the mean of these, 50 ms, is nobody's.
func ExampleLatencies_Merge() {
	quick, slow := cost.NewLatencies(), cost.NewLatencies()
	for range 1000 {
		quick.Record(time.Millisecond)
	}
	for range 10 {
		slow.Record(100 * time.Millisecond)
	}

	var all cost.Latencies
	for _, round := range []*cost.Latencies{quick, slow} {
		if err := all.Merge(round); err != nil {
			fmt.Println(err)
		}
	}
	p99, _ := all.Quantile(0.99)
	p999, _ := all.Quantile(0.999)
	fmt.Println(all.Count(), "jobs, p99", p99.Round(time.Millisecond), "p99.9", p999.Round(time.Millisecond))
	// Output: 1010 jobs, p99 1ms p99.9 100ms
}

func ExampleDecodeLatencies() {
	var l cost.Latencies
	l.Record(50 * time.Millisecond)
	text, err := l.Encode()
	fmt.Println(text[:8], err)

	again, err := cost.DecodeLatencies(text)
	fmt.Println(again.Count(), err)

	_, err = cost.DecodeLatencies("HISTFAAA")
	fmt.Println(err)
	// Output:
	// HISTFAAA <nil>
	// 1 <nil>
	// cost: decode latencies: 6 bytes are too few for a histogram
}

// Each run is read by itself, so that what lies between them (checks, garbage
// collection, the next run's preparation) is not in the sum.
func ExampleReading() {
	var before, after cost.Reading
	var used cost.Used
	for range 3 {
		before.Start()
		time.Sleep(time.Millisecond) // the run
		after.Stop()
		used.Add(after.Sub(&before))
	}
	if share, ok := used.GC.Share(); ok {
		fmt.Printf("the collector took %.0f %%\n", 100*share)
	} else {
		fmt.Println("no collection ended in these runs")
	}
	if p99, ok := used.Sched.Quantile(0.99); ok {
		_ = p99 // how long goroutines waited for a core
	}
	// Output: no collection ended in these runs
}

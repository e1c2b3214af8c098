package asyncio

import (
	"fmt"

	"example.com/overlap/bench/bars"
)

// Bars returns the bars that were set for the event loop. Those of memory at a million want
// BenchmarkWaiting with -million. The last is the CPU time that the loop takes for a job with
// an empty fetch (BenchmarkJob), over that of a page in package bench:
//
//	overlap bench -bench 'Pages/latency=10ms/inflight=30/tasks=100/model=eventloop$'
func Bars() []bars.Bar {
	var all []bars.Bar
	for _, turns := range []struct {
		tasks, asyncio float64
		within         float64 // seconds; 0: nothing was asked
		called         string
	}{{1, 9, 0, "1 task"}, {100, 9, 90e-9, "100 tasks"}, {10_000, 6, 180e-9, "10,000 tasks"}} {
		of := func(model, unit string) bars.Figure {
			return bars.Row(fmt.Sprintf("Switch/tasks=%.0f", turns.tasks), model, unit)
		}
		own := of("eventloop", "sec/op")
		if turns.within > 0 {
			all = append(all, bars.Median("a switch, "+turns.called, own, bars.AtMost, turns.within))
		}
		all = append(all,
			bars.Median("what a switch allocates, "+turns.called, of("eventloop", "B/op"), bars.AtMost, 0),
			bars.Ratio("asyncio's switch over the loop's, "+turns.called, of("asyncio", "sec/op"), own, bars.AtLeast, turns.asyncio),
			bars.Ratio("a channel's hand-over over the loop's switch, "+turns.called, of("channel", "sec/op"), own, bars.MoreThan, 1),
		)
	}
	all = append(all, bars.Median("a task created, run and awaited", bars.Row("Create", "eventloop", "sec/op"), bars.AtMost, 450e-9))
	for _, kind := range []string{"none", "io"} {
		of := func(model string) bars.Figure { return bars.Row("Tree/kind="+kind, model, "sec/op") }
		all = append(all, bars.Ratio("async_tree "+kind+", asyncio's gather over the loop's", of("asyncio-gather"), of("eventloop-gather"), bars.AtLeast, 5))
	}
	bytes := func(tasks, model string) bars.Figure { return bars.Row("Waiting/tasks="+tasks, model, "B/job") }
	stackless := bytes("1000000", "eventloop-stackless")
	return append(all,
		bars.Median("memory of a waiting task, of 100,000", bytes("100000", "eventloop"), bars.AtMost, 3.2*1024),
		bars.Median("memory of a stackless one, of a million", stackless, bars.AtMost, 300),
		bars.Ratio("asyncio's memory over that, of a million", bytes("1000000", "asyncio"), stackless, bars.AtLeast, 5),
		bars.Ratio("the loop's CPU time for a page over the page's", bars.Row("Job/tasks=100", "eventloop", "cpu-sec/job"), bars.Row("Pages/latency=10ms", "eventloop", "cpu-sec/job"), bars.Under, 0.03),
	)
}

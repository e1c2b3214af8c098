package runtimes

import "example.com/overlap/bench/bars"

// Bars returns the bars that were set for this module's pool beside the clients of other
// runtimes, bodies read and discarded. A is without a wait, B with one of 10 ms and C with
// one of 200 ms.
func Bars() []bars.Bar {
	row := func(wait, model, unit string) bars.Figure {
		return bars.Row("Clients/work=discard/"+wait, model, unit)
	}
	const a, b, c = "wait=0s/inflight=100", "wait=10ms/inflight=100", "wait=200ms/inflight=1000"
	time := func(wait, model string) bars.Figure { return row(wait, model, "sec/op") }
	return []bars.Bar{
		bars.Ratio("A: the time of aiohttp over that of the pool", time(a, "asyncio-aiohttp"), time(a, "go-pool"), bars.AtLeast, 4),
		bars.Ratio("A: that of aiohttp on uvloop over that of the pool", time(a, "asyncio-aiohttp-uvloop"), time(a, "go-pool"), bars.AtLeast, 3.5),
		bars.Median("A: CPU time of the pool for a page", row(a, "go-pool", "cpu-sec/job"), bars.AtMost, 45e-6),
		bars.Median("A: memory of the pool at its peak", row(a, "go-pool", "peak-rss-B"), bars.AtMost, 20e6),
		bars.Ratio("A: the pool on fasthttp over wrk", time(a, "go-pool-fasthttp"), time(a, "wrk"), bars.AtMost, 1.1),
		bars.Ratio("B: the pool over wrk", time(b, "go-pool"), time(b, "wrk"), bars.AtMost, 1.07),
		bars.Ratio("B: the pool on fasthttp over wrk", time(b, "go-pool-fasthttp"), time(b, "wrk"), bars.AtMost, 1.04),
		bars.Ratio("C: the pool over wrk", time(c, "go-pool"), time(c, "wrk"), bars.AtMost, 1.06),
	}
}

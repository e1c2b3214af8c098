package bench

import (
	"fmt"
	"testing"
)

// BenchmarkProcess has no waiting at all: CPU work of three sizes. It shows where
// concurrency does not pay (jobs of a microsecond, which cost less than to hand
// them over), what the cores give where it does, and that an event loop has one of them,
// unless its work goes to threads.
func BenchmarkProcess(b *testing.B) {
	for _, size := range []struct {
		name         string
		micros, jobs int
	}{
		{"1us", 1, 10_000},
		{"50us", 50, 500},
		{"1ms", 1_000, 50},
	} {
		for _, workers := range flags.workers.or(8) {
			c := cpuCell(size.jobs, size.micros*flags.stepsPerMicrosecond())
			limit := Limit{InFlight: workers, Buffer: 128}
			c.sent = new(stopwatch)
			c.rerun = latencies(c.job, c.keys, limit, c.sent)
			for _, m := range shown("Process", Models[int, uint64, uint64](limit)) {
				b.Run(fmt.Sprintf("cpu=%s/tasks=%d/workers=%d/model=%s", size.name, size.jobs, workers, m.Name), func(b *testing.B) {
					c.run(b, m)
				})
			}
		}
	}
}

package scale_test

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"example.com/overlap/bench"
	"example.com/overlap/bench/scale"
)

// limit is that of every model that has one. It is the pipeline's fetchers that wait; it has
// no more processors than cores.
const limit = 100

type model = bench.Model[int, int, int]

func models() []model {
	return bench.Models[int, int, int](bench.Limit{InFlight: limit, Process: runtime.GOMAXPROCS(0), Buffer: limit})
}

// mostWithTask is how many jobs wait at a time under eventloop-to-thread. A job is a task
// there, which has a stack besides that of the goroutine that fetches: a million would take
// some 6 GB and half a minute, to show what a hundred thousand show.
const mostWithTask = 100_000

// stacks is how many a waiting job has.
func stacks(m model) int {
	if m.Name == "eventloop-limit" || m.Name == "eventloop-to-thread" {
		return 2
	}
	return 1
}

// mayWait is how many jobs wait at a time under a model.
func mayWait(m model) int {
	switch m.Peak {
	case 0:
		return math.MaxInt
	case 1:
		return 1
	default:
		return limit
	}
}

// BenchmarkWaiting is what a waiting job takes under each model.
func BenchmarkWaiting(b *testing.B) {
	for _, jobs := range []int{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000} {
		for _, m := range models() {
			b.Run(fmt.Sprintf("waiting=%d/model=%s", jobs, m.Name), func(b *testing.B) {
				runs := max(1, 1_000/jobs)
				waiting := runs * min(jobs, mayWait(m))
				if m.Name == "eventloop-to-thread" && waiting > mostWithTask {
					b.Skipf("a job has two stacks here, its task's and its fetch's: %d that wait are measured, %d are left out", mostWithTask, waiting)
				}
				begin(b, scale.Need(runs*jobs, waiting*stacks(m)), waiting*stacks(m))
				var total scale.Cost
				for b.Loop() {
					cost, err := scale.Waiting(b.Context(), m.Run, jobs, mayWait(m), runs)
					if err != nil {
						b.Fatal(err)
					}
					total.Add(cost)
				}
				report(b, total, runs)
			})
		}
	}
}

// BenchmarkBareWait is what a wait takes where there is no Job: the floor.
func BenchmarkBareWait(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		for _, bare := range scale.Bares() {
			b.Run(fmt.Sprintf("waiting=%d/model=%s", n, bare.Name), func(b *testing.B) {
				begin(b, bare.Need(n), bare.Goroutines(n))
				var total scale.Cost
				for b.Loop() {
					cost, err := bare.Wait(b.Context(), n)
					if err != nil {
						b.Fatal(err)
					}
					total.Add(cost)
				}
				report(b, total, 1)
			})
		}
	}
}

// BenchmarkEndless lets ten million keys of an endless input through each Stream that
// has a limit. growth-B is the memory that is in use at the end and was not after a
// tenth of them: it is that of a few goroutines and buffers, however many the keys.
func BenchmarkEndless(b *testing.B) {
	const keys = 10_000_000
	for _, m := range models() {
		if m.Stream == nil || m.Peak == 0 {
			continue // goroutines.Stream says itself that it is unbounded
		}
		if m.Name == "eventloop-limit" {
			continue // it would take half a minute; the tests have shorter inputs for all
		}
		b.Run(fmt.Sprintf("keys=%d/model=%s", keys, m.Name), func(b *testing.B) {
			begin(b, scale.Need(0, m.Peak), m.Peak)
			worst := scale.Growth{Live: math.MinInt64}
			for b.Loop() {
				g, err := scale.Endless(b.Context(), m.Stream, keys)
				if err != nil {
					b.Fatal(err)
				}
				worst.Live = max(worst.Live, g.Live)
				worst.Peak = max(worst.Peak, g.Peak)
				worst.Ahead = max(worst.Ahead, g.Ahead)
				worst.Elapsed += g.Elapsed
			}
			each := float64(worst.Elapsed.Nanoseconds()) / float64(b.N)
			b.ReportMetric(each, "ns/op")
			b.ReportMetric(each/1e3/keys, "us/job")
			b.ReportMetric(float64(worst.Peak)/keys, "B/job")
			b.ReportMetric(float64(max(0, worst.Live)), "growth-B")
			b.ReportMetric(float64(worst.Ahead), "peak-ahead")
		})
	}
}

// cells counts those that this process has begun.
var cells int

// begin leaves a cell out that this machine has no memory for, and says so if it
// is not the first of its process.
func begin(b *testing.B, need uint64, goroutines int) {
	b.Helper()
	if goroutines > scale.MostGoroutines {
		b.Skipf("%d goroutines are more than the race detector allows", goroutines)
	}
	if err := scale.Available().Admit(need); err != nil {
		b.Skip(err)
	}
	if cells++; cells > 1 {
		b.Log("not the first cell of its process: memory that an earlier one left behind is not counted")
	}
	b.Cleanup(debug.FreeOSMemory) // the next cell asks what is available
}

// report gives what the loop found, of so many Runs an operation.
func report(b *testing.B, total scale.Cost, runs int) {
	jobs := float64(total.Jobs)
	perRun := float64(total.Elapsed) / float64(time.Nanosecond) / float64(runs) / float64(b.N)
	b.ReportMetric(perRun, "ns/op")
	b.ReportMetric(perRun*float64(runs)/1e3/jobs, "us/job")
	b.ReportMetric(float64(total.Bytes)/jobs, "B/job")
	if total.RSS > 0 {
		b.ReportMetric(float64(total.RSS)/jobs, "rss-B/job")
	}
	b.ReportMetric(float64(total.InFlight), "peak-inflight")
	b.ReportMetric(float64(total.Goroutines), "peak-goroutines")
}

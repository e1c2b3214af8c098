// Package selftest holds benchmarks of which the right verdict is known beforehand:
// models that are one and the same, and one that is slower by a known share. What the
// judge says of them says what the judge is worth (make bench-selftest).
package selftest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/pool"
)

// spin is a flag so that all processes of a run do the same work: what the first one
// measured is recorded, and given to the others.
var spin = flag.Int("spin", 0, "`steps` of CPU work that take a microsecond; 0 measures it")

// An operation takes about 50 ms on two cores. Of a shorter one the millisecond that
// it may take until all cores are awake is a part that varies: with 1000 jobs of 10 µs the
// time of an operation spread by 10 %, with these by 3 %, its CPU time by 2 % in both.
const (
	jobs    = 2000
	micros  = 50 // of CPU a job
	workers = 8
	slower  = 0.10 // how much more the slowed model works
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *spin == 0 {
		*spin = bench.StepsPerMicrosecond()
	}
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		fmt.Printf("spin: %d\n", *spin)
	}
	os.Exit(m.Run())
}

// BenchmarkIdentical runs one model under twelve names: no difference is there to be found.
func BenchmarkIdentical(b *testing.B) {
	var models []model
	for i := range 12 {
		models = append(models, pooled(fmt.Sprintf("copy%02d", i+1), 0))
	}
	compare(b, models)
}

// BenchmarkSlowed runs one model as it is and with a planted delay: 10 % more CPU work in
// each job. That is to be found.
func BenchmarkSlowed(b *testing.B) {
	compare(b, []model{pooled("plain", 0), pooled("slowed", slower)})
}

type model = bench.Model[int, uint64, uint64]

// pooled is the pool, whose jobs do so much more work than they say.
func pooled(name string, more float64) model {
	delay := int(more * float64(micros**spin))
	return model{
		Name: name,
		Run: func(ctx context.Context, job overlap.Job[int, uint64, uint64], keys []int) []overlap.Result[uint64] {
			slowed := job
			slowed.Process = func(ctx context.Context, body uint64) (uint64, error) {
				value, err := job.Process(ctx, body)
				runtime.KeepAlive(work(value, delay))
				return value, err
			}
			return pool.Run(ctx, slowed, keys, workers)
		},
		Ideal: schedule.Sequential,
		Peak:  workers,
	}
}

// work is a call that the compiler cannot look into: work whose result nobody uses may
// be left out.
//
//go:noinline
func work(seed uint64, steps int) uint64 { return bench.Spin(seed, steps) }

func compare(b *testing.B, models []model) {
	keys := make([]int, jobs)
	for i := range keys {
		keys[i] = i
	}
	bench.Comparison[int, uint64, uint64]{
		Job: overlap.Job[int, uint64, uint64]{
			Fetch:   func(_ context.Context, key int) (uint64, error) { return uint64(key), nil },
			Process: func(_ context.Context, body uint64) (uint64, error) { return bench.Spin(body, micros**spin), nil },
		},
		Keys:   keys,
		Limits: bench.Limits(workers),
		Models: func(bench.Limit) []model { return slices.Clone(models) },
		Equal:  func(a, b uint64) bool { return a == b },
	}.Run(b)
}

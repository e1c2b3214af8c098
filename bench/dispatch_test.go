package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/sequential"
)

// BenchmarkDispatch gives every model an empty job, so that all of the time is
// the model's own. Beside the models stand what they are built from or replace:
// a plain loop, a bare loop of wg.Go, errgroup with a limit, and one counter for
// all keys, to which RunCounter's ranges are the answer. The first three promise less:
// no check of ctx, no Goexit, and only wg.Go's loop recovers a panic.
func BenchmarkDispatch(b *testing.B) {
	const tasks = 10_000
	for _, workers := range flags.workers.or(8) {
		c := cpuCell(tasks, 0)
		models := append(shown("Dispatch", Models[int, uint64, uint64](Limit{InFlight: workers, Buffer: 128})), baselines(workers)...)
		for _, m := range models {
			b.Run(fmt.Sprintf("tasks=%d/workers=%d/model=%s", tasks, workers, m.Name), func(b *testing.B) {
				c.run(b, m)
			})
		}
	}
}

// cpuCell makes a cell of jobs that do steps of Spin and wait for nothing.
func cpuCell(tasks, steps int) cell[int, uint64, uint64] {
	c := cell[int, uint64, uint64]{
		job: overlap.Job[int, uint64, uint64]{
			Fetch:   func(_ context.Context, key int) (uint64, error) { return uint64(key), nil },
			Process: func(_ context.Context, body uint64) (uint64, error) { return Spin(body, steps), nil },
		},
		keys:  make([]int, tasks),
		equal: func(a, b uint64) bool { return a == b },
	}
	for i := range c.keys {
		c.keys[i] = i
	}
	job := c.job
	c.want = sync.OnceValues(func() ([]overlap.Result[uint64], error) {
		want := sequential.Run(context.Background(), job, c.keys)
		return want, overlap.Errors(want)
	})
	return c
}

func baselines(workers int) []Model[int, uint64, uint64] {
	type (
		job    = overlap.Job[int, uint64, uint64]
		result = overlap.Result[uint64]
	)
	do := func(ctx context.Context, j job, key int) (r result) {
		body, err := j.Fetch(ctx, key)
		if err != nil {
			return result{Err: err}
		}
		r.Value, r.Err = j.Process(ctx, body)
		return r
	}
	return []Model[int, uint64, uint64]{
		{Name: "plain-loop", Ideal: schedule.Sequential, Run: func(ctx context.Context, j job, keys []int) []result {
			results := make([]result, len(keys))
			for i, key := range keys {
				results[i] = do(ctx, j, key)
			}
			return results
		}},
		{Name: "bare-go", Ideal: schedule.Goroutines, Run: func(ctx context.Context, j job, keys []int) []result {
			results := make([]result, len(keys))
			var wg sync.WaitGroup
			for i, key := range keys {
				wg.Go(func() {
					defer func() {
						if v := recover(); v != nil {
							results[i].Err = &overlap.PanicError{Value: v}
						}
					}()
					results[i] = do(ctx, j, key)
				})
			}
			wg.Wait()
			return results
		}},
		{Name: "errgroup", Run: func(ctx context.Context, j job, keys []int) []result {
			results := make([]result, len(keys))
			var g errgroup.Group
			g.SetLimit(workers)
			for i, key := range keys {
				g.Go(func() error {
					results[i] = do(ctx, j, key)
					return nil
				})
			}
			_ = g.Wait()
			return results
		}},
		{Name: "one-counter", Run: func(ctx context.Context, j job, keys []int) []result {
			results := overlap.Pending[uint64](len(keys))
			var next atomic.Int64
			var wg sync.WaitGroup
			for range workers {
				overlap.Go(&wg, func() {
					j.DoEach(ctx, keys, results, func() int { return int(next.Add(1)) - 1 })
				})
			}
			wg.Wait()
			return results
		}},
	}
}

// The baselines must do the work that the models do, or their cost says nothing.
func TestBaselinesGiveTheSequentialResults(t *testing.T) {
	c := cpuCell(1000, 3)
	for _, m := range baselines(4) {
		t.Run(m.Name, func(t *testing.T) {
			want, err := c.want()
			require.NoError(t, err)
			require.NoError(t, differ(m.Run(t.Context(), c.job, c.keys), want, c.equal))
		})
	}
}

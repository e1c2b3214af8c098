package guards

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

type emptyJob = overlap.Job[int, int, int]

// BenchmarkGuards gives a pool an empty job under each guard, which has nothing to do there: the
// difference to the pool is what the guard costs. FailFast is made anew for each run; all the
// others are made once.
func BenchmarkGuards(b *testing.B) {
	const jobs, workers = 10_000, 8
	empty := emptyJob{
		Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
		Process: func(_ context.Context, body int) (int, error) { return body, nil },
	}
	keys := make([]int, jobs)
	for i := range keys {
		keys[i] = i
	}
	oneHost := func(int) string { return "host" }
	unlimited := rate.NewLimiter(rate.Every(time.Nanosecond), 1<<30)
	run := func(job emptyJob) func(ctx context.Context) error {
		return func(ctx context.Context) error { return overlap.Errors(pool.Run(ctx, job, keys, workers)) }
	}
	deadline := guard.Deadline(empty, time.Hour)
	for _, r := range []struct {
		model string
		run   func(ctx context.Context) error
	}{
		{"pool", run(empty)},
		{"pool-timeout", run(guard.Timeout(empty, time.Hour))},
		{"pool-deadline", func(ctx context.Context) error { return overlap.Errors(pool.Run(ctx, deadline, keys, workers)) }},
		{"pool-retry", run(guard.Retry(empty, guard.RetryPolicy{Budget: guard.NewBudget(0.1)}))},
		{"pool-ratelimit", run(guard.RateLimit(empty, unlimited))},
		// Its budget is nothing, or the second requests would be measured, too.
		{"pool-hedge", run(guard.Hedge(empty, guard.HedgePolicy{Budget: guard.NewBudget(0)}))},
		{"pool-failfast", func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			ctx, job := guard.FailFast(ctx, empty)
			return overlap.Errors(pool.Run(ctx, job, keys, workers))
		}},
		{"pool-perhost", run(guard.PerHost(empty, oneHost, jobs))},
		{"pool-singleflight", run(guard.SingleFlight(empty))},
	} {
		b.Run(fmt.Sprintf("tasks=%d/workers=%d/model=%s", jobs, workers, r.model), func(b *testing.B) {
			require.NoError(b, r.run(b.Context())) // what grows with the first run has grown
			meter := startMeter(b)
			for b.Loop() {
				if err := r.run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			meter.report(b, jobs)
		})
	}
}

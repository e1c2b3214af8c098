package guard_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

func ExampleFailFast() {
	job := fetching(func(ctx context.Context, key string) (string, error) {
		if key == "b" {
			return "", errors.New("no b")
		}
		return key, nil
	})
	ctx, job := guard.FailFast(context.Background(), job)
	results := pool.Run(ctx, job, []string{"a", "b", "c", "d"}, 1)
	for _, r := range results {
		fmt.Printf("%q %v\n", r.Value, r.Err)
	}
	fmt.Println("the first error:", context.Cause(ctx))
	// Output:
	// "a" <nil>
	// "" no b
	// "" no b
	// "" no b
	// the first error: no b
}

// Whatever the end, in either half, under every model: the context ends with it, and the
// others, whether they have begun or not, end at the same moment with it as their error.
func TestFailFastEndsTheRun(t *testing.T) {
	for _, e := range exits() {
		for _, half := range halves {
			t.Run(e.name+" in "+half, func(t *testing.T) {
				eachModel(t, 3, func(t *testing.T, m textModel) {
					if m.Name == "sequential" && e.name == "a Goexit" {
						return // it ends the caller, who is the test
					}
					job := textJob{
						Fetch: func(ctx context.Context, key string) (string, error) {
							if key == "bad" && half == "Fetch" {
								return e.half()
							}
							if key == "bad" {
								return key, nil
							}
							return key, pause(ctx, time.Hour)
						},
						Process: func(ctx context.Context, body string) (string, error) {
							require.Equal(t, "bad", body)
							return e.half()
						},
					}
					ctx, job := guard.FailFast(t.Context(), job)
					start := time.Now()
					keys := []string{"bad", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
					results := m.Run(ctx, job, keys)
					require.Zero(t, time.Since(start))
					require.Error(t, ctx.Err())
					e.is(t, context.Cause(ctx))
					for _, r := range results {
						e.is(t, r.Err)
					}
				})
			})
		}
	}
}

var halves = []string{"Fetch", "Process"}

func TestFailFastKeepsTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, job := guard.FailFast(t.Context(), fetching(func(_ context.Context, key string) (string, error) {
			time.Sleep(map[string]time.Duration{"late": 2, "early": 1}[key] * time.Second) // heeds nothing
			return "", errors.New(key)
		}))
		results := pool.Run(ctx, job, []string{"late", "early"}, 2)
		require.EqualError(t, context.Cause(ctx), "early")
		require.EqualError(t, results[0].Err, "late")
	})
}

func TestFailFastWithoutAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, job := guard.FailFast(t.Context(), lasting(time.Second, time.Second))
		require.Zero(t, overlap.Failures(pool.Run(ctx, job, make([]string, 5), 2)))
		require.NoError(t, ctx.Err())
	})
}

func TestFailFastWhenTheCallersContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		caller, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		ctx, job := guard.FailFast(caller, lasting(time.Hour, 0))
		start := time.Now()
		for _, r := range pool.Run(ctx, job, make([]string, 5), 2) {
			require.Equal(t, cause, r.Err)
		}
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, cause, context.Cause(ctx))
	})
}

// An error that a retry mends does not end the run.
func TestFailFastOutsideRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		job := fetching(func(context.Context, string) (string, error) {
			if tries.Add(1)%2 == 1 {
				return "", errPassing
			}
			return "", nil
		})
		ctx, job := guard.FailFast(t.Context(), guard.Retry(job, guard.RetryPolicy{}))
		require.Zero(t, overlap.Failures(pool.Run(ctx, job, make([]string, 5), 1)))
	})
}

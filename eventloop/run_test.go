package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// Package bench/conform proves the contract. Here is what these forms say of themselves
// besides.

type (
	job    = overlap.Job[int, int, int]
	result = overlap.Result[int]
)

// forms are the forms that take a slice of keys, with places or threads for n.
func forms(n int) map[string]func(ctx context.Context, j job, keys []int) []result {
	return map[string]func(ctx context.Context, j job, keys []int) []result{
		"Run": eventloop.Run[int, int, int],
		"RunLimit": func(ctx context.Context, j job, keys []int) []result {
			return eventloop.RunLimit(ctx, j, keys, n)
		},
		"RunToThread": func(ctx context.Context, j job, keys []int) []result {
			return eventloop.RunToThread(ctx, j, keys, n)
		},
		"Stream": func(ctx context.Context, j job, keys []int) []result {
			results := make([]result, len(keys))
			for key, r := range eventloop.Stream(ctx, j, slices.Values(keys), n) {
				results[key] = r
			}
			return results
		},
	}
}

func numbers(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

func echo(_ context.Context, n int) (int, error) { return n, nil }

func TestTheTimesThatTheFormsPromise(t *testing.T) {
	const n, l, d = 10, 50 * time.Millisecond, 7 * time.Millisecond
	for name, want := range map[string]time.Duration{
		"Run":         l + n*d,
		"RunToThread": l + 3*d,     // ceil(10/4)
		"RunLimit":    3*(l+d) + d, // the second of the third round: a place is filled again when its job is done
		"Stream":      3*(l+d) + d,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := job{
					Fetch:   func(_ context.Context, n int) (int, error) { time.Sleep(l); return n, nil },
					Process: func(_ context.Context, n int) (int, error) { time.Sleep(d); return n, nil },
				}
				began := time.Now()
				forms(4)[name](t.Context(), j, numbers(n))
				require.Equal(t, want, time.Since(began))
			})
		})
	}
}

// What only Process touches needs no lock: the race detector agrees.
func TestProcessHasTheLoopToItself(t *testing.T) {
	for _, name := range []string{"Run", "RunLimit", "Stream"} {
		t.Run(name, func(t *testing.T) {
			sum := 0
			j := job{Fetch: echo, Process: func(_ context.Context, n int) (int, error) { sum += n; return n, nil }}
			require.NoError(t, overlap.Errors(forms(8)[name](t.Context(), j, numbers(1000))))
			require.Equal(t, 1000*999/2, sum)
		})
	}
}

// inBubble counts the goroutines of this test's synctest bubble, coroutines among them.
func inBubble() int {
	buf := make([]byte, 1<<22)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "synctest bubble ")
}

// A job that waits has a goroutine for its fetch, and a coroutine where it is a task. With
// a limit there are as many of either as places, however many the keys.
func TestStacksOfJobsThatWait(t *testing.T) {
	const keys, limit = 200, 3
	for name, want := range map[string]int{
		"Run": keys, "RunToThread": 2 * keys, "RunLimit": 2 * limit, "Stream": 2 * limit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counted := 0
				j := job{Process: echo, Fetch: func(_ context.Context, n int) (int, error) {
					if n == 100 {
						synctest.Wait()
						counted = inBubble()
					}
					time.Sleep(time.Second)
					return n, nil
				}}
				require.NoError(t, overlap.Errors(forms(limit)[name](t.Context(), j, numbers(keys))))
				// Besides there are the test, Main and its loop, and what Stream reads and delivers with.
				require.GreaterOrEqual(t, counted, want)
				require.LessOrEqual(t, counted, want+10)
			})
		})
	}
}

// The results wait for a slow consumer, the loop does not.
func TestASlowConsumerDoesNotHoldTheLoop(t *testing.T) {
	const limit = 3
	synctest.Test(t, func(t *testing.T) {
		processed := 0
		j := job{Fetch: echo, Process: func(_ context.Context, n int) (int, error) { processed++; return n, nil }}
		for range eventloop.Stream(t.Context(), j, slices.Values(numbers(100)), limit) {
			synctest.Wait() // all is done that can be
			require.Equal(t, limit+1, processed, "as many as may be pulled before the first result is taken")
			break
		}
	})
}

// The loop reports errors that nobody asks for. A job's error is its result.
func TestWhatBecomesOfJobsIsNotReported(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(logTo(&log))
	defer slog.SetDefault(before)
	ways := map[string]func(n int) error{
		"an error": func(n int) error { return fmt.Errorf("job %d failed", n) },
		"a panic":  func(int) error { panic("job panicked") },
		"a Goexit": func(int) error { runtime.Goexit(); return nil },
	}
	const n = 3_000 // for the list of failures to be looked through many times
	for name, run := range forms(1_500) {
		for way, end := range ways {
			t.Run(name+": "+way, func(t *testing.T) {
				fetches := job{Process: echo, Fetch: func(_ context.Context, n int) (int, error) { return 0, end(n) }}
				require.Equal(t, n, overlap.Failures(run(t.Context(), fetches, numbers(n))))
				processes := job{Fetch: echo, Process: func(_ context.Context, n int) (int, error) { return 0, end(n) }}
				require.Equal(t, n, overlap.Failures(run(t.Context(), processes, numbers(n))))
				require.Empty(t, log.String())
			})
		}
	}
}

// An error that speaks of a cancel is the job's own, and cancels nothing.
func TestAJobMayFailWithErrCancelled(t *testing.T) {
	own := fmt.Errorf("gave up: %w", eventloop.ErrCancelled)
	for name, run := range forms(3) {
		t.Run(name, func(t *testing.T) {
			for _, j := range []job{
				{Process: echo, Fetch: func(_ context.Context, n int) (int, error) {
					if n == 1 {
						return 0, own
					}
					return n, nil
				}},
				{Fetch: echo, Process: func(_ context.Context, n int) (int, error) {
					if n == 1 {
						return 0, own
					}
					return n, nil
				}},
			} {
				results := run(t.Context(), j, numbers(4))
				require.Equal(t, []result{{Value: 0}, {Err: own}, {Value: 2}, {Value: 3}}, results)
			}
		})
	}
}

// A loop in a job of another: it holds that one up, and nothing else happens.
func TestLoopsWithinLoops(t *testing.T) {
	inner := job{Fetch: echo, Process: echo}
	sum := func(ctx context.Context, n int) (int, error) {
		values, err := overlap.Values(eventloop.Run(ctx, inner, numbers(n)))
		total := 0
		for _, v := range values {
			total += v
		}
		return total, err
	}
	for name, run := range forms(2) {
		t.Run(name, func(t *testing.T) {
			values, err := overlap.Values(run(t.Context(), job{Fetch: sum, Process: sum}, numbers(5)))
			require.NoError(t, err)
			require.Equal(t, []int{0, 0, 0, 3, 15}, values)
		})
	}
}

func TestBadArgumentsOfTheForms(t *testing.T) {
	good := job{Fetch: echo, Process: echo}
	ctx := t.Context()
	for want, call := range map[string]func(){
		"overlap: job.Fetch is nil":              func() { eventloop.Run(ctx, job{Process: echo}, nil) },
		"overlap: job.Process is nil":            func() { eventloop.RunToThread(ctx, job{Fetch: echo}, nil, 1) },
		"overlap: limit is 0, want at least 1":   func() { eventloop.RunLimit(ctx, good, nil, 0) },
		"overlap: threads is 0, want at least 1": func() { eventloop.RunToThread(ctx, good, nil, 0) },
		"overlap: limit is -1, want at least 1":  func() { eventloop.Stream(ctx, good, slices.Values([]int{}), -1) },
		"overlap: keys is nil":                   func() { eventloop.Stream(ctx, good, iter.Seq[int](nil), 1) },
	} {
		require.PanicsWithValue(t, want, call)
	}
}

// What was begun before ctx ended counts, and nothing else begins.
func TestCtxEndsWhileTheLoopProcesses(t *testing.T) {
	stop := errors.New("stop")
	for _, name := range []string{"Run", "RunLimit"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				j := job{Fetch: echo, Process: func(_ context.Context, n int) (int, error) {
					cancel(stop)
					time.Sleep(time.Second)
					return n, nil
				}}
				began := time.Now()
				results := forms(2)[name](ctx, j, numbers(5))
				require.Equal(t, time.Second, time.Since(began))
				require.Equal(t, 4, overlap.Failures(results))
				for _, r := range results {
					if r.Err != nil {
						require.ErrorIs(t, r.Err, stop)
					}
				}
			})
		})
	}
}

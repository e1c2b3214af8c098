package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
)

func ExampleDeadline() {
	slow := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, key string) (string, error) { return key, nil },
		Process: func(ctx context.Context, body string) (string, error) {
			for ctx.Err() == nil { // more work than there is time for
				time.Sleep(time.Millisecond)
			}
			return "", fmt.Errorf("%s: %w", body, context.Cause(ctx))
		},
	}
	job := guard.Deadline(slow, 10*time.Millisecond)
	results := pool.Run(context.Background(), job, []string{"report"}, 1)
	fmt.Println(results[0].Err)
	// Output: deadline of 10ms: report: context deadline exceeded
}

// lasting is a job whose halves heed their contexts and last so long.
func lasting(fetch, process time.Duration) textJob {
	return textJob{
		Fetch:   func(ctx context.Context, key string) (string, error) { return key, pause(ctx, fetch) },
		Process: func(ctx context.Context, body string) (string, error) { return body, pause(ctx, process) },
	}
}

func isDeadline(t *testing.T, err error, total time.Duration) {
	deadline, ok := errors.AsType[*guard.DeadlineError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, total, deadline.After)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	netError, ok := errors.AsType[net.Error](err)
	require.True(t, ok)
	require.True(t, netError.Timeout())
	require.False(t, guard.Temporary(err))
}

func TestDeadlineIsForBothHalves(t *testing.T) {
	for name, tt := range map[string]struct {
		fetch, process time.Duration
		fails          bool
	}{
		"both in time":                   {2 * time.Second, 3*time.Second - 1, false},
		"Fetch too slow":                 {5*time.Second + 1, 0, true},
		"each in time, both together no": {3 * time.Second, 3 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, took := do(t.Context(), guard.Deadline(lasting(tt.fetch, tt.process), 5*time.Second), "key")
				if tt.fails {
					require.Equal(t, 5*time.Second, took)
					isDeadline(t, r.Err, 5*time.Second)
					return
				}
				require.NoError(t, r.Err)
				require.Equal(t, "key", r.Value)
				require.Equal(t, tt.fetch+tt.process, took)
			})
		})
	}
}

// The wait for a processor counts, and a Process that would begin after the deadline does
// not begin.
func TestDeadlineCountsTheWaitBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		processed := 0
		job := lasting(time.Second, 0)
		job.Process = func(ctx context.Context, body string) (string, error) {
			processed++
			return body, pause(ctx, 2*time.Second)
		}
		begun := time.Now()
		results := pipeline.Run(t.Context(), guard.Deadline(job, 4*time.Second), []string{"a", "b", "c", "d"},
			pipeline.Widths{Fetch: 4, Process: 1, Buffer: 4})
		// One is processed from 1 s to 3 s, one from 3 s on, two never.
		require.Equal(t, 3, overlap.Failures(results))
		for _, r := range results {
			if r.Err != nil {
				isDeadline(t, r.Err, 4*time.Second)
			}
		}
		require.Equal(t, 2, processed)
		require.Equal(t, 4*time.Second, time.Since(begun))
	})
}

func TestDeadlineOfAFetchThatDoesNotHeedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := lasting(0, 0)
		job.Fetch = func(context.Context, string) (string, error) { time.Sleep(time.Minute); return "late", nil }
		job.Process = func(context.Context, string) (string, error) { t.Error("begun after the deadline"); return "", nil }
		r, took := do(t.Context(), guard.Deadline(job, time.Second), "")
		require.Equal(t, time.Minute, took)
		isDeadline(t, r.Err, time.Second)

		job = lasting(0, 0)
		job.Process = func(context.Context, string) (string, error) { time.Sleep(time.Minute); return "late", nil }
		r, _ = do(t.Context(), guard.Deadline(job, time.Second), "")
		require.NoError(t, r.Err, "what succeeds late has succeeded")
		require.Equal(t, "late", r.Value)
	})
}

func TestDeadlineIsNotTheCallersEnd(t *testing.T) {
	for name, job := range map[string]textJob{"in Fetch": lasting(time.Hour, 0), "in Process": lasting(0, time.Hour)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cause := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				r, took := do(ctx, guard.Deadline(job, time.Minute), "")
				require.Equal(t, time.Second, took)
				require.Equal(t, cause, r.Err)
			})
		})
	}
}

func TestDeadlineLetsEveryEndThrough(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		job := lasting(0, 0)
		job.Fetch = func(context.Context, string) (string, error) { return e.half() }
		r, _ := do(t.Context(), guard.Deadline(job, time.Second), "")
		e.is(t, r.Err)
		require.NotErrorIs(t, r.Err, context.DeadlineExceeded)

		job = lasting(0, 0)
		job.Process = func(context.Context, string) (string, error) { return e.half() }
		r, _ = do(t.Context(), guard.Deadline(job, time.Second), "")
		e.is(t, r.Err)
		require.NotErrorIs(t, r.Err, context.DeadlineExceeded)
	})
}

func TestDeadlineRefuses(t *testing.T) {
	require.PanicsWithValue(t, "guard: total is 0s, want more than 0", func() { guard.Deadline(lasting(0, 0), 0) })
}

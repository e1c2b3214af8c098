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

	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

func ExampleTimeout() {
	job := fetching(func(ctx context.Context, key string) (string, error) {
		if key == "stuck" {
			<-ctx.Done() // no answer, ever
			return "", context.Cause(ctx)
		}
		return key, nil
	})
	job = guard.Timeout(job, 10*time.Millisecond)
	for _, r := range pool.Run(context.Background(), job, []string{"quick", "stuck"}, 2) {
		fmt.Println(r.Value, r.Err)
	}
	// Output:
	// quick <nil>
	//  timeout of 10ms: context deadline exceeded
}

func TestTimeoutEndsAFetchToTheNanosecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := guard.Timeout(fetching(func(ctx context.Context, key string) (string, error) {
			d, err := time.ParseDuration(key)
			require.NoError(t, err)
			return key, pause(ctx, d)
		}), time.Second)
		r, took := do(t.Context(), job, "999ms")
		require.NoError(t, r.Err)
		require.Equal(t, "999ms", r.Value)
		require.Equal(t, 999*time.Millisecond, took)

		r, took = do(t.Context(), job, "1h")
		require.Equal(t, time.Second, took)
		timeout, ok := errors.AsType[*guard.TimeoutError](r.Err)
		require.True(t, ok)
		require.Equal(t, time.Second, timeout.After)
		require.Equal(t, context.DeadlineExceeded, timeout.Err)
		require.EqualError(t, r.Err, "timeout of 1s: context deadline exceeded")
		require.ErrorIs(t, r.Err, context.DeadlineExceeded)
		netError, ok := errors.AsType[net.Error](r.Err)
		require.True(t, ok)
		require.True(t, netError.Timeout())
		require.True(t, guard.Temporary(r.Err))
	})
}

func TestTimeoutWaitsForAFetchThatDoesNotHeedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, failure := range []error{nil, errBroken} {
			job := guard.Timeout(fetching(func(context.Context, string) (string, error) {
				time.Sleep(time.Minute)
				return "late", failure
			}), time.Second)
			r, took := do(t.Context(), job, "")
			require.Equal(t, time.Minute, took)
			if failure == nil {
				require.NoError(t, r.Err)
				require.Equal(t, "late", r.Value)
				continue
			}
			require.ErrorAs(t, r.Err, new(*guard.TimeoutError))
			require.ErrorIs(t, r.Err, errBroken)
			require.ErrorIs(t, r.Err, context.DeadlineExceeded, "whatever Fetch says")
		}
	})
}

// What ends because the caller's context does is not our timeout, nor what fails in time.
func TestTimeoutIsNotTheCallersEnd(t *testing.T) {
	job := guard.Timeout(fetching(func(ctx context.Context, key string) (string, error) {
		if key == "fails" {
			return "", errBroken
		}
		return "", pause(ctx, time.Hour)
	}), time.Minute)
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		r, took := do(ctx, job, "")
		require.Equal(t, time.Second, took)
		require.Equal(t, cause, r.Err)

		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r, took = do(ctx, job, "")
		require.Equal(t, time.Second, took)
		require.Equal(t, context.DeadlineExceeded, r.Err)

		r, _ = do(t.Context(), job, "fails")
		require.Equal(t, errBroken, r.Err)
	})
}

func TestTimeoutLetsEveryEndThrough(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		job := guard.Timeout(fetching(func(context.Context, string) (string, error) { return e.half() }), time.Second)
		r, _ := do(t.Context(), job, "")
		e.is(t, r.Err)
		require.NotErrorIs(t, r.Err, context.DeadlineExceeded)
	})
}

func TestTimeoutRefuses(t *testing.T) {
	good := fetching(func(context.Context, string) (string, error) { return "", nil })
	require.PanicsWithValue(t, "guard: perTry is 0s, want more than 0", func() { guard.Timeout(good, 0) })
	require.PanicsWithValue(t, "guard: perTry is -1s, want more than 0", func() { guard.Timeout(good, -time.Second) })
}

// Every guard refuses a job that lacks a function, at once.
func TestGuardsRefuseAJobWithoutAFunction(t *testing.T) {
	for name, half := range map[string]textJob{
		"overlap: job.Fetch is nil":   {Process: func(_ context.Context, body string) (string, error) { return body, nil }},
		"overlap: job.Process is nil": {Fetch: func(context.Context, string) (string, error) { return "", nil }},
	} {
		for guardName, wrap := range map[string]func(textJob){
			"Timeout":      func(job textJob) { guard.Timeout(job, time.Second) },
			"Deadline":     func(job textJob) { guard.Deadline(job, time.Second) },
			"Retry":        func(job textJob) { guard.Retry(job, guard.RetryPolicy{}) },
			"RateLimit":    func(job textJob) { guard.RateLimit(job, nil) },
			"Hedge":        func(job textJob) { guard.Hedge(job, guard.HedgePolicy{}) },
			"FailFast":     func(job textJob) { guard.FailFast(context.Background(), job) },
			"PerHost":      func(job textJob) { guard.PerHost(job, nil, 0) },
			"SingleFlight": func(job textJob) { guard.SingleFlight(job) },
		} {
			require.PanicsWithValue(t, name, func() { wrap(half) }, guardName)
		}
	}
}

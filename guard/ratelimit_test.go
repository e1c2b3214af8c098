package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

func ExampleRateLimit() {
	job := fetching(func(ctx context.Context, key string) (string, error) { return key, nil })
	job = guard.RateLimit(job, rate.NewLimiter(100, 1)) // 100 a second, one at a time
	begun := time.Now()
	results := pool.Run(context.Background(), job, make([]string, 6), 6)
	fmt.Println(overlap.Failures(results), "failed")
	fmt.Println("six take five hundredths of a second:", time.Since(begun) >= 50*time.Millisecond)
	// Output:
	// 0 failed
	// six take five hundredths of a second: true
}

// noting is a job that notes when its Fetches begin, from now.
func noting(begun chan<- time.Duration) textJob {
	start := time.Now()
	return fetching(func(context.Context, string) (string, error) {
		begun <- time.Since(start)
		return "", nil
	})
}

func all5(begun <-chan time.Duration) []time.Duration {
	var list []time.Duration
	for range 5 {
		list = append(list, <-begun)
	}
	slices.Sort(list)
	return list
}

func TestRateLimitGivesTurnsToTheNanosecond(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		limiter *rate.Limiter
		want    []time.Duration
	}{
		"one at a time":         {rate.NewLimiter(10, 1), []time.Duration{0, s / 10, s / 5, 3 * s / 10, 2 * s / 5}},
		"three at once":         {rate.NewLimiter(10, 3), []time.Duration{0, 0, 0, s / 10, s / 5}},
		"no limit":              {rate.NewLimiter(rate.Inf, 1), []time.Duration{0, 0, 0, 0, 0}},
		"no limit, and burst 0": {rate.NewLimiter(rate.Inf, 0), []time.Duration{0, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := make(chan time.Duration, 5)
				goroutines.Run(t.Context(), guard.RateLimit(noting(begun), tt.limiter), make([]string, 5))
				require.Equal(t, tt.want, all5(begun))
			})
		})
	}
}

// Two jobs with one limiter have one rate.
func TestRateLimitIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan time.Duration, 5)
		limiter := rate.NewLimiter(10, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			goroutines.Run(t.Context(), guard.RateLimit(noting(begun), limiter), make([]string, 2))
		}()
		goroutines.Run(t.Context(), guard.RateLimit(noting(begun), limiter), make([]string, 3))
		<-done
		list := all5(begun)
		for i := range list {
			require.Equal(t, time.Duration(i)*100*time.Millisecond, list[i])
		}
	})
}

func TestRateLimitDoesNotWaitInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan time.Duration, 5)
		job := guard.RateLimit(noting(begun), rate.NewLimiter(1, 1))
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		start := time.Now()
		results := goroutines.Run(ctx, job, make([]string, 5))
		require.Equal(t, 2*time.Second, time.Since(start))
		late := 0
		for _, r := range results {
			if r.Err == nil {
				continue
			}
			late++
			require.ErrorAs(t, r.Err, new(*guard.TooLateError))
			require.ErrorIs(t, r.Err, context.DeadlineExceeded)
			require.EqualError(t, r.Err, "turn comes too late: rate: Wait(n=1) would exceed context deadline")
			require.False(t, guard.Temporary(r.Err))
			netError, ok := errors.AsType[net.Error](r.Err)
			require.True(t, ok)
			require.True(t, netError.Timeout())
		}
		require.Equal(t, 2, late)

		_, took := do(ctx, job, "")
		require.Zero(t, took)
	})
}

// A limiter that gives no turns any more is no matter of deadlines.
func TestRateLimitWhoseBurstIsTakenAway(t *testing.T) {
	for name, with := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"with a deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
		"without a deadline": context.WithCancel,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := with(t.Context())
				defer cancel()
				limiter := rate.NewLimiter(1, 1)
				begun := make(chan time.Duration, 5)
				job := guard.RateLimit(noting(begun), limiter)
				limiter.SetBurst(0)
				r, took := do(ctx, job, "")
				require.EqualError(t, r.Err, "limiter's burst was set below 1: rate: Wait(n=1) exceeds limiter's burst 0")
				require.NotErrorIs(t, r.Err, context.DeadlineExceeded)
				require.False(t, errors.As(r.Err, new(*guard.TooLateError)))
				require.False(t, guard.Temporary(r.Err))
				require.Zero(t, took)
				require.Empty(t, begun)

				limiter.SetLimit(rate.Inf)
				require.NoError(t, job.Do(ctx, "").Err, "no limit needs no burst")
				limiter.SetLimit(1)
				limiter.SetBurst(1)
				require.NoError(t, job.Do(ctx, "").Err, "it gives turns again")
			})
		})
	}
}

func TestRateLimitWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan time.Duration, 5)
		job := guard.RateLimit(noting(begun), rate.NewLimiter(0.125, 1)) // one in eight seconds
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(cause) })
		start := time.Now()
		results := goroutines.Run(ctx, job, make([]string, 2))
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, 1, overlap.Failures(results))
		for _, r := range results {
			if r.Err != nil {
				require.Equal(t, cause, r.Err)
			}
		}

		// The turn that nobody waited for is the next one's.
		r, took := do(t.Context(), job, "")
		require.NoError(t, r.Err)
		require.Equal(t, 5*time.Second, took)
	})
}

func TestRateLimitLetsEveryEndThrough(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		job := guard.RateLimit(fetching(func(context.Context, string) (string, error) { return e.half() }), rate.NewLimiter(1, 1))
		r, _ := do(t.Context(), job, "")
		e.is(t, r.Err)
	})
}

func TestRateLimitRefuses(t *testing.T) {
	require.PanicsWithValue(t, "guard: limiter is nil", func() { guard.RateLimit(noting(nil), nil) })
	require.PanicsWithValue(t, "guard: limiter's burst is 0, want at least 1", func() { guard.RateLimit(noting(nil), rate.NewLimiter(1, 0)) })
}

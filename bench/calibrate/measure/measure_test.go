package measure

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/calibrate"
)

type job = overlap.Job[int, int, int]

// counted is a harness like bench's own, in little.
func counted(j job) func(context.Context, int) {
	var inFlight atomic.Int64
	return uncounted(job{
		Fetch: func(ctx context.Context, key int) (int, error) {
			inFlight.Add(1)
			runtime.NumGoroutine()
			return j.Fetch(ctx, key)
		},
		Process: func(ctx context.Context, body int) (int, error) {
			defer inFlight.Add(-1)
			return j.Process(ctx, body)
		},
	})
}

// How large the numbers are depends on the machine; that they are numbers does not.
func TestMachine(t *testing.T) {
	before := runtime.NumGoroutine()
	var told []string
	c, err := Machine(t.Context(), func(s string) { told = append(told, s) }, counted)
	require.NoError(t, err)
	t.Log(c)
	again, err := calibrate.Parse(c.String()) // refuses what is negative, infinite or no number
	require.NoError(t, err)
	require.Equal(t, c, again)
	for i, late := range c.Overshoot {
		require.Positive(t, late, "at %v", calibrate.Waits()[i])
	}
	require.Positive(t, c.Loopback)
	require.Positive(t, c.Harness)
	require.Positive(t, c.Cores)
	require.Equal(t, []string{
		"how late a timer of 100µs is", "how late a timer of 1ms is", "how late a timer of 10ms is", "how late a timer of 50ms is",
		"what counting a job costs", "how many cores there are to work with", "how many pages a second loopback carries",
	}, told)
	untilGoroutines(t, before)
}

// untilGoroutines waits until no more are left than there were: net/http ends its own
// on time, but not before CloseIdleConnections returns.
func untilGoroutines(t *testing.T, before int) {
	t.Helper()
	for runtime.NumGoroutine() > before {
		require.NoError(t, t.Context().Err(), "goroutines are left")
		time.Sleep(time.Millisecond)
	}
}

func TestMachineEndsWithItsContext(t *testing.T) {
	before := runtime.NumGoroutine()
	enough := errors.New("enough")
	const stages = 7
	var results [stages]calibrate.Calibration
	var errs [stages]error
	var all sync.WaitGroup
	for stage := range stages {
		all.Go(func() {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			told := 0
			results[stage], errs[stage] = Machine(ctx, func(string) {
				if told == stage {
					cancel(enough)
				}
				told++
			}, counted)
		})
	}
	all.Wait()
	for stage := range stages {
		require.Equal(t, enough, errs[stage], "stage %d", stage)
		require.Zero(t, results[stage], "stage %d", stage)
	}
	untilGoroutines(t, before)
}

// Nobody listens to progress, and there is no harness to measure.
func TestNothingToTellNothingToWrap(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	_, err := Machine(ctx, nil, nil)
	require.Equal(t, enough, err)
}

// It takes most of a second, whatever the machine; a tenth is in the middle of it.
func TestLoopbackEndsInTheMiddle(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := loopback(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	untilGoroutines(t, before)
}

// In virtual time a timer is never late.
func TestOvershoot(t *testing.T) {
	for _, c := range []struct {
		name        string
		wait, takes time.Duration
	}{
		{"many short ones", 100 * time.Microsecond, (2 + 400) * 100 * time.Microsecond},
		{"as many as fit", 10 * time.Millisecond, (2 + 20) * 10 * time.Millisecond},
		{"few long ones", 50 * time.Millisecond, (2 + 11) * 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				require.Zero(t, overshoot(t.Context(), c.wait))
				require.Equal(t, c.takes, time.Since(begin))
			})
		})
	}
}

func TestOvershootEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 75*time.Millisecond)
		defer cancel()
		begin := time.Now()
		overshoot(ctx, 50*time.Millisecond)
		require.Equal(t, 75*time.Millisecond, time.Since(begin), "in the middle of a wait")
	})
}

// A wrapper that waits takes a time that is known exactly, in virtual time.
func TestHarness(t *testing.T) {
	const us = time.Microsecond
	var calls atomic.Int64
	adds := func(fetch, process func()) Wrapper {
		return func(j job) func(context.Context, int) {
			return uncounted(job{
				Fetch:   func(ctx context.Context, key int) (int, error) { fetch(); return j.Fetch(ctx, key) },
				Process: func(ctx context.Context, body int) (int, error) { process(); return j.Process(ctx, body) },
			})
		}
	}
	wait := func(d time.Duration) func() { return func() { time.Sleep(d) } }
	for _, c := range []struct {
		name string
		wrap Wrapper
		cost time.Duration
	}{
		{"nothing", adds(func() {}, func() {}), 0},
		{"in Fetch", adds(wait(3*us), func() {}), 3 * us},
		{"in both", adds(wait(3*us), wait(4*us)), 7 * us},
		{"with a stall of a second", adds(wait(us), func() {
			if calls.Add(1) == 20_000 {
				time.Sleep(time.Second)
			}
		}), us},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { require.Equal(t, c.cost, harness(t.Context(), c.wrap)) })
		})
	}
}

func TestHarnessEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		begin := time.Now()
		harness(ctx, func(j job) func(context.Context, int) {
			return uncounted(job{Fetch: j.Fetch, Process: func(ctx context.Context, body int) (int, error) {
				time.Sleep(time.Millisecond)
				return j.Process(ctx, body)
			}})
		})
		require.Equal(t, 1100*time.Millisecond, time.Since(begin), "it looks every hundred jobs")
	})
}

// Work that waits gets as many cores as it is let have at once.
func TestCores(t *testing.T) {
	const took = 100 * time.Microsecond
	all := runtime.GOMAXPROCS(0)
	var chunks atomic.Int64
	for _, c := range []struct {
		name  string
		cores int
		stall func()
	}{
		{"all", all, func() {}},
		{"one for all", 1, func() {}},
		{"all, and stalls while alone", all, func() {
			if n := chunks.Add(1); n < 400 && n%50 == 0 { // some 460 chunks are done alone
				time.Sleep(5 * took)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				places := make(chan struct{}, c.cores)
				got := cores(t.Context(), func(x uint64) uint64 {
					places <- struct{}{}
					defer func() { <-places }()
					c.stall()
					time.Sleep(took)
					return x
				})
				require.InDelta(t, c.cores, got, 0.02)
			})
		})
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 0, median([]int{}))
	require.Equal(t, 7, median([]int{7}))
	require.Equal(t, 1, median([]int{2, 1}))
	require.Equal(t, 5, median([]int{1_000_000, 5, 4, 6, -3}))
}

func TestRound(t *testing.T) {
	for _, c := range []struct {
		x      float64
		digits int
		want   float64
	}{
		{0, 3, 0},
		{1.98456, 3, 1.98},
		{17853.4, 4, 17850},
		{17855, 4, 17860},
		{0.0012345, 3, 0.00123},
		{999.6, 3, 1000},
		{210, 3, 210},
		{15.996, 3, 16},
	} {
		require.Equal(t, c.want, round(c.x, c.digits), "%v", c.x)
	}
	require.Equal(t, 1050*time.Microsecond, rounded(1_050_437, 3))
	require.Equal(t, time.Duration(0), rounded(0, 3))
}

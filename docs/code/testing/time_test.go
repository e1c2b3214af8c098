package tested

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/pool"
)

// Ten jobs of an hour each, three at a time: four hours, to the nanosecond.
func TestTenJobsOfAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hour := overlap.Job[int, int, int]{
			Fetch:   func(_ context.Context, n int) (int, error) { time.Sleep(time.Hour); return n, nil },
			Process: func(_ context.Context, n int) (int, error) { return n, nil },
		}
		start := time.Now()
		results := pool.Run(t.Context(), hour, make([]int, 10), 3)
		t.Logf("%d jobs, at most 3 in flight: %v", len(results), time.Since(start))
		require.NoError(t, overlap.Errors(results))
		require.Equal(t, 4*time.Hour, time.Since(start))
	})
}

// A test that hopes. It passes most of the time.
func TestBrokenSleep(t *testing.T) {
	onPurpose(t)
	var done atomic.Bool
	go func() {
		time.Sleep(10 * time.Millisecond)
		done.Store(true)
	}()
	time.Sleep(10*time.Millisecond + 200*time.Microsecond) // that should be enough
	if !done.Load() {
		t.Error("it is not done")
	}
}

// The same test, which knows.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done atomic.Bool
		go func() {
			time.Sleep(10 * time.Millisecond)
			done.Store(true)
		}()
		time.Sleep(10 * time.Millisecond) // now its timer is due
		synctest.Wait()                   // and now it blocks, or has ended
		if !done.Load() {
			t.Error("it is not done")
		}
	})
}

var mirrors = []string{"near", "far", "farther"}

// answer takes a second for each letter of the mirror's name, or less if ctx ends.
func answer(ctx context.Context, mirror string) string {
	select {
	case <-time.After(time.Duration(len(mirror)) * time.Second):
		return "from " + mirror
	case <-ctx.Done():
		return ""
	}
}

func TestBrokenLeaky(t *testing.T) {
	onPurpose(t)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.Equal(t, "from far", Leaky(t.Context(), mirrors, answer))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestFastest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asking atomic.Int64
		counted := func(ctx context.Context, mirror string) string {
			asking.Add(1)
			defer asking.Add(-1)
			return answer(ctx, mirror)
		}
		start := time.Now()
		require.Equal(t, "from far", Fastest(t.Context(), mirrors, counted))
		require.Zero(t, asking.Load(), "somebody is still asked after Fastest has returned")
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

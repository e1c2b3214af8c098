package sequential_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/sequential"
)

// sleeper waits and works for so long; here, in virtual time, both are sleeps.
func sleeper(wait, work time.Duration) overlap.Job[int, int, int] {
	return overlap.Job[int, int, int]{
		Fetch: func(ctx context.Context, key int) (int, error) {
			select {
			case <-time.After(wait):
				return key, nil
			case <-ctx.Done(): // Ctrl-C ends the wait
				return 0, context.Cause(ctx)
			}
		},
		Process: func(ctx context.Context, key int) (int, error) {
			time.Sleep(work)
			return key, nil
		},
	}
}

func TestMakespan(t *testing.T) {
	for _, c := range []struct {
		n          int
		wait, work time.Duration
	}{
		{3, 300 * time.Millisecond, 0},
		{10, 50 * time.Millisecond, 10 * time.Millisecond},
		{1000, 50 * time.Millisecond, 0},
		{1000, time.Hour, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			sequential.Run(t.Context(), sleeper(c.wait, c.work), make([]int, c.n))
			took := time.Since(start)
			require.Equal(t, time.Duration(c.n)*(c.wait+c.work), took)
			t.Logf("N=%d L=%v D=%v: %v", c.n, c.wait, c.work, took)
		})
	}
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctrlC := errors.New("interrupted")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 175*time.Millisecond, ctrlC)
		defer cancel()
		begun := 0
		job := sleeper(50*time.Millisecond, 0)
		fetch := job.Fetch
		job.Fetch = func(ctx context.Context, key int) (int, error) {
			begun++
			return fetch(ctx, key)
		}

		start := time.Now()
		results := sequential.Run(ctx, job, make([]int, 10))
		require.Equal(t, 175*time.Millisecond, time.Since(start))
		require.Len(t, results, 10)
		require.Equal(t, 4, begun)
		for i, r := range results {
			if i < 3 {
				require.NoError(t, r.Err)
			} else {
				require.ErrorIs(t, r.Err, ctrlC)
			}
		}
		t.Logf("10 jobs, cut off after 175ms: %d begun, %d done, %d with the error %q",
			begun, len(results)-overlap.Failures(results), overlap.Failures(results), results[9].Err)
	})
}

// A failing job changes nothing for the jobs after it.
func TestErrorStaysWithItsKey(t *testing.T) {
	bad := errors.New("no such page")
	job := sleeper(0, 0)
	job.Process = func(ctx context.Context, key int) (int, error) {
		if key == 1 {
			return 0, bad
		}
		return 10 * key, nil
	}
	results := sequential.Run(t.Context(), job, []int{0, 1, 2})
	require.Equal(t, []overlap.Result[int]{{Value: 0}, {Err: bad}, {Value: 20}}, results)
}

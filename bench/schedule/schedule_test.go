package schedule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

func equal(n int, wait, work time.Duration) []schedule.Job {
	jobs := make([]schedule.Job, n)
	for i := range jobs {
		jobs[i] = schedule.Job{Wait: wait, Work: work}
	}
	return jobs
}

// The formulas of the contract's clause 8, for jobs of equal length.
func TestEqualJobsMeetTheFormulas(t *testing.T) {
	const L, D = 50 * time.Millisecond, 7 * time.Millisecond
	for _, n := range []int{0, 1, 2, 7, 100} {
		jobs := equal(n, L, D)
		require.Equal(t, time.Duration(n)*(L+D), schedule.Sequential(jobs).Makespan)
		require.Equal(t, time.Duration(min(n, 1))*(L+D), schedule.Goroutines(jobs).Makespan)
		require.Equal(t, time.Duration(min(n, 1))*L+time.Duration(n)*D, schedule.EventLoop(jobs, max(1, n)).Makespan)
		for _, w := range []int{1, 2, 3, 8, 200} {
			waves := (n + w - 1) / w
			require.Equal(t, time.Duration(waves)*(L+D), schedule.Pool(jobs, w).Makespan, "n=%d w=%d", n, w)
			for _, p := range []int{1, 2, 5} {
				done := make([]time.Duration, n)
				for i := range done {
					ready := time.Duration(i/w+1) * L
					if i >= p {
						ready = max(ready, done[i-p])
					}
					done[i] = ready + D
				}
				require.Equal(t, done, schedule.Pipeline(jobs, w, p, -1).Done, "n=%d f=%d p=%d", n, w, p)
			}
		}
	}
}

func TestPipelineHoldsFetchersBack(t *testing.T) {
	// One processor of 10 ms behind two fetchers of 1 ms: whatever the buffer, the
	// processor sets the pace; the buffer decides how many wait before it.
	for buffer, peak := range map[int]int{0: 3, 1: 4, 4: 7, -1: 20} {
		plan := schedule.Pipeline(equal(20, time.Millisecond, 10*time.Millisecond), 2, 1, buffer)
		require.Equal(t, 201*time.Millisecond, plan.Makespan)
		require.Equal(t, peak, plan.PeakInFlight, "buffer=%d", buffer)
	}
}

func TestEventLoopHoldsItsPlaces(t *testing.T) {
	// Three places, jobs that wait 10 ms and work 2 ms: each place is filled again as its
	// job is done, so the second three are fetched while the first are processed.
	plan := schedule.EventLoop(equal(6, 10*time.Millisecond, 2*time.Millisecond), 3)
	require.Equal(t, []time.Duration{12e6, 14e6, 16e6, 24e6, 26e6, 28e6}, plan.Done)
	require.Equal(t, 3, plan.PeakInFlight)
	// With one place it is sequential.
	jobs := equal(6, 10*time.Millisecond, 2*time.Millisecond)
	require.Equal(t, schedule.Sequential(jobs), schedule.EventLoop(jobs, 1))
}

// The simulator is itself checked against the real models in virtual time, with
// jobs of unequal length. Lengths are random to the nanosecond, so that
// no two events fall on one moment, where either may come first.
func TestRealModelsMeetThePlan(t *testing.T) {
	type run func(context.Context, overlap.Job[int, int, int], []int) []overlap.Result[int]
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		n := rng.IntN(40)
		jobs := make([]schedule.Job, n)
		for i := range jobs {
			jobs[i] = schedule.Job{Wait: time.Duration(1 + rng.Int64N(1e12)), Work: time.Duration(1 + rng.Int64N(1e12))}
		}
		check := func(name string, plan schedule.Plan, run run) {
			t.Run(fmt.Sprintf("seed=%d/%s", seed, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					done, keys, start := make([]time.Duration, n), make([]int, n), time.Now()
					for i := range keys {
						keys[i] = i
					}
					results := run(t.Context(), overlap.Job[int, int, int]{
						Fetch: func(_ context.Context, i int) (int, error) {
							time.Sleep(jobs[i].Wait)
							return i, nil
						},
						Process: func(_ context.Context, i int) (int, error) {
							time.Sleep(jobs[i].Work)
							done[i] = time.Since(start)
							return i, nil
						},
					}, keys)
					require.NoError(t, overlap.Errors(results))
					require.Equal(t, plan.Done, done)
					require.Equal(t, plan.Makespan, time.Since(start))
				})
			})
		}
		check("sequential", schedule.Sequential(jobs), sequential.Run[int, int, int])
		check("goroutines", schedule.Goroutines(jobs), goroutines.Run[int, int, int])
		check("eventloop", schedule.EventLoop(jobs, max(1, n)), eventloop.Run[int, int, int])
		for _, w := range []int{1, 2, 5} {
			check(fmt.Sprintf("eventloop-limit=%d", w), schedule.EventLoop(jobs, w), func(ctx context.Context, j overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
				return eventloop.RunLimit(ctx, j, keys, w)
			})
			check(fmt.Sprintf("eventloop-to-thread=%d", w), schedule.Pipeline(jobs, max(1, n), w, -1), func(ctx context.Context, j overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
				return eventloop.RunToThread(ctx, j, keys, w)
			})
			check(fmt.Sprintf("limit=%d", w), schedule.Pool(jobs, w), func(ctx context.Context, j overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
				return goroutines.RunLimit(ctx, j, keys, w)
			})
			check(fmt.Sprintf("pool=%d", w), schedule.Pool(jobs, w), func(ctx context.Context, j overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
				return pool.Run(ctx, j, keys, w)
			})
			for _, p := range []int{1, 2, 3} {
				for _, buffer := range []int{0, 1, 4, 100} {
					check(fmt.Sprintf("pipeline=%d,%d,%d", w, p, buffer), schedule.Pipeline(jobs, w, p, buffer), func(ctx context.Context, j overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
						return pipeline.Run(ctx, j, keys, pipeline.Widths{Fetch: w, Process: p, Buffer: buffer})
					})
				}
			}
		}
	}
}

func TestLimitsBelowOnePanic(t *testing.T) {
	require.PanicsWithValue(t, "overlap: workers is 0, want at least 1", func() { schedule.Pool(nil, 0) })
	require.PanicsWithValue(t, "overlap: limit is 0, want at least 1", func() { schedule.EventLoop(nil, 0) })
	require.PanicsWithValue(t, "overlap: fetchers is 0, want at least 1", func() { schedule.Pipeline(nil, 0, 1, 0) })
	require.PanicsWithValue(t, "overlap: processors is -1, want at least 1", func() { schedule.Pipeline(nil, 1, -1, 0) })
}

func ExamplePool() {
	jobs := make([]schedule.Job, 1000)
	for i := range jobs {
		jobs[i].Wait = 50 * time.Millisecond
	}
	fmt.Println(schedule.Sequential(jobs).Makespan)
	fmt.Println(schedule.Pool(jobs, 100).Makespan)
	fmt.Println(schedule.Goroutines(jobs).Makespan)
	// Output:
	// 50s
	// 500ms
	// 50ms
}

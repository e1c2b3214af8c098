package scale

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

const limit = 10

func models() []bench.Model[int, int, int] {
	return bench.Models[int, int, int](bench.Limit{InFlight: limit, Process: 2, Buffer: 5})
}

// waitingOf is how many of so many jobs wait at a time under a model.
func waitingOf(m bench.Model[int, int, int], jobs int) int {
	switch m.Peak {
	case 0:
		return jobs
	case 1:
		return 1
	default:
		return min(jobs, limit)
	}
}

func TestAllJobsOfEveryModelWait(t *testing.T) {
	for _, m := range models() {
		for _, c := range []struct {
			name       string
			jobs, runs int
		}{
			{"one", 1, 1},
			{"fewer than the limit", 7, 1},
			{"whole waves", 10 * limit, 1},
			{"a last wave that is not whole", 10*limit + 3, 1},
			{"several runs", 2*limit + 3, 5},
		} {
			t.Run(m.Name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at := waitingOf(m, c.jobs)
					cost, err := Waiting(t.Context(), m.Run, c.jobs, at, c.runs)
					require.NoError(t, err)
					require.Equal(t, c.jobs*c.runs, cost.Jobs)
					require.Equal(t, at*c.runs, cost.InFlight)
				})
			})
		}
	}
}

// At the moment of measuring nothing moves: as many jobs wait as can, and all
// others are done or not begun.
func TestPeakIsWhenAllWait(t *testing.T) {
	for _, m := range models() {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, ended := 0, 0
				counting := func(ctx context.Context, j job, keys []int) []result {
					fetch := j.Fetch
					seen := make(chan int, 2*len(keys))
					defer close(seen)
					j.Fetch = func(ctx context.Context, key int) (int, error) {
						seen <- 1
						defer func() { seen <- -1 }()
						return fetch(ctx, key)
					}
					go func() {
						for n := range seen {
							if n > 0 {
								begun++
							} else {
								ended++
							}
						}
					}()
					return m.Run(ctx, j, keys)
				}
				keys := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}
				at := waitingOf(m, len(keys))
				peaks := 0
				_, err := hold(t.Context(), counting, keys, at, 1, func() { require.Zero(t, begun) }, func() {
					synctest.Wait()
					require.Equal(t, min(at, len(keys)-ended), begun-ended)
					peaks++
				})
				require.NoError(t, err)
				require.Equal(t, (len(keys)+at-1)/at, peaks)
			})
		})
	}
}

func TestWaitingRefusesWrongModels(t *testing.T) {
	for _, c := range []struct {
		name     string
		run      Runner
		inFlight int
		want     string
	}{
		{"one that admits fewer", sequential.Run[int, int, int], 2, "only 1 of 2 jobs came to wait, then none for 1m0s"},
		{"one that admits more", goroutines.Run[int, int, int], 2, "5 jobs in flight, limit 2"},
		{"one that forgets the jobs", func(context.Context, job, []int) []result { return nil }, 2, "the model returned after 0 of 5 jobs"},
		{"one that loses results", func(ctx context.Context, j job, keys []int) []result {
			return goroutines.Run(ctx, j, keys)[1:]
		}, 5, "4 results for 5 keys"},
		{"one that mixes them up", func(ctx context.Context, j job, keys []int) []result {
			results := goroutines.Run(ctx, j, keys)
			slices.Reverse(results)
			return results
		}, 5, "job 0: result 4, want 0"},
		{"one that has its own errors", func(ctx context.Context, j job, keys []int) []result {
			results := goroutines.Run(ctx, j, keys)
			results[3].Err = errors.New("no more")
			return results
		}, 5, "job 3: no more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := hold(t.Context(), c.run, []int{0, 1, 2, 3, 4}, c.inFlight, 1, func() {}, synctest.Wait)
				require.EqualError(t, err, c.want)
			})
		})
	}
}

// When ctx ends all come home, those that wait and those that do not yet.
func TestWaitingEndsWithContext(t *testing.T) {
	stop := errors.New("stop")
	for _, m := range models() {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				keys := make([]int, 5*limit)
				for i := range keys {
					keys[i] = i
				}
				began, peaks := time.Now(), 0
				_, err := hold(ctx, m.Run, keys, waitingOf(m, len(keys)), 1, func() {}, func() {
					if peaks++; peaks == 2 || m.Peak == 0 {
						cancel(stop)
					}
				})
				require.ErrorIs(t, err, stop)
				require.Zero(t, time.Since(began))
			})
		})
	}
	t.Run("while a wave gathers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, stop)
			defer cancel()
			began := time.Now()
			_, err := Waiting(ctx, sequential.Run[int, int, int], 2, 2, 1)
			require.ErrorIs(t, err, stop)
			require.Equal(t, time.Second, time.Since(began))
		})
	})
}

// The meters see what a model takes: 1,000 bytes of each job, and no more.
func TestMetersSeeWhatIsTaken(t *testing.T) {
	const jobs, each = 20_000, 1_000
	var held [][]byte
	hoarder := func(ctx context.Context, j job, keys []int) []result {
		fetch := j.Fetch
		j.Fetch = func(ctx context.Context, key int) (int, error) {
			held = append(held, make([]byte, each))
			return fetch(ctx, key)
		}
		return sequential.Run(ctx, j, keys)
	}
	thrifty, err := Waiting(t.Context(), sequential.Run[int, int, int], jobs, 1, 1)
	require.NoError(t, err)
	require.Less(t, thrifty.Bytes, int64(jobs*16)) // results alone would be 24
	cost, err := Waiting(t.Context(), hoarder, jobs, 1, 1)
	require.NoError(t, err)
	require.Greater(t, cost.Bytes, int64(jobs*each))
	require.Less(t, cost.Bytes, int64(jobs*each*3/2))
	require.Len(t, held, jobs)
}

// The stack of a waiting job is the smallest that there is, 2 KB; the next is 4 KB, and any frame
// too many between `go` and the wait would double the memory of a million jobs.
func TestWaitingJobFitsInTheFirstStack(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes frames larger")
	}
	const jobs = 5_000
	cost, err := Waiting(t.Context(), goroutines.Run[int, int, int], jobs, jobs, 1)
	require.NoError(t, err)
	require.Equal(t, jobs, cost.Goroutines)
	require.Less(t, cost.Bytes, int64(jobs*3_500))
	require.Greater(t, cost.Bytes, int64(jobs*2_048))
}

// With a limit the memory is that of the limit, not of the jobs.
func TestLimitBoundsMemory(t *testing.T) {
	const jobs = 40_000
	for _, m := range models() {
		if m.Peak == 0 || m.Name == "goroutines-limit" || m.Name == "eventloop-limit" { // which allocate for each job
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			cost, err := Waiting(t.Context(), m.Run, jobs, waitingOf(m, jobs), 1)
			require.NoError(t, err)
			require.Less(t, cost.Bytes, int64(jobs*64))
		})
	}
}

// perKey is what may stay of a key, in bytes. It is for the meters: a leak of one pointer
// a key would be twice as much.
const perKey = 4

func TestStreamOverEndlessInputRunsInConstantMemory(t *testing.T) {
	const keys = 200_000
	for _, m := range models() {
		if m.Stream == nil || m.Peak == 0 {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			g, err := Endless(t.Context(), m.Stream, keys)
			require.NoError(t, err)
			require.Less(t, g.Live, int64(keys*perKey))
			require.LessOrEqual(t, g.Ahead, m.Peak+1)
			require.GreaterOrEqual(t, g.Ahead, 1)
		})
	}
}

func TestEndlessFindsWrongStreams(t *testing.T) {
	t.Run("one that keeps 16 bytes of each key", func(t *testing.T) {
		const keys = 200_000
		var kept [][2]int
		leak := func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
			process := j.Process
			j.Process = func(ctx context.Context, key int) (int, error) {
				kept = append(kept, [2]int{key, key})
				return process(ctx, key)
			}
			return sequential.Stream(ctx, j, in)
		}
		g, err := Endless(t.Context(), leak, keys)
		require.NoError(t, err)
		require.Greater(t, g.Live, int64(keys*perKey))
		runtime.KeepAlive(kept)
	})
	t.Run("one without a bound", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			greedy := func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
				return goroutines.Stream(ctx, j, func(yield func(int) bool) {
					n := 0
					for key := range in {
						if n++; n > 500 || !yield(key) {
							return
						}
					}
				})
			}
			slow := func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
				return func(yield func(int, result) bool) {
					for key, r := range greedy(ctx, j, in) {
						synctest.Wait()
						if !yield(key, r) {
							return
						}
					}
				}
			}
			g, err := Endless(t.Context(), slow, 100)
			require.NoError(t, err)
			require.Greater(t, g.Ahead, 400)
		})
	})
	for _, c := range []struct {
		name   string
		stream Streamer
		want   string
	}{
		{"one that ends", func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
			return pool.Stream(ctx, j, slices.Values([]int{0, 1, 2}), limit)
		}, "the stream ended after 3 of 100 keys"},
		{"one that mixes keys up", func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
			return func(yield func(int, result) bool) { yield(1, result{Value: 2}) }
		}, "key 1: result 2"},
		{"one that fails", func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
			return func(yield func(int, result) bool) { yield(1, result{Err: errors.New("no more")}) }
		}, "key 1: no more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Endless(t.Context(), c.stream, 100)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestEndlessEndsWithContext(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelling := func(ctx context.Context, j job, in iter.Seq[int]) iter.Seq2[int, result] {
		j.Process = func(_ context.Context, key int) (int, error) {
			if key == 50 {
				cancel(stop)
			}
			return key, nil
		}
		return pool.Stream(ctx, j, in, limit)
	}
	_, err := Endless(ctx, cancelling, 1_000_000)
	require.ErrorIs(t, err, stop)
}

func TestBareWaits(t *testing.T) {
	const n = 2_000
	for _, bare := range Bares() {
		t.Run(bare.Name, func(t *testing.T) {
			cost, err := bare.Wait(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, n, cost.Jobs)
			require.Equal(t, bare.Goroutines(n), cost.Goroutines)
			require.Positive(t, cost.Bytes)
			require.Less(t, uint64(cost.Bytes), bare.Need(n))

			stop := errors.New("stop")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(stop)
			_, err = bare.Wait(ctx, n)
			require.ErrorIs(t, err, stop)
		})
	}
}

func TestCostsAddUp(t *testing.T) {
	var total Cost
	total.Add(Cost{Jobs: 5, InFlight: 2, Goroutines: 2, Bytes: 300, RSS: 4096, Elapsed: time.Second})
	total.Add(Cost{Jobs: 5, InFlight: 2, Goroutines: 3, Bytes: 100, RSS: 0, Elapsed: 2 * time.Second})
	require.Equal(t, Cost{Jobs: 5, InFlight: 2, Goroutines: 3, Bytes: 300, RSS: 4096, Elapsed: 3 * time.Second}, total)
}

func TestBadNumbers(t *testing.T) {
	run := sequential.Run[int, int, int]
	for want, f := range map[string]func(){
		"overlap: jobs is 0, want at least 1":     func() { _, _ = Waiting(t.Context(), run, 0, 1, 1) },
		"overlap: inFlight is 0, want at least 1": func() { _, _ = Waiting(t.Context(), run, 1, 0, 1) },
		"overlap: runs is 0, want at least 1":     func() { _, _ = Waiting(t.Context(), run, 1, 1, 0) },
		"overlap: keys is 0, want at least 1":     func() { _, _ = Endless(t.Context(), sequential.Stream[int, int, int], 0) },
		"overlap: n is 0, want at least 1":        func() { _, _ = Bares()[0].Wait(t.Context(), 0) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}

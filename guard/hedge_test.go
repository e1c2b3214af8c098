package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

func ExampleHedge() {
	var requests atomic.Int64
	job := fetching(func(ctx context.Context, key string) (string, error) {
		if requests.Add(1) == 31 { // one is stuck
			<-ctx.Done()
			return "", context.Cause(ctx)
		}
		return "answer", nil
	})
	job = guard.Hedge(job, guard.HedgePolicy{MinSamples: 30})
	results := pool.Run(context.Background(), job, make([]string, 31), 1)
	fmt.Println(overlap.Failures(results), "failed,", requests.Load(), "requests for", len(results))
	// Output: 0 failed, 32 requests for 31
}

// A twice is a job whose first and second request for a key do as they are told. It has seen
// requests of 100 ms before, so that the second one is sent a hundredth later at most.
type twice struct {
	textJob
	first, second func(ctx context.Context) (string, error)

	mu    sync.Mutex
	begun []time.Duration // of the requests for "key", from the first one
	ended int
	start time.Time
}

func newTwice(t *testing.T, policy guard.HedgePolicy) *twice {
	w := &twice{}
	inner := fetching(func(ctx context.Context, key string) (string, error) {
		if key != "key" {
			return "", pause(ctx, 100*time.Millisecond)
		}
		w.mu.Lock()
		if w.begun == nil {
			w.start = time.Now()
		}
		w.begun = append(w.begun, time.Since(w.start))
		half := w.first
		if len(w.begun) == 2 {
			half = w.second
		}
		w.mu.Unlock()
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ended++
		}()
		return half(ctx)
	})
	policy.MinSamples = 20
	w.textJob = guard.Hedge(inner, policy)
	require.Zero(t, overlap.Failures(pool.Run(t.Context(), w.textJob, make([]string, 20), 1)))
	return w
}

// hedged is when the second request begins.
func (w *twice) hedged(t *testing.T) time.Duration {
	require.Len(t, w.begun, 2)
	require.Equal(t, 2, w.ended, "nothing is left running")
	require.Zero(t, w.begun[0])
	require.Greater(t, w.begun[1], 100*time.Millisecond)
	require.LessOrEqual(t, w.begun[1], 101*time.Millisecond)
	return w.begun[1]
}

// after answers after so long.
func after(d time.Duration, body string, err error) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if cause := pause(ctx, d); cause != nil {
			return "", cause
		}
		return body, err
	}
}

// eachHedge runs a test on a twice, in a bubble.
func eachHedge(t *testing.T, tests map[string]func(t *testing.T, w *twice)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newTwice(t, guard.HedgePolicy{})) })
		})
	}
}

const ms = time.Millisecond

func TestHedge(t *testing.T) {
	errFirst, errSecond := errors.New("first failed"), errors.New("second failed")
	eachHedge(t, map[string]func(t *testing.T, w *twice){
		"a quick first request has no second": func(t *testing.T, w *twice) {
			w.first = after(100*ms, "first", nil)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "first"}, r)
			require.Equal(t, 100*ms, took)
			require.Len(t, w.begun, 1)
		},
		"the first wins": func(t *testing.T, w *twice) {
			w.first, w.second = after(150*ms, "first", nil), after(100*ms, "second", nil)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "first"}, r)
			require.Equal(t, 150*ms, took)
			w.hedged(t)
		},
		"the second wins": func(t *testing.T, w *twice) {
			w.first, w.second = after(time.Hour, "first", nil), after(50*ms, "second", nil)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "second"}, r)
			require.Equal(t, w.hedged(t)+50*ms, took)
		},
		"the first fails before there is a second": func(t *testing.T, w *twice) {
			w.first = after(50*ms, "", errFirst)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, errFirst, r.Err)
			require.Equal(t, 50*ms, took)
			require.Len(t, w.begun, 1)
		},
		"the first fails, then the second succeeds": func(t *testing.T, w *twice) {
			w.first, w.second = after(150*ms, "", errFirst), after(time.Second, "second", nil)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "second"}, r)
			require.Equal(t, w.hedged(t)+time.Second, took)
		},
		"the second fails, then the first succeeds": func(t *testing.T, w *twice) {
			w.first, w.second = after(time.Second, "first", nil), after(50*ms, "", errSecond)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "first"}, r)
			require.Equal(t, time.Second, took)
			w.hedged(t)
		},
		"the first fails, then the second": func(t *testing.T, w *twice) {
			w.first, w.second = after(150*ms, "", errFirst), after(time.Second, "", errSecond)
			r, took := do(t.Context(), w.textJob, "key")
			require.EqualError(t, r.Err, "first failed\nsecond failed")
			require.ErrorIs(t, r.Err, errFirst)
			require.ErrorIs(t, r.Err, errSecond)
			require.Equal(t, w.hedged(t)+time.Second, took)
		},
		"the second fails, then the first": func(t *testing.T, w *twice) {
			w.first, w.second = after(time.Second, "", errFirst), after(50*ms, "", errSecond)
			r, took := do(t.Context(), w.textJob, "key")
			require.EqualError(t, r.Err, "first failed\nsecond failed")
			require.Equal(t, time.Second, took)
			w.hedged(t)
		},
		"a first that heeds nothing is waited for, and the winner stays": func(t *testing.T, w *twice) {
			w.first = func(context.Context) (string, error) { time.Sleep(time.Minute); return "first", nil }
			w.second = after(50*ms, "second", nil)
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "second"}, r)
			require.Equal(t, time.Minute, took)
			w.hedged(t)
		},
		"a second that heeds nothing is waited for, and the winner stays": func(t *testing.T, w *twice) {
			w.first = after(150*ms, "first", nil)
			w.second = func(context.Context) (string, error) { time.Sleep(time.Minute); return "second", nil }
			r, took := do(t.Context(), w.textJob, "key")
			require.Equal(t, textResult{Value: "first"}, r)
			require.Equal(t, w.hedged(t)+time.Minute, took)
		},
		"failures are not times": func(t *testing.T, w *twice) {
			w.second = func(context.Context) (string, error) { return "", errFirst }
			w.first = w.second
			for range 1000 {
				r, took := do(t.Context(), w.textJob, "key")
				require.Equal(t, errFirst, r.Err)
				require.Zero(t, took)
			}
			w.begun, w.ended = nil, 0
			w.first, w.second = after(time.Hour, "first", nil), after(50*ms, "second", nil)
			do(t.Context(), w.textJob, "key")
			w.hedged(t)
		},
		"the loser is told why": func(t *testing.T, w *twice) {
			var why error
			w.first = func(ctx context.Context) (string, error) { <-ctx.Done(); why = context.Cause(ctx); return "", why }
			w.second = after(50*ms, "second", nil)
			r, _ := do(t.Context(), w.textJob, "key")
			require.NoError(t, r.Err)
			require.EqualError(t, why, "the other request was quicker")
		},
	})
}

func TestHedgeWhenTheContextEnds(t *testing.T) {
	cause := errors.New("enough")
	ending := func(t *testing.T, in time.Duration) context.Context {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(in, func() { cancel(cause) })
		return ctx
	}
	eachHedge(t, map[string]func(t *testing.T, w *twice){
		"before the hedge": func(t *testing.T, w *twice) {
			w.first = after(time.Hour, "first", nil)
			r, took := do(ending(t, 50*ms), w.textJob, "key")
			require.Equal(t, cause, r.Err)
			require.Equal(t, 50*ms, took)
			require.Len(t, w.begun, 1)
		},
		"before the hedge, of a first that heeds nothing": func(t *testing.T, w *twice) {
			w.first = func(context.Context) (string, error) { time.Sleep(time.Minute); return "first", nil }
			_, took := do(ending(t, 50*ms), w.textJob, "key")
			require.Equal(t, time.Minute, took)
			require.Len(t, w.begun, 1, "no Fetch begins any more")
		},
		"with both in flight": func(t *testing.T, w *twice) {
			w.first, w.second = after(time.Hour, "first", nil), after(time.Hour, "second", nil)
			r, took := do(ending(t, time.Second), w.textJob, "key")
			require.Equal(t, cause, r.Err, "once, not for each")
			require.Equal(t, time.Second, took)
			w.hedged(t)
		},
	})
}

// Whatever the end of either request, the other is not left, and the key gets its answer.
func TestHedgeWhateverTheEnd(t *testing.T) {
	for _, e := range exits() {
		eachHedge(t, map[string]func(t *testing.T, w *twice){
			e.name + " of the first alone": func(t *testing.T, w *twice) {
				w.first = func(context.Context) (string, error) { return e.half() }
				r, _ := do(t.Context(), w.textJob, "key")
				e.is(t, r.Err)
				require.Len(t, w.begun, 1)
			},
			e.name + " of the second, and the first succeeds": func(t *testing.T, w *twice) {
				w.first, w.second = after(time.Second, "first", nil), func(context.Context) (string, error) { return e.half() }
				r, took := do(t.Context(), w.textJob, "key")
				require.Equal(t, textResult{Value: "first"}, r)
				require.Equal(t, time.Second, took)
				w.hedged(t)
			},
			e.name + " of the second, and the first fails": func(t *testing.T, w *twice) {
				w.first, w.second = after(time.Second, "", errPassing), func(context.Context) (string, error) { return e.half() }
				r, _ := do(t.Context(), w.textJob, "key")
				e.is(t, r.Err)
				require.ErrorIs(t, r.Err, errPassing)
				w.hedged(t)
			},
			e.name + " of the first, with the second in flight": func(t *testing.T, w *twice) {
				w.first = func(ctx context.Context) (string, error) {
					if err := pause(ctx, 150*ms); err != nil {
						return "", err
					}
					return e.half()
				}
				w.second = after(time.Hour, "", errPassing)
				r, took := do(t.Context(), w.textJob, "key")
				e.is(t, r.Err)
				w.hedged(t)
				if e.name != "an error" {
					require.Equal(t, 150*ms, took, "the second is cancelled, not waited out")
				}
			},
		})
	}
}

// draws are latencies by chance, with a tail: Pareto's, from ms up.
func draws(seed uint64) func() time.Duration {
	random := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(float64(ms) * min(math.Pow(1-random.Float64(), -1/1.2), 300))
	}
}

// With a budget that does not bite, hedges are as many as the percentile says: the times
// of those that were cut off are seen too. By those of the winners alone, the percentile
// would sink and hedges become ever more. And the tail is gone.
func TestHedgeSendsFewMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 20_000
		draw := draws(1)
		var requests atomic.Int64
		slowest := func(hedge bool) (over int) {
			requests.Store(0)
			job := fetching(func(ctx context.Context, key string) (string, error) {
				requests.Add(1)
				return "", pause(ctx, draw())
			})
			if hedge {
				job = guard.Hedge(job, guard.HedgePolicy{Budget: guard.NewBudget(1)})
			}
			for range keys {
				begun := time.Now()
				_, err := job.Fetch(t.Context(), "")
				require.NoError(t, err)
				if time.Since(begun) > 30*ms {
					over++
				}
			}
			return over
		}
		require.Greater(t, slowest(false), keys/100, "the 99th percentile is beyond 30 ms")
		require.EqualValues(t, keys, requests.Load())
		require.Less(t, slowest(true), keys/500, "and is now the 99.8th")
		require.InDelta(t, 1.05*keys, requests.Load(), 0.006*keys)
	})
}

// A server that becomes slow as a whole is asked 5.9 % more at most, by its own count, and not twice
// as much, for as long as the percentile has not followed.
func TestHedgeDoesNotDoubleTheLoadOfASlowServer(t *testing.T) {
	const keys = 2000
	slowServer := func(t *testing.T, m textModel, budget *guard.Budget) int64 {
		var requests, first atomic.Int64
		job := guard.Hedge(fetching(func(ctx context.Context, key string) (string, error) {
			d := 10 * ms
			if requests.Add(1) > keys/2 {
				d = time.Second
			}
			return "", pause(ctx, d)
		}), guard.HedgePolicy{MinSamples: keys / 4, Budget: budget})
		counted := job
		counted.Fetch = func(ctx context.Context, key string) (string, error) {
			first.Add(1)
			return job.Fetch(ctx, key)
		}
		require.Zero(t, overlap.Failures(m.Run(t.Context(), counted, make([]string, keys))))
		require.EqualValues(t, keys, first.Load())
		return requests.Load()
	}
	eachModel(t, 10, func(t *testing.T, m textModel) {
		requests := slowServer(t, m, nil)
		require.LessOrEqual(t, requests, int64(keys+keys*59/1000))
		if m.Name == "goroutines" || m.Name == "eventloop" || m.Name == "eventloop-to-thread" {
			require.EqualValues(t, keys, requests, "nothing is known yet when all begin at once")
			return
		}
		require.Greater(t, requests, int64(keys+keys/50))
		require.Greater(t, slowServer(t, m, guard.NewBudget(1)), int64(keys+keys/10), "it is the budget that bounds them")
	})
}

func TestHedgeFollowsTheTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := 10 * ms
		var requests atomic.Int64
		job := guard.Hedge(fetching(func(ctx context.Context, key string) (string, error) {
			requests.Add(1)
			return "", pause(ctx, takes)
		}), guard.HedgePolicy{MinSamples: 10, Budget: guard.NewBudget(1)})
		fetch := func(n int) (hedges int) {
			requests.Store(0)
			for range n {
				_, err := job.Fetch(t.Context(), "")
				require.NoError(t, err)
			}
			return int(requests.Load()) - n
		}
		require.Zero(t, fetch(500))
		takes = time.Second
		require.InDelta(t, 10, fetch(200), 5, "until more than a twentieth of what is remembered is slow")
		require.Zero(t, fetch(500))
		takes = 10 * ms
		require.Zero(t, fetch(500))
		takes = 500 * ms
		require.Greater(t, fetch(20), 0, "what was slow long ago is forgotten")
	})
}

// Shortly after a window is full, the one before it counts still.
func TestHedgeRemembersTwoWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := 10 * ms
		var requests atomic.Int64
		job := guard.Hedge(fetching(func(ctx context.Context, key string) (string, error) {
			requests.Add(1)
			return "", pause(ctx, takes)
		}), guard.HedgePolicy{MinSamples: 10, Budget: guard.NewBudget(1)})
		fetch := func(n int, d time.Duration) {
			takes = d
			pool.Run(t.Context(), job, make([]string, n), 1)
		}
		fetch(90, 10*ms)
		fetch(10, time.Second)
		fetch(10, 10*ms)
		requests.Store(0)
		fetch(1, time.Second)
		require.EqualValues(t, 1, requests.Load(), "a tenth of the last 110 were as slow")
	})
}

func TestHedgeLearnsBeforeItHedges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int64
		job := guard.Hedge(fetching(func(ctx context.Context, key string) (string, error) {
			requests.Add(1)
			if key == "fails" {
				return "", errBroken
			}
			if key == "slow" {
				return "", pause(ctx, time.Hour)
			}
			return "", pause(ctx, ms)
		}), guard.HedgePolicy{Percentile: 50, MinSamples: 10, Budget: guard.NewBudget(1)})
		keys := make([]string, 9)
		for range 20 {
			keys = append(keys, "fails") // nothing is learned of these
		}
		keys = append(keys, "slow")
		pool.Run(t.Context(), job, keys, 1)
		require.EqualValues(t, len(keys), requests.Load(), "nine times are not ten")
		pool.Run(t.Context(), job, []string{"", "slow"}, 1)
		require.EqualValues(t, len(keys)+3, requests.Load())
	})
}

func TestHedgeRefuses(t *testing.T) {
	job := fetching(func(context.Context, string) (string, error) { return "", nil })
	for text, policy := range map[string]guard.HedgePolicy{
		"guard: policy.Percentile is 100, want above 0 and below 100": {Percentile: 100},
		"guard: policy.Percentile is -1, want above 0 and below 100":  {Percentile: -1},
		"guard: policy.Percentile is NaN, want above 0 and below 100": {Percentile: math.NaN()},
		"guard: policy.MinSamples is -1, want at least 0":             {MinSamples: -1},
	} {
		require.PanicsWithValue(t, text, func() { guard.Hedge(job, policy) })
	}
}

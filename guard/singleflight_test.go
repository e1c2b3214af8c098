package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/guard"
)

func ExampleSingleFlight() {
	var asked atomic.Int64
	all := make(chan struct{}) // closed when all wait
	job := fetching(func(ctx context.Context, key string) (string, error) {
		asked.Add(1)
		<-all
		return "the front page", nil
	})
	job = guard.SingleFlight(job)
	time.AfterFunc(50*time.Millisecond, func() { close(all) })
	results := goroutines.Run(context.Background(), job, make([]string, 100))
	fmt.Println(len(results), "results,", overlap.Failures(results), "failed, asked", asked.Load(), "time")
	// Output: 100 results, 0 failed, asked 1 time
}

func TestSingleFlightSharesWhatIsInFlight(t *testing.T) {
	eachModel(t, 4, func(t *testing.T, m textModel) {
		var mu sync.Mutex
		inFlight, begun := map[string]int{}, map[string]int{}
		job := fetching(func(ctx context.Context, key string) (string, error) {
			mu.Lock()
			inFlight[key]++
			begun[key]++
			if inFlight[key] > 1 {
				t.Error("two of the same key at once")
			}
			mu.Unlock()
			err := pause(ctx, time.Second)
			mu.Lock()
			inFlight[key]--
			mu.Unlock()
			return "body of " + key, err
		})
		run := func(keys []string) {
			clear(begun)
			for i, r := range m.Run(t.Context(), guard.SingleFlight(job), keys) {
				require.NoError(t, r.Err)
				require.Equal(t, "body of "+keys[i], r.Value)
			}
		}
		two := slices.Repeat([]string{"a", "b"}, 8)
		run(two)
		require.NotZero(t, begun["a"])
		require.NotZero(t, begun["b"])

		// How often each is begun follows from the schedule with one key only:
		// two that end at the same instant may or may not catch a caller of
		// the other, who came from the one that ended first.
		run(slices.Repeat([]string{"a"}, 16))
		if m.AnyOrder {
			return
		}
		switch m.Peak {
		case 0:
			require.Equal(t, map[string]int{"a": 1}, begun) // all at once
		case 1, 4:
			require.Equal(t, map[string]int{"a": 16 / m.Peak}, begun)
		default: // a pipeline with its buffer
		}
	})
}

func TestSingleFlightIsNoCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := 0
		job := guard.SingleFlight(fetching(func(ctx context.Context, key string) (string, error) {
			begun++
			return "", pause(ctx, time.Second)
		}))
		for i := range 3 {
			_, took := do(t.Context(), job, "key")
			require.Equal(t, time.Second, took)
			require.Equal(t, i+1, begun)
		}
	})
}

func TestSingleFlightGivesEveryEndToEach(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		begun := 0
		job := guard.SingleFlight(fetching(func(ctx context.Context, key string) (string, error) {
			begun++
			if err := pause(ctx, time.Second); err != nil {
				return "", err
			}
			return e.half()
		}))
		for i := range 2 { // the second time shows that the key is free again
			for _, r := range goroutines.Run(t.Context(), job, make([]string, 5)) {
				e.is(t, r.Err)
			}
			require.Equal(t, i+1, begun)
		}
	})
}

// The first caller leaves, and the others get what it began, with its values.
func TestSingleFlightGoesOnWithoutTheFirst(t *testing.T) {
	type valueKey struct{}
	synctest.Test(t, func(t *testing.T) {
		job := guard.SingleFlight(fetching(func(ctx context.Context, key string) (string, error) {
			_, bounded := ctx.Deadline()
			require.False(t, bounded)
			return ctx.Value(valueKey{}).(string), pause(ctx, time.Minute)
		}))
		cause := errors.New("enough")
		first, cancel := context.WithCancelCause(context.WithValue(t.Context(), valueKey{}, "the first's"))
		bounded, stop := context.WithTimeout(first, time.Hour)
		defer stop()
		time.AfterFunc(time.Second, func() { cancel(cause) })
		var wg sync.WaitGroup
		wg.Go(func() {
			r, took := do(bounded, job, "key")
			require.Equal(t, cause, r.Err)
			require.Equal(t, time.Second, took)
		})
		synctest.Wait()
		for range 2 {
			wg.Go(func() {
				r, took := do(t.Context(), job, "key")
				require.NoError(t, r.Err)
				require.Equal(t, "the first's", r.Value)
				require.Equal(t, time.Minute, took)
			})
		}
		wg.Wait()
	})
}

// The last who leaves ends the Fetch, and waits for it; who comes then begins anew.
func TestSingleFlightEndsWithTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun, ended atomic.Int64
		job := guard.SingleFlight(fetching(func(ctx context.Context, key string) (string, error) {
			if begun.Add(1) > 1 {
				return "anew", pause(ctx, time.Second)
			}
			defer ended.Add(1)
			err := pause(ctx, time.Hour)
			time.Sleep(5 * time.Second) // to clear up
			return "", err
		}))
		leave := func(after time.Duration, cause error) context.Context {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(after, func() { cancel(cause) })
			return ctx
		}
		one, two := errors.New("one left"), errors.New("two left")
		var wg sync.WaitGroup
		wg.Go(func() {
			r, took := do(leave(time.Second, one), job, "key")
			require.Equal(t, one, r.Err)
			require.Equal(t, time.Second, took)
			require.Zero(t, ended.Load())
		})
		wg.Go(func() {
			r, took := do(leave(2*time.Second, two), job, "key")
			require.Equal(t, two, r.Err)
			require.Equal(t, 7*time.Second, took)
			require.EqualValues(t, 1, ended.Load(), "it is waited for")
		})
		time.Sleep(3 * time.Second)
		r, took := do(t.Context(), job, "key")
		require.NoError(t, r.Err)
		require.Equal(t, "anew", r.Value)
		require.Equal(t, time.Second, took)
		wg.Wait()
		require.EqualValues(t, 2, begun.Load())
	})
}

// All leave at once, as when a run is cancelled: some are told so, one by the Fetch itself; none
// stays, and nothing is left, which the bubble sees.
func TestSingleFlightWhenARunIsCancelled(t *testing.T) {
	eachModel(t, 4, func(t *testing.T, m textModel) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		job := guard.SingleFlight(lasting(time.Hour, 0))
		start := time.Now()
		for _, r := range m.Run(ctx, job, make([]string, 20)) {
			require.Equal(t, cause, r.Err)
		}
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestSingleFlightOfStrangeKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		nan := guard.SingleFlight(overlap.Job[float64, int64, int64]{
			Fetch:   func(context.Context, float64) (int64, error) { time.Sleep(time.Nanosecond); return begun.Add(1), nil },
			Process: func(_ context.Context, n int64) (int64, error) { return n, nil },
		})
		require.Zero(t, overlap.Failures(goroutines.Run(t.Context(), nan, []float64{math.NaN(), math.NaN()})))
		require.EqualValues(t, 2, begun.Load(), "NaN is nothing, not even NaN")

		anything := guard.SingleFlight(overlap.Job[any, int, int]{
			Fetch:   func(context.Context, any) (int, error) { return 1, nil },
			Process: func(_ context.Context, n int) (int, error) { return n, nil },
		})
		results := goroutines.Run(t.Context(), anything, []any{1, []int{2}, "three"})
		require.NoError(t, results[0].Err)
		require.ErrorAs(t, results[1].Err, new(*overlap.PanicError), "it cannot be compared")
		require.NoError(t, results[2].Err)
	})
}

// Callers come and go, while flights land: everyone gets an answer, nothing is left.
func TestSingleFlightAtOnce(t *testing.T) {
	job := guard.SingleFlight(fetching(func(ctx context.Context, key string) (string, error) { return key, pause(ctx, time.Microsecond) }))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 300 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%3 == 0 {
					go cancel()
				}
				body, err := job.Fetch(ctx, "key")
				if err == nil && body != "key" || err != nil && !errors.Is(err, context.Canceled) {
					t.Error(body, err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

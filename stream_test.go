package overlap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

type keyed = overlap.Keyed[int, string]

func TestSend(t *testing.T) {
	send := func(j job) (items []overlap.Keyed[string, string], returned bool) {
		out := make(chan overlap.Keyed[string, string], 2)
		returned = onItsOwn(func() { j.Send(t.Context(), "about", out) })
		close(out)
		for item := range out {
			items = append(items, item)
		}
		return items, returned
	}
	for _, c := range []struct {
		name     string
		job      job
		want     result
		returned bool
	}{
		{"a job that returns", job{Fetch: measure, Process: describe}, result{Value: "5 letters"}, true},
		{"a Goexit in Fetch", halves[0].with(runtime.Goexit), result{Err: overlap.ErrGoexit}, false},
		{"a Goexit in Process", halves[1].with(runtime.Goexit), result{Err: overlap.ErrGoexit}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			items, returned := send(c.job)
			require.Equal(t, []overlap.Keyed[string, string]{{Key: "about", Result: c.want}}, items)
			require.Equal(t, c.returned, returned)
		})
	}
}

// label is what the tests' work makes of a key.
func label(key int) keyed {
	return keyed{Key: key, Result: result{Value: fmt.Sprint("page ", key)}}
}

// crew is a work for Pump: so many goroutines that take keys, each for so long.
// It does not watch ctx.
func crew(n int, each time.Duration) func(context.Context, <-chan int, chan<- keyed) {
	return func(_ context.Context, in <-chan int, out chan<- keyed) {
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				for key := range in {
					time.Sleep(each)
					out <- label(key)
				}
			})
		}
		wg.Wait()
	}
}

// count gives n keys from 0, and counts those that were pulled.
func count(n int, pulled *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for key := range n {
			pulled.Add(1)
			if !yield(key) {
				return
			}
		}
	}
}

// All of these run in a synctest bubble, which fails a test that leaves a
// goroutine behind.

func TestPumpDelivers(t *testing.T) {
	for _, c := range []struct {
		name           string
		n, ahead, crew int
	}{
		{"no keys", 0, 1, 1},
		{"one key", 1, 1, 1},
		{"one key at a time", 20, 1, 1},
		{"more workers than the window has room for", 20, 3, 8},
		{"a window beyond the end of the keys", 20, 1000, 4},
		{"without a bound", 20, 0, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pulled atomic.Int64
				var got []keyed
				for key, r := range overlap.Pump(t.Context(), count(c.n, &pulled), c.ahead, crew(c.crew, time.Second)) {
					got = append(got, keyed{Key: key, Result: r})
				}
				slices.SortFunc(got, func(a, b keyed) int { return a.Key - b.Key })
				var want []keyed
				for key := range c.n {
					want = append(want, label(key))
				}
				require.Equal(t, want, got)
			})
		})
	}
}

// The order is that of work, not of the keys.
func TestPumpDeliversAsJobsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seconds := slices.Values([]int{3, 1, 2})
		work := func(_ context.Context, in <-chan int, out chan<- keyed) {
			var wg sync.WaitGroup
			for key := range in {
				wg.Go(func() {
					time.Sleep(time.Duration(key) * time.Second)
					out <- label(key)
				})
			}
			wg.Wait()
		}
		begin := time.Now()
		next := 0
		for key := range overlap.Pump(t.Context(), seconds, 3, work) {
			next++
			require.Equal(t, next, key)
			require.Equal(t, time.Duration(key)*time.Second, time.Since(begin))
		}
		require.Equal(t, 3, next)
	})
}

func TestPumpWindow(t *testing.T) {
	t.Run("a place is free again when the loop's body has returned", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var pulled atomic.Int64
			delivered := 0
			for range overlap.Pump(t.Context(), count(1000, &pulled), 3, crew(2, 0)) {
				synctest.Wait()
				require.EqualValues(t, delivered+3, pulled.Load(), "keys pulled by the time that the body runs")
				time.Sleep(time.Hour)
				require.EqualValues(t, delivered+3, pulled.Load(), "keys pulled while the body runs")
				if delivered++; delivered == 10 {
					break
				}
			}
			require.EqualValues(t, 12, pulled.Load(), "keys pulled after the break")
		})
	})

	t.Run("keys that work is slow to take are bounded too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var pulled atomic.Int64
			time.AfterFunc(time.Minute, func() {
				if n := pulled.Load(); n != 5 {
					t.Errorf("%d keys were pulled before the first result, want 5", n)
				}
			})
			for range overlap.Pump(t.Context(), count(1000, &pulled), 5, crew(100, time.Hour)) {
				break
			}
		})
	})

	t.Run("zero is no bound", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var pulled atomic.Int64
			work := func(_ context.Context, in <-chan int, out chan<- keyed) {
				var wg sync.WaitGroup
				for key := range in {
					wg.Go(func() { out <- label(key) })
				}
				wg.Wait()
			}
			for range overlap.Pump(t.Context(), count(1000, &pulled), 0, work) {
				synctest.Wait()
				require.EqualValues(t, 1000, pulled.Load(), "keys pulled before the first body has returned")
				break
			}
		})
	})
}

// ending waits for the ctx of work to end, takes note of why, and then takes
// another minute for the keys that it has.
func ending(why *error, over *bool) func(context.Context, <-chan int, chan<- keyed) {
	return func(ctx context.Context, in <-chan int, out chan<- keyed) {
		out <- label(<-in)
		<-ctx.Done()
		*why = context.Cause(ctx)
		time.Sleep(time.Minute)
		for key := range in {
			out <- label(key)
		}
		*over = true
	}
}

func TestPumpBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pulled atomic.Int64
		var why error
		over := false
		begin := time.Now()
		for range overlap.Pump(t.Context(), count(1000, &pulled), 4, ending(&why, &over)) {
			break
		}
		require.Equal(t, context.Canceled, why, "the jobs' ctx was cancelled")
		require.True(t, over, "work was waited for")
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestPumpContextEnds(t *testing.T) {
	t.Run("before the loop: no key is pulled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for _, ahead := range []int{0, 1, 100} {
				var pulled atomic.Int64
				for key := range overlap.Pump(ctx, count(10, &pulled), ahead, crew(2, 0)) {
					require.Fail(t, "a key was delivered", "%d", key)
				}
				require.Zero(t, pulled.Load())
			}
		})
	})

	t.Run("in the loop: the keys pulled so far are delivered, and the sequence ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var pulled atomic.Int64
			var why error
			over := false
			var got []int
			for key := range overlap.Pump(ctx, count(1000, &pulled), 4, ending(&why, &over)) {
				if len(got) == 0 {
					synctest.Wait()
					require.EqualValues(t, 2, pulled.Load(), "the second key waits for work to take it")
					cancel(errClosing)
				}
				got = append(got, key)
			}
			require.Equal(t, []int{0, 1}, got)
			require.EqualValues(t, 2, pulled.Load())
			require.Equal(t, errClosing, why, "the jobs' ctx has the cause of the caller's")
			require.True(t, over, "work was waited for")
		})
	})

	t.Run("while the window is full: no key is pulled when a place is free again", func(t *testing.T) {
		// Many tries: a select between a free place and Done takes either.
		for range 50 {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var pulled atomic.Int64
				delivered := 0
				for range overlap.Pump(ctx, count(1000, &pulled), 2, crew(1, 0)) {
					if delivered++; delivered == 1 {
						synctest.Wait() // two keys are pulled, no place is left
						cancel()
					}
				}
				require.Equal(t, 2, delivered)
				require.EqualValues(t, 2, pulled.Load())
			})
		}
	})
}

// badKeys gives three keys and then ends as end does.
func badKeys(end func()) iter.Seq[int] {
	return func(yield func(int) bool) {
		for key := range 3 {
			if !yield(key) {
				break
			}
		}
		end()
	}
}

func TestPumpKeysPanic(t *testing.T) {
	// catch loops over a Stream of badKeys and returns the panic that comes out
	// of the loop, on the goroutine that loops.
	catch := func(t *testing.T, value any, body func() bool) (delivered []int, panicked any) {
		defer func() { panicked = recover() }()
		keys := badKeys(func() { blowUp(value) })
		for key := range overlap.Pump(t.Context(), keys, 10, crew(3, time.Minute)) {
			if delivered = append(delivered, key); !body() {
				break
			}
		}
		return delivered, nil
	}
	goOn := func() bool { return true }

	for _, c := range []struct {
		name  string
		value any
	}{
		{"a text", "the list is torn"},
		{"an error", errParse},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				delivered, panicked := catch(t, c.value, goOn)
				require.ElementsMatch(t, []int{0, 1, 2}, delivered, "the keys before it")

				err, ok := panicked.(error)
				require.True(t, ok, "%T", panicked)
				p, ok := errors.AsType[*overlap.PanicError](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, c.value, p.Value)
				if want, ok := c.value.(error); ok {
					require.ErrorIs(t, err, want)
				}

				// What a crash prints tells where keys panicked.
				require.Contains(t, err.Error(), fmt.Sprint("keys panicked: ", c.value))
				require.Contains(t, err.Error(), "overlap_test.blowUp(")
				require.Contains(t, err.Error(), ".badKeys")
				require.Contains(t, string(p.Stack), "overlap_test.blowUp(")
			})
		})
	}

	t.Run("also when the consumer breaks out of the loop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			delivered, panicked := catch(t, errParse, func() bool { return false })
			require.Len(t, delivered, 1)
			err, _ := panicked.(error)
			require.ErrorIs(t, err, errParse)
		})
	})
}

func TestPumpKeysGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var delivered []int
		deferred := false
		returned := onItsOwn(func() {
			defer func() { deferred = true }()
			for key := range overlap.Pump(t.Context(), badKeys(runtime.Goexit), 10, crew(3, time.Minute)) {
				delivered = append(delivered, key)
			}
		})
		require.False(t, returned, "the consumer went on as if keys had come to their end")
		require.True(t, deferred, "the consumer's deferred functions ran")
		require.ElementsMatch(t, []int{0, 1, 2}, delivered, "the keys before it")
	})
}

// A loop's body that panics is a way to break out of it.
func TestPumpConsumerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pulled atomic.Int64
		var why error
		over := false
		require.PanicsWithValue(t, errParse, func() {
			for range overlap.Pump(t.Context(), count(1000, &pulled), 4, ending(&why, &over)) {
				panic(errParse)
			}
		})
		require.Equal(t, context.Canceled, why)
		require.True(t, over, "work was waited for")
	})
}

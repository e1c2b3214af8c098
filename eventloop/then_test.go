package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

func TestAfterIsDoneAfterItsTime(t *testing.T) {
	for name, c := range map[string]struct{ d, at time.Duration }{
		"later":  {time.Second, time.Second},
		"now":    {0, 0},
		"before": {-time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				f := eventloop.After(co, c.d)
				require.False(t, f.Done(), "not before the next turn")
				_, err := f.Await(co)
				require.NoError(t, err)
				require.Equal(t, c.at, co.Loop().Time())
			})
		})
	}
}

func TestACancelOfAfterTakesItsTimerBack(t *testing.T) {
	require.Zero(t, idle(t, func(co *Co) {
		f := eventloop.After(co, time.Hour)
		require.True(t, f.Cancel())
		require.False(t, f.Cancel())
		require.True(t, f.Cancelled())
		_, err := f.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
	}))
}

func TestAfterThatIsSetBeforeItsTime(t *testing.T) {
	do(t, func(co *Co) {
		f := eventloop.After(co, time.Second)
		require.NoError(t, f.SetException(errBad))
		require.NoError(t, co.Sleep(time.Minute))
		require.Equal(t, errBad, f.Exception())
	})
}

// sources are futures of 7 that are done in a while, by way of each kind.
var sources = map[string]func(co *Co, err error) *eventloop.Future[int]{
	"a future": func(co *Co, err error) *eventloop.Future[int] {
		f := eventloop.NewFuture[int](co)
		co.Loop().CallLater(time.Second, func() {
			switch {
			case f.Done():
			case err != nil:
				_ = f.SetException(err)
			default:
				_ = f.SetResult(7)
			}
		})
		return f
	},
	"a future that is done": func(co *Co, err error) *eventloop.Future[int] {
		f := eventloop.NewFuture[int](co)
		if err != nil {
			_ = f.SetException(err)
		} else {
			_ = f.SetResult(7)
		}
		return f
	},
	"a task": func(co *Co, err error) *eventloop.Future[int] {
		return eventloop.EnsureFuture(co, after(time.Second, 7, err))
	},
	"a function off the loop": func(co *Co, err error) *eventloop.Future[int] {
		return eventloop.Offload(co, func(ctx context.Context) (int, error) { return 7, err })
	},
	"a Then": func(co *Co, err error) *eventloop.Future[int] {
		return eventloop.Then(eventloop.After(co, time.Second), func(struct{}, error) (int, error) { return 7, err })
	},
}

func TestThenGoesOnWithWhatBecameOfAFuture(t *testing.T) {
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				f := eventloop.Then(source(co, nil), func(n int, err error) (string, error) {
					require.NoError(t, err)
					return strconv.Itoa(n + 1), nil
				})
				value, err := f.Await(co)
				require.NoError(t, err)
				require.Equal(t, "8", value)

				f = eventloop.Then(source(co, errBad), func(n int, err error) (string, error) {
					require.Zero(t, n)
					return "", fmt.Errorf("seen: %w", err)
				})
				_, err = f.Await(co)
				require.EqualError(t, err, "seen: bad")

				f = eventloop.Then(source(co, errBad), func(n int, err error) (string, error) {
					return "mended " + err.Error(), nil
				})
				value, err = f.Await(co)
				require.NoError(t, err)
				require.Equal(t, "mended bad", value)
			})
		})
	}
}

func TestAStepHasATurnOfItsOwn(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		source := eventloop.NewFuture[int](co)
		var f *eventloop.Future[int]
		source.AddDoneCallback(func(*eventloop.Future[int]) { s.say("before") })
		f = eventloop.Then(source, func(int, error) (int, error) { s.say("step"); return 0, nil })
		source.AddDoneCallback(func(*eventloop.Future[int]) { s.say("behind, done: %v", f.Done()) })
		f.AddDoneCallback(func(*eventloop.Future[int]) { s.say("a turn later") })
		require.NoError(t, source.SetResult(7))
		s.say("main")
		yield(t, co, 1)
		s.say("main again")
		yield(t, co, 1)
	})
	require.Equal(t, script{"main", "before", "step", "behind, done: true", "main again", "a turn later"}, s)
}

func TestAStepThatDoesNotReturn(t *testing.T) {
	for name, c := range map[string]struct {
		step func() // in Then and Chain alike
		want func(t *testing.T, err error)
	}{
		"a panic": {func() { _ = throw() }, func(t *testing.T, err error) {
			var fault *overlap.PanicError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "thrown", fault.Value)
			require.Contains(t, string(fault.Stack), "eventloop_test.throw")
		}},
		"a panic with an error": {func() { panic(errBad) }, func(t *testing.T, err error) {
			require.ErrorIs(t, err, errBad)
		}},
		"a Goexit, as of require": {runtime.Goexit, func(t *testing.T, err error) {
			require.Equal(t, overlap.ErrGoexit, err)
		}},
	} {
		for kind, start := range map[string]func(f *eventloop.Future[int]) *eventloop.Future[int]{
			"Then": func(f *eventloop.Future[int]) *eventloop.Future[int] {
				return eventloop.Then(f, func(int, error) (int, error) { c.step(); return 0, nil })
			},
			"Chain": func(f *eventloop.Future[int]) *eventloop.Future[int] {
				return eventloop.Chain(f, func(int, error) *eventloop.Future[int] { c.step(); return f })
			},
		} {
			t.Run(name+" in "+kind, func(t *testing.T) {
				do(t, func(co *Co) {
					_, err := start(sources["a future"](co, nil)).Await(co)
					c.want(t, err)
					require.NoError(t, co.Sleep(time.Second), "the loop goes on")
				})
			})
		}
	}
}

func TestACancelOfThen(t *testing.T) {
	for name, c := range map[string]struct {
		step      func(err error) (int, error)
		cancelled bool
		want      error
	}{
		"the step returns it":          {func(err error) (int, error) { return 0, err }, true, eventloop.ErrCancelled},
		"the step wraps it":            {func(err error) (int, error) { return 0, fmt.Errorf("step: %w", err) }, true, eventloop.ErrCancelled},
		"the step refuses it":          {func(err error) (int, error) { return 1, nil }, false, nil},
		"the step makes another of it": {func(err error) (int, error) { return 0, errBad }, false, errBad},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				source := eventloop.NewFuture[int](co)
				told := 0
				f := eventloop.Then(source, func(n int, err error) (int, error) {
					told++
					require.Equal(t, eventloop.ErrCancelled, err)
					return c.step(err)
				})
				require.True(t, f.Cancel())
				require.True(t, source.Cancelled(), "what it waits for is cancelled")
				require.False(t, f.Done(), "its step has to run")
				_, err := f.Await(co)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, c.cancelled, f.Cancelled())
				require.Equal(t, 1, told)
				require.False(t, f.Cancel())
			})
		})
	}
}

func TestACancelBetweenTheEndOfTheSourceAndTheStep(t *testing.T) {
	do(t, func(co *Co) {
		source := eventloop.NewFuture[int](co)
		f := eventloop.Then(source, func(n int, err error) (int, error) { return n, err })
		require.NoError(t, source.SetResult(7))
		require.True(t, f.Cancel())
		_, err := f.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.True(t, f.Cancelled())
	})
}

func TestACancelDuringTheStepComesTooLateForIt(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		cancelled bool
	}{"which succeeds": {nil, true}, "which fails": {errBad, false}} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				var f *eventloop.Future[int]
				f = eventloop.Then(sources["a future"](co, nil), func(int, error) (int, error) {
					require.True(t, f.Cancel())
					return 1, c.err
				})
				_, err := f.Await(co)
				require.Error(t, err)
				require.Equal(t, c.cancelled, f.Cancelled())

				var g *eventloop.Future[int]
				g = eventloop.Chain(sources["a future"](co, nil), func(int, error) *eventloop.Future[int] {
					require.True(t, g.Cancel())
					return sources["a future that is done"](co, c.err)
				})
				_, err = g.Await(co)
				require.Error(t, err)
				require.Equal(t, c.cancelled, g.Cancelled())
			})
		})
	}
}

func TestACancelOfATaskThatAwaitsAThen(t *testing.T) {
	do(t, func(co *Co) {
		inner := eventloop.CreateTask(co, after(time.Hour, 7, nil))
		f := eventloop.Then(&inner.Future, func(n int, err error) (int, error) { return n, err })
		task := eventloop.CreateTask(co, func(co *Co) (int, error) { return f.Await(co) })
		yield(t, co, 3)
		task.Cancel()
		_, err := task.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.True(t, inner.Cancelled())
	})
}

func TestAShieldBeforeThen(t *testing.T) {
	do(t, func(co *Co) {
		inner := eventloop.CreateTask(co, after(time.Second, 7, nil))
		f := eventloop.Then(eventloop.Shield(co, inner), func(n int, err error) (int, error) { return n, err })
		f.Cancel()
		_, err := f.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		value, err := inner.Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}

func TestAThenThatSomebodyElseSets(t *testing.T) {
	do(t, func(co *Co) {
		source := eventloop.NewFuture[int](co)
		f := eventloop.Then(source, func(int, error) (int, error) { t.Error("it is called"); return 0, nil })
		g := eventloop.Chain(source, func(int, error) *eventloop.Future[int] { t.Error("it is called"); return nil })
		require.NoError(t, f.SetResult(1))
		require.NoError(t, g.SetResult(2))
		require.NoError(t, source.SetResult(3))
		yield(t, co, 2)

		var h *eventloop.Future[int]
		h = eventloop.Then(source, func(int, error) (int, error) { return 0, h.SetResult(4) })
		yield(t, co, 2)
		value, err := h.Result()
		require.NoError(t, err)
		require.Equal(t, 4, value, "the step has set it itself, and what it returned comes too late")

		var i *eventloop.Future[int]
		i = eventloop.Chain(source, func(int, error) *eventloop.Future[int] { _ = i.SetResult(5); return i })
		yield(t, co, 2)
		value, err = i.Result()
		require.NoError(t, err)
		require.Equal(t, 5, value)
	})
}

func TestAStepThatSetsAResultAndPanics(t *testing.T) {
	for name, start := range map[string]func(source, other *eventloop.Future[int]) *eventloop.Future[int]{
		"Then": func(source, other *eventloop.Future[int]) (f *eventloop.Future[int]) {
			f = eventloop.Then(source, func(int, error) (int, error) { _ = f.SetResult(7); return 0, throw() })
			return f
		},
		"Chain": func(source, other *eventloop.Future[int]) (f *eventloop.Future[int]) {
			f = eventloop.Chain(source, func(int, error) *eventloop.Future[int] { _ = f.SetResult(7); _ = throw(); return other })
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := logged(t, func(co *Co) (nothing, error) {
				f := start(sources["a future"](co, nil), eventloop.NewFuture[int](co))
				value, err := f.Await(co)
				require.NoError(t, err)
				require.Equal(t, 7, value)
				return nothing{}, nil
			})
			require.Equal(t, "level=ERROR msg=\"a step did not return\" error=\"panic: thrown\"\n", log)
		})
	}
}

func TestAThenWhoseSourceIsNotDoneAtTheEndIsNeverCalled(t *testing.T) {
	do(t, func(co *Co) {
		eventloop.Then(eventloop.After(co, time.Hour), func(nothing, error) (int, error) {
			t.Error("it is called")
			return 0, nil
		})
	})
}

func TestAnErrorOfAThenThatNobodyAsksForIsReported(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		source := sources["a future"](co, errBad)
		eventloop.Then(source, func(int, error) (int, error) { return 0, errExit })
		return nothing{}, co.Sleep(time.Minute)
	})
	require.Equal(t, "level=ERROR msg=\"an error was never asked for\" error=exit\n", log, "the source's was the step's to deal with")
}

func TestChainGoesOnToAnotherWait(t *testing.T) {
	for first, one := range sources {
		for second, two := range sources {
			t.Run(first+", "+second, func(t *testing.T) {
				do(t, func(co *Co) {
					value, err := eventloop.Chain(one(co, nil), func(n int, err error) *eventloop.Future[int] {
						require.NoError(t, err)
						require.Equal(t, 7, n)
						return two(co, nil)
					}).Await(co)
					require.NoError(t, err)
					require.Equal(t, 7, value)

					_, err = eventloop.Chain(one(co, errBad), func(n int, err error) *eventloop.Future[int] {
						require.Equal(t, errBad, err)
						return two(co, errExit)
					}).Await(co)
					require.Equal(t, errExit, err)
				})
			})
		}
	}
}

func TestACancelOfChain(t *testing.T) {
	chain := func(co *Co) (f, one, two *eventloop.Future[int]) {
		one, two = eventloop.NewFuture[int](co), eventloop.NewFuture[int](co)
		f = eventloop.Chain(one, func(int, error) *eventloop.Future[int] { return two })
		return f, one, two
	}
	t.Run("in the first wait: the step is told", func(t *testing.T) {
		do(t, func(co *Co) {
			f, one, two := chain(co)
			require.True(t, f.Cancel())
			require.True(t, one.Cancelled())
			yield(t, co, 1)
			require.False(t, f.Done(), "it has refused, and gone on to the second")
			require.NoError(t, two.SetResult(7))
			value, err := f.Await(co)
			require.NoError(t, err)
			require.Equal(t, 7, value)
		})
	})
	t.Run("between the end of the first and the step: the step is told", func(t *testing.T) {
		do(t, func(co *Co) {
			one := eventloop.NewFuture[int](co)
			f := eventloop.Chain(one, func(_ int, err error) *eventloop.Future[int] {
				require.Equal(t, eventloop.ErrCancelled, err)
				return one
			})
			require.NoError(t, one.SetResult(7))
			require.True(t, f.Cancel())
			value, err := f.Await(co)
			require.NoError(t, err)
			require.Equal(t, 7, value)
		})
	})
	t.Run("in the second wait", func(t *testing.T) {
		do(t, func(co *Co) {
			f, one, two := chain(co)
			require.NoError(t, one.SetResult(1))
			yield(t, co, 1)
			require.True(t, f.Cancel())
			require.True(t, two.Cancelled())
			_, err := f.Await(co)
			require.Equal(t, eventloop.ErrCancelled, err)
			require.True(t, f.Cancelled())
			require.False(t, f.Cancel())
		})
	})
	t.Run("when the second has ended", func(t *testing.T) {
		do(t, func(co *Co) {
			f, one, two := chain(co)
			require.NoError(t, one.SetResult(1))
			yield(t, co, 1)
			require.NoError(t, two.SetResult(2))
			require.True(t, f.Cancel())
			_, err := f.Await(co)
			require.Equal(t, eventloop.ErrCancelled, err)
		})
	})
	t.Run("during the step, and the second wait refuses", func(t *testing.T) {
		do(t, func(co *Co) {
			var f *eventloop.Future[int]
			f = eventloop.Chain(eventloop.After(co, 0), func(nothing, error) *eventloop.Future[int] {
				require.True(t, f.Cancel())
				return eventloop.Then(eventloop.After(co, time.Hour), func(nothing, error) (int, error) { return 7, nil })
			})
			value, err := f.Await(co)
			require.NoError(t, err)
			require.Equal(t, 7, value)
			require.Zero(t, co.Loop().Time())
		})
	})
	t.Run("during the step: the second wait is", func(t *testing.T) {
		do(t, func(co *Co) {
			two := eventloop.NewFuture[int](co)
			var f *eventloop.Future[int]
			f = eventloop.Chain(eventloop.After(co, 0), func(nothing, error) *eventloop.Future[int] {
				require.True(t, f.Cancel())
				return two
			})
			_, err := f.Await(co)
			require.Equal(t, eventloop.ErrCancelled, err)
			require.True(t, two.Cancelled())
		})
	})
}

func TestChainsThatWaitForEachOther(t *testing.T) {
	do(t, func(co *Co) {
		now := eventloop.NewFuture[int](co)
		require.NoError(t, now.SetResult(7))
		var a, b, self *eventloop.Future[int]
		a = eventloop.Chain(now, func(int, error) *eventloop.Future[int] { return b })
		b = eventloop.Chain(now, func(int, error) *eventloop.Future[int] { return a })
		self = eventloop.Chain(now, func(int, error) *eventloop.Future[int] { return self })
		yield(t, co, 2)
		require.EqualError(t, self.Exception(), "eventloop: a Chain waits for itself")
		require.False(t, a.Done())
		require.True(t, a.Cancel())
		_, err := b.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		_, err = a.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
	})
}

func TestAChainThatWaitsForAnotherThatWaitsForIt(t *testing.T) {
	for name, last := range map[string]func(co *Co, f *eventloop.Future[int]) *eventloop.Future[int]{
		"by a Chain": func(co *Co, f *eventloop.Future[int]) *eventloop.Future[int] {
			return eventloop.Chain(f, func(n int, err error) *eventloop.Future[int] {
				require.Equal(t, eventloop.ErrCancelled, err)
				return eventloop.Then(eventloop.After(co, time.Second), func(nothing, error) (int, error) { return n, err })
			})
		},
		"by a Then": func(co *Co, f *eventloop.Future[int]) *eventloop.Future[int] {
			return eventloop.Then(f, func(n int, err error) (int, error) { return n, err })
		},
	} {
		for which := range 2 {
			t.Run(fmt.Sprintf("%s, cancel %d", name, which), func(t *testing.T) {
				do(t, func(co *Co) {
					var all *eventloop.Future[[]int]
					a := eventloop.Chain(eventloop.After(co, 0), func(nothing, error) *eventloop.Future[int] {
						return eventloop.Then(all, func(_ []int, err error) (int, error) { return 0, err })
					})
					b := last(co, a)
					all = eventloop.Gather(co, b, b) // the cancel comes round twice
					yield(t, co, 4)
					require.True(t, []*eventloop.Future[int]{a, b}[which].Cancel())
					for _, f := range []*eventloop.Future[int]{a, b} {
						_, err := f.Await(co)
						require.Equal(t, eventloop.ErrCancelled, err)
					}
					_, err := all.Await(co)
					require.Equal(t, eventloop.ErrCancelled, err)
				})
			})
		}
	}
}

func TestAChainLetsGoOfTheCircleThatItIsBrokenOutOf(t *testing.T) {
	do(t, func(co *Co) {
		var b *eventloop.Future[int]
		a := eventloop.Chain(eventloop.After(co, 0), func(nothing, error) *eventloop.Future[int] { return b })
		b = eventloop.Chain(a, func(int, error) *eventloop.Future[int] {
			return eventloop.Then(eventloop.After(co, time.Second), func(nothing, error) (int, error) { return 7, nil })
		})
		yield(t, co, 4)
		require.True(t, b.Cancel())
		require.NoError(t, a.SetResult(1))
		value, err := b.Await(co)
		require.NoError(t, err, "it has refused the cancel, and a is nothing to it any more")
		require.Equal(t, 7, value)
	})
}

func TestAChainWhoseStepReturnsNoFuture(t *testing.T) {
	do(t, func(co *Co) {
		_, err := eventloop.Chain(eventloop.After(co, 1), func(nothing, error) *eventloop.Future[int] { return nil }).Await(co)
		require.EqualError(t, err, "panic: eventloop: the step of a Chain returned no future")
	})
}

func TestAChainToAnotherLoop(t *testing.T) {
	do(t, func(co *Co) {
		theirs := eventloop.NewFuture[int](co)
		_, err := eventloop.Main(co.Context(), func(co *Co) (int, error) {
			return eventloop.Chain(eventloop.After(co, 1), func(nothing, error) *eventloop.Future[int] { return theirs }).Await(co)
		})
		require.EqualError(t, err, "eventloop: given a future of another loop")
	})
}

func TestThenAndChainPanicOnNil(t *testing.T) {
	do(t, func(co *Co) {
		f := eventloop.NewFuture[int](co)
		require.PanicsWithValue(t, "eventloop: the future is nil", func() {
			eventloop.Then(nil, func(int, error) (int, error) { return 0, nil })
		})
		require.PanicsWithValue(t, "eventloop: the step is nil", func() { eventloop.Then[int, int](f, nil) })
		require.PanicsWithValue(t, "eventloop: the future is nil", func() {
			eventloop.Chain(nil, func(int, error) *eventloop.Future[int] { return f })
		})
		require.PanicsWithValue(t, "eventloop: the step is nil", func() { eventloop.Chain[int, int](f, nil) })
	})
}

// waitingBytes is what n waits by After and Then take each, future, timer, step and place
// in the heap of timers together.
func waitingBytes(n int) (bytes, allocs float64) {
	var before, after runtime.MemStats
	var fired int
	_, _ = eventloop.Main(context.Background(), func(co *Co) (nothing, error) {
		futures := make([]*eventloop.Future[nothing], n)
		runtime.GC()
		runtime.ReadMemStats(&before)
		step := func(_ nothing, err error) (nothing, error) {
			fired++
			return nothing{}, err
		}
		for i := range futures {
			futures[i] = eventloop.Then(eventloop.After(co, time.Hour), step)
		}
		runtime.ReadMemStats(&after)
		allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		bytes = (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(n)
		for _, f := range futures {
			f.Cancel()
		}
		_, err := futures[n-1].Await(co)
		if !errors.Is(err, eventloop.ErrCancelled) || fired != n {
			panic(fmt.Sprint("not all were cancelled: ", fired, err))
		}
		return nothing{}, nil
	})
	return bytes, allocs
}

func TestAWaitWithoutATaskIsSmall(t *testing.T) {
	bytes, allocs := waitingBytes(100_000)
	t.Logf("%.0f B a wait, %.2f allocations", bytes, allocs)
	require.Less(t, bytes, 300.0)
	require.InDelta(t, 2, allocs, 0.1, "one for After, one for Then")
}

// BenchmarkStackless is a million waits by After and Then, from the making of the first
// to the step of the last.
func BenchmarkStackless(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		bytes, _ := waitingBytes(n)
		b.ReportMetric(bytes, "B/wait")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/wait")
}

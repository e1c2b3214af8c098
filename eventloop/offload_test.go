package eventloop_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// sleep is a function off the loop that takes a while and heeds its context.
func sleep(d time.Duration) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		select {
		case <-time.After(d):
			return d, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// offloads are the ways off the loop, which have much in common.
var offloads = map[string]func(eventloop.Scope, func(context.Context) (int, error)) *eventloop.Future[int]{
	"Offload": eventloop.Offload[int],
	"RunInExecutor": func(s eventloop.Scope, f func(context.Context) (int, error)) *eventloop.Future[int] {
		return eventloop.RunInExecutor(s, eventloop.NewExecutor(3), f)
	},
	"RunInExecutor with nil": func(s eventloop.Scope, f func(context.Context) (int, error)) *eventloop.Future[int] {
		return eventloop.RunInExecutor(s, nil, f)
	},
}

func TestAFunctionOffTheLoopGivesItsResultOrError(t *testing.T) {
	for name, offload := range offloads {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				value, err := offload(co, func(context.Context) (int, error) { return 7, nil }).Await(co)
				require.NoError(t, err)
				require.Equal(t, 7, value)

				_, err = offload(co, func(context.Context) (int, error) { return 7, errBad }).Await(co)
				require.ErrorIs(t, err, errBad)

				_, err = offload(co, func(context.Context) (int, error) { panic(errBad) }).Await(co)
				var fault *overlap.PanicError
				require.ErrorAs(t, err, &fault)
				require.Contains(t, string(fault.Stack), "offload_test.go")

				_, err = offload(co, func(context.Context) (int, error) { runtime.Goexit(); return 7, nil }).Await(co)
				require.ErrorIs(t, err, overlap.ErrGoexit)
			})
		})
	}
}

func TestACancelledFunctionOffTheLoopIsToldAndWaitedFor(t *testing.T) {
	for name, offload := range offloads {
		t.Run(name, func(t *testing.T) {
			var ended atomic.Bool
			do(t, func(co *Co) {
				begun := time.Now()
				slow := offload(co, func(ctx context.Context) (int, error) {
					<-ctx.Done()
					time.Sleep(time.Minute) // its cleaning up
					ended.Store(true)
					return 7, nil
				})
				require.NoError(t, co.Sleep(time.Second))
				require.True(t, slow.Cancel())
				require.False(t, slow.Cancel(), "it is cancelled already")
				_, err := slow.Await(co)
				require.ErrorIs(t, err, eventloop.ErrCancelled)
				require.Equal(t, time.Second, time.Since(begun), "the future is done at once")
				require.False(t, ended.Load())
			})
			require.True(t, ended.Load(), "Main has waited for it")
		})
	}
}

type key struct{}

// The context off the loop is one like others: what is derived of it ends with it.
func TestTheContextOffTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 7), time.Hour)
		defer cancel()
		_, err := eventloop.Main(ctx, func(co *Co) (nothing, error) {
			var kept context.Context
			_, err := eventloop.Offload(co, func(ctx context.Context) (nothing, error) {
				kept = ctx
				require.Equal(t, 7, ctx.Value(key{}))
				_, has := ctx.Deadline()
				require.True(t, has)
				require.NoError(t, ctx.Err())
				return nothing{}, nil
			}).Await(co)
			require.NoError(t, err)
			require.ErrorIs(t, kept.Err(), context.Canceled, "the function has returned")
			<-kept.Done()

			told := make(chan error, 3)
			slow := eventloop.Offload(co, func(ctx context.Context) (nothing, error) {
				derived, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				<-derived.Done()
				told <- derived.Err()
				<-ctx.Done()
				told <- ctx.Err()
				told <- context.Cause(ctx)
				return nothing{}, nil
			})
			require.NoError(t, co.Sleep(time.Second))
			slow.Cancel()
			for range 3 {
				require.ErrorIs(t, <-told, context.Canceled)
			}
			return nothing{}, nil
		})
		require.NoError(t, err)
	})
}

func TestFunctionsOffTheLoopAreToldWhenItEnds(t *testing.T) {
	var told atomic.Int32
	do(t, func(co *Co) {
		for range 3 {
			eventloop.Offload(co, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				told.Add(1)
				return 0, nil
			})
		}
		require.NoError(t, co.Sleep(time.Second)) // they have begun
	})
	require.EqualValues(t, 3, told.Load())
}

// As in asyncio, the loop turns while it waits for what is off it.
func TestWhatComesBackAtTheEndHasItsCallbacks(t *testing.T) {
	var order []string
	do(t, func(co *Co) {
		loop := co.Loop()
		eventloop.Offload(co, sleep(time.Hour)).AddDoneCallback(func(f *eventloop.Future[time.Duration]) {
			order = append(order, fmt.Sprint(f.Exception()))
			loop.CallSoon(func() { order = append(order, "and a turn more") })
			eventloop.CreateTask(loop, func(co *Co) (nothing, error) {
				require.PanicsWithValue(t, "eventloop: the loop has ended", func() { eventloop.Offload(co, sleep(0)) })
				order = append(order, "nothing goes off it any more")
				return nothing{}, nil
			})
		})
		require.NoError(t, co.Yield())
	})
	require.Equal(t, []string{"eventloop: the loop has ended", "and a turn more", "nothing goes off it any more"}, order)
}

func TestOffloadIsUnboundedAndAnExecutorIsBounded(t *testing.T) {
	do(t, func(co *Co) {
		makespan := func(n int, offload func() *eventloop.Future[time.Duration]) time.Duration {
			begun := time.Now()
			var futures []*eventloop.Future[time.Duration]
			for range n {
				futures = append(futures, offload())
			}
			for _, f := range futures {
				_, err := f.Await(co)
				require.NoError(t, err)
			}
			return time.Since(begun)
		}
		require.Equal(t, time.Second, makespan(1000, func() *eventloop.Future[time.Duration] {
			return eventloop.Offload(co, sleep(time.Second))
		}))
		three := eventloop.NewExecutor(3)
		require.Equal(t, 4*time.Second, makespan(10, func() *eventloop.Future[time.Duration] {
			return eventloop.RunInExecutor(co, three, sleep(time.Second))
		}))
	})
}

func TestWhatWaitsInAnExecutorWhenItIsCancelledDoesNotBegin(t *testing.T) {
	do(t, func(co *Co) {
		one := eventloop.NewExecutor(1)
		first := eventloop.RunInExecutor(co, one, sleep(time.Second))
		second := eventloop.RunInExecutor(co, one, func(context.Context) (int, error) {
			t.Error("the second has begun")
			return 0, nil
		})
		third := eventloop.RunInExecutor(co, one, func(context.Context) (int, error) { return 3, nil })
		second.Cancel()
		_, err := first.Await(co)
		require.NoError(t, err)
		value, err := third.Await(co)
		require.NoError(t, err)
		require.Equal(t, 3, value)
	})
}

// A goroutine that a function ended must be no loss to the executor.
func TestAnExecutorServesOnAfterAGoexit(t *testing.T) {
	do(t, func(co *Co) {
		one := eventloop.NewExecutor(1)
		var futures []*eventloop.Future[int]
		for i := range 10 {
			futures = append(futures, eventloop.RunInExecutor(co, one, func(context.Context) (int, error) {
				if i%2 == 0 {
					runtime.Goexit()
				}
				return i, nil
			}))
		}
		for i, f := range futures {
			value, err := f.Await(co)
			if i%2 == 0 {
				require.ErrorIs(t, err, overlap.ErrGoexit)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, i, value)
		}
	})
}

func TestAnExecutorMayServeSeveralLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		two := eventloop.NewExecutor(2)
		ends := make(chan error)
		for range 3 {
			go func() {
				_, err := eventloop.Main(t.Context(), func(co *Co) (nothing, error) {
					var futures []*eventloop.Future[time.Duration]
					for range 4 {
						futures = append(futures, eventloop.RunInExecutor(co, two, sleep(time.Second)))
					}
					_, err := eventloop.Gather(co, futures...).Await(co)
					return nothing{}, err
				})
				ends <- err
			}()
		}
		for range 3 {
			require.NoError(t, <-ends)
		}
		require.Equal(t, 6*time.Second, time.Since(begun), "12 functions of a second, two at once")
	})
}

func TestToThread(t *testing.T) {
	for name, c := range map[string]struct {
		options []eventloop.Option
		tasks   int
		want    time.Duration
	}{
		"as many at once as asked for": {[]eventloop.Option{eventloop.Threads(5)}, 20, 4 * time.Second},
		"asyncio's number by default":  {nil, 2 * min(32, runtime.GOMAXPROCS(0)+4), 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				_, err := eventloop.Main(t.Context(), func(co *Co) (nothing, error) {
					var tasks []*eventloop.Task[time.Duration]
					for range c.tasks {
						tasks = append(tasks, eventloop.CreateTask(co, func(co *Co) (time.Duration, error) {
							return eventloop.ToThread(co, sleep(time.Second))
						}))
					}
					for _, task := range tasks {
						if _, err := task.Await(co); err != nil {
							return nothing{}, err
						}
					}
					return nothing{}, nil
				}, c.options...)
				require.NoError(t, err)
				require.Equal(t, c.want, time.Since(begun))
			})
		})
	}
}

func TestArgumentsOffTheLoop(t *testing.T) {
	require.PanicsWithValue(t, "overlap: n is 0, want at least 1", func() { eventloop.NewExecutor(0) })
	require.PanicsWithValue(t, "overlap: n is -1, want at least 1", func() { eventloop.Threads(-1) })
	do(t, func(co *Co) {
		for name, offload := range offloads {
			require.PanicsWithValue(t, "eventloop: the function is nil", func() { offload(co, nil) }, name)
		}
	})
}

func TestASourceKeepsTheLoopWaiting(t *testing.T) {
	do(t, func(co *Co) {
		source := co.Loop().NewSource()
		future := eventloop.NewFuture[int](co)
		go func() {
			defer source.Close()
			time.Sleep(time.Hour)
			_ = source.Post(func() { _ = future.SetResult(7) })
		}()
		value, err := future.Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}

func TestALoopThatHasEndedTakesNoMore(t *testing.T) {
	var loop *eventloop.Loop
	var source *eventloop.Source
	do(t, func(co *Co) {
		loop = co.Loop()
		source = loop.NewSource()
	})
	require.ErrorIs(t, loop.CallSoonThreadsafe(func() {}), eventloop.ErrClosed)
	require.ErrorIs(t, source.Post(func() {}), eventloop.ErrClosed)
	source.Close()
	require.PanicsWithValue(t, "eventloop: the loop has ended", func() {
		eventloop.Offload(loop, func(context.Context) (int, error) { return 0, nil })
	})
	task := eventloop.CreateTask(loop, func(co *Co) (int, error) { return 7, nil })
	_, err := task.Result()
	require.ErrorIs(t, err, eventloop.ErrCancelled)
}

// Posts from many goroutines are all taken, each goroutine's in its order.
func TestManyPost(t *testing.T) {
	const posters, posts = 50, 200
	do(t, func(co *Co) {
		all := eventloop.NewFuture[nothing](co)
		seen := make([]int, posters)
		open := posters
		for p := range posters {
			source := co.Loop().NewSource()
			go func() {
				defer source.Close()
				for i := range posts {
					_ = source.Post(func() {
						if seen[p] == i {
							seen[p]++
						}
					})
				}
				_ = source.Post(func() {
					if open--; open == 0 {
						_ = all.SetResult(nothing{})
					}
				})
			}()
		}
		_, err := all.Await(co)
		require.NoError(t, err)
		for p := range posters {
			require.Equal(t, posts, seen[p])
		}
	})
}

package eventloop_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// The order of steps and the rules of cancelling are proven against CPython, by the
// table of programs in both languages. Here is what only Go has, and what is counted.

func TestATaskThatPanicsOrExitsLeavesTheOthersAlone(t *testing.T) {
	do(t, func(co *Co) {
		panics := eventloop.CreateTask(co, func(co *Co) (int, error) {
			require.NoError(t, co.Yield())
			panic(errBad)
		})
		exits := eventloop.CreateTask(co, func(co *Co) (int, error) {
			require.NoError(t, co.Yield())
			runtime.Goexit()
			return 0, nil
		})
		well := eventloop.CreateTask(co, func(co *Co) (int, error) { return 7, co.Sleep(time.Second) })

		_, err := panics.Await(co)
		var fault *overlap.PanicError
		require.ErrorAs(t, err, &fault)
		require.ErrorIs(t, err, errBad)
		require.Contains(t, string(fault.Stack), "task_test.go", "the stack of the coroutine itself")
		_, err = exits.Await(co)
		require.ErrorIs(t, err, overlap.ErrGoexit)
		value, err := well.Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}

func TestTheWrongHands(t *testing.T) {
	want := "eventloop: the Co of Task-1 is used while that task does not run: a Co belongs to one task, and to no other goroutine"
	do(t, func(co *Co) {
		task := eventloop.CreateTask(co, func(*Co) (nothing, error) {
			require.PanicsWithValue(t, want, func() { _ = co.Sleep(time.Second) })
			require.PanicsWithValue(t, want, func() { _ = co.Yield() })
			require.PanicsWithValue(t, want, func() { _, _ = eventloop.NewFuture[int](co).Await(co) })
			require.PanicsWithValue(t, want, func() {
				_, _ = eventloop.Coroutine[int](func(*Co) (int, error) { return 0, nil }).Await(co)
			})
			return nothing{}, nil
		})
		_, err := task.Await(co)
		require.NoError(t, err)
	})
}

func TestACoroutineRunsInTheTaskThatAwaitsIt(t *testing.T) {
	do(t, func(co *Co) {
		name := func(co *Co) (string, error) { return co.Name(), nil }
		value, err := eventloop.Coroutine[string](name).Await(co)
		require.NoError(t, err)
		require.Equal(t, "Task-1", value)
		value, err = eventloop.CreateTask(co, name).Await(co)
		require.NoError(t, err)
		require.Equal(t, "Task-2", value)
		value, err = eventloop.CreateTask(co, name).SetName("third").Await(co)
		require.NoError(t, err)
		require.Equal(t, "third", value)
	})
}

func TestAnEagerTaskBeginsAtOnce(t *testing.T) {
	var order []string
	do(t, func(co *Co) {
		made := eventloop.EagerTask(co, func(co *Co) (int, error) {
			order = append(order, "begins in "+co.Name())
			if err := co.Yield(); err != nil {
				return 0, err
			}
			order = append(order, "ends")
			return 7, nil
		})
		order = append(order, "is made in "+co.Name())
		require.False(t, made.Done())
		value, err := made.Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)

		done := eventloop.EagerTask(co, func(co *Co) (int, error) { return 8, nil })
		require.True(t, done.Done())
	})
	require.Equal(t, []string{"begins in Task-2", "is made in Task-1", "ends"}, order)
}

func TestTasksThatWaitForEachOtherCanBeCancelled(t *testing.T) {
	do(t, func(co *Co) {
		tasks := make([]*eventloop.Task[nothing], 3)
		for i := range tasks {
			tasks[i] = eventloop.CreateTask(co, func(co *Co) (nothing, error) { return tasks[(i+1)%3].Await(co) })
		}
		require.NoError(t, co.Yield())
		require.True(t, tasks[1].Cancel())
		for _, task := range tasks {
			_, err := task.Await(co)
			require.ErrorIs(t, err, eventloop.ErrCancelled)
		}
	})
}

// The circle is reached twice: the gather asks the same task twice.
func TestAGatherInACircleCanBeCancelled(t *testing.T) {
	do(t, func(co *Co) {
		var one, other *eventloop.Task[nothing]
		one = eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			_, err := eventloop.Gather(co, &other.Future, &other.Future).Await(co)
			return nothing{}, err
		})
		other = eventloop.CreateTask(co, func(co *Co) (nothing, error) { return one.Await(co) })
		require.NoError(t, co.Yield())
		require.NoError(t, co.Yield())
		require.True(t, one.Cancel())
		_, err := one.Await(co)
		require.ErrorIs(t, err, eventloop.ErrCancelled)
		_, err = other.Await(co)
		require.ErrorIs(t, err, eventloop.ErrCancelled)
	})
}

// A switch must not allocate: that is most of its price.
func TestSwitchesAndSleepsAllocateNothing(t *testing.T) {
	for name, step := range map[string]func(co *Co) error{
		"Yield": func(co *Co) error { return co.Yield() },
		"Sleep": func(co *Co) error { return co.Sleep(time.Nanosecond) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := eventloop.Main(t.Context(), func(co *Co) (nothing, error) {
				stop := false
				other := eventloop.CreateTask(co, func(co *Co) (nothing, error) {
					for !stop {
						if err := step(co); err != nil {
							return nothing{}, err
						}
					}
					return nothing{}, nil
				})
				allocs := testing.AllocsPerRun(1000, func() { _ = step(co) })
				stop = true
				require.Zero(t, allocs)
				return other.Await(co)
			})
			require.NoError(t, err)
		})
	}
}

// The coroutine of a task that has ended runs the next, so a task costs one allocation.
func TestATaskAllocatesItselfOnly(t *testing.T) {
	do(t, func(co *Co) {
		nop := func(*Co) (nothing, error) { return nothing{}, nil }
		allocs := testing.AllocsPerRun(1000, func() { _, _ = eventloop.CreateTask(co, nop).Await(co) })
		require.EqualValues(t, 1, allocs)
	})
}

func TestTimersGoByTimeThenByTheirMaking(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		type set struct{ when, made int }
		var want, got []set
		do(t, func(co *Co) {
			loop := co.Loop()
			base := loop.Time()
			var timers []*eventloop.Timer
			for made := range 300 {
				s := set{random.IntN(50), made}
				timers = append(timers, loop.CallAt(base+time.Duration(s.when)*time.Second, func() { got = append(got, s) }))
				want = append(want, s)
			}
			for _, i := range random.Perm(300)[:100] {
				timers[i].Cancel()
				require.True(t, timers[i].Cancelled())
				want = slices.DeleteFunc(want, func(s set) bool { return s.made == i })
			}
			require.NoError(t, co.Sleep(time.Minute))
		})
		slices.SortStableFunc(want, func(a, b set) int { return a.when - b.when })
		require.Equal(t, want, got)
	}
}

func TestATimerSaysWhenItIsDue(t *testing.T) {
	do(t, func(co *Co) {
		loop := co.Loop()
		timer := loop.CallLater(time.Second, func() {})
		require.Equal(t, loop.Time()+time.Second, timer.When())
		require.False(t, timer.Cancelled())
	})
}

// A sleep that is cancelled when its timer is due already leaves that timer in the ready
// queue; the next sleep must not be cut short by it.
func TestASleepAfterACancelledOneIsWhole(t *testing.T) {
	do(t, func(co *Co) {
		var sleeper *eventloop.Task[time.Duration]
		co.Loop().CallLater(time.Second, func() { sleeper.Cancel() })
		sleeper = eventloop.CreateTask(co, func(co *Co) (time.Duration, error) {
			require.ErrorIs(t, co.Sleep(time.Second), eventloop.ErrCancelled)
			begun := time.Now()
			err := co.Sleep(time.Minute)
			return time.Since(begun), err
		})
		slept, err := sleeper.Await(co)
		require.NoError(t, err)
		require.Equal(t, time.Minute, slept)
	})
}

func TestAPanicInACallbackIsReportedAndTheLoopGoesOn(t *testing.T) {
	var order []string
	log := logged(t, func(co *Co) (nothing, error) {
		co.Loop().CallSoon(func() { panic(errBad) })
		co.Loop().CallSoon(func() { order = append(order, "the next") })
		return nothing{}, co.Yield()
	})
	require.Contains(t, log, `level=ERROR msg="a callback panicked" panic=bad stack="goroutine`)
	require.Equal(t, []string{"the next"}, order)
}

// A callback runs on the loop's own goroutine, and testify's require ends that.
func TestAGoexitInACallbackIsReportedAndTheLoopGoesOn(t *testing.T) {
	var order []string
	log := logged(t, func(co *Co) (nothing, error) {
		for i := range 3 {
			co.Loop().CallSoon(func() {
				order = append(order, fmt.Sprint(i))
				runtime.Goexit()
			})
		}
		if err := co.Sleep(time.Second); err != nil {
			return nothing{}, err
		}
		co.Loop().CallLater(time.Second, runtime.Goexit)
		task := eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			err := co.Sleep(time.Hour)
			co.Loop().CallSoon(runtime.Goexit)
			_ = co.Sleep(time.Second)
			order = append(order, "cleaned up")
			return nothing{}, err
		})
		_ = task
		return nothing{}, co.Sleep(time.Minute)
	})
	require.Equal(t, 5, strings.Count(log, `level=ERROR msg="a callback called runtime.Goexit"`), log)
	require.Equal(t, []string{"0", "1", "2", "cleaned up"}, order)
}

func TestCallSoonInOrderAndCancelled(t *testing.T) {
	var order []string
	do(t, func(co *Co) {
		for i := range 3 {
			handle := co.Loop().CallSoon(func() { order = append(order, fmt.Sprint(i)) })
			if i == 1 {
				handle.Cancel()
				require.True(t, handle.Cancelled())
			}
		}
		require.NoError(t, co.Yield())
	})
	require.Equal(t, []string{"0", "2"}, order)
}

func TestFutures(t *testing.T) {
	do(t, func(co *Co) {
		f := eventloop.NewFuture[int](co)
		_, err := f.Result()
		require.ErrorIs(t, err, eventloop.ErrInvalidState)
		require.ErrorIs(t, f.Exception(), eventloop.ErrInvalidState)
		require.Error(t, f.SetException(nil))
		require.False(t, f.Done())

		var told []int
		tell := func(n int) func(*eventloop.Future[int]) {
			return func(f *eventloop.Future[int]) {
				value, _ := f.Result()
				told = append(told, n*value)
			}
		}
		f.AddDoneCallback(tell(1))
		remove := f.AddDoneCallback(tell(10))
		f.AddDoneCallback(tell(100))
		require.True(t, remove())
		require.False(t, remove())
		require.NoError(t, f.SetResult(7))
		require.ErrorIs(t, f.SetResult(8), eventloop.ErrInvalidState)
		require.ErrorIs(t, f.SetException(errBad), eventloop.ErrInvalidState)
		require.False(t, f.Cancel())
		require.Empty(t, told, "callbacks come by way of the ready queue")
		f.AddDoneCallback(tell(1000))
		require.NoError(t, co.Yield())
		require.Equal(t, []int{7, 700, 7000}, told)
		require.NoError(t, f.Exception())

		f = eventloop.NewFuture[int](co)
		one := f.AddDoneCallback(tell(1))
		require.True(t, one())
		require.False(t, one())
		require.True(t, f.Cancel())
		require.True(t, f.Cancelled())
		_, err = f.Result()
		require.ErrorIs(t, err, eventloop.ErrCancelled)
	})
}

// There is no time so long that it has passed already.
func TestAVeryLongTime(t *testing.T) {
	do(t, func(co *Co) {
		require.NoError(t, co.Sleep(time.Second)) // at zero nothing would overflow
		timer := co.Loop().CallLater(math.MaxInt64, func() { t.Error("called") })
		task := eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, co.Sleep(math.MaxInt64) })
		after := eventloop.After(co, math.MaxInt64)
		require.NoError(t, co.Sleep(time.Hour))
		require.False(t, task.Done())
		require.False(t, after.Done())
		timer.Cancel()
		after.Cancel()
		task.Cancel()
		_, err := task.Await(co)
		require.ErrorIs(t, err, eventloop.ErrCancelled)
	})
}

func TestATaskTakesNoResultFromOutside(t *testing.T) {
	do(t, func(co *Co) {
		task := eventloop.CreateTask(co, func(co *Co) (int, error) { return 1, co.Yield() })
		require.EqualError(t, task.SetResult(7), "eventloop: the result of a task is its coroutine's")
		require.EqualError(t, task.SetException(errBad), "eventloop: the result of a task is its coroutine's")
		value, err := task.Await(co)
		require.NoError(t, err)
		require.Equal(t, 1, value)
	})
}

func TestANilCallbackPanicsAtOnce(t *testing.T) {
	const want = "eventloop: the callback is nil"
	do(t, func(co *Co) {
		loop := co.Loop()
		require.PanicsWithValue(t, want, func() { loop.CallSoon(nil) })
		require.PanicsWithValue(t, want, func() { loop.CallLater(0, nil) })
		require.PanicsWithValue(t, want, func() { _ = loop.CallSoonThreadsafe(nil) })
		require.PanicsWithValue(t, want, func() { eventloop.NewFuture[int](co).AddDoneCallback(nil) })
	})
}

// A callback that comes back for ever, and ends its goroutine each time.
func TestTheEndOfTheLoopEnds(t *testing.T) {
	calls := 0
	_ = logged(t, func(co *Co) (nothing, error) {
		var again func()
		again = func() {
			calls++
			co.Loop().CallSoon(again)
			runtime.Goexit()
		}
		co.Loop().CallSoon(again)
		return nothing{}, nil
	})
	require.Less(t, calls, 20)
}

func TestASleeperThatIsWokenIsReady(t *testing.T) {
	var infos []eventloop.TaskInfo
	do(t, func(co *Co) {
		sleeper := eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, co.Sleep(time.Hour) })
		require.NoError(t, co.Yield())
		sleeper.Cancel()
		infos = co.Loop().Tasks()
	})
	require.Equal(t, "Task-2 is ready", infos[1].String())
}

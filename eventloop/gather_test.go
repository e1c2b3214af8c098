package eventloop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// after is a coroutine that sleeps and then returns.
func after[T any](d time.Duration, value T, err error) eventloop.Coroutine[T] {
	return func(co *Co) (T, error) {
		if err := co.Sleep(d); err != nil {
			var none T
			return none, err
		}
		return value, err
	}
}

// stubborn is a coroutine that is cancelled, takes its time, and then returns err.
func stubborn(s *script, name string, d time.Duration, err error) eventloop.Coroutine[string] {
	return func(co *Co) (string, error) {
		cancel := co.Sleep(time.Hour)
		s.say("%s: %v", name, cancel)
		if d > 0 {
			_ = co.Sleep(d)
		}
		s.say("%s ends", name)
		return name, err
	}
}

func TestGatherGivesTheValuesInTheOrderOfItsArguments(t *testing.T) {
	do(t, func(co *Co) {
		values, err := eventloop.Gather(co,
			after(3*time.Second, "a", nil),
			after(1*time.Second, "b", nil),
			after(2*time.Second, "c", nil),
		).Await(co)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b", "c"}, values)
		require.Equal(t, 3*time.Second, co.Loop().Time(), "they overlap")
	})
}

func TestGatherTakesAwaitablesOfAllKinds(t *testing.T) {
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		co.Loop().CallLater(time.Second, func() { _ = future.SetResult(3) })
		values, err := eventloop.Gather[int, eventloop.Awaitable[int]](co,
			after(time.Second, 1, nil),
			eventloop.CreateTask(co, after(time.Second, 2, nil)),
			future,
		).Await(co)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, values)
	})
}

func TestGatherOfNothingIsDone(t *testing.T) {
	do(t, func(co *Co) {
		f := eventloop.Gather[int, *eventloop.Task[int]](co)
		require.True(t, f.Done())
		values, err := f.Result()
		require.NoError(t, err)
		require.Equal(t, []int{}, values)
		require.False(t, f.Cancel())
	})
}

func TestGatherOfWhatIsDoneIsDone(t *testing.T) {
	do(t, func(co *Co) {
		good, bad, gone := eventloop.NewFuture[int](co), eventloop.NewFuture[int](co), eventloop.NewFuture[int](co)
		require.NoError(t, good.SetResult(1))
		require.NoError(t, bad.SetException(errBad))
		gone.Cancel()

		f := eventloop.Gather(co, good, good)
		require.True(t, f.Done())
		values, err := f.Result()
		require.NoError(t, err)
		require.Equal(t, []int{1, 1}, values)

		f = eventloop.Gather(co, good, bad, gone)
		require.True(t, f.Done())
		require.Equal(t, errBad, f.Exception(), "the first in the order of the arguments")

		all := eventloop.GatherResults(co, good, bad, gone)
		require.True(t, all.Done())
		results, err := all.Result()
		require.NoError(t, err)
		require.Equal(t, []overlap.Result[int]{{Value: 1}, {Err: errBad}, {Err: eventloop.ErrCancelled}}, results)

		f = eventloop.Gather(co, bad, eventloop.NewFuture[int](co))
		require.True(t, f.Done(), "one that is done with an error is enough")
		require.Equal(t, errBad, f.Exception())
	})
}

func TestGatherTwiceTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []overlap.Result[int]
	}{
		"a value":  {nil, []overlap.Result[int]{{Value: 7}, {Value: 1}, {Value: 7}}},
		"an error": {errBad, []overlap.Result[int]{{Err: errBad}, {Value: 1}, {Err: errBad}}},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				runs := 0
				task := eventloop.CreateTask(co, func(co *Co) (int, error) {
					runs++
					return 7, c.err
				})
				other := eventloop.CreateTask(co, after(time.Second, 1, nil))
				values, err := eventloop.Gather(co, task, other, task).Await(co)
				require.Equal(t, c.err, err)
				if err == nil {
					require.Equal(t, []int{7, 1, 7}, values)
				}
				results, err := eventloop.GatherResults(co, task, other, task).Await(co)
				require.NoError(t, err)
				require.Equal(t, c.want, results)
				require.Equal(t, 1, runs)
			})
		})
	}
	t.Run("a coroutine is begun twice, unlike Python's", func(t *testing.T) {
		do(t, func(co *Co) {
			runs := 0
			var count eventloop.Coroutine[int] = func(co *Co) (int, error) {
				runs++
				return runs, nil
			}
			values, err := eventloop.Gather(co, count, count).Await(co)
			require.NoError(t, err)
			require.Equal(t, []int{1, 2}, values)
		})
	})
}

func TestTheFirstErrorEndsAGatherAndTheOthersGoOn(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		say := func(name string, d time.Duration, err error) eventloop.Coroutine[string] {
			return func(co *Co) (string, error) {
				_ = co.Sleep(d)
				s.say("%s ends", name)
				return name, err
			}
		}
		_, err := eventloop.Gather(co,
			say("slow", 3*time.Second, nil),
			say("late error", 2*time.Second, fmt.Errorf("late")), // nobody hears it, and nobody is told of that
			say("error", 1*time.Second, errBad),
		).Await(co)
		require.Equal(t, errBad, err)
		s.say("main goes on")
		require.NoError(t, co.Sleep(time.Hour))
	})
	require.Equal(t, script{"error ends", "main goes on", "late error ends", "slow ends"}, s)
}

func TestGatherResultsWaitsForAllAndKeepsTheErrors(t *testing.T) {
	do(t, func(co *Co) {
		results, err := eventloop.GatherResults(co,
			after(3*time.Second, 1, nil),
			after(1*time.Second, 2, errBad), // its value is not to be had
			func(co *Co) (int, error) { panic("oh") },
		).Await(co)
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, co.Loop().Time())
		require.Equal(t, overlap.Result[int]{Value: 1}, results[0])
		require.Equal(t, overlap.Result[int]{Err: errBad}, results[1])
		var fault *overlap.PanicError
		require.ErrorAs(t, results[2].Err, &fault)
		require.Equal(t, "oh", fault.Value)
	})
}

func TestAChildThatIsCancelledAloneIsAnErrorAndNoCancel(t *testing.T) {
	do(t, func(co *Co) {
		child := eventloop.CreateTask(co, after(time.Hour, 1, nil))
		other := eventloop.CreateTask(co, after(time.Second, 2, nil))
		f, all := eventloop.Gather(co, child, other), eventloop.GatherResults(co, child, other)
		yield(t, co, 1)
		child.Cancel()
		_, err := f.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.False(t, f.Cancelled())
		require.False(t, other.Done())

		results, err := all.Await(co)
		require.NoError(t, err)
		require.Equal(t, []overlap.Result[int]{{Err: eventloop.ErrCancelled}, {Value: 2}}, results)
		require.Zero(t, co.Cancelling())
	})
}

func TestACancelOfAGatherGoesToItsChildren(t *testing.T) {
	for name, c := range map[string]struct {
		gather func(co *Co, as ...*eventloop.Task[string]) func(co *Co) error
		want   script
	}{
		"Gather ends with the first of them": {
			func(co *Co, as ...*eventloop.Task[string]) func(co *Co) error {
				f := eventloop.Gather(co, as...)
				return func(co *Co) error { _, err := f.Await(co); return err }
			},
			script{
				"a: eventloop: cancelled", "b: eventloop: cancelled", "b ends",
				"parent: eventloop: cancelled", "main goes on", "a ends",
			},
		},
		"GatherResults ends with the last": {
			func(co *Co, as ...*eventloop.Task[string]) func(co *Co) error {
				f := eventloop.GatherResults(co, as...)
				return func(co *Co) error { _, err := f.Await(co); return err }
			},
			script{
				"a: eventloop: cancelled", "b: eventloop: cancelled", "b ends",
				"a ends", "parent: eventloop: cancelled", "main goes on",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				parent := begin(co, func(co *Co) error {
					err := c.gather(co,
						eventloop.CreateTask(co, stubborn(&s, "a", time.Second, eventloop.ErrCancelled)),
						eventloop.CreateTask(co, stubborn(&s, "b", 0, eventloop.ErrCancelled)),
						eventloop.CreateTask(co, func(co *Co) (string, error) { return "c was done", nil }),
					)(co)
					s.say("parent: %v", err)
					return err
				})
				yield(t, co, 3)
				require.True(t, parent.Cancel())
				_, err := parent.Await(co)
				require.ErrorIs(t, err, eventloop.ErrCancelled)
				require.True(t, parent.Cancelled())
				s.say("main goes on")
				require.NoError(t, co.Sleep(time.Minute))
			})
			require.Equal(t, c.want, s)
		})
	}
}

func TestAGatherThatIsCancelledDoesNotSucceed(t *testing.T) {
	for name, gather := range map[string]func(co *Co, a *eventloop.Task[string]) (cancel func() bool, await func(co *Co) error){
		"Gather": func(co *Co, a *eventloop.Task[string]) (func() bool, func(co *Co) error) {
			f := eventloop.Gather(co, a)
			return f.Cancel, func(co *Co) error { _, err := f.Await(co); return err }
		},
		"GatherResults": func(co *Co, a *eventloop.Task[string]) (func() bool, func(co *Co) error) {
			f := eventloop.GatherResults(co, a)
			return f.Cancel, func(co *Co) error { _, err := f.Await(co); return err }
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				task := eventloop.CreateTask(co, stubborn(&s, "a", time.Second, nil))
				cancel, await := gather(co, task)
				yield(t, co, 1)
				require.True(t, cancel())
				require.Equal(t, eventloop.ErrCancelled, await(co))
				value, err := task.Result()
				require.NoError(t, err, "the child has refused the cancel")
				require.Equal(t, "a", value)
				require.False(t, cancel(), "it is done")
			})
		})
	}
}

func TestACancelOfAGatherWhoseChildrenAreDone(t *testing.T) {
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		f := eventloop.Gather(co, future)
		require.NoError(t, future.SetResult(7))
		require.False(t, f.Done(), "it hears of that a turn later")
		require.False(t, f.Cancel(), "there is nothing to cancel any more")
		values, err := f.Await(co)
		require.NoError(t, err)
		require.Equal(t, []int{7}, values)
	})
}

func TestACancelAfterTheFirstErrorReachesNobody(t *testing.T) {
	do(t, func(co *Co) {
		other := eventloop.CreateTask(co, after(time.Second, 1, nil))
		f := eventloop.Gather(co, other, eventloop.CreateTask(co, after(0, 0, errBad)))
		_, err := f.Await(co)
		require.Equal(t, errBad, err)
		require.False(t, f.Cancel())
		value, err := other.Await(co)
		require.NoError(t, err)
		require.Equal(t, 1, value)
	})
}

func TestGatherInATaskGroup(t *testing.T) {
	do(t, func(co *Co) {
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.Gather(g, after(time.Second, 1, nil), after(2*time.Second, 2, nil))
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, co.Loop().Time(), "coroutines are the group's")
	})
}

func TestAnErrorOfAGatherThatNobodyAwaitsIsReported(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		eventloop.Gather(co, after(0, 1, errBad))
		return nothing{}, co.Sleep(time.Second)
	})
	require.Equal(t, "level=ERROR msg=\"an error was never asked for\" error=bad\n", log, "once, for the gather; not for the child")
}

func TestGatherOfAnotherLoopsFuture(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		theirs := eventloop.NewFuture[int](co)
		_, err := eventloop.Main(co.Context(), func(co *Co) (nothing, error) {
			mine := eventloop.NewFuture[int](co)
			_, err := eventloop.Gather(co, mine, theirs).Await(co)
			return nothing{}, err
		})
		require.EqualError(t, err, "eventloop: given a future of another loop")
		require.NoError(t, theirs.SetException(errBad))
		return nothing{}, co.Yield()
	})
	require.Contains(t, log, "error=bad", "nothing was done to it")
}

func TestAGatherResultsThatSomebodyElseSets(t *testing.T) {
	do(t, func(co *Co) {
		child := eventloop.NewFuture[int](co)
		f := eventloop.GatherResults(co, child)
		require.NoError(t, f.SetResult(nil))
		require.NoError(t, child.SetException(errBad))
		yield(t, co, 1) // it is heard, and nobody is told
		results, err := f.Result()
		require.NoError(t, err)
		require.Nil(t, results)
	})
}

func TestWhatADeadlockSaysOfWaitsForSeveral(t *testing.T) {
	for want, wait := range map[string]func(co *Co, f *eventloop.Future[int]) error{
		"Task-1 waits for Gather": func(co *Co, f *eventloop.Future[int]) error {
			_, err := eventloop.Gather(co, f).Await(co)
			return err
		},
		"Task-1 waits for Wait": func(co *Co, f *eventloop.Future[int]) error {
			_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{f}, eventloop.AllCompleted, eventloop.Forever)
			return err
		},
		"Task-1 waits for AsCompleted": func(co *Co, f *eventloop.Future[int]) error {
			for _, err := range eventloop.AsCompleted(co, f) {
				return err
			}
			return nil
		},
		"Task-1 waits for Shield": func(co *Co, f *eventloop.Future[int]) error {
			_, err := eventloop.Shield(co, f).Await(co)
			return err
		},
		"Task-1 waits for Then": func(co *Co, f *eventloop.Future[int]) error {
			_, err := eventloop.Then(f, func(n int, err error) (int, error) { return n, err }).Await(co)
			return err
		},
		"Task-1 waits for a TaskGroup\n\tTask-2 waits for a Future": func(co *Co, f *eventloop.Future[int]) error {
			return eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				eventloop.CreateTask(g, func(co *Co) (int, error) { return f.Await(co) })
				return nil
			})
		},
		"Task-1 waits for a Future": func(co *Co, f *eventloop.Future[int]) error {
			_, err := eventloop.WaitFor(co, f, eventloop.Forever)
			return err
		},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := run(t, func(co *Co) (nothing, error) { return nothing{}, wait(co, eventloop.NewFuture[int](co)) })
			var deadlock *eventloop.DeadlockError
			require.ErrorAs(t, err, &deadlock)
			require.ErrorContains(t, err, want)
		})
	}
}

// idle runs main and lets it wait for what never comes, and returns when the loop gave
// up: the time of the last timer that main has left.
func idle(t *testing.T, main func(co *Co)) (at time.Duration) {
	t.Helper()
	_, err := run(t, func(co *Co) (nothing, error) {
		main(co)
		defer func() { at = co.Loop().Time() }()
		return eventloop.NewFuture[nothing](co).Await(co)
	})
	var deadlock *eventloop.DeadlockError
	require.ErrorAs(t, err, &deadlock)
	return at
}

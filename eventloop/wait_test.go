package eventloop_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

// names are those of tasks.
func names(tasks []*eventloop.Task[string]) []string {
	var names []string
	for _, t := range tasks {
		names = append(names, t.Name())
	}
	return names
}

func TestWhatWaitWaitsFor(t *testing.T) {
	for name, c := range map[string]struct {
		when          eventloop.ReturnWhen
		timeout       time.Duration
		done, pending []string
		at            time.Duration
	}{
		"all":                             {eventloop.AllCompleted, eventloop.Forever, []string{"4s", "2s-error", "1s", "3s"}, nil, 4 * time.Second},
		"the first":                       {eventloop.FirstCompleted, eventloop.Forever, []string{"1s"}, []string{"4s", "2s-error", "3s"}, time.Second},
		"the first error":                 {eventloop.FirstException, eventloop.Forever, []string{"2s-error", "1s"}, []string{"4s", "3s"}, 2 * time.Second},
		"all, with a timeout":             {eventloop.AllCompleted, 3500 * time.Millisecond, []string{"2s-error", "1s", "3s"}, []string{"4s"}, 3500 * time.Millisecond},
		"all, before a timeout":           {eventloop.AllCompleted, time.Hour, []string{"4s", "2s-error", "1s", "3s"}, nil, 4 * time.Second},
		"the first, with a timeout":       {eventloop.FirstCompleted, time.Millisecond, nil, []string{"4s", "2s-error", "1s", "3s"}, time.Millisecond},
		"the first error, with a timeout": {eventloop.FirstException, time.Second + 1, []string{"1s"}, []string{"4s", "2s-error", "3s"}, time.Second + 1},
		"timeout zero":                    {eventloop.AllCompleted, 0, nil, []string{"4s", "2s-error", "1s", "3s"}, 0},
		"a timeout that has passed":       {eventloop.AllCompleted, -2, nil, []string{"4s", "2s-error", "1s", "3s"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				var tasks []*eventloop.Task[string]
				for _, task := range []struct {
					name string
					d    time.Duration
					err  error
				}{{"4s", 4 * time.Second, nil}, {"2s-error", 2 * time.Second, errBad}, {"1s", time.Second, nil}, {"3s", 3 * time.Second, nil}} {
					tasks = append(tasks, eventloop.CreateTask(co, after(task.d, "", task.err)).SetName(task.name))
				}
				done, pending, err := eventloop.Wait(co, tasks, c.when, c.timeout)
				require.NoError(t, err)
				require.Equal(t, c.done, names(done))
				require.Equal(t, c.pending, names(pending))
				require.Equal(t, c.at, co.Loop().Time())
				_, err = tasks[1].Await(co)
				require.Equal(t, errBad, err)
				require.NoError(t, co.Sleep(time.Hour))
			})
		})
	}
}

func TestACancelIsNoErrorForWait(t *testing.T) {
	do(t, func(co *Co) {
		gone := eventloop.CreateTask(co, after(time.Hour, 1, nil))
		slow := eventloop.CreateTask(co, after(time.Second, 2, nil))
		gone.Cancel()
		done, pending, err := eventloop.Wait(co, []*eventloop.Task[int]{gone, slow}, eventloop.FirstException, eventloop.Forever)
		require.NoError(t, err)
		require.Equal(t, []*eventloop.Task[int]{gone, slow}, done)
		require.Empty(t, pending)
		require.Equal(t, time.Second, co.Loop().Time())
	})
}

func TestWaitForWhatIsDoneSuspendsForTwoTurns(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		require.NoError(t, future.SetResult(7))
		begin(co, func(co *Co) error {
			for i := range 3 {
				s.say("turn %d", i)
				yield(t, co, 1)
			}
			return nil
		})
		done, _, err := eventloop.Wait(co, []*eventloop.Future[int]{future}, eventloop.AllCompleted, 0)
		require.NoError(t, err)
		require.Len(t, done, 1)
		s.say("main")
		yield(t, co, 3)
	})
	require.Equal(t, script{"turn 0", "turn 1", "main", "turn 2"}, s)
}

func TestWaitForTheSameTwice(t *testing.T) {
	do(t, func(co *Co) {
		a, b := eventloop.NewFuture[int](co), eventloop.NewFuture[int](co)
		require.NoError(t, a.SetResult(1))
		done, pending, err := eventloop.Wait(co, []*eventloop.Future[int]{b, a, a, b}, eventloop.FirstCompleted, eventloop.Forever)
		require.NoError(t, err)
		require.Equal(t, []*eventloop.Future[int]{a}, done)
		require.Equal(t, []*eventloop.Future[int]{b}, pending)
	})
}

func TestWaitLeavesAnErrorToWhoAsksForIt(t *testing.T) {
	for name, c := range map[string]struct {
		when eventloop.ReturnWhen
		want string
	}{
		"it counts the error as one of the done": {eventloop.AllCompleted, "level=ERROR msg=\"an error was never asked for\" error=bad task=Task-2\n"},
		"it ends for the error":                  {eventloop.FirstException, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := logged(t, func(co *Co) (nothing, error) {
				_, _, err := eventloop.Wait(co, []*eventloop.Task[int]{
					eventloop.CreateTask(co, after(1, 1, errBad)),
					eventloop.CreateTask(co, after(2, 1, nil)),
				}, c.when, eventloop.Forever)
				return nothing{}, err
			})
			require.Equal(t, c.want, log)
		})
	}
}

func TestDebugTakesWhatWasWaitedForAsAwaited(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		tasks := []*eventloop.Task[int]{
			eventloop.CreateTask(co, after(1, 1, nil)),
			eventloop.CreateTask(co, after(2, 1, nil)),
		}
		tasks[1].Cancel()
		_, _, err := eventloop.Wait(co, tasks, eventloop.AllCompleted, eventloop.Forever)
		return nothing{}, err
	}, eventloop.Debug(0))
	require.Empty(t, log)
}

func TestACancelledWaitLeavesTheOthersAlone(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"for ever": eventloop.Forever, "with a timeout": time.Minute} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				task := eventloop.CreateTask(co, after(time.Second, 7, nil))
				waits := begin(co, func(co *Co) error {
					done, pending, err := eventloop.Wait(co, []*eventloop.Task[int]{task}, eventloop.AllCompleted, timeout)
					require.Nil(t, done)
					require.Nil(t, pending)
					return err
				})
				yield(t, co, 1)
				waits.Cancel()
				_, err := waits.Await(co)
				require.Equal(t, eventloop.ErrCancelled, err)
				require.False(t, task.Done())
				value, err := task.Await(co)
				require.NoError(t, err)
				require.Equal(t, 7, value)
			})
		})
	}
}

func TestAWaitThatIsOverLeavesNothing(t *testing.T) {
	t.Run("no timer, after it ended in time", func(t *testing.T) {
		require.Zero(t, idle(t, func(co *Co) {
			future := eventloop.NewFuture[int](co)
			require.NoError(t, future.SetResult(1))
			_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{future}, eventloop.AllCompleted, time.Hour)
			require.NoError(t, err)
		}))
	})
	t.Run("no timer, after a cancel", func(t *testing.T) {
		require.Zero(t, idle(t, func(co *Co) {
			waits := begin(co, func(co *Co) error {
				_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{eventloop.NewFuture[int](co)}, eventloop.AllCompleted, time.Hour)
				return err
			})
			yield(t, co, 1)
			waits.Cancel()
		}))
	})
	t.Run("no callback, which would ask for the error", func(t *testing.T) {
		log := logged(t, func(co *Co) (nothing, error) {
			a, b := eventloop.NewFuture[int](co), eventloop.NewFuture[int](co)
			_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{a, b}, eventloop.FirstException, time.Second)
			require.NoError(t, err)
			require.NoError(t, a.SetException(errBad))
			return nothing{}, co.Sleep(time.Second)
		})
		require.Contains(t, log, "error=bad")
	})
}

func TestACancelOfAWaitThatHasNotHeardOfItsEnd(t *testing.T) {
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		waits := begin(co, func(co *Co) error {
			_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{future}, eventloop.AllCompleted, eventloop.Forever)
			return err
		})
		yield(t, co, 1)
		require.NoError(t, future.SetResult(7))
		waits.Cancel()
		_, err := waits.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
	})
}

func TestWhatWaitRefuses(t *testing.T) {
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{}, eventloop.AllCompleted, eventloop.Forever)
		require.EqualError(t, err, "eventloop: Wait for nothing")
		for _, when := range []eventloop.ReturnWhen{-1, 3} {
			_, _, err = eventloop.Wait(co, []*eventloop.Future[int]{future}, when, eventloop.Forever)
			require.EqualError(t, err, fmt.Sprintf("eventloop: Wait: when is %d, want AllCompleted, FirstCompleted or FirstException", when))
		}
		_, err = eventloop.Main(co.Context(), func(co *Co) (nothing, error) {
			_, _, err := eventloop.Wait(co, []*eventloop.Future[int]{future}, eventloop.AllCompleted, eventloop.Forever)
			return nothing{}, err
		})
		require.EqualError(t, err, "eventloop: given a future of another loop")
	})
}

func TestAsCompletedGivesTheResultsAsTheyCome(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		future := eventloop.NewFuture[string](co)
		require.NoError(t, future.SetResult("done"))
		gone := eventloop.NewFuture[string](co)
		gone.Cancel()
		for value, err := range eventloop.AsCompleted[string, eventloop.Awaitable[string]](co,
			after(3*time.Second, "c", nil),
			after(1*time.Second, "a", nil),
			eventloop.CreateTask(co, after(2*time.Second, "none", errBad)),
			future,
			gone,
			future,
		) {
			s.say("%v: %q %v", co.Loop().Time(), value, err)
		}
		require.Zero(t, co.Cancelling())
	})
	require.Equal(t, script{
		`0s: "done" <nil>`, `0s: "" eventloop: cancelled`, `1s: "a" <nil>`, `2s: "" bad`, `3s: "c" <nil>`,
	}, s)
}

func TestAsCompletedBeginsAtOnceAndNotOnlyInTheLoop(t *testing.T) {
	do(t, func(co *Co) {
		results := eventloop.AsCompleted(co, after(2*time.Second, "b", nil), after(time.Second, "a", nil))
		require.NoError(t, co.Sleep(time.Minute))
		var got []string
		for value, err := range results {
			require.NoError(t, err)
			got = append(got, value)
		}
		require.Equal(t, []string{"a", "b"}, got, "in the order in which they were done")
		require.Equal(t, time.Minute, co.Loop().Time())
	})
}

func TestALoopOverAsCompletedCanBeLeftAndGoneOnWith(t *testing.T) {
	do(t, func(co *Co) {
		results := eventloop.AsCompleted(co, after(1, 1, nil), after(3, 3, nil), after(2, 2, nil))
		var got []int
		for range 4 { // the fourth loop has nothing left
			for value := range results {
				got = append(got, value)
				break
			}
		}
		require.Equal(t, []int{1, 2, 3}, got)
	})
}

func TestAsCompletedOfNothing(t *testing.T) {
	do(t, func(co *Co) {
		requireNoWait(t, co, func() error {
			for range eventloop.AsCompleted[int, *eventloop.Task[int]](co) {
				t.Error("there is nothing")
			}
			return nil
		})
	})
}

func TestACancelEndsTheLoopOverAsCompletedAndNothingElse(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		tasks := []*eventloop.Task[string]{
			eventloop.CreateTask(co, after(1*time.Second, "a", nil)),
			eventloop.CreateTask(co, after(9*time.Second, "b", nil)),
		}
		waits := begin(co, func(co *Co) error {
			results := eventloop.AsCompleted(co, tasks...)
			for i, loop := range []string{"first", "second"} {
				for value, err := range results {
					s.say("%s loop: %q %v, cancelling %d", loop, value, err, co.Cancelling())
				}
				if i == 0 {
					co.Uncancel()
				}
			}
			return nil
		})
		require.NoError(t, co.Sleep(5*time.Second))
		waits.Cancel()
		_, err := waits.Await(co)
		require.NoError(t, err)
	})
	require.Equal(t, script{
		`first loop: "a" <nil>, cancelling 0`,
		`first loop: "" eventloop: cancelled, cancelling 1`,
		`second loop: "b" <nil>, cancelling 0`,
	}, s)
}

func TestAsCompletedRefusesAnotherLoopsFuture(t *testing.T) {
	do(t, func(co *Co) {
		theirs := eventloop.NewFuture[int](co)
		_, err := eventloop.Main(co.Context(), func(co *Co) (nothing, error) {
			require.PanicsWithValue(t, "eventloop: given a future of another loop", func() { eventloop.AsCompleted(co, theirs) })
			return nothing{}, nil
		})
		require.NoError(t, err)
	})
}

func TestAsCompletedGivesManyInOrder(t *testing.T) {
	do(t, func(co *Co) {
		var want, got []int
		var cs []eventloop.Coroutine[int]
		for i := range 100 {
			d := (i * 37) % 100
			cs = append(cs, after(time.Duration(d/4)*time.Second, d, nil))
			want = append(want, d)
		}
		for value, err := range eventloop.AsCompleted(co, cs...) {
			require.NoError(t, err)
			got = append(got, value)
		}
		slices.SortStableFunc(want, func(a, b int) int { return a/4 - b/4 }) // timers of one time go in order
		require.Equal(t, want, got)
	})
}

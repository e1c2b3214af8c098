package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// fails are what failed in a group.
func fails(t *testing.T, err error) []error {
	t.Helper()
	var failed *eventloop.GroupError
	require.ErrorAs(t, err, &failed)
	return failed.Errors
}

func TestAGroupWaitsForAllItsTasks(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		say := func(g *eventloop.TaskGroup, name string, d time.Duration, then eventloop.Coroutine[int]) *eventloop.Task[int] {
			return eventloop.CreateTask(g, func(co *Co) (int, error) {
				_ = co.Sleep(d)
				s.say("%s ends", name)
				if then != nil {
					eventloop.CreateTask(g, then)
				}
				return len(name), nil
			})
		}
		var a *eventloop.Task[int]
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			a = say(g, "a", 3*time.Second, func(co *Co) (int, error) {
				say(g, "of a task, after the body", time.Second, nil)
				return 0, nil
			})
			say(g, "b", time.Second, nil)
			s.say("the body ends")
			return nil
		})
		require.NoError(t, err)
		s.say("the group ends")
		value, err := a.Result()
		require.NoError(t, err)
		require.Equal(t, 1, value)
		require.NoError(t, eventloop.WithTaskGroup(co, func(*eventloop.TaskGroup) error { return nil }), "none")
	})
	require.Equal(t, script{"the body ends", "b ends", "a ends", "of a task, after the body ends", "the group ends"}, s)
}

func TestAnEmptyGroupDoesNotSuspend(t *testing.T) {
	do(t, func(co *Co) {
		requireNoWait(t, co, func() error {
			return eventloop.WithTaskGroup(co, func(*eventloop.TaskGroup) error { return nil })
		})
	})
}

func TestAFailureEndsTheGroup(t *testing.T) {
	errOther := errors.New("other")
	type group = *eventloop.TaskGroup
	child := func(g group, s *script, name string, err error) {
		eventloop.CreateTask(g, stubborn(s, name, 0, err))
	}
	for name, c := range map[string]struct {
		body func(co *Co, g group, s *script) error
		want []error
		said script
	}{
		"of a task, while the body waits: that is cancelled too": {
			func(co *Co, g group, s *script) error {
				child(g, s, "a", eventloop.ErrCancelled)
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				child(g, s, "b", eventloop.ErrCancelled)
				err := co.Sleep(time.Hour)
				s.say("body: %v, cancelling %d", err, co.Cancelling())
				return err
			},
			[]error{errBad},
			script{"a: eventloop: cancelled", "a ends", "b: eventloop: cancelled", "b ends", "body: eventloop: cancelled, cancelling 1"},
		},
		"of a task, when the body has ended": {
			func(co *Co, g group, s *script) error {
				child(g, s, "a", eventloop.ErrCancelled)
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				return nil
			},
			[]error{errBad},
			script{"a: eventloop: cancelled", "a ends"},
		},
		"of the body": {
			func(co *Co, g group, s *script) error {
				child(g, s, "a", eventloop.ErrCancelled)
				_ = co.Sleep(time.Second)
				return errBad
			},
			[]error{errBad},
			script{"a: eventloop: cancelled", "a ends"},
		},
		"of a task and of another that cleans up, in that order": {
			func(co *Co, g group, s *script) error {
				child(g, s, "a", errOther)
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				return nil
			},
			[]error{errBad, errOther},
			script{"a: eventloop: cancelled", "a ends"},
		},
		"of the body and of a task that cleans up: the body's comes last": {
			func(co *Co, g group, s *script) error {
				child(g, s, "a", errOther)
				_ = co.Yield()
				return errBad
			},
			[]error{errOther, errBad},
			script{"a: eventloop: cancelled", "a ends"},
		},
		"of a task, and of the body over the cancel": {
			func(co *Co, g group, s *script) error {
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				_ = co.Sleep(time.Hour)
				return errOther
			},
			[]error{errBad, errOther},
			nil,
		},
		"of two tasks in one turn": {
			func(co *Co, g group, s *script) error {
				eventloop.CreateTask(g, after(0, 0, errBad))
				eventloop.CreateTask(g, after(0, 0, errOther))
				return nil
			},
			[]error{errBad, errOther},
			nil,
		},
		"of a task, which the body refuses to end for": {
			func(co *Co, g group, s *script) error {
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				_ = co.Sleep(time.Hour)
				return co.Sleep(time.Second)
			},
			[]error{errBad},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				err := eventloop.WithTaskGroup(co, func(g group) error { return c.body(co, g, &s) })
				require.Equal(t, c.want, fails(t, err))
				for _, want := range c.want {
					require.ErrorIs(t, err, want)
				}
				require.NotErrorIs(t, err, eventloop.ErrCancelled)
				require.Zero(t, co.Cancelling(), "the cancel is taken back")
				require.NoError(t, co.Sleep(time.Second), "and is not to come")
			})
			require.Equal(t, c.said, s)
		})
	}
}

func TestWhatAGroupErrorSays(t *testing.T) {
	err := &eventloop.GroupError{Errors: []error{errBad, &eventloop.GroupError{Errors: []error{errExit, errBad}}}}
	require.Equal(t, "eventloop: 2 of a group failed\n\tbad\n\teventloop: 2 of a group failed\n\t\texit\n\t\tbad", err.Error())
	require.ErrorIs(t, err, errExit)
}

func TestAPanicOfATaskIsAnErrorOfItsGroup(t *testing.T) {
	do(t, func(co *Co) {
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.CreateTask(g, func(co *Co) (int, error) { panic(errBad) })
			eventloop.CreateTask(g, func(co *Co) (int, error) { runtime.Goexit(); return 0, nil })
			return nil
		})
		var fault *overlap.PanicError
		require.ErrorAs(t, err, &fault)
		require.ErrorIs(t, err, overlap.ErrGoexit)
	})
}

func TestATaskThatIsCancelledAloneIsNoErrorOfItsGroup(t *testing.T) {
	do(t, func(co *Co) {
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			gone := eventloop.CreateTask(g, after(time.Hour, 0, nil))
			eventloop.CreateTask(g, after(time.Second, 0, nil))
			yield(t, co, 1)
			gone.Cancel()
			_, err := gone.Await(co)
			require.Equal(t, eventloop.ErrCancelled, err)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, time.Second, co.Loop().Time())
	})
}

func TestACancelOfTheParent(t *testing.T) {
	for name, c := range map[string]struct {
		child   error // of the clean-up of the one task
		body    func(co *Co) error
		cancels int
		want    func(t *testing.T, err error)
		after   error // of the parent's next wait
	}{
		"in the body": {
			eventloop.ErrCancelled, func(co *Co) error { return co.Sleep(time.Hour) }, 1,
			func(t *testing.T, err error) { require.Equal(t, eventloop.ErrCancelled, err) }, nil,
		},
		"in the body, which wraps it": {
			eventloop.ErrCancelled, func(co *Co) error { return fmt.Errorf("body: %w", co.Sleep(time.Hour)) }, 1,
			func(t *testing.T, err error) { require.EqualError(t, err, "body: eventloop: cancelled") }, nil,
		},
		"when the body has ended": {
			eventloop.ErrCancelled, func(co *Co) error { return nil }, 1,
			func(t *testing.T, err error) { require.Equal(t, eventloop.ErrCancelled, err) }, nil,
		},
		"twice": {
			eventloop.ErrCancelled, func(co *Co) error { return nil }, 2,
			func(t *testing.T, err error) { require.Equal(t, eventloop.ErrCancelled, err) }, nil,
		},
		"while the body fails": {
			eventloop.ErrCancelled, func(co *Co) error { _ = co.Sleep(time.Hour); return errBad }, 1,
			func(t *testing.T, err error) { require.Equal(t, []error{errBad}, fails(t, err)) }, eventloop.ErrCancelled,
		},
		"a task fails over it: the error comes first, the cancel again": {
			errBad, func(co *Co) error { return nil }, 1,
			func(t *testing.T, err error) { require.Equal(t, []error{errBad}, fails(t, err)) }, eventloop.ErrCancelled,
		},
		"a task fails over it in the body": {
			errBad, func(co *Co) error { return co.Sleep(time.Hour) }, 1,
			func(t *testing.T, err error) { require.Equal(t, []error{errBad}, fails(t, err)) }, eventloop.ErrCancelled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				parent := begin(co, func(co *Co) error {
					err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
						eventloop.CreateTask(g, stubborn(&s, "child", time.Second, c.child))
						return c.body(co)
					})
					c.want(t, err)
					require.Equal(t, c.cancels, co.Cancelling(), "the count stays")
					require.Equal(t, c.after, co.Yield())
					s.say("parent ends")
					return nil
				})
				yield(t, co, 3)
				for range c.cancels {
					parent.Cancel()
					yield(t, co, 3)
				}
				_, err := parent.Await(co)
				require.NoError(t, err)
			})
			require.Equal(t, script{"child: eventloop: cancelled", "child ends", "parent ends"}, s)
		})
	}
}

func TestAFailureAndACancelAtOnce(t *testing.T) {
	do(t, func(co *Co) {
		parent := begin(co, func(co *Co) error {
			err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				eventloop.CreateTask(g, after(time.Second, 0, errBad))
				return co.Sleep(time.Hour)
			})
			require.Equal(t, []error{errBad}, fails(t, err))
			require.Equal(t, 1, co.Cancelling(), "that from outside is left")
			return co.Sleep(time.Hour)
		})
		yield(t, co, 3) // so that the task sleeps, and wakes before the cancel
		co.Loop().CallAt(time.Second, func() { parent.Cancel() })
		_, err := parent.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.Equal(t, time.Second, co.Loop().Time())
	})
}

func TestAGroupCancelsItsTasksOnce(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.CreateTask(g, stubborn(&s, "a", time.Second, errExit)) // fails while b cleans up
			b := eventloop.CreateTask(g, func(co *Co) (int, error) {
				err := co.Sleep(time.Hour)
				require.NoError(t, co.Sleep(time.Minute), "its clean-up is left alone")
				return 0, err
			})
			yield(t, co, 1)
			b.AddDoneCallback(func(*eventloop.Future[int]) { s.say("b was cancelled %d times", b.Cancelling()) })
			return errBad
		})
		require.Equal(t, []error{errExit, errBad}, fails(t, err))
	})
	require.Equal(t, script{"a: eventloop: cancelled", "a ends", "b was cancelled 1 times"}, s)
}

func TestAGroupInATimeout(t *testing.T) {
	do(t, func(co *Co) {
		err := eventloop.WithTimeout(co, time.Second, func(*eventloop.Deadline) error {
			return eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				eventloop.CreateTask(g, after(time.Hour, 0, nil))
				return nil
			})
		})
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, time.Second, co.Loop().Time())
	})
}

func TestGroupsInEachOther(t *testing.T) {
	do(t, func(co *Co) {
		var s script
		err := eventloop.WithTaskGroup(co, func(outer *eventloop.TaskGroup) error {
			eventloop.CreateTask(outer, stubborn(&s, "outer's", 0, eventloop.ErrCancelled))
			yield(t, co, 1)
			return eventloop.WithTaskGroup(co, func(inner *eventloop.TaskGroup) error {
				eventloop.CreateTask(inner, stubborn(&s, "inner's", 0, eventloop.ErrCancelled))
				eventloop.CreateTask(inner, after(time.Second, 0, errBad))
				return nil
			})
		})
		require.Equal(t, []error{errBad}, fails(t, fails(t, err)[0]))
		require.Equal(t, script{"inner's: eventloop: cancelled", "inner's ends", "outer's: eventloop: cancelled", "outer's ends"}, s)
		require.Zero(t, co.Cancelling())
	})
}

func TestAFailureInTheOuterGroupEndsTheInnerOne(t *testing.T) {
	do(t, func(co *Co) {
		var s script
		err := eventloop.WithTaskGroup(co, func(outer *eventloop.TaskGroup) error {
			eventloop.CreateTask(outer, after(time.Second, 0, errBad))
			err := eventloop.WithTaskGroup(co, func(inner *eventloop.TaskGroup) error {
				eventloop.CreateTask(inner, stubborn(&s, "inner's", time.Second, eventloop.ErrCancelled))
				return nil
			})
			s.say("inner: %v", err)
			return err
		})
		require.Equal(t, []error{errBad}, fails(t, err))
		require.Equal(t, script{"inner's: eventloop: cancelled", "inner's ends", "inner: eventloop: cancelled"}, s)
	})
}

func TestAGroupThatTakesNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		use  func(co *Co, try func(co *Co, g *eventloop.TaskGroup))
		want string
	}{
		"it is over": {
			func(co *Co, try func(co *Co, g *eventloop.TaskGroup)) {
				var g *eventloop.TaskGroup
				_ = eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error { g = group; return nil })
				try(co, g)
			},
			"eventloop: the task group is over",
		},
		"it is being cancelled": {
			func(co *Co, try func(co *Co, g *eventloop.TaskGroup)) {
				_ = eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
					eventloop.CreateTask(g, func(co *Co) (int, error) {
						err := co.Sleep(time.Hour)
						try(co, g)
						return 0, err
					})
					_ = co.Yield()
					return errBad
				})
			},
			"eventloop: the task group is being cancelled",
		},
	} {
		for kind, create := range map[string]func(s eventloop.Scope, c eventloop.Coroutine[int]) *eventloop.Task[int]{
			"CreateTask": eventloop.CreateTask[int], "EagerTask": eventloop.EagerTask[int],
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				do(t, func(co *Co) {
					tried := false
					c.use(co, func(co *Co, g *eventloop.TaskGroup) {
						tried = true
						before := len(co.Loop().Tasks())
						task := create(g, func(co *Co) (int, error) { t.Error("it runs"); return 0, nil })
						require.True(t, task.Done())
						require.EqualError(t, task.Exception(), c.want)
						require.False(t, task.Cancel())
						require.Len(t, co.Loop().Tasks(), before, "it is none of the loop's")
						yield(t, co, 2)
					})
					require.True(t, tried)
				})
			})
		}
	}
}

func TestAGroupThatIsRefusedATaskReportsItIfNobodyAsks(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		var g *eventloop.TaskGroup
		_ = eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error { g = group; return nil })
		eventloop.CreateTask(g, after(0, 0, nil))
		return nothing{}, nil
	})
	require.Contains(t, log, "the task group is over")
}

func TestABodyThatDoesNotReturnEndsItsGroup(t *testing.T) {
	for name, c := range map[string]struct {
		leave func()
		want  error
	}{
		"a panic":  {func() { panic(errBad) }, errBad},
		"a Goexit": {runtime.Goexit, overlap.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				task := begin(co, func(co *Co) error {
					defer func() { s.say("parent ends, cancelling %d", co.Cancelling()) }()
					return eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
						eventloop.CreateTask(g, stubborn(&s, "a", time.Second, eventloop.ErrCancelled))
						yield(t, co, 1)
						c.leave()
						return nil
					})
				})
				_, err := task.Await(co)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, time.Second, co.Loop().Time(), "the tasks are waited for")
			})
			require.Equal(t, script{"a: eventloop: cancelled", "a ends", "parent ends, cancelling 0"}, s)
		})
	}
}

func TestErrorsOfAGroupWhoseBodyPanickedAreReported(t *testing.T) {
	var s script
	log := logged(t, func(co *Co) (nothing, error) {
		return nothing{}, eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.CreateTask(g, after(time.Second, 0, errBad))
			eventloop.CreateTask(g, stubborn(&s, "a", time.Second, errExit))
			panic(co.Sleep(time.Hour)) // cancelled, for the first task has failed
		})
	})
	require.Equal(t, ""+
		"level=ERROR msg=\"an error in a task group whose body panicked or called runtime.Goexit\" task=Task-1 error=bad\n"+
		"level=ERROR msg=\"an error in a task group whose body panicked or called runtime.Goexit\" task=Task-1 error=exit\n", log)
}

func TestAPanicThroughAGroupKeepsItsStack(t *testing.T) {
	_, err := run(t, func(co *Co) (nothing, error) {
		return nothing{}, eventloop.WithTaskGroup(co, func(*eventloop.TaskGroup) error { return throw() })
	})
	var fault *overlap.PanicError
	require.ErrorAs(t, err, &fault)
	require.Contains(t, string(fault.Stack), "eventloop_test.throw")
}

func TestAGroupWhoseParentIsDroppedDoesNotHang(t *testing.T) {
	for name, refuse := range map[string]func(co *Co){
		"in the body": func(co *Co) {
			_ = eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				eventloop.CreateTask(g, stuck)
				_, err := stuck(co)
				return err
			})
		},
		"at the end": func(co *Co) {
			_ = eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				eventloop.CreateTask(g, stuck)
				return nil
			})
		},
		"in a deferred call of a task that is dropped": func(co *Co) {
			defer func() {
				_ = eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
					require.True(t, eventloop.CreateTask(g, stuck).Done(), "there is no loop for it")
					return nil
				})
			}()
			_, _ = stuck(co)
		},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				begin(co, func(co *Co) error { refuse(co); return nil })
				require.NoError(t, co.Sleep(time.Second))
			})
		})
	}
}

// stuck refuses a cancel and waits for ever.
func stuck(co *Co) (nothing, error) {
	_ = co.Sleep(1000 * time.Hour)
	return eventloop.NewFuture[nothing](co).Await(co)
}

func TestManyTasksOfAGroup(t *testing.T) {
	do(t, func(co *Co) {
		sum := 0
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			for i := range 1000 {
				eventloop.CreateTask(g, func(co *Co) (nothing, error) {
					_ = co.Sleep(time.Duration(i*7919%1000) * time.Second)
					sum += i
					return nothing{}, nil
				})
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 499500, sum)
	})
}

func TestDebugTakesTheTasksOfAGroupAsAwaited(t *testing.T) {
	require.Empty(t, logged(t, func(co *Co) (nothing, error) {
		return nothing{}, eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.CreateTask(g, after(time.Second, 1, nil))
			eventloop.CreateTask(g, after(time.Hour, 1, nil)).Cancel()
			return nil
		})
	}, eventloop.Debug(0)))
}

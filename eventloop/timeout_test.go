package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

func TestATimeout(t *testing.T) {
	for name, c := range map[string]struct {
		d       time.Duration
		body    func(co *Co) error
		want    error
		at      time.Duration
		expired bool
	}{
		"the body is in time": {
			2 * time.Second, func(co *Co) error { return co.Sleep(time.Second) },
			nil, time.Second, false,
		},
		"the body is not in time": {
			time.Second, func(co *Co) error { return co.Sleep(2 * time.Second) },
			context.DeadlineExceeded, time.Second, true,
		},
		"the error of the body comes through": {
			time.Second, func(co *Co) error { return errBad },
			errBad, 0, false,
		},
		"a body that wraps the cancel has timed out": {
			time.Second, func(co *Co) error { return fmt.Errorf("sleep: %w", co.Sleep(time.Hour)) },
			context.DeadlineExceeded, time.Second, true,
		},
		"a body that makes another error of the cancel has that": {
			time.Second, func(co *Co) error { _ = co.Sleep(time.Hour); return errBad },
			errBad, time.Second, true,
		},
		"a body that refuses the cancel has succeeded": {
			time.Second, func(co *Co) error { _ = co.Sleep(time.Hour); return nil },
			nil, time.Second, true,
		},
		"clean-up is waited for": {
			time.Second, func(co *Co) error { err := co.Sleep(time.Hour); _ = co.Sleep(time.Minute); return err },
			context.DeadlineExceeded, time.Minute + time.Second, true,
		},
		"both at one time: who was set first": {
			time.Second, func(co *Co) error { return co.Sleep(time.Second) },
			context.DeadlineExceeded, time.Second, true,
		},
		"a body that does not suspend cannot time out": {
			0, func(co *Co) error { return nil },
			nil, 0, false,
		},
		"no time": {
			0, func(co *Co) error { return co.Sleep(time.Nanosecond) },
			context.DeadlineExceeded, 0, true,
		},
		"a time that has passed": {
			-time.Second, func(co *Co) error { return co.Sleep(time.Nanosecond) },
			context.DeadlineExceeded, 0, true,
		},
		"for ever": {
			eventloop.Forever, func(co *Co) error { return co.Sleep(1000 * time.Hour) },
			nil, 1000 * time.Hour, false,
		},
		"longer than the clock counts": {
			math.MaxInt64, func(co *Co) error { return co.Sleep(time.Hour) },
			nil, time.Hour, false,
		},
		"an error of the body that only looks like it": {
			time.Hour, func(co *Co) error { return context.DeadlineExceeded },
			context.DeadlineExceeded, 0, false,
		},
		"a cancel of something else": {
			time.Hour, func(co *Co) error {
				f := eventloop.NewFuture[int](co)
				f.Cancel()
				_, err := f.Await(co)
				return err
			},
			eventloop.ErrCancelled, 0, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				var d *eventloop.Deadline
				err := eventloop.WithTimeout(co, c.d, func(deadline *eventloop.Deadline) error {
					d = deadline
					return c.body(co)
				})
				require.Equal(t, c.want, err)
				require.Equal(t, c.at, co.Loop().Time())
				require.Equal(t, c.expired, d.Expired())
				require.Zero(t, co.Cancelling(), "the cancel is taken back")
				require.NoError(t, co.Sleep(100*time.Hour), "no timer is left")
			})
		})
	}
}

func TestATimeoutDoesNotWrapTheCancel(t *testing.T) {
	do(t, func(co *Co) {
		task := begin(co, func(co *Co) error {
			return eventloop.WithTimeout(co, 1, func(*eventloop.Deadline) error { return co.Sleep(time.Hour) })
		})
		_, err := task.Await(co)
		require.Equal(t, context.DeadlineExceeded, err)
		require.False(t, task.Cancelled())
	})
}

func TestACancelFromOutsideIsNoTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		cancel     time.Duration
		body       func(co *Co) error
		cancelling int
		expired    bool
	}{
		"before the time": {
			time.Second, func(co *Co) error { return co.Sleep(time.Hour) }, 1, false,
		},
		"when the time has come, while the body cleans up": {
			time.Minute + 1, func(co *Co) error {
				err := co.Sleep(time.Hour)
				return errors.Join(err, co.Sleep(time.Hour))
			}, 1, true,
		},
		"at the same time": {
			time.Minute, func(co *Co) error { return co.Sleep(time.Hour) }, 1, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				task := begin(co, func(co *Co) error {
					var d *eventloop.Deadline
					err := eventloop.WithTimeout(co, time.Minute, func(deadline *eventloop.Deadline) error {
						d = deadline
						return c.body(co)
					})
					require.ErrorIs(t, err, eventloop.ErrCancelled)
					require.Equal(t, c.cancelling, co.Cancelling())
					require.Equal(t, c.expired, d.Expired())
					return err
				})
				yield(t, co, 1)
				co.Loop().CallLater(c.cancel, func() { task.Cancel() })
				_, err := task.Await(co)
				require.ErrorIs(t, err, eventloop.ErrCancelled)
				require.True(t, task.Cancelled())
			})
		})
	}
}

func TestACancelThatWasThereBeforeDoesNotHideATimeout(t *testing.T) {
	do(t, func(co *Co) {
		task := begin(co, func(co *Co) error {
			require.Equal(t, eventloop.ErrCancelled, co.Sleep(time.Hour))
			require.Equal(t, 1, co.Cancelling(), "it was delivered, and not taken back")
			err := eventloop.WithTimeout(co, time.Second, func(*eventloop.Deadline) error { return co.Sleep(time.Hour) })
			require.Equal(t, 1, co.Cancelling())
			return err
		})
		yield(t, co, 1)
		task.Cancel()
		_, err := task.Await(co)
		require.Equal(t, context.DeadlineExceeded, err)
	})
}

func TestTimeoutsInEachOther(t *testing.T) {
	for name, c := range map[string]struct {
		outer, inner time.Duration
		want         script
	}{
		"the inner one is first": {3 * time.Second, time.Second, script{
			"1s: inner: context deadline exceeded", "2s: body goes on", "2s: outer: <nil>",
		}},
		"the outer one is first": {time.Second, 3 * time.Second, script{
			"1s: inner: eventloop: cancelled", "1s: outer: context deadline exceeded",
		}},
		"the outer one comes while the body goes on": {1500 * time.Millisecond, time.Second, script{
			"1s: inner: context deadline exceeded", "1.5s: outer: context deadline exceeded",
		}},
		"both at one time": {time.Second, time.Second, script{
			"1s: inner: eventloop: cancelled", "1s: outer: context deadline exceeded",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				err := eventloop.WithTimeout(co, c.outer, func(*eventloop.Deadline) error {
					err := eventloop.WithTimeout(co, c.inner, func(*eventloop.Deadline) error { return co.Sleep(time.Hour) })
					s.say("%v: inner: %v", co.Loop().Time(), err)
					if errors.Is(err, eventloop.ErrCancelled) {
						return err
					}
					if err := co.Sleep(time.Second); err != nil {
						return err
					}
					s.say("%v: body goes on", co.Loop().Time())
					return nil
				})
				s.say("%v: outer: %v", co.Loop().Time(), err)
				require.Zero(t, co.Cancelling())
			})
			require.Equal(t, c.want, s)
		})
	}
}

func TestReschedule(t *testing.T) {
	for name, c := range map[string]struct {
		first time.Duration
		when  []time.Duration
		at    time.Duration
		err   error
	}{
		"later":             {time.Second, []time.Duration{time.Minute}, time.Minute, context.DeadlineExceeded},
		"sooner":            {time.Hour, []time.Duration{time.Second}, time.Second, context.DeadlineExceeded},
		"now":               {time.Hour, []time.Duration{0}, 0, context.DeadlineExceeded},
		"in the past":       {time.Hour, []time.Duration{-time.Second}, 0, context.DeadlineExceeded},
		"never":             {time.Second, []time.Duration{eventloop.Forever}, 2 * time.Hour, nil},
		"from never":        {eventloop.Forever, []time.Duration{time.Second}, time.Second, context.DeadlineExceeded},
		"now, and not now":  {time.Hour, []time.Duration{0, time.Minute}, time.Minute, context.DeadlineExceeded},
		"now, never":        {0, []time.Duration{0, 0, eventloop.Forever}, 2 * time.Hour, nil},
		"back and forth":    {time.Second, []time.Duration{time.Hour, time.Minute, 3 * time.Hour}, 2 * time.Hour, nil},
		"the same time now": {time.Minute, []time.Duration{time.Minute}, time.Minute, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				err := eventloop.WithTimeoutAt(co, c.first, func(d *eventloop.Deadline) error {
					for _, when := range c.when {
						require.NoError(t, d.Reschedule(when))
						got, ok := d.When()
						require.Equal(t, when != eventloop.Forever, ok)
						if ok {
							require.Equal(t, when, got)
						}
					}
					return co.Sleep(2 * time.Hour)
				})
				require.Equal(t, c.err, err)
				require.Equal(t, c.at, co.Loop().Time())
				require.NoError(t, co.Sleep(10*time.Hour))
			})
		})
	}
}

func TestADeadlineThatHasPassedComesBeforeTheTimersThatAreDue(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		require.NoError(t, co.Sleep(time.Second))
		err := eventloop.WithTimeout(co, time.Hour, func(d *eventloop.Deadline) error {
			co.Loop().CallLater(0, func() { s.say("a timer; expired: %v", d.Expired()) })
			co.Loop().CallSoon(func() { s.say("a callback; expired: %v", d.Expired()) })
			require.NoError(t, d.Reschedule(co.Loop().Time()))
			return co.Sleep(time.Minute)
		})
		require.Equal(t, context.DeadlineExceeded, err)
	})
	require.Equal(t, script{"a callback; expired: false", "a timer; expired: true"}, s)
}

func TestADeadlineThatIsOverStays(t *testing.T) {
	do(t, func(co *Co) {
		var d *eventloop.Deadline
		require.Equal(t, context.DeadlineExceeded, eventloop.WithTimeout(co, time.Second, func(deadline *eventloop.Deadline) error {
			d = deadline
			require.False(t, d.Expired())
			err := co.Sleep(time.Hour)
			require.True(t, d.Expired(), "already, while the body cleans up")
			require.EqualError(t, d.Reschedule(time.Hour), "eventloop: invalid state: the deadline has expired")
			return err
		}))
		err := d.Reschedule(time.Hour)
		require.ErrorIs(t, err, eventloop.ErrInvalidState)
		require.EqualError(t, err, "eventloop: invalid state: the deadline has expired")

		require.NoError(t, eventloop.WithTimeout(co, time.Second, func(deadline *eventloop.Deadline) error {
			d = deadline
			return nil
		}))
		require.EqualError(t, d.Reschedule(time.Hour), "eventloop: invalid state: the body of the deadline has ended")
		require.False(t, d.Expired())
		when, ok := d.When()
		require.True(t, ok)
		require.Equal(t, 2*time.Second, when)
	})
}

func TestABodyThatDoesNotReturnTakesItsDeadlineWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		leave   func()
		want    error
		expires bool
	}{
		"a panic":                             {func() { panic(errBad) }, errBad, false},
		"a Goexit":                            {runtime.Goexit, overlap.ErrGoexit, false},
		"a panic after the time has come":     {func() { panic(errBad) }, errBad, true},
		"a Goexit after the time has come":    {runtime.Goexit, overlap.ErrGoexit, true},
		"a panic with something that unwraps": {func() { panic(fmt.Errorf("in vain: %w", errBad)) }, errBad, false},
	} {
		t.Run(name, func(t *testing.T) {
			at := idle(t, func(co *Co) {
				task := begin(co, func(co *Co) error {
					defer func() {
						require.Zero(t, co.Cancelling(), "the cancel is taken back")
						yield(t, co, 3)
					}()
					return eventloop.WithTimeout(co, time.Second, func(d *eventloop.Deadline) error {
						if c.expires {
							_ = co.Sleep(time.Hour)
						}
						require.Equal(t, c.expires, d.Expired())
						c.leave()
						return nil
					})
				})
				_, err := task.Await(co)
				require.ErrorIs(t, err, c.want)
			})
			if c.expires {
				require.Equal(t, time.Second, at)
			} else {
				require.Zero(t, at, "no timer is left")
			}
		})
	}
}

func TestAPanicThroughATimeoutKeepsItsStack(t *testing.T) {
	_, err := run(t, func(co *Co) (nothing, error) {
		return nothing{}, eventloop.WithTimeout(co, time.Second, func(*eventloop.Deadline) error { return throw() })
	})
	var fault *overlap.PanicError
	require.ErrorAs(t, err, &fault)
	require.Contains(t, string(fault.Stack), "eventloop_test.throw")
}

//go:noinline
func throw() error { panic("thrown") }

func TestWhatNeedsABody(t *testing.T) {
	do(t, func(co *Co) {
		require.PanicsWithValue(t, "eventloop: the body is nil", func() { _ = eventloop.WithTimeout(co, time.Second, nil) })
		require.PanicsWithValue(t, "eventloop: the body is nil", func() { _ = eventloop.WithTimeoutAt(co, time.Second, nil) })
		require.PanicsWithValue(t, "eventloop: the body is nil", func() { _ = eventloop.WithTaskGroup(co, nil) })
		require.PanicsWithValue(t, "eventloop: the body is nil", func() { _ = eventloop.With(co, &door{}, nil) })
		require.PanicsWithValue(t, "eventloop: the resource is nil", func() { _ = eventloop.With(co, nil, func() error { return nil }) })
	})
}

func TestTheCoOfAnotherTask(t *testing.T) {
	body := map[string]func(co *Co){
		"Wait": func(co *Co) {
			_, _, _ = eventloop.Wait(co, []*eventloop.Future[int]{eventloop.NewFuture[int](co)}, 0, 0)
		},
		"AsCompleted":   func(co *Co) { eventloop.AsCompleted(co, eventloop.NewFuture[int](co)) },
		"WithTimeout":   func(co *Co) { _ = eventloop.WithTimeout(co, 0, func(*eventloop.Deadline) error { return nil }) },
		"WaitFor":       func(co *Co) { _, _ = eventloop.WaitFor(co, eventloop.NewFuture[int](co), 0) },
		"WithTaskGroup": func(co *Co) { _ = eventloop.WithTaskGroup(co, func(*eventloop.TaskGroup) error { return nil }) },
		"With":          func(co *Co) { _ = eventloop.With(co, &door{}, func() error { return nil }) },
	}
	for name, use := range body {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				_, err := begin(co, func(*Co) error { use(co); return nil }).Await(co)
				require.ErrorContains(t, err, "a Co belongs to one task")
			})
		})
	}
}

func TestWaitFor(t *testing.T) {
	for name, c := range map[string]struct {
		awaitable func(co *Co, s *script) eventloop.Awaitable[string]
		d         time.Duration
		value     string
		err       error
		at        time.Duration
		said      script
	}{
		"a coroutine in time": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return after(time.Second, "v", nil) },
			time.Minute, "v", nil, time.Second, nil,
		},
		"its error": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return after(time.Second, "v", errBad) },
			time.Minute, "", errBad, time.Second, nil,
		},
		"a coroutine not in time": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				return stubborn(s, "c", time.Second, eventloop.ErrCancelled)
			},
			time.Minute, "", context.DeadlineExceeded, time.Minute + time.Second, script{"c: eventloop: cancelled", "c ends"},
		},
		"a task not in time, whose clean-up is waited for": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				return eventloop.CreateTask(co, stubborn(s, "t", time.Second, eventloop.ErrCancelled))
			},
			time.Minute, "", context.DeadlineExceeded, time.Minute + time.Second, script{"t: eventloop: cancelled", "t ends"},
		},
		"a task that refuses the cancel": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				return eventloop.CreateTask(co, stubborn(s, "t", time.Second, nil))
			},
			time.Minute, "t", nil, time.Minute + time.Second, script{"t: eventloop: cancelled", "t ends"},
		},
		"a task that makes another error of the cancel": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				return eventloop.CreateTask(co, stubborn(s, "t", time.Second, errBad))
			},
			time.Minute, "", errBad, time.Minute + time.Second, script{"t: eventloop: cancelled", "t ends"},
		},
		"a future that nobody sets": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return eventloop.NewFuture[string](co) },
			time.Minute, "", context.DeadlineExceeded, time.Minute, nil,
		},
		"for ever": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return after(1000*time.Hour, "v", nil) },
			eventloop.Forever, "v", nil, 1000 * time.Hour, nil,
		},
		"no time, done": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				f := eventloop.NewFuture[string](co)
				_ = f.SetResult("v")
				return f
			},
			0, "v", nil, 0, nil,
		},
		"no time, cancelled by others before": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				f := eventloop.NewFuture[string](co)
				f.Cancel()
				return f
			},
			0, "", eventloop.ErrCancelled, 0, nil,
		},
		"no time, a coroutine: it is not begun": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return stubborn(s, "c", 0, nil) },
			0, "", context.DeadlineExceeded, 0, nil,
		},
		"a time that has passed": {
			func(co *Co, s *script) eventloop.Awaitable[string] { return stubborn(s, "c", 0, nil) },
			-time.Second, "", context.DeadlineExceeded, 0, nil,
		},
		"no time, a task that cleans up": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				task := eventloop.CreateTask(co, stubborn(s, "t", time.Second, eventloop.ErrCancelled))
				_ = co.Yield()
				return task
			},
			0, "", context.DeadlineExceeded, time.Second, script{"t: eventloop: cancelled", "t ends"},
		},
		"no time, a task that refuses": {
			func(co *Co, s *script) eventloop.Awaitable[string] {
				task := eventloop.CreateTask(co, stubborn(s, "t", time.Second, nil))
				_ = co.Yield()
				return task
			},
			0, "t", nil, time.Second, script{"t: eventloop: cancelled", "t ends"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				value, err := eventloop.WaitFor(co, c.awaitable(co, &s), c.d)
				require.Equal(t, c.err, err)
				require.Equal(t, c.value, value)
				require.Equal(t, c.at, co.Loop().Time())
				require.Zero(t, co.Cancelling())
			})
			require.Equal(t, c.said, s)
		})
	}
}

func TestACancelOfWaitFor(t *testing.T) {
	for name, d := range map[string]time.Duration{"for ever": eventloop.Forever, "in time": time.Hour, "no time": 0} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				inner := eventloop.CreateTask(co, stubborn(&s, "inner", time.Minute, eventloop.ErrCancelled))
				yield(t, co, 1)
				outer := begin(co, func(co *Co) error {
					_, err := eventloop.WaitFor(co, inner, d)
					s.say("outer: %v", err)
					return err
				})
				require.NoError(t, co.Sleep(time.Second))
				outer.Cancel()
				_, err := outer.Await(co)
				require.ErrorIs(t, err, eventloop.ErrCancelled)
				_, err = inner.Await(co)
				require.ErrorIs(t, err, eventloop.ErrCancelled)
			})
			if d == 0 {
				require.Equal(t, script{"inner: eventloop: cancelled", "outer: eventloop: cancelled", "inner ends"}, s, "it has cancelled, and waits no longer")
			} else {
				require.Equal(t, script{"inner: eventloop: cancelled", "inner ends", "outer: eventloop: cancelled"}, s)
			}
		})
	}
}

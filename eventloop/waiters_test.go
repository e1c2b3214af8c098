package eventloop_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// A script is what some tasks say in turn.
type script []string

func (s *script) say(format string, args ...any) { *s = append(*s, fmt.Sprintf(format, args...)) }

// begin makes a task of a function whose error is the task's.
func begin(co *Co, f func(co *Co) error) *eventloop.Task[nothing] {
	return eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, f(co) })
}

// yield lets everything run that is ready, n times.
func yield(t *testing.T, co *Co, n int) {
	t.Helper()
	for range n {
		require.NoError(t, co.Yield())
	}
}

// requireNoWait asserts that f succeeds without giving the loop to anybody.
func requireNoWait(t *testing.T, co *Co, f func() error) {
	t.Helper()
	suspended := false
	co.Loop().CallSoon(func() { suspended = true })
	require.NoError(t, f())
	require.False(t, suspended, "it has suspended")
}

// A waiting is a way to wait at a primitive.
type waiting struct {
	name string
	make func() (wait func(co *Co) error, wake func(co *Co))
}

var waitings = []waiting{
	{"Lock.Acquire", func() (func(*Co) error, func(*Co)) {
		lock := &eventloop.Lock{}
		return held(lock.Acquire), func(*Co) { _ = lock.Release() }
	}},
	{"Event.Wait", func() (func(*Co) error, func(*Co)) {
		event := &eventloop.Event{}
		return event.Wait, func(*Co) { event.Set() }
	}},
	{"Condition.Wait", func() (func(*Co) error, func(*Co)) {
		cond := eventloop.NewCondition(nil)
		do := func(co *Co, f func() error) error {
			if err := cond.Acquire(co); err != nil {
				return err
			}
			defer func() { _ = cond.Release() }()
			return f()
		}
		return func(co *Co) error { return do(co, func() error { return cond.Wait(co) }) },
			func(co *Co) { _ = do(co, cond.NotifyAll) }
	}},
	{"Semaphore.Acquire", func() (func(*Co) error, func(*Co)) {
		semaphore := eventloop.NewSemaphore(0)
		return semaphore.Acquire, func(*Co) { _ = semaphore.Release() }
	}},
	{"Barrier.Wait", func() (func(*Co) error, func(*Co)) {
		barrier := eventloop.NewBarrier(2)
		wait := func(co *Co) error {
			_, err := barrier.Wait(co)
			return err
		}
		return wait, func(co *Co) { _ = wait(co) }
	}},
	{"Queue.Get", func() (func(*Co) error, func(*Co)) {
		queue := eventloop.NewQueue[int](0)
		return func(co *Co) error {
			_, err := queue.Get(co)
			return err
		}, func(*Co) { _ = queue.PutNowait(1) }
	}},
	{"Queue.Put", func() (func(*Co) error, func(*Co)) {
		queue := eventloop.NewQueue[int](1)
		_ = queue.PutNowait(1)
		return func(co *Co) error { return queue.Put(co, 2) }, func(*Co) { _, _ = queue.GetNowait() }
	}},
	{"Queue.Join", func() (func(*Co) error, func(*Co)) {
		queue := eventloop.NewQueue[int](0)
		_ = queue.PutNowait(1)
		return queue.Join, func(*Co) { _ = queue.TaskDone() }
	}},
}

// held is the acquire of something that somebody has acquired before.
func held(acquire func(co *Co) error) func(co *Co) error {
	first := true
	return func(co *Co) error {
		if first {
			first = false
			if err := acquire(co); err != nil {
				return err
			}
		}
		return acquire(co)
	}
}

func TestADeadlockNamesThePrimitive(t *testing.T) {
	for _, w := range waitings {
		t.Run(w.name, func(t *testing.T) {
			wait, _ := w.make()
			_, err := run(t, func(co *Co) (nothing, error) { return nothing{}, wait(co) })
			var deadlock *eventloop.DeadlockError
			require.ErrorAs(t, err, &deadlock)
			require.Equal(t, "Task-1 waits for "+w.name, deadlock.Tasks[0].String())
		})
	}
}

func TestATaskCancelledWhileItWaits(t *testing.T) {
	for _, w := range waitings {
		t.Run(w.name, func(t *testing.T) {
			do(t, func(co *Co) {
				wait, wake := w.make()
				task := begin(co, wait)
				yield(t, co, 1)
				require.True(t, task.Cancel())
				_, err := task.Await(co)
				require.Equal(t, eventloop.ErrCancelled, err)
				require.True(t, task.Cancelled())

				// Nothing is left of it: another one waits, and is woken.
				another := begin(co, wait)
				yield(t, co, 1)
				require.False(t, another.Done())
				wake(co)
				_, err = another.Await(co)
				require.NoError(t, err)
			})
		})
	}
}

func TestATaskThatTheLoopGivesUpLeavesThePrimitive(t *testing.T) {
	for _, w := range waitings {
		t.Run(w.name, func(t *testing.T) {
			wait, wake := w.make()
			do(t, func(co *Co) {
				begin(co, func(co *Co) error {
					for {
						_ = wait(co) // refuses the cancel
					}
				})
				yield(t, co, 1)
			})
			do(t, func(co *Co) {
				task := begin(co, wait)
				yield(t, co, 1)
				wake(co)
				_, err := task.Await(co)
				require.NoError(t, err)
			})
		})
	}
}

func TestAWaitAfterTheLoopGaveTheTaskUpReturns(t *testing.T) {
	for _, w := range waitings {
		t.Run(w.name, func(t *testing.T) {
			var last error
			do(t, func(co *Co) {
				wait, _ := w.make()
				stuck := eventloop.NewFuture[nothing](co)
				begin(co, func(co *Co) error {
					defer func() { last = wait(co) }()
					_, _ = stuck.Await(co) // refuses the cancel
					_, err := eventloop.NewFuture[nothing](co).Await(co)
					return err
				})
				yield(t, co, 1)
			})
			require.Equal(t, eventloop.ErrCancelled, last)
		})
	}
}

func TestAConditionDoesNotInsistOnItsLockAfterTheLoopGaveTheTaskUp(t *testing.T) {
	var last error
	do(t, func(co *Co) {
		cond := eventloop.NewCondition(nil)
		stuck := eventloop.NewFuture[nothing](co)
		begin(co, func(co *Co) error {
			defer func() { last = cond.Wait(co) }()
			require.NoError(t, cond.Acquire(co))
			_, _ = stuck.Await(co) // refuses the cancel
			_, err := eventloop.NewFuture[nothing](co).Await(co)
			return err
		})
		begin(co, func(co *Co) error { // is woken, and will not have the lock, as nothing runs any more
			for {
				_ = cond.Acquire(co)
			}
		})
		yield(t, co, 1)
	})
	require.Equal(t, eventloop.ErrCancelled, last)
}

func TestTheCoOfATaskThatDoesNotRunIsRefused(t *testing.T) {
	queue := eventloop.NewQueue[int](0)
	for name, use := range map[string]func(co *Co) error{
		"Lock.Acquire":      new(eventloop.Lock).Acquire,
		"Event.Wait":        new(eventloop.Event).Wait,
		"Condition.Acquire": eventloop.NewCondition(nil).Acquire,
		"Condition.Wait":    eventloop.NewCondition(nil).Wait,
		"Condition.WaitFor": func(co *Co) error {
			return eventloop.NewCondition(nil).WaitFor(co, func() bool { return true })
		},
		"Semaphore.Acquire": eventloop.NewSemaphore(1).Acquire,
		"Barrier.Wait": func(co *Co) error {
			_, err := eventloop.NewBarrier(1).Wait(co)
			return err
		},
		"Queue.Put": func(co *Co) error { return queue.Put(co, 1) },
		"Queue.Get": func(co *Co) error {
			_ = queue.PutNowait(1)
			_, err := queue.Get(co)
			return err
		},
		"Queue.Join": eventloop.NewQueue[int](0).Join,
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				_, err := begin(co, func(*Co) error { return use(co) }).Await(co)
				var fault *overlap.PanicError
				require.ErrorAs(t, err, &fault)
				require.Contains(t, fault.Value, "is used while that task does not run")
			})
		})
	}
}

func TestAPrimitiveServesOneLoopAtATime(t *testing.T) {
	do(t, func(co *Co) {
		event := &eventloop.Event{}
		waits := begin(co, event.Wait)
		yield(t, co, 1)
		_, err := eventloop.Main(co.Context(), func(co *Co) (nothing, error) { return nothing{}, event.Wait(co) })
		require.EqualError(t, err, "panic: eventloop: Event.Wait: tasks of another loop wait there")
		event.Set()
		_, err = waits.Await(co)
		require.NoError(t, err)
		_, err = eventloop.Main(co.Context(), func(co *Co) (nothing, error) { return nothing{}, event.Wait(co) })
		require.NoError(t, err)
	})
}

func TestResourcesAreAcquiredForABody(t *testing.T) {
	for name, r := range map[string]interface {
		eventloop.Resource
		Locked() bool
	}{
		"a lock":      &eventloop.Lock{},
		"a condition": eventloop.NewCondition(nil),
		"a semaphore": eventloop.NewBoundedSemaphore(1),
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				require.NoError(t, eventloop.With(co, r, func() error {
					require.True(t, r.Locked())
					return nil
				}))
				require.False(t, r.Locked())
				require.Equal(t, errBad, eventloop.With(co, r, func() error { return errBad }))
				require.False(t, r.Locked())

				require.NoError(t, r.Enter(co))
				waits := begin(co, func(co *Co) error {
					return eventloop.With(co, r, func() error {
						t.Error("the body has begun")
						return nil
					})
				})
				yield(t, co, 1)
				waits.Cancel()
				yield(t, co, 1)
				require.True(t, waits.Cancelled())
				require.True(t, r.Locked())
				require.NoError(t, r.Exit(co, nil))
				require.ErrorIs(t, r.Exit(co, nil), eventloop.ErrNotAcquired)
			})
		})
	}
}

// requireNoAllocs asserts that f, called on a loop, allocates nothing.
func requireNoAllocs(t *testing.T, f func(co *Co)) {
	t.Helper()
	var allocs float64
	_, err := eventloop.Main(context.Background(), func(co *Co) (nothing, error) {
		allocs = testing.AllocsPerRun(100, func() { f(co) })
		return nothing{}, nil
	})
	require.NoError(t, err)
	require.Zero(t, allocs, "allocations")
}

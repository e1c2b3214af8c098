package eventloop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

func TestAConditionNeedsItsLock(t *testing.T) {
	do(t, func(co *Co) {
		cond := eventloop.NewCondition(nil)
		for what, err := range map[string]error{
			"eventloop: not acquired: Wait without the lock":      cond.Wait(co),
			"eventloop: not acquired: Notify without the lock":    cond.Notify(1),
			"eventloop: not acquired: NotifyAll without the lock": cond.NotifyAll(),
			"eventloop: not acquired: the lock is free":           cond.Release(),
		} {
			require.ErrorIs(t, err, eventloop.ErrNotAcquired)
			require.EqualError(t, err, what)
		}
		require.ErrorIs(t, cond.WaitFor(co, func() bool { return false }), eventloop.ErrNotAcquired)
		requireNoWait(t, co, func() error { return cond.WaitFor(co, func() bool { return true }) })
		require.PanicsWithValue(t, "eventloop: ready is nil", func() { _ = cond.WaitFor(co, nil) })
	})
}

func TestConditionsMayShareALock(t *testing.T) {
	do(t, func(co *Co) {
		var lock eventloop.Lock
		full, empty := eventloop.NewCondition(&lock), eventloop.NewCondition(&lock)
		require.NoError(t, full.Acquire(co))
		require.True(t, lock.Locked())
		require.True(t, empty.Locked())
		require.NoError(t, empty.Release())
		require.False(t, full.Locked())
	})
}

// waiters are tasks that wait for a condition and say when they go on.
func waiters(co *Co, cond *eventloop.Condition, s *script, names ...string) (tasks []*eventloop.Task[nothing]) {
	for _, name := range names {
		tasks = append(tasks, begin(co, func(co *Co) error {
			if err := cond.Acquire(co); err != nil {
				return err
			}
			defer func() { _ = cond.Release() }()
			if err := cond.Wait(co); err != nil {
				s.say("%s is cancelled, has the lock: %v", name, cond.Locked())
				return err
			}
			s.say("%s goes on, has the lock: %v", name, cond.Locked())
			return co.Yield()
		}))
	}
	return tasks
}

func TestAConditionNotifiesTheFirstOnes(t *testing.T) {
	for name, c := range map[string]struct {
		notify func(cond *eventloop.Condition) error
		want   int
	}{
		"of none":       {func(c *eventloop.Condition) error { return c.Notify(0) }, 0},
		"of minus one":  {func(c *eventloop.Condition) error { return c.Notify(-1) }, 0},
		"of one":        {func(c *eventloop.Condition) error { return c.Notify(1) }, 1},
		"of two":        {func(c *eventloop.Condition) error { return c.Notify(2) }, 2},
		"one and one":   {func(c *eventloop.Condition) error { _ = c.Notify(1); return c.Notify(1) }, 2},
		"more than are": {func(c *eventloop.Condition) error { return c.Notify(9) }, 3},
		"all":           {(*eventloop.Condition).NotifyAll, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := script{}
			do(t, func(co *Co) {
				cond := eventloop.NewCondition(nil)
				waiters(co, cond, &s, "a", "b", "c")
				yield(t, co, 1)
				require.NoError(t, cond.Acquire(co))
				require.NoError(t, c.notify(cond))
				yield(t, co, 3)
				require.Empty(t, s, "the lock is not released")
				require.NoError(t, cond.Release())
				yield(t, co, 6)
				require.False(t, cond.Locked())
				require.Equal(t, script{
					"a goes on, has the lock: true", "b goes on, has the lock: true", "c goes on, has the lock: true",
				}[:c.want], s)
			})
		})
	}
}

func TestAConditionIsAskedAnewAfterEachNotification(t *testing.T) {
	asked, n := 0, 0
	do(t, func(co *Co) {
		cond := eventloop.NewCondition(nil)
		waits := begin(co, func(co *Co) error {
			require.NoError(t, cond.Acquire(co))
			defer func() { _ = cond.Release() }()
			return cond.WaitFor(co, func() bool {
				require.True(t, cond.Locked())
				asked++
				return n == 2
			})
		})
		yield(t, co, 1)
		for n = 1; n <= 2; n++ {
			require.Equal(t, n, asked)
			require.False(t, waits.Done())
			require.NoError(t, cond.Acquire(co))
			require.NoError(t, cond.Notify(1))
			require.NoError(t, cond.Release())
			yield(t, co, 3)
		}
		require.True(t, waits.Done())
		require.NoError(t, waits.Exception())
		require.Equal(t, 3, asked)
	})
}

func TestCancelsAtACondition(t *testing.T) {
	for name, c := range map[string]struct {
		// cancel is given the first two of three tasks that wait, and main has the lock.
		cancel func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing])
		want   script
	}{
		"while it waits: it has the lock first, and wakes the next for nothing": {
			func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing]) {
				a.Cancel()
				yield(t, co, 3)
				require.False(t, a.Done(), "main has the lock")
				require.NoError(t, cond.Release())
			},
			script{"a is cancelled, has the lock: true", "b goes on, has the lock: true"},
		},
		"again while it queues for the lock: it queues on": {
			func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing]) {
				a.Cancel()
				yield(t, co, 1)
				a.Cancel()
				yield(t, co, 1)
				a.Cancel()
				yield(t, co, 2)
				require.False(t, a.Done(), "main has the lock")
				require.NoError(t, cond.Release())
			},
			script{"a is cancelled, has the lock: true", "b goes on, has the lock: true"},
		},
		"after it was notified: the next is notified in its place": {
			func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing]) {
				require.NoError(t, cond.Notify(1))
				a.Cancel()
				require.NoError(t, cond.Release())
			},
			script{"a is cancelled, has the lock: true", "b goes on, has the lock: true"},
		},
		"while it queues for the lock, notified: the next is notified in its place": {
			func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing]) {
				require.NoError(t, cond.Notify(1))
				yield(t, co, 1)
				a.Cancel()
				yield(t, co, 1)
				require.NoError(t, cond.Release())
			},
			script{"a is cancelled, has the lock: true", "b goes on, has the lock: true"},
		},
		"of the second": {
			func(t *testing.T, co *Co, cond *eventloop.Condition, a, b *eventloop.Task[nothing]) {
				b.Cancel()
				require.NoError(t, cond.Release())
			},
			script{"b is cancelled, has the lock: true", "a goes on, has the lock: true"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				cond := eventloop.NewCondition(nil)
				tasks := waiters(co, cond, &s, "a", "b", "c")
				yield(t, co, 1)
				require.NoError(t, cond.Acquire(co))
				c.cancel(t, co, cond, tasks[0], tasks[1])
				yield(t, co, 8)
				require.False(t, cond.Locked())
				require.True(t, tasks[0].Done())
				require.True(t, tasks[1].Done())
				require.False(t, tasks[2].Done())
				require.Equal(t, c.want, s)
			})
		})
	}
}

func TestACancelEndsWaitFor(t *testing.T) {
	do(t, func(co *Co) {
		cond := eventloop.NewCondition(nil)
		waits := begin(co, func(co *Co) error {
			require.NoError(t, cond.Acquire(co))
			err := cond.WaitFor(co, func() bool { return false })
			require.NoError(t, cond.Release())
			return err
		})
		yield(t, co, 1)
		waits.Cancel()
		yield(t, co, 1)
		require.True(t, waits.Cancelled())
	})
}

func TestAConditionAllocatesNothingIfNobodyWaits(t *testing.T) {
	cond := eventloop.NewCondition(nil)
	requireNoAllocs(t, func(co *Co) {
		_ = cond.Acquire(co)
		_ = cond.WaitFor(co, func() bool { return true })
		_ = cond.NotifyAll()
		_ = cond.Release()
	})
}

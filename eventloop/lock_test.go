package eventloop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

func TestAFreeLockIsTakenWithoutSuspending(t *testing.T) {
	do(t, func(co *Co) {
		var lock eventloop.Lock
		require.False(t, lock.Locked())
		requireNoWait(t, co, func() error { return lock.Acquire(co) })
		require.True(t, lock.Locked())
		require.NoError(t, lock.Release())
		require.False(t, lock.Locked())
	})
}

func TestAFreeLockCannotBeReleased(t *testing.T) {
	var lock eventloop.Lock
	require.ErrorIs(t, lock.Release(), eventloop.ErrNotAcquired)
	require.EqualError(t, lock.Release(), "eventloop: not acquired: the lock is free")
	require.False(t, lock.Locked())
}

func TestALockIsPassedOnInTheOrderOfArrival(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		var lock eventloop.Lock
		for _, name := range []string{"a", "b", "c"} {
			begin(co, func(co *Co) error {
				require.NoError(t, lock.Acquire(co))
				s.say("%s has it", name)
				yield(t, co, 2)
				s.say("%s releases it", name)
				return lock.Release()
			})
		}
		yield(t, co, 12)
		require.False(t, lock.Locked())
	})
	require.Equal(t, script{
		"a has it", "a releases it", "b has it", "b releases it", "c has it", "c releases it",
	}, s)
}

func TestAReleasedLockIsFreeUntilTheNextTakesItsStep(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		var lock eventloop.Lock
		require.NoError(t, lock.Acquire(co))
		waits := begin(co, func(co *Co) error {
			err := lock.Acquire(co)
			s.say("the first in the queue has it")
			return err
		})
		yield(t, co, 1)
		require.NoError(t, lock.Release())
		require.False(t, lock.Locked())
		require.ErrorIs(t, lock.Release(), eventloop.ErrNotAcquired)

		again := begin(co, func(co *Co) error {
			err := lock.Acquire(co)
			s.say("the one that came later has it")
			return err
		})
		yield(t, co, 2)
		require.True(t, waits.Done())
		require.False(t, again.Done(), "it has overtaken")
		require.NoError(t, lock.Release())
		_, err := again.Await(co)
		require.NoError(t, err)
	})
	require.Equal(t, script{"the first in the queue has it", "the one that came later has it"}, s)
}

func TestATaskThatReleasesAndAcquiresIsLast(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		var lock eventloop.Lock
		require.NoError(t, lock.Acquire(co))
		other := begin(co, func(co *Co) error {
			err := lock.Acquire(co)
			s.say("the other has it")
			require.NoError(t, lock.Release())
			return err
		})
		yield(t, co, 1)
		require.NoError(t, lock.Release())
		require.NoError(t, lock.Acquire(co))
		s.say("main has it again")
		require.True(t, other.Done())
	})
	require.Equal(t, script{"the other has it", "main has it again"}, s)
}

func TestCancelsAtALock(t *testing.T) {
	for name, c := range map[string]struct {
		// cancel is given three tasks that wait in this order for a lock that main has.
		cancel func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing])
		want   script
	}{
		"while it waits": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				a.Cancel()
				yield(t, co, 2)
				require.NoError(t, lock.Release())
			},
			script{"a is cancelled", "b has it", "c has it"},
		},
		"and released before it could leave the queue: it wakes the next as it leaves": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				a.Cancel()
				require.NoError(t, lock.Release())
				yield(t, co, 1)
				require.True(t, a.Done())
				require.False(t, lock.Locked(), "b is woken only now")
			},
			script{"a is cancelled", "b has it", "c has it"},
		},
		"after it was woken: it passes that on": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				require.NoError(t, lock.Release())
				a.Cancel()
			},
			script{"a is cancelled", "b has it", "c has it"},
		},
		"after it was woken, and the next as well": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				require.NoError(t, lock.Release())
				a.Cancel()
				b.Cancel()
			},
			script{"a is cancelled", "b is cancelled", "c has it"},
		},
		"of the second, while the first was woken: the first has it": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				require.NoError(t, lock.Release())
				b.Cancel()
			},
			script{"a has it", "b is cancelled", "c has it"},
		},
		"of all: who comes before they could leave overtakes them": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				a.Cancel()
				b.Cancel()
				c.Cancel()
				require.NoError(t, lock.Release())
				requireNoWait(t, co, func() error { return lock.Acquire(co) })
				yield(t, co, 1)
				require.NoError(t, lock.Release())
			},
			script{"a is cancelled", "b is cancelled", "c is cancelled"},
		},
		"of all but one: who comes waits behind that one": {
			func(t *testing.T, co *Co, lock *eventloop.Lock, a, b, c *eventloop.Task[nothing]) {
				a.Cancel()
				c.Cancel()
				require.NoError(t, lock.Release())
				require.NoError(t, lock.Acquire(co))
				require.NoError(t, lock.Release())
			},
			script{"a is cancelled", "c is cancelled", "b has it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			holders := 0
			do(t, func(co *Co) {
				var lock eventloop.Lock
				require.NoError(t, lock.Acquire(co))
				var tasks []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c"} {
					tasks = append(tasks, begin(co, func(co *Co) error {
						if err := lock.Acquire(co); err != nil {
							s.say("%s is cancelled", name)
							return err
						}
						s.say("%s has it", name)
						holders++
						require.Equal(t, 1, holders)
						yield(t, co, 1)
						holders--
						return lock.Release()
					}))
				}
				yield(t, co, 1)
				c.cancel(t, co, &lock, tasks[0], tasks[1], tasks[2])
				yield(t, co, 8)
				for _, task := range tasks {
					require.True(t, task.Done())
				}
				require.False(t, lock.Locked())
			})
			require.Equal(t, c.want, s)
		})
	}
}

func TestAFreeLockAllocatesNothing(t *testing.T) {
	var lock eventloop.Lock
	requireNoAllocs(t, func(co *Co) {
		_ = lock.Acquire(co)
		_ = lock.Release()
	})
}

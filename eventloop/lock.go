package eventloop

import (
	"errors"
	"fmt"
)

// ErrNotAcquired (RuntimeError of a lock, ValueError of a bounded semaphore) says that
// somebody released, or waited under, what nobody has acquired.
var ErrNotAcquired = errors.New("eventloop: not acquired")

// A Lock lets one task at a time pass (asyncio.Lock). Its zero value is free.
//
// Tasks of a loop take turns only where they await, so what is read and changed between
// two awaits needs no lock. A Lock is for what must stay whole across an await. It is
// fair: whoever came first gets it first, and nobody overtakes.
//
// It belongs to no task: who releases it need not be who acquired it. It serves the
// tasks of one loop and, like all that belongs to a loop, must be used on it. As a
// [Resource] it is held for a body: see [With].
type Lock struct {
	waiters waiters
	locked  bool
}

// Acquire takes the lock (Lock.acquire). It does not suspend if the lock is free and
// nobody is before the task; else it waits for its turn. On [ErrCancelled] the task does
// not have the lock; if it was its turn, that passes to the next.
func (l *Lock) Acquire(co *Co) error {
	co.mustRun()
	if !l.locked && !l.waiters.any() {
		l.locked = true
		return nil
	}
	if _, err := l.waiters.wait(co, kindLock); err != nil {
		if !l.locked {
			l.waiters.wakeFirst()
		}
		return err
	}
	l.locked = true
	return nil
}

// Release frees the lock and wakes the first that waits (Lock.release), which has the
// lock when it takes its next step, not before. The task that releases goes on; should
// it acquire again at once, it is last in the queue. The error is [ErrNotAcquired] if
// nobody has the lock.
func (l *Lock) Release() error {
	if !l.locked {
		return fmt.Errorf("%w: the lock is free", ErrNotAcquired)
	}
	l.locked = false
	l.waiters.wakeFirst()
	return nil
}

// Locked reports whether somebody has the lock (Lock.locked).
func (l *Lock) Locked() bool { return l.locked }

// Enter acquires the lock for a body (__aenter__): see [With].
func (l *Lock) Enter(co *Co) error { return l.Acquire(co) }

// Exit releases the lock after a body (__aexit__): see [With].
func (l *Lock) Exit(*Co, error) error { return l.Release() }

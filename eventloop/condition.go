package eventloop

import "fmt"

// A Condition (asyncio.Condition) is a lock with a place to wait for a change of what the
// lock guards. A task that holds the lock and finds that it cannot go on waits; another,
// which holds the lock later and changes something, notifies.
//
// What it is for, beside an [Event], is any question about shared state: "is there room",
// "am I the next". As the state may change again between the notification and the turn of
// the task, a task asks its question anew after each Wait; [Condition.WaitFor] does.
//
// As a [Resource] it is held for a body: see [With].
type Condition struct {
	lock    *Lock
	own     Lock
	waiters waiters
}

// NewCondition makes a condition of a lock (asyncio.Condition(lock)), which several
// conditions may share, or of a lock of its own if it is nil.
func NewCondition(lock *Lock) *Condition {
	c := &Condition{lock: lock}
	if lock == nil {
		c.lock = &c.own
	}
	return c
}

// Acquire takes the lock (Condition.acquire): see [Lock.Acquire].
func (c *Condition) Acquire(co *Co) error { return c.lock.Acquire(co) }

// Release frees the lock (Condition.release): see [Lock.Release].
func (c *Condition) Release() error { return c.lock.Release() }

// Locked reports whether somebody has the lock (Condition.locked).
func (c *Condition) Locked() bool { return c.lock.Locked() }

// Wait frees the lock, suspends the task until it is notified (Condition.wait), and takes
// the lock again, for which it queues like all others. The error is [ErrNotAcquired], at
// once, if nobody has the lock.
//
// On [ErrCancelled] the task has the lock all the same, so that it can release it as
// ever; further cancels while it queues for the lock do not hurry it. Another task is
// notified in its place, as it may have been notified itself: a task may so be woken for
// nothing.
func (c *Condition) Wait(co *Co) error {
	co.mustRun()
	if !c.lock.locked {
		return fmt.Errorf("%w: Wait without the lock", ErrNotAcquired)
	}
	_ = c.lock.Release()
	_, err := c.waiters.wait(co, kindCondition)
	for {
		again := c.lock.Acquire(co)
		if again == nil {
			break
		}
		err = again
		if co.dropped { // the loop is at its end: no lock is to be had
			return err
		}
	}
	if err != nil {
		c.notify(1)
	}
	return err
}

// WaitFor waits until ready reports true (Condition.wait_for). It asks at once, and again
// after each notification, with the lock held. The errors are those of [Condition.Wait];
// with ready true from the start there are none, whoever has the lock. It panics if ready
// is nil.
func (c *Condition) WaitFor(co *Co, ready func() bool) error {
	if ready == nil {
		panic("eventloop: ready is nil")
	}
	co.mustRun()
	for !ready() {
		if err := c.Wait(co); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes the first n of those that wait (Condition.notify), or all if there are
// fewer. They queue for the lock, so they go on after it is released. The error is
// [ErrNotAcquired] if nobody has the lock.
func (c *Condition) Notify(n int) error {
	if !c.lock.locked {
		return fmt.Errorf("%w: Notify without the lock", ErrNotAcquired)
	}
	c.notify(n)
	return nil
}

// NotifyAll wakes all that wait (Condition.notify_all). The error is [ErrNotAcquired] if
// nobody has the lock.
func (c *Condition) NotifyAll() error {
	if !c.lock.locked {
		return fmt.Errorf("%w: NotifyAll without the lock", ErrNotAcquired)
	}
	c.notifyAll()
	return nil
}

func (c *Condition) notify(n int) {
	for range n {
		if !c.waiters.wake() {
			return
		}
	}
}

func (c *Condition) notifyAll() {
	for c.waiters.wake() {
	}
}

// Enter acquires the lock for a body (__aenter__): see [With].
func (c *Condition) Enter(co *Co) error { return c.Acquire(co) }

// Exit releases the lock after a body (__aexit__): see [With].
func (c *Condition) Exit(*Co, error) error { return c.Release() }

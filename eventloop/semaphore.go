package eventloop

import "fmt"

// A Semaphore lets n tasks at a time pass (asyncio.Semaphore). It is how a loop bounds
// what it has in flight: connections, open files, requests to one host.
//
// It is fair: whoever came first passes first, and nobody overtakes, even while there is
// room for both. As a [Resource] it is held for a body: see [With].
type Semaphore struct {
	waiters waiters
	free    int // not acquired, and not promised to a waiter that was woken
	bound   int
	bounded bool
}

// NewSemaphore makes a semaphore that n tasks may pass (asyncio.Semaphore(n)). Releases
// beyond n add to it. It panics if n is negative.
func NewSemaphore(n int) *Semaphore {
	if n < 0 {
		panic(fmt.Sprintf("eventloop: n is %d, want at least 0", n))
	}
	return &Semaphore{free: n}
}

// NewBoundedSemaphore (asyncio.BoundedSemaphore) makes a semaphore that n tasks may pass,
// never more: a release too many, which is most often a mistake, is an error. It panics
// if n is negative.
func NewBoundedSemaphore(n int) *Semaphore {
	s := NewSemaphore(n)
	s.bound, s.bounded = n, true
	return s
}

// Acquire passes the semaphore (Semaphore.acquire). It does not suspend if there is room
// and nobody is before the task; else it waits for its turn. On [ErrCancelled] the task
// has not passed; if it was its turn, that goes to the next.
func (s *Semaphore) Acquire(co *Co) error {
	co.mustRun()
	if !s.Locked() {
		s.free--
		return nil
	}
	woken, err := s.waiters.wait(co, kindSemaphore)
	if err != nil && woken {
		s.free++
	}
	// Others may have come while there was room, and queued behind this task.
	for s.free > 0 && s.wake() {
	}
	return err
}

// Release makes room for one, and wakes the first that waits (Semaphore.release), for
// whom the place is kept. The error is [ErrNotAcquired] if the semaphore is bounded and
// nobody has passed it.
func (s *Semaphore) Release() error {
	if s.bounded && s.free >= s.bound {
		return fmt.Errorf("%w: the semaphore was released too often", ErrNotAcquired)
	}
	s.free++
	s.wake()
	return nil
}

// Locked reports whether a task that came now would have to wait (Semaphore.locked).
func (s *Semaphore) Locked() bool { return s.free == 0 || s.waiters.any() }

// Enter acquires the semaphore for a body (__aenter__): see [With].
func (s *Semaphore) Enter(co *Co) error { return s.Acquire(co) }

// Exit releases the semaphore after a body (__aexit__): see [With].
func (s *Semaphore) Exit(*Co, error) error { return s.Release() }

// wake gives a place to the first that waits.
func (s *Semaphore) wake() bool {
	if !s.waiters.wake() {
		return false
	}
	s.free--
	return true
}

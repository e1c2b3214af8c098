package eventloop

// Shield keeps a cancel from what is awaited (asyncio.shield). To await its future is to
// await a, except that a cancel of the future, or of the task that awaits it, ends the
// wait with [ErrCancelled] and does not reach a, which goes on. Coroutines become tasks
// of s. If a is done, its own future is returned.
//
// If a is cancelled by others, so is the future. If a ends with an error when the future
// has been cancelled, nobody awaits that: unless somebody else asks for it, the loop
// reports it to the logger.
//
// The end of [Main] cancels a like everything, and so does the end of the group, if s is a
// [TaskGroup]: a shield is against the task that awaits, not against the owner.
func Shield[T any](s Scope, a Awaitable[T]) *Future[T] {
	l, _ := s.scope()
	inner := a.ensure(s)
	if inner.done() {
		return inner
	}
	sh := &shielded[T]{inner: inner}
	sh.loop, sh.owner, sh.kind = l, sh, kindShield
	if inner.loop != l {
		sh.settle(finished, errOtherLoop)
		return &sh.Future
	}
	inner.addCallback(sh)
	return &sh.Future
}

// shielded is the future of a Shield, and the callback of the end of what it shields.
type shielded[T any] struct {
	Future[T]
	inner *Future[T]
}

// run hears that inner is done.
func (s *shielded[T]) run() {
	if s.done() {
		if s.state == cancelled {
			s.inner.ask() // both ended in one turn: it is as if it had been heard
		}
		return
	}
	s.inner.ask()
	s.value = s.inner.value
	s.settle(s.inner.state, s.inner.err)
}

// cancel ends the wait, and lets go of inner a turn later, as asyncio does: an error that
// inner has by then counts as heard.
func (s *shielded[T]) cancel() bool {
	if s.done() {
		return false
	}
	s.loop.soon((*unshielding[T])(s))
	s.settle(cancelled, ErrCancelled)
	return true
}

// unshielding is a shielded as the callback of its own cancel.
type unshielding[T any] shielded[T]

func (u *unshielding[T]) run() {
	if !u.inner.done() {
		u.inner.removeCallback((*shielded[T])(u))
	}
}

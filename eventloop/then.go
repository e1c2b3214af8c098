package eventloop

import (
	"errors"
	"time"
)

// After is a future that is done after d (loop.call_later with Future.set_result), no
// earlier. It is a wait without a task: it takes a future, a timer and nothing else. With
// d of zero or less that is in the next turn. A cancel takes the timer back.
func After(s Scope, d time.Duration) *Future[struct{}] {
	l, _ := s.scope()
	a := &after{}
	a.loop, a.owner, a.kind = l, a, kindSleep
	a.timer.target = a
	l.timers.add(&a.timer, l.in(d))
	return &a.Future
}

// after is the future of an After together with its timer: one piece of memory.
type after struct {
	Future[struct{}]
	timer timer
}

func (a *after) run() {
	if !a.done() {
		a.settle(finished, nil)
	}
}

func (a *after) cancel() bool {
	if a.done() {
		return false
	}
	a.loop.timers.cancel(&a.timer)
	a.settle(cancelled, ErrCancelled)
	return true
}

// Then has step called with what becomes of f (Future.add_done_callback), and gives the
// future of what it returns: then, in other languages. It is a task of one wait, without
// the stack that a coroutine needs, in a tenth of the memory: for many that wait for
// something simple.
//
// Step runs on the loop, in a turn of its own, as a callback does: it must not block, and
// having no [Co] it can await nothing; [Chain] is for a step that begins another wait. An
// error of f is step's to deal with. A panic in step is the future's error, an
// [*overlap.PanicError].
//
// A cancel of the future goes to f, as a cancel of a task goes to what it awaits, and so to
// all who await f; [Shield] keeps it from that. Step is then called with [ErrCancelled],
// and the future is cancelled if it returns that. Unlike a task, nobody cancels it at the
// end of [Main]: if f is not done by then, step is never called. Then panics if f or step
// is nil.
func Then[T, U any](f *Future[T], step func(T, error) (U, error)) *Future[U] {
	mustStep(f == nil, step == nil)
	t := &then[T, U]{source: f, step: step}
	t.loop, t.owner, t.kind = f.loop, t, kindThen
	f.addCallback(t)
	return &t.Future
}

// then is the future of a Then, and the callback of the end of what it waits for.
type then[T, U any] struct {
	Future[U]
	source     *Future[T] // nil when it is done
	step       func(T, error) (U, error)
	mustCancel bool // a cancel came between the end of source and the step
}

func (t *then[T, U]) run() {
	if t.done() { // somebody has set a result
		return
	}
	value, err := outcome(t.source, &t.mustCancel)
	step := t.step
	t.source, t.step = nil, nil // they may hold much
	returned := false
	defer t.unwound(&returned)
	result, err := step(value, err)
	returned = true
	t.conclude(result, err, t.mustCancel)
}

func (t *then[T, U]) cancel() bool {
	if t.done() {
		return false
	}
	if t.source == nil || !t.source.cancel() {
		t.mustCancel = true
	}
	return true
}

// Chain is [Then] for a step that waits again (nearest: Future.add_done_callback): its
// future is done when the one that step returns is, and by the same. A cancel goes to f,
// and when step has been called, to the future that it returned. A step that returns no
// future has panicked, as far as the result goes.
func Chain[T, U any](f *Future[T], step func(T, error) *Future[U]) *Future[U] {
	mustStep(f == nil, step == nil)
	c := &chain[T, U]{source: f, step: step}
	c.loop, c.owner, c.kind = f.loop, c, kindThen
	f.addCallback(c)
	return &c.Future
}

// chain is the future of a Chain, and the callback of both its waits.
type chain[T, U any] struct {
	Future[U]
	source     *Future[T]
	step       func(T, error) *Future[U] // nil when it was called
	next       *Future[U]                // what it returned
	mustCancel bool
	asked      bool // a cancel is on its way along what it waits for
}

func (c *chain[T, U]) run() {
	switch {
	case c.done():
	case c.step != nil:
		c.first()
	default:
		c.second()
	}
}

// first is the turn in which source is done.
func (c *chain[T, U]) first() {
	value, err := outcome(c.source, &c.mustCancel)
	step := c.step
	c.source, c.step = nil, nil
	returned := false
	defer c.unwound(&returned)
	next := step(value, err)
	if next == nil {
		panic("eventloop: the step of a Chain returned no future")
	}
	returned = true
	switch {
	case c.done():
	case next == &c.Future:
		c.settle(finished, errors.New("eventloop: a Chain waits for itself"))
	case next.loop != c.loop:
		c.settle(finished, errOtherLoop)
	case next.done(): // no second wait: nor can that be cancelled
		result, err := next.Result()
		c.conclude(result, err, c.mustCancel)
	default:
		c.next = next
		next.addCallback(c)
		if c.mustCancel && next.cancel() {
			c.mustCancel = false
		}
	}
}

// second is the turn in which the future of the step is done, too.
func (c *chain[T, U]) second() {
	result, err := outcome(c.next, &c.mustCancel)
	c.next = nil
	c.conclude(result, err, c.mustCancel)
}

func (c *chain[T, U]) cancel() bool {
	switch {
	case c.done():
		return false
	case c.asked: // futures that wait for each other: the circle is broken here
		if !c.mustCancel {
			c.waitsFor().removeCallback(c)
			c.mustCancel = true
			c.loop.soon(c)
		}
		return true
	}
	c.asked = true
	defer func() { c.asked = false }()
	if !c.waitsFor().cancel() {
		c.mustCancel = true
	}
	return true
}

func (c *chain[T, U]) waitsFor() *future {
	switch {
	case c.next != nil:
		return &c.next.future
	case c.source != nil:
		return &c.source.future
	}
	return &future{state: cancelled} // its step runs
}

// outcome is what a wait for f gives: what f has, or the cancel that came after that.
func outcome[T any](f *Future[T], mustCancel *bool) (T, error) {
	if *mustCancel {
		*mustCancel = false
		var none T
		return none, ErrCancelled
	}
	return f.Result()
}

// unwound makes a future done whose step did not return. It is to be deferred itself.
func (f *future) unwound(returned *bool) {
	if *returned {
		return
	}
	err := unreturned(recover())
	if f.done() { // the step has set a result before
		f.loop.logger().Error("a step did not return", "error", err)
		return
	}
	f.settle(finished, err)
}

func mustStep(noFuture, noStep bool) {
	if noFuture {
		panic("eventloop: the future is nil")
	}
	if noStep {
		panic("eventloop: the step is nil")
	}
}

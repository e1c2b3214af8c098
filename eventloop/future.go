package eventloop

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"example.com/overlap"
)

// ErrInvalidState (asyncio.InvalidStateError) says that a future was asked for a result
// that it has not yet, or given one when it has one already.
var ErrInvalidState = errors.New("eventloop: invalid state")

// An Awaitable is what a task can wait for (an asyncio awaitable): a [Coroutine], a
// [*Task] or a [*Future].
type Awaitable[T any] interface {
	// Await suspends the task until there is a result (await).
	Await(co *Co) (T, error)

	ensure(s Scope) *Future[T]
}

// EnsureFuture gives the future of an awaitable (asyncio.ensure_future): a task for a
// coroutine, which begins in the next turn, and what is one already as it is.
func EnsureFuture[T any](s Scope, a Awaitable[T]) *Future[T] { return a.ensure(s) }

// A Future is a result that is not there yet (asyncio.Future): pending, then done,
// by a value, an error or a cancel. Its methods must be called on the loop.
type Future[T any] struct {
	value T // first: an empty one takes no room there
	future
}

// NewFuture makes a future that is pending (loop.create_future).
func NewFuture[T any](s Scope) *Future[T] {
	l, _ := s.scope()
	return &Future[T]{future: future{loop: l}}
}

// SetResult makes the future done with a value (Future.set_result). Whoever awaits it
// is put at the end of the ready queue. The error is [ErrInvalidState] if it was done.
func (f *Future[T]) SetResult(value T) error {
	if err := f.maySet(); err != nil {
		return err
	}
	f.value = value
	f.settle(finished, nil)
	return nil
}

// SetException makes the future done with an error (Future.set_exception). If nobody
// ever asks for it, the loop reports it to the logger, when the future is garbage or at
// the loop's end.
func (f *Future[T]) SetException(err error) error {
	if err := f.maySet(); err != nil {
		return err
	}
	if err == nil {
		return errors.New("eventloop: SetException without an error")
	}
	f.settle(finished, err)
	return nil
}

// Await suspends the task until the future is done (await future), and gives its result.
// A future that is done does not suspend. If the task is cancelled while it waits, the
// future is cancelled with it, and the error is [ErrCancelled].
func (f *Future[T]) Await(co *Co) (T, error) {
	if err := co.await(&f.future); err != nil {
		var none T
		return none, err
	}
	return f.value, nil
}

// Result is the value or the error of a future that is done (Future.result), and
// [ErrInvalidState] if it is not.
func (f *Future[T]) Result() (T, error) {
	err := f.result()
	if err != nil {
		var none T
		return none, err
	}
	return f.value, nil
}

// Exception is the error of a future that is done, or nil (Future.exception), and
// [ErrInvalidState] if it is not done.
func (f *Future[T]) Exception() error { return f.result() }

// Done reports whether the future has a value, an error, or was cancelled (Future.done).
func (f *Future[T]) Done() bool { return f.done() }

// Cancelled reports whether the future was cancelled (Future.cancelled).
func (f *Future[T]) Cancelled() bool { return f.state == cancelled }

// Cancel cancels what is pending (Future.cancel), and reports whether it was. The
// future of a task asks the task, that of a [Gather] its children, and they may need
// some turns to end.
func (f *Future[T]) Cancel() bool { return f.cancel() }

// AddDoneCallback has done called when the future is done (Future.add_done_callback), by
// way of the ready queue; soon, if it is already. The function that it returns takes the
// callback back and reports whether it was there (remove_done_callback).
func (f *Future[T]) AddDoneCallback(done func(*Future[T])) (remove func() bool) {
	if done == nil {
		mustCallback(nil)
	}
	h := &Handle{loop: f.loop, f: func() { done(f) }}
	f.addCallback(h)
	return func() bool { return f.removeCallback(h) }
}

func (f *Future[T]) ensure(Scope) *Future[T] { return f }

type state uint8

const (
	pending state = iota
	finished
	cancelled
)

// future is what all futures have in common: everything but the value.
type future struct {
	loop     *Loop
	owner    canceller // whom a cancel is for, if not the future itself
	err      error
	callback runnable // or callbacks, if there are several; when done, the failure, if it is one
	state    state
	asked    bool // somebody has seen the result
	kind     kind // what it is that one waits for, for reports
}

// maySet is why the future cannot be given a result, if it cannot.
func (f *future) maySet() error {
	if f.kind == kindTask {
		return errors.New("eventloop: the result of a task is its coroutine's")
	}
	if f.done() {
		return fmt.Errorf("%w: the future is done", ErrInvalidState)
	}
	return nil
}

// A canceller is asked to make its future done by a cancel.
type canceller interface{ cancel() bool }

func (f *future) forget(co *Co) {
	f.removeCallback(co)
	f.ask() // co would have been told
}

func (f *future) waits() bool { return !f.done() }

// describe says what it is that a task waits for.
func (f *future) describe() string {
	if co, ok := f.owner.(*Co); ok {
		return co.Name()
	}
	return f.kind.String()
}

func (f *future) done() bool { return f.state != pending }

// settle makes the future done and puts its callbacks into the ready queue.
func (f *future) settle(s state, err error) {
	f.state, f.err = s, err
	switch c := f.callback.(type) {
	case nil:
	case *callbacks:
		for _, r := range c.all {
			f.loop.soon(r)
		}
	default:
		f.loop.soon(c)
	}
	f.callback = nil
	if s == finished && err != nil && !f.asked {
		f.callback = f.loop.failures.add(f)
	} else if f.kind == kindTask && f.loop.settings.debug && !f.asked {
		f.loop.unawaited.add(f)
	}
}

// ask says that somebody has seen the result, or is sure to see it.
func (f *future) ask() {
	f.asked = true
	if failure, ok := f.callback.(*failure); ok {
		failure.asked = true
	}
}

func (f *future) cancel() bool {
	if f.done() {
		f.ask()
		return false
	}
	if f.owner != nil {
		return f.owner.cancel()
	}
	f.settle(cancelled, ErrCancelled)
	return true
}

// result is the error of a future: its own, or that it is not done.
func (f *future) result() error {
	if !f.done() {
		return fmt.Errorf("%w: the result is not set", ErrInvalidState)
	}
	f.ask()
	return f.err
}

// callbacks are those of a future that has more than one, which is rare.
type callbacks struct{ all []runnable }

func (*callbacks) run() {}

func (f *future) addCallback(r runnable) {
	if f.done() {
		f.loop.soon(r)
		return
	}
	switch c := f.callback.(type) {
	case nil:
		f.callback = r
	case *callbacks:
		c.all = append(c.all, r)
	default:
		f.callback = &callbacks{[]runnable{c, r}}
	}
}

// removeCallback takes a callback back, which must be of a pointer's type.
func (f *future) removeCallback(r runnable) bool {
	switch c := f.callback.(type) {
	case nil:
		return false
	case *callbacks:
		i := slices.Index(c.all, r)
		if i < 0 {
			return false
		}
		c.all = slices.Delete(c.all, i, i+1)
		return true
	default:
		if c != r {
			return false
		}
		f.callback = nil
		return true
	}
}

// conclude makes a future done with what its function returned: the coroutine of a task,
// the step of a [Then]. A cancel that came during it comes too late for it to be told.
func (f *Future[T]) conclude(value T, err error, cancel bool) {
	switch {
	case f.done(): // the step has set a result itself
		return
	case err == nil && cancel:
		f.settle(cancelled, ErrCancelled)
	case errors.Is(err, ErrCancelled):
		f.settle(cancelled, err)
	default:
		f.value = value
		f.settle(finished, err)
	}
}

// unreturned is the error of a function that did not return. v is what the deferred call
// that noticed it has recovered.
func unreturned(v any) error {
	if v == nil {
		return overlap.ErrGoexit
	}
	return &overlap.PanicError{Value: v, Stack: debug.Stack()}
}

package eventloop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Deadline is the time at which a body is cancelled (asyncio.Timeout). It is handed to
// the body of [WithTimeout] and [WithTimeoutAt], and must be used on the loop.
//
// Its idea is a cancel that is accounted for. When the time comes, the deadline cancels
// the task, as anybody might, and the body ends by that; on the way out it takes its
// own cancel back ([Co.Uncancel]) and turns the error into a timeout. If more cancels are
// left than there were at the beginning, somebody else has cancelled the task too, and
// the error stays ErrCancelled.
type Deadline struct {
	co    *Co
	when  time.Duration // Forever: never
	timer *timer        // nil if there is none, or it has fired
	state deadlineState

	cancelling int // those of the task when the body began
}

type deadlineState uint8

const (
	deadlineActive   deadlineState = iota
	deadlineExpiring               // the task is cancelled, the body has not ended
	deadlineExpired
	deadlineOver // the body ended before
)

// WithTimeout runs body (async with asyncio.timeout), and cancels it if it takes longer
// than d. The body runs in the task itself and shares its cancel: what it awaits when d
// has passed is cancelled and returns [ErrCancelled]. Once body has returned that,
// wrapped or not, the error is [context.DeadlineExceeded]. Clean-up in body may wait, and
// is waited for.
//
// If body returns something else after it was cancelled, no error or another, that is the
// result: [Deadline.Expired] tells. If the task is cancelled by others meanwhile, the error
// stays ErrCancelled. Timeouts may stand in each other; each answers for its own.
//
// With d of zero or less the first await in body that suspends is cancelled; with [Forever]
// there is no deadline, until [Deadline.Reschedule] sets one. A body that panics, or calls
// runtime.Goexit, takes the deadline with it. WithTimeout panics if body is nil.
func WithTimeout(co *Co, d time.Duration, body func(*Deadline) error) error {
	when := Forever
	if d != Forever {
		when = max(0, co.loop.in(d)) // not Forever, whatever d is
	}
	return WithTimeoutAt(co, when, body)
}

// WithTimeoutAt (async with asyncio.timeout_at) is [WithTimeout] with the time of the
// deadline by [Loop.Time].
func WithTimeoutAt(co *Co, when time.Duration, body func(*Deadline) error) error {
	if body == nil {
		panic("eventloop: the body is nil")
	}
	co.mustRun()
	d := &Deadline{co: co, cancelling: co.Cancelling()}
	d.set(when)
	returned := false
	defer func() {
		if !returned {
			_ = d.exit(errUnwound)
		}
	}()
	err := body(d)
	returned = true
	return d.exit(err)
}

// When is the time at which the body is cancelled, by [Loop.Time] (Timeout.when). It
// reports false if there is none.
func (d *Deadline) When() (time.Duration, bool) {
	if d.when == Forever {
		return 0, false
	}
	return d.when, true
}

// Expired reports whether the time has come while the body ran (Timeout.expired): whether
// the body was cancelled, whatever it made of that.
func (d *Deadline) Expired() bool {
	return d.state == deadlineExpiring || d.state == deadlineExpired
}

// Reschedule sets another time (Timeout.reschedule), by [Loop.Time]; one that has passed
// cancels the body at its next wait, and [Forever] takes the deadline away. The error is
// [ErrInvalidState] if the body was cancelled or has ended.
func (d *Deadline) Reschedule(when time.Duration) error {
	switch d.state {
	case deadlineActive:
		d.set(when)
		return nil
	case deadlineOver:
		return fmt.Errorf("%w: the body of the deadline has ended", ErrInvalidState)
	default:
		return fmt.Errorf("%w: the deadline has expired", ErrInvalidState)
	}
}

func (d *Deadline) set(when time.Duration) {
	d.stop()
	d.when = when
	if when == Forever {
		return
	}
	l := d.co.loop
	d.timer = &timer{target: d} // a new one: the old may be in the ready queue
	if when <= l.Time() {
		l.soon(d.timer) // not by way of the heap: it is before what is due next
	} else {
		l.timers.add(d.timer, when)
	}
}

func (d *Deadline) stop() {
	if d.timer != nil {
		d.co.loop.timers.cancel(d.timer)
		d.timer = nil
	}
}

// run is called when the time has come.
func (d *Deadline) run() {
	d.timer = nil
	d.co.Cancel()
	d.state = deadlineExpiring
}

// exit makes of the body's error that of the whole.
func (d *Deadline) exit(err error) error {
	d.stop()
	if d.state != deadlineExpiring {
		d.state = deadlineOver
		return err
	}
	d.state = deadlineExpired
	if d.co.Uncancel() <= d.cancelling && errors.Is(err, ErrCancelled) {
		return context.DeadlineExceeded // which does not wrap err: the cancel ends here
	}
	return err
}

// WaitFor awaits one that must be done within d (asyncio.wait_for). If it is not, it is
// cancelled, and once it has ended the error is [context.DeadlineExceeded]. One that
// takes long over its cancel is waited for; one that refuses it and gives a value, or
// another error, gives that. [Shield] keeps it from being cancelled, and then
// nobody waits for it.
//
// A coroutine runs in the task itself, as in [WithTimeout]. If the task is cancelled, so is
// what it awaits, and the error is [ErrCancelled]. With d of zero or less it takes the
// result of what is done, and cancels what is not; with [Forever] it just awaits.
func WaitFor[T any](co *Co, a Awaitable[T], d time.Duration) (T, error) {
	if d <= 0 && d != Forever {
		return atOnce(co, a.ensure(co))
	}
	var value T
	err := WithTimeout(co, d, func(*Deadline) (err error) {
		value, err = a.Await(co)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// atOnce is WaitFor without time to wait.
func atOnce[T any](co *Co, f *Future[T]) (T, error) {
	co.mustRun()
	if f.done() {
		return f.Result() // if it was cancelled, then not by this
	}
	if err := cancelAndWait(co, &f.future); err != nil {
		var none T
		return none, err
	}
	value, err := f.Result()
	if errors.Is(err, ErrCancelled) {
		err = context.DeadlineExceeded
	}
	return value, err
}

// cancelAndWait cancels f and waits until it has ended. It does not await f itself: a
// cancel of the task then ends the wait, and is not one more cancel of f.
func cancelAndWait(co *Co, f *future) error {
	w := &released{future{loop: co.loop, kind: f.kind}}
	f.addCallback(w)
	f.cancel()
	err := co.await(&w.future)
	f.removeCallback(w)
	return err
}

// released is a future that a callback makes done.
type released struct{ future }

func (r *released) run() {
	if !r.done() {
		r.settle(finished, nil)
	}
}

// in is the time d from now, and the end of time if there is none such.
func (l *Loop) in(d time.Duration) time.Duration {
	now := l.Time()
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}

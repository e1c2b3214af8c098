package eventloop

import "errors"

// A Resource (an asynchronous context manager) is entered before a body and left after
// it, and both may suspend. A [*Lock], a [*Semaphore] and a [*Condition] are resources.
type Resource interface {
	// Enter prepares the resource (__aenter__). After an error it is not exited.
	Enter(co *Co) error

	// Exit ends its use (__aexit__). err is what the body returned; if it panicked or
	// called runtime.Goexit, an error that says that it did not return. The error that Exit
	// returns is one of its own: it cannot take err back, and need not pass it on.
	Exit(co *Co, err error) error
}

// errUnwound is what a Resource is told of a body that did not return. Nobody recovers a
// panic to know it: its stack would be lost.
var errUnwound = errors.New("eventloop: the body panicked or called runtime.Goexit")

// With runs body with a resource entered (async with), and exits it whatever becomes of
// body: a result, an error, a cancel, a panic, runtime.Goexit. Exit may wait also after a
// cancel, as that is delivered once. Several resources are With in With; they are left in
// the reverse order.
//
// The error is that of Enter, and then body has not run; or that of body; or that of Exit
// if body has none or was cancelled: a clean-up that fails is not to look like a cancel.
// If both failed the error wraps both. What Exit returns after a panic or a Goexit goes to
// the logger, and the panic goes on. With panics if r or body is nil.
func With(co *Co, r Resource, body func() error) error {
	if r == nil {
		panic("eventloop: the resource is nil")
	}
	if body == nil {
		panic("eventloop: the body is nil")
	}
	co.mustRun()
	if err := r.Enter(co); err != nil {
		return err
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if err := r.Exit(co, errUnwound); err != nil && !errors.Is(err, errUnwound) {
			co.loop.logger().Error("a resource was not left well after a panic or a Goexit", "task", co.Name(), "error", err)
		}
	}()
	err := body()
	returned = true
	left := r.Exit(co, err)
	switch {
	case left == nil:
		return err
	case err == nil, errors.Is(err, ErrCancelled), errors.Is(left, err):
		return left
	default:
		return errors.Join(err, left)
	}
}

package guard

import (
	"context"
	"fmt"
	"time"

	"example.com/overlap"
)

// A Due is a body and the moment at which its job has to be done.
type Due[B any] struct {
	Body B
	At   time.Time
}

// Deadline gives each job a time in which all of it has to be done: from the start of its
// Fetch to the end of its Process, with whatever is between, such as the wait for one of
// a pipeline's processors. The body carries the moment from one half to the other. At that
// moment the context of the half that is running ends, and no Process begins any more.
//
// An error after that moment is a *[DeadlineError]. A half that succeeds late, because it
// does not heed its context, has succeeded, but a late Fetch has no Process. When it is the
// caller's context that ended, the error is the half's own. The body must not need its
// context any more: that context ends as Fetch returns.
//
// Alters clause 8: a job that heeds its context lasts no longer than total; and of 4, which
// deadline a job sees. It belongs outside everything but [FailFast], so that all tries and
// waits count; the time in which a job waits to be begun does not. It costs two timers and two
// contexts a job. In asyncio it is asyncio.timeout around all that a task does. It panics if
// total is not above zero.
func Deadline[K, B, R any](job overlap.Job[K, B, R], total time.Duration) overlap.Job[K, Due[B], R] {
	job.MustValid()
	mustLast("total", total)
	failed := func(caller, limited context.Context, err error) error {
		if err != nil && limited.Err() != nil && caller.Err() == nil {
			return &DeadlineError{After: total, Err: err}
		}
		return err
	}
	return overlap.Job[K, Due[B], R]{
		Fetch: func(ctx context.Context, key K) (Due[B], error) {
			at := time.Now().Add(total)
			limited, cancel := context.WithDeadline(ctx, at)
			defer cancel()
			body, err := job.Fetch(limited, key)
			return Due[B]{Body: body, At: at}, failed(ctx, limited, err)
		},
		Process: func(ctx context.Context, due Due[B]) (R, error) {
			limited, cancel := context.WithDeadline(ctx, due.At)
			defer cancel()
			if limited.Err() != nil { // at once, if the moment has passed
				var none R
				return none, failed(ctx, limited, context.Cause(limited))
			}
			value, err := job.Process(limited, due.Body)
			return value, failed(ctx, limited, err)
		},
	}
}

// A DeadlineError is a job that was not done in its time. It is context.DeadlineExceeded to
// errors.Is, and a net.Error.
type DeadlineError struct {
	After time.Duration
	Err   error // of the half that was running; context.DeadlineExceeded if none was
}

func (e *DeadlineError) Error() string { return fmt.Sprintf("deadline of %v: %v", e.After, e.Err) }

// Unwrap returns Err.
func (e *DeadlineError) Unwrap() error { return e.Err }

// Is says so if target is context.DeadlineExceeded, whatever the half made of it.
func (e *DeadlineError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout is true.
func (e *DeadlineError) Timeout() bool { return true }

// Temporary is false: the time for all tries is used up.
func (e *DeadlineError) Temporary() bool { return false }

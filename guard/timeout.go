package guard

import (
	"context"
	"fmt"
	"time"

	"example.com/overlap"
)

// Timeout gives each Fetch its time: its context ends after perTry, and an error that
// it returns after that is a *[TimeoutError]. A Fetch that brings its body all the same
// has succeeded. One that does not heed its context is waited for, never abandoned: then
// the timeout is only as good as the Fetch.
//
// When it is the caller's context that ended, the error is Fetch's own. The body must not
// need its context any more, such as a response that is yet to be read: that
// context ends as Fetch returns.
//
// Alters clause 8: a Fetch that heeds its context lasts no longer than perTry; and of 4, which
// deadline a Fetch sees. It belongs innermost, around the job itself: inside [Retry], so that
// each try has its time, and inside [RateLimit] and [PerHost], so that waiting for them does not
// count. It costs a timer and a context for each Fetch. In asyncio it is asyncio.timeout or
// asyncio.wait_for around each request. It panics if perTry is not above zero.
func Timeout[K, B, R any](job overlap.Job[K, B, R], perTry time.Duration) overlap.Job[K, B, R] {
	job.MustValid()
	mustLast("perTry", perTry)
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		limited, cancel := context.WithTimeout(ctx, perTry)
		defer cancel()
		body, err := fetch(limited, key)
		// That the caller's context goes on is what says that this end was ours.
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			err = &TimeoutError{After: perTry, Err: err}
		}
		return body, err
	}
	return job
}

// A TimeoutError is a Fetch that failed after its time had ended. It is
// context.DeadlineExceeded to errors.Is, and a net.Error.
type TimeoutError struct {
	After time.Duration
	Err   error // what Fetch returned
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("timeout of %v: %v", e.After, e.Err) }

// Unwrap returns Err.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Is says so if target is context.DeadlineExceeded, whatever Fetch made of it.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout is true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is true: the next try may be quicker.
func (e *TimeoutError) Temporary() bool { return true }

// mustLast panics, naming the argument, if d is not above zero.
func mustLast(name string, d time.Duration) {
	if d <= 0 {
		panic(fmt.Sprintf("guard: %s is %v, want more than 0", name, d))
	}
}

package guard

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"example.com/overlap"
)

// RateLimit has each Fetch wait for its turn by limiter, a token bucket: so many begin in a
// second, and after a quiet time so many at once (its burst). A limit of what is in flight is
// something else: it bounds what the server holds at once, and lets the rate be what it becomes.
//
// The limiter may be shared with other jobs, and changed while they run. Who waits is served in
// order of arrival. A turn that nobody waits for any more, because the context ended, is given
// back as far as the limiter can.
//
// Errors: the context's cause, if it ends while Fetch waits. A *[TooLateError] at once, if the
// turn would come after the context's deadline. An error that names the burst, at once, if that
// was set below 1 meanwhile: such a limiter gives no turns.
//
// Alters clause 8: Fetches begin when it is their turn, and keep their place in the model
// meanwhile. It belongs inside [Retry] and [Hedge], so that each request pays, and inside
// [PerHost], so that whoever has his turn sends at once; outside [Timeout]. It costs about a
// lock, and a timer for those that wait. asyncio has none; aiolimiter is the library.
//
// It panics if limiter is nil, or never lets anyone through (a burst below 1).
func RateLimit[K, B, R any](job overlap.Job[K, B, R], limiter *rate.Limiter) overlap.Job[K, B, R] {
	job.MustValid()
	if limiter == nil {
		panic("guard: limiter is nil")
	}
	if burst := limiter.Burst(); burst < 1 && limiter.Limit() != rate.Inf {
		panic(fmt.Sprintf("guard: limiter's burst is %d, want at least 1", burst))
	}
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		err := limiter.Wait(ctx)
		if ctx.Err() != nil {
			var none B
			return none, context.Cause(ctx) // limiter knows no causes
		}
		if err != nil {
			var none B
			return none, noTurn(ctx, limiter, err)
		}
		return fetch(ctx, key)
	}
	return job
}

// noTurn is the error of a turn that limiter does not give, for which err is its own. It has
// two reasons, and no types to tell them apart.
func noTurn(ctx context.Context, limiter *rate.Limiter, err error) error {
	if _, ok := ctx.Deadline(); !ok || limiter.Burst() < 1 {
		return fmt.Errorf("limiter's burst was set below 1: %w", err)
	}
	return &TooLateError{Err: err}
}

// A TooLateError is a turn that would come after the context's deadline, which nobody waited for.
// It is context.DeadlineExceeded to errors.Is, and a net.Error.
type TooLateError struct {
	Err error // the limiter's
}

func (e *TooLateError) Error() string { return fmt.Sprintf("turn comes too late: %v", e.Err) }

// Unwrap returns Err.
func (e *TooLateError) Unwrap() error { return e.Err }

// Is says so if target is context.DeadlineExceeded.
func (e *TooLateError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout is true.
func (e *TooLateError) Timeout() bool { return true }

// Temporary is false: a later try has less time.
func (e *TooLateError) Temporary() bool { return false }

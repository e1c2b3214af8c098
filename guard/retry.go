package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"example.com/overlap"
)

// A RetryPolicy says what is tried again, how often, and after which wait. Its zero value
// is a policy; a number below zero panics.
type RetryPolicy struct {
	// Tries is how often a Fetch is tried at most, the first time included; 0 stands for 4.
	Tries int

	// The wait after try n (from 1) is drawn evenly between 0 and Base*2^(n-1), or Cap if that is
	// less. 0 stands for 100 ms, and for 10 s.
	Base, Cap time.Duration

	// Patience is the longest wait that an error may ask for; one that asks for more is not
	// tried again. 0 stands for a minute.
	Patience time.Duration

	// Temporary says whether an error may be gone at the next try. Nil stands for [Temporary].
	// It is not asked about a panic, a Goexit, or any error once the context has ended: those
	// are not tried again.
	Temporary func(error) bool

	// Budget bounds the retries of all jobs together; nil is no bound, and a storm.
	Budget *Budget
}

// Retry does Fetch again when it fails with an error that is said to be temporary, after a wait
// that may be longer with each try. The wait is exponential with full jitter: drawn from all
// of 0 to a bound that doubles, so that jobs that failed at the same moment do not come back
// at the same moment. (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture
// Blog, 2015: sleep = random between 0 and min(cap, base * 2^n).)
//
// An error in the chain may ask for a wait by a method
//
//	RetryIn(now time.Time) (wait time.Duration, ok bool)
//
// as pages.StatusError does for the header Retry-After. Then the wait is so long, and the
// random wait comes on top: all who got that answer got the same number.
//
// What is tried must be safe to do twice (idempotent), such as a GET.
//
// Errors: of a first try that is not temporary, Fetch's error as it is. Else the last try's,
// wrapped with the number of tries and, where it is not that those are used up, the reason:
// the budget is spent, the wait asked for is beyond Patience, or the next try would
// begin after the context's deadline; then nobody waits in vain. When the context ends during
// a wait, the error wraps both its cause and the last try's error, at once.
//
// Alters clause 8: a job lasts as long as its tries and the waits between them, and keeps its
// place in the model meanwhile. It belongs outside [Hedge], [RateLimit], [PerHost] and
// [Timeout], and inside [SingleFlight], [Deadline] and [FailFast]. It costs a timer a retry,
// and a lock a job if there is a budget. asyncio has none; libraries such as tenacity do it.
//
// Beneath are the waits of cenkalti/backoff, but not its loop: that one takes the wait asked for
// as the whole wait, so that all come back at once, and has no place for a budget; and
// when the context ends, it drops the last error.
func Retry[K, B, R any](job overlap.Job[K, B, R], policy RetryPolicy) overlap.Job[K, B, R] {
	job.MustValid()
	policy = policy.filled()
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		policy.Budget.first()
		waits := policy.waits()
		for try := 1; ; try++ {
			body, failure := fetch(ctx, key)
			if failure == nil {
				return body, nil
			}
			wait, err := policy.next(ctx, try, failure, &waits)
			if err != nil {
				return body, err
			}
			if cause := sleep(ctx, wait); cause != nil {
				return body, fmt.Errorf("%w, while waiting after %s: %w", cause, tries(try), failure)
			}
		}
	}
	return job
}

// filled is p with what zero stands for. It panics if a number makes no sense.
func (p RetryPolicy) filled() RetryPolicy {
	if p.Tries < 0 {
		panic(fmt.Sprintf("guard: policy.Tries is %d, want at least 0", p.Tries))
	}
	if p.Tries == 0 {
		p.Tries = 4
	}
	p.Base = standard("policy.Base", p.Base, 100*time.Millisecond)
	p.Cap = standard("policy.Cap", p.Cap, 10*time.Second)
	p.Patience = standard("policy.Patience", p.Patience, time.Minute)
	if p.Temporary == nil {
		p.Temporary = Temporary
	}
	return p
}

// standard is d, or what zero stands for.
func standard(name string, d, zero time.Duration) time.Duration {
	if d == 0 {
		d = zero
	}
	mustLast(name, d)
	return d
}

// waits gives the waits, doubled: with a factor of 1 each is drawn between 0 and twice its
// interval.
func (p RetryPolicy) waits() backoff.ExponentialBackOff {
	const longest = 100 * 365 * 24 * time.Hour // that, doubled, is a Duration still
	most := min(p.Cap, longest)
	return backoff.ExponentialBackOff{
		InitialInterval:     min(p.Base, most),
		Multiplier:          2,
		MaxInterval:         most,
		RandomizationFactor: 1,
	}
}

// next says how long to wait after a try that failed, or with which error to give up.
func (p RetryPolicy) next(ctx context.Context, try int, failure error, waits *backoff.ExponentialBackOff) (time.Duration, error) {
	again := p.mayRetry(ctx, failure)
	switch {
	case !again && try == 1:
		return 0, failure
	case !again || try >= p.Tries:
		return 0, fmt.Errorf("after %s: %w", tries(try), failure)
	}
	wait := waits.NextBackOff() / 2
	if asks, ok := errors.AsType[interface {
		error
		RetryIn(now time.Time) (wait time.Duration, ok bool)
	}](failure); ok {
		if asked, ok := asks.RetryIn(time.Now()); ok {
			if asked > p.Patience {
				return 0, fmt.Errorf("after %s, the next may come in %v only: %w", tries(try), asked, failure)
			}
			wait += max(0, asked)
		}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return 0, fmt.Errorf("after %s, no time for another: %w", tries(try), failure)
	}
	if !p.Budget.take() {
		return 0, fmt.Errorf("after %s, the retry budget is spent: %w", tries(try), failure)
	}
	return wait, nil
}

func (p RetryPolicy) mayRetry(ctx context.Context, failure error) bool {
	if _, panicked := errors.AsType[*overlap.PanicError](failure); panicked || errors.Is(failure, overlap.ErrGoexit) {
		return false // a mistake in the code will be there at the next try
	}
	return ctx.Err() == nil && p.Temporary(failure)
}

// Temporary says whether an error may be gone at the next try, by its own word: the first
// error in its chain that has a method Temporary() bool decides; if none has, the first with
// Timeout() bool. Others are not temporary, nor is context.Canceled.
//
// So it is for [TimeoutError], for the timeout of an http.Client, and for pages.StatusError. The
// errors of package net are seldom called temporary; pages.Temporary knows which of them a
// GET may meet with a second time.
func Temporary(err error) bool {
	if e, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err); ok {
		return e.Temporary()
	}
	if e, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok {
		return e.Timeout()
	}
	return false
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// sleep waits for d, or until ctx ends: then it returns the cause.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return context.Cause(ctx) // a select takes either, if both are ready
}

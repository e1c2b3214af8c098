// Package failures is the code of the chapter docs/08-errors.md.
package failures

import (
	"context"
	"time"

	"example.com/overlap"
)

// RunFailFast runs job under a model, and the first error ends ctx for the other
// jobs: its results tell them apart by their errors, as that first one is the cause.
func RunFailFast[K, B, R any](ctx context.Context, run overlap.Runner[K, B, R], job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := overlap.Job[K, B, R]{
		Fetch: func(ctx context.Context, key K) (B, error) {
			body, err := job.TryFetch(ctx, key) // a panic is an error, too
			if err != nil {
				stop(err)
			}
			return body, err
		},
		Process: func(ctx context.Context, body B) (R, error) {
			value, err := job.TryProcess(ctx, body)
			if err != nil {
				stop(err)
			}
			return value, err
		},
	}
	return run(ctx, watched, keys)
}

// EachWithin gives a job whose Fetch has so much time for each key. What is late
// has the error late.
func EachWithin[K, B, R any](job overlap.Job[K, B, R], limit time.Duration, late error) overlap.Job[K, B, R] {
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
		defer cancel()
		body, err := fetch(ctx, key)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // why, and not only that it ended
		}
		return body, err
	}
	return job
}

// Acquire takes a place, or gives up when ctx ends. Without an error the caller has
// the place, and ctx had not ended.
func Acquire(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if ctx.Err() != nil { // both were ready, and select took the place
		<-places
		return context.Cause(ctx)
	}
	return nil
}

// AcquireHasty is Acquire without the second look. It is what one writes first.
func AcquireHasty(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Farewell does what must still be done when ctx has ended, such as telling the
// other side, within so much time. It keeps ctx's values.
func Farewell(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return do(ctx)
}

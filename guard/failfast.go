package guard

import (
	"context"

	"example.com/overlap"
)

// FailFast ends a run with the first error: when a Fetch or a Process fails, panics or calls
// runtime.Goexit, the context that it returns ends, with that error as its cause. Jobs that run
// see their context end; those that have not begun get the cause as their error.
//
//	ctx, job := guard.FailFast(ctx, job)
//	results := pool.Run(ctx, job, keys, 20)
//	if err := context.Cause(ctx); err != nil { // the first error, or the end of the caller's context
//
// It serves one run: context and job belong together, and a second run would begin with the
// first one's error. After a run without an error the context is released with the one it was
// made from: that should end with the run, too, or be one that never ends
// (context.Background), which holds nothing.
//
// Alters clause 2, and 3 and 8 where a job goes wrong: an error does not stay with its key. It
// belongs outermost, so that it is the job's last word that ends the run, and no error that a
// retry would mend. It costs a deferred call or two for each half. In asyncio it is TaskGroup,
// where gather lets the others go on; in Go, golang.org/x/sync/errgroup's WithContext.
func FailFast[K, B, R any](ctx context.Context, job overlap.Job[K, B, R]) (context.Context, overlap.Job[K, B, R]) {
	job.MustValid()
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, overlap.Job[K, B, R]{
		Fetch: func(ctx context.Context, key K) (B, error) {
			return ending(cancel, func() (B, error) { return job.TryFetch(ctx, key) })
		},
		Process: func(ctx context.Context, body B) (R, error) {
			return ending(cancel, func() (R, error) { return job.TryProcess(ctx, body) })
		},
	}
}

// ending does half a job, and ends the run if that fails.
func ending[T any](cancel context.CancelCauseFunc, half func() (T, error)) (value T, err error) {
	err = overlap.ErrGoexit // what stays of a half that does not return
	defer func() {
		if err != nil {
			cancel(err)
		}
	}()
	return half()
}

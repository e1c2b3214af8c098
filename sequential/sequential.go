// Package sequential does one job after another, on the caller's goroutine.
//
// The idea: no concurrency. It is the baseline that every other model is
// measured against, and the answer that every other model must give.
//
// In asyncio it is `for key in keys: results.append(await job(key))`: each
// await waits for one job, and this loop does nothing else meanwhile.
//
// What it costs: all the waiting. N jobs that wait L and work D take N(L+D).
// What it saves: everything else. No goroutine, no channel, no lock; a stack
// trace that shows the whole story; memory for one job.
//
// Take it when jobs are few or tiny (under a microsecond each, handing a job
// over costs more than doing it), when each needs the one before, or until a
// measurement says that you need more.
package sequential

import (
	"context"
	"iter"

	"example.com/overlap"
)

// Run does job for each key in turn and returns one result per key, in order.
// It panics if job lacks a function.
//
// Jobs run on the caller's own goroutine, so a runtime.Goexit in one ends the
// caller, as it would in any call.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	job.MustValid()
	results := make([]overlap.Result[R], len(keys))
	for i, key := range keys {
		results[i] = job.Do(ctx, key)
	}
	return results
}

// Stream pulls a key, does its job, yields its result, and only then pulls the
// next: it is never more than one key ahead. When ctx ends it pulls no more.
func Stream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K]) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	overlap.MustKeys(keys)
	return func(yield func(K, overlap.Result[R]) bool) {
		if ctx.Err() != nil {
			return
		}
		for key := range keys {
			if !yield(key, job.Do(ctx, key)) || ctx.Err() != nil {
				return
			}
		}
	}
}

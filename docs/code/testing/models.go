// Package tested holds what docs/14-testing.md tests: three models as a reader
// would write them, only one of which is right, and programs around time.
package tested

import (
	"context"
	"sync"

	"example.com/overlap"
)

// Batches does limit jobs at once, waits for all of them, and goes on with the next
// ones. It is `for batch in batched(keys, limit): await gather(*batch)`.
func Batches[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, limit int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	results := overlap.Pending[R](len(keys))
	for first := 0; first < len(keys); first += limit {
		var wg sync.WaitGroup
		for i := first; i < min(first+limit, len(keys)); i++ {
			wg.Go(func() { results[i] = job.Do(ctx, keys[i]) })
		}
		wg.Wait()
	}
	return results
}

// Hasty returns as soon as ctx ends, and leaves its goroutines to themselves.
func Hasty[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, limit int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	results := overlap.Pending[R](len(keys))
	done := make(chan struct{})
	go func() {
		defer close(done)
		copy(results, Shared(ctx, job, keys, limit))
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return results
}

// Shared lets limit goroutines take one index after another from a channel.
func Shared[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, limit int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	results := overlap.Pending[R](len(keys))
	next := make(chan int, len(keys))
	for i := range keys {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range limit {
		overlap.Go(&wg, func() {
			for i := range next {
				results[i] = job.Do(ctx, keys[i])
			}
		})
	}
	wg.Wait()
	return results
}

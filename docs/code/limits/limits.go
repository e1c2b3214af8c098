// Package limits is the code of the chapter docs/04-limits.md.
package limits

import (
	"context"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"example.com/overlap"
)

// A Get downloads a page and says how large it is.
type Get func(ctx context.Context, url string) (int, error)

// Sizes gets all URLs, at most limit of them at once, and returns their sizes in
// the order of urls, or the first error. That error ends ctx for the others.
func Sizes(ctx context.Context, urls []string, limit int, get Get) ([]int, error) {
	sizes := make([]int, len(urls))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i, url := range urls {
		group.Go(func() error { // waits here for a place
			size, err := get(ctx, url)
			sizes[i] = size
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return sizes, nil
}

// Shared gives a job whose fetches take their place from a semaphore that other
// jobs may take from too. However many models run it at once, no more fetches are
// in flight than the semaphore has places.
func Shared[K, B, R any](job overlap.Job[K, B, R], places *semaphore.Weighted) overlap.Job[K, B, R] {
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (body B, err error) {
		if err := places.Acquire(ctx, 1); err != nil {
			return body, err // ctx has ended
		}
		defer places.Release(1)
		return fetch(ctx, key)
	}
	return job
}

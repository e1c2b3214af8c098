package peers

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"example.com/overlap"
)

// semaphorePeer is the package's Example_workerPool: Acquire before each goroutine, Release when
// it ends. The example waits for the goroutines by acquiring all places with the same ctx, which
// does not wait once ctx has ended; it says itself that who waits "by some other means" can do
// without, so a WaitGroup waits here.
//
// Acquire fails when ctx ends: then the jobs that are left have its error.
func semaphorePeer[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "semaphore",
		Package: "golang.org/x/sync/semaphore",
		Uses:    "Weighted.Acquire, Release",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				places := semaphore.NewWeighted(int64(limit))
				told := f.told(ctx)
				var wg sync.WaitGroup
				for i, key := range keys {
					if err := places.Acquire(told, 1); err != nil {
						fail(results[i:], err)
						break
					}
					wg.Go(func() {
						defer places.Release(1)
						results[i] = f.do(ctx, job, key)
					})
				}
				wg.Wait()
				return results
			}, func() {}, nil
		},
	}
}

// fail gives all of these results an error.
func fail[R any](results []overlap.Result[R], err error) {
	for i := range results {
		results[i].Err = err
	}
}

package peers

import (
	"context"
	"sync"
	"time"

	"github.com/panjf2000/ants/v2"

	"example.com/overlap"
)

// The README of ants has Submit for tasks, and for one function over many arguments a pool made
// with that function; its examples (ExamplePool, ExamplePoolWithFuncGeneric) wait with a
// WaitGroup. Done is deferred here, because a worker recovers a panic and goes on. A pool is made
// to be kept; its options are the default ones. "All tasks submitted to ants pool will not be
// guaranteed to be addressed in order." It knows nothing of ctx.
//
// Two goroutines of a pool look after its workers. Of the two ways to end one in the README,
// ReleaseTimeout is the one that waits for its workers, and for those two.

// releaseTimeout is the README's.
const releaseTimeout = 3 * time.Second

func antsSubmit[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:     "ants-submit",
		Package:  "github.com/panjf2000/ants/v2",
		Uses:     "NewPool, Submit, ReleaseTimeout",
		AnyOrder: true,
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			pool, err := ants.NewPool(limit)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				var wg sync.WaitGroup
				for i, key := range keys {
					wg.Add(1)
					err := pool.Submit(func() {
						defer wg.Done()
						results[i] = f.do(ctx, job, key)
					})
					if err != nil {
						results[i].Err = err
						wg.Done()
					}
				}
				wg.Wait()
				return results
			}, func() { _ = pool.ReleaseTimeout(releaseTimeout) }, nil // who runs on would be seen to
		},
	}
}

// A call is what a pool's function is called with: the function is the same for all runs.
type call[K, B, R any] struct {
	ctx    context.Context
	job    overlap.Job[K, B, R]
	key    K
	result *overlap.Result[R]
	wg     *sync.WaitGroup
}

func antsFunc[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:     "ants-func",
		Package:  "github.com/panjf2000/ants/v2",
		Uses:     "NewPoolWithFuncGeneric, Invoke, ReleaseTimeout",
		AnyOrder: true,
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			pool, err := ants.NewPoolWithFuncGeneric(limit, func(c call[K, B, R]) {
				defer c.wg.Done()
				*c.result = f.do(c.ctx, c.job, c.key)
			})
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				var wg sync.WaitGroup
				for i, key := range keys {
					wg.Add(1)
					if err := pool.Invoke(call[K, B, R]{ctx, job, key, &results[i], &wg}); err != nil {
						results[i].Err = err
						wg.Done()
					}
				}
				wg.Wait()
				return results
			}, func() { _ = pool.ReleaseTimeout(releaseTimeout) }, nil
		},
	}
}

package peers

import (
	"context"
	"sync"

	"github.com/alitto/pond/v2"

	"example.com/overlap"
)

// The README of pond has two ways that fit. Go submits "in a fire-and-forget fashion" to a pool
// that is kept, so a WaitGroup waits for the tasks of one run. A group of a ResultPool waits
// itself: "results are returned in the order they were submitted", and NewGroupContext is the one
// for tasks that end with a ctx. The queue is not bounded, which is the default.
//
// Workers go as soon as they are idle. Of the two ways to end a pool in the README, Stop and a
// context of the pool that is cancelled, the second is used: Stop runs on pond's own pool, one for
// the whole program, and so cannot be tried in more than one bubble of testing/synctest. Either
// way all tasks have been waited for by then.

func pondGo[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "pond-go",
		Package: "github.com/alitto/pond/v2",
		Uses:    "NewPool, Go",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			kept, cancel := context.WithCancel(context.Background())
			pool := pond.NewPool(limit, pond.WithContext(kept))
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				var wg sync.WaitGroup
				for i, key := range keys {
					wg.Add(1)
					err := pool.Go(func() {
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
			}, cancel, nil
		},
	}
}

// An outcome is a result that a task has given: the group has the zero one for tasks that it
// did not run, or whose result it did not keep.
type outcome[R any] struct {
	overlap.Result[R]
	given bool
}

func pondGroup[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "pond-group",
		Package: "github.com/alitto/pond/v2",
		Uses:    "NewResultPool, NewGroupContext, Submit, Wait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			kept, cancel := context.WithCancel(context.Background())
			pool := pond.NewResultPool[outcome[R]](limit, pond.WithContext(kept))
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				group := pool.NewGroupContext(f.told(ctx))
				for _, key := range keys {
					group.Submit(func() outcome[R] { return outcome[R]{f.do(ctx, job, key), true} })
				}
				outcomes, err := group.Wait()
				results := f.results(len(keys))
				for i, o := range outcomes {
					switch {
					case o.given:
						results[i] = o.Result
					case err != nil:
						results[i].Err = err
					}
				}
				return results
			}, cancel, nil
		},
	}
}

package peers

import (
	"context"

	"github.com/go-pkgz/pool"

	"example.com/overlap"
)

// The README of go-pkgz/pool begins a pool with Go(ctx), submits from one goroutine, and closes:
// "after this call pool can't be reused", so a run has a pool of its own. Close waits; it is
// called with another ctx than the pool's, as Example_withContext does, or it would not wait for
// the jobs that run when ctx ends. WithContinueOnError is for a pool whose jobs may fail.
//
// Items go to the workers in batches of 10, unless WithBatchSize says otherwise: good "when
// processing overhead per item is low compared to channel communication". Jobs that wait want
// none. Both are rows.

func pkgzPool[K, B, R any]() Peer[K, B, R] {
	p := pkgz[K, B, R](func(group *pool.WorkerGroup[int]) { group.WithBatchSize(0) })
	p.Name, p.Uses = "pkgz-pool", "New.WithContinueOnError.WithBatchSize(0), Go, Submit, Close"
	return p
}

func pkgzBatch[K, B, R any]() Peer[K, B, R] {
	p := pkgz[K, B, R](func(*pool.WorkerGroup[int]) {})
	p.Name, p.Uses = "pkgz-batch", "New.WithContinueOnError, Go, Submit, Close"
	p.AnyOrder = true // an item goes to one of the batches that are being filled, at random
	return p
}

func pkgz[K, B, R any](options func(*pool.WorkerGroup[int])) Peer[K, B, R] {
	return Peer[K, B, R]{
		Package: "github.com/go-pkgz/pool",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				// The ctx that a worker gets is the one that Go is given, with values.
				worker := pool.WorkerFunc[int](func(_ context.Context, i int) error {
					results[i] = f.do(ctx, job, keys[i])
					return nil
				})
				group := pool.New(limit, worker).WithContinueOnError()
				options(group)
				if err := group.Go(f.told(ctx)); err != nil {
					fail(results, err)
					return results
				}
				for i := range keys {
					group.Submit(i)
				}
				// No job returns an error, so this is that ctx has ended. Which items were
				// dropped then it does not say.
				_ = group.Close(context.Background())
				return results
			}, func() {}, nil
		},
	}
}

package peers

import (
	"context"
	"sync"

	"github.com/gammazero/workerpool"

	"example.com/overlap"
)

// workerPool is its README's example, with Do. The example waits with StopWait, which is the end
// of the pool; a pool that is kept needs a WaitGroup. Do never blocks: the queue is not bounded.
// It knows nothing of ctx.
func workerPool[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "workerpool",
		Package: "github.com/gammazero/workerpool",
		Uses:    "New, Do, StopWait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			pool := workerpool.New(limit)
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				var wg sync.WaitGroup
				for i, key := range keys {
					wg.Add(1)
					err := pool.Do(func() {
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
			}, pool.StopWait, nil
		},
	}
}

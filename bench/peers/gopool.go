package peers

import (
	"context"
	"sync"

	"github.com/bytedance/gopkg/util/gopool"

	"example.com/overlap"
)

// goPool is gopool, "an alternative to the go keyword": CtxGo ("preferred than Go"; it hands ctx
// to a handler of panics, and to nothing else) where a go statement would be, with a WaitGroup. A
// limit needs a pool of one's own. The queue is not bounded. Workers go when they are idle, so
// there is nothing to end.
func goPool[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "gopool",
		Package: "github.com/bytedance/gopkg/util/gopool",
		Uses:    "NewPool, CtxGo",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			pool := gopool.NewPool("overlap", int32(limit), gopool.NewConfig())
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				told := f.told(ctx)
				var wg sync.WaitGroup
				for i, key := range keys {
					wg.Add(1)
					pool.CtxGo(told, func() {
						defer wg.Done()
						results[i] = f.do(ctx, job, key)
					})
				}
				wg.Wait()
				return results
			}, func() {}, nil
		},
	}
}

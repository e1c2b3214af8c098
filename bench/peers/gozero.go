package peers

import (
	"context"

	"github.com/zeromicro/go-zero/core/mr"

	"example.com/overlap"
)

// goZero is ForEach of go-zero's mr, which "maps all elements from given generate but no output":
// the results go to their places, where MapReduce, the README's example, would carry them through
// two more channels and in no order. WithWorkers is the limit, and WithContext hands it ctx; that
// jobs were left out when ctx ended, ForEach does not say.
func goZero[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "go-zero-mr",
		Package: "github.com/zeromicro/go-zero/core/mr",
		Uses:    "ForEach with WithWorkers and WithContext",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				mr.ForEach(func(source chan<- int) {
					for i := range keys {
						source <- i
					}
				}, func(i int) {
					results[i] = f.do(ctx, job, keys[i])
				}, mr.WithWorkers(limit), mr.WithContext(f.told(ctx)))
				return results
			}, func() {}, nil
		},
	}
}

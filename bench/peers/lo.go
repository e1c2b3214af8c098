package peers

import (
	"context"

	"github.com/samber/lo/parallel"

	"example.com/overlap"
)

// loParallel is lo's parallel Map: "transform is called in parallel. Result keep the same order."
// It has no limit: it starts a goroutine for each key at once. It knows nothing of ctx.
func loParallel[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:      "lo-parallel",
		Package:   "github.com/samber/lo/parallel",
		Uses:      "Map",
		Unlimited: true,
		open: func(_ int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				return parallel.Map(keys, func(key K, _ int) overlap.Result[R] { return f.do(ctx, job, key) })
			}, func() {}, nil
		},
	}
}

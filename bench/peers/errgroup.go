package peers

import (
	"context"

	"golang.org/x/sync/errgroup"

	"example.com/overlap"
)

// errgroupPeer starts a goroutine for each job, once there is room: the package's own examples
// (JustErrors, Parallel) with SetLimit, "Go blocks until the new goroutine can be added without
// the number of goroutines in the group exceeding the configured limit".
//
// A function's error would end the group, and only the first is kept. Here each key's error
// goes to its result, so the functions return none; then there is nothing that WithContext
// could do.
func errgroupPeer[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "errgroup",
		Package: "golang.org/x/sync/errgroup",
		Uses:    "Group.SetLimit, Go, Wait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				var group errgroup.Group
				group.SetLimit(limit)
				for i, key := range keys {
					group.Go(func() error {
						results[i] = f.do(ctx, job, key)
						return nil
					})
				}
				_ = group.Wait() // always nil: see above
				return results
			}, func() {}, nil
		},
	}
}

package peers

import (
	"context"

	"github.com/remeh/sizedwaitgroup"

	"example.com/overlap"
)

// sizedWaitGroup is its README's example, "50 queries must be executed as quick as possible but
// without overloading the database": Add before each goroutine, a deferred Done in it. Add has a
// form that heeds ctx, AddWithContext, and its error goes to the jobs that are left.
func sizedWaitGroup[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "sizedwaitgroup",
		Package: "github.com/remeh/sizedwaitgroup",
		Uses:    "New, AddWithContext, Done, Wait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				group := sizedwaitgroup.New(limit)
				told := f.told(ctx)
				for i, key := range keys {
					if err := group.AddWithContext(told); err != nil {
						fail(results[i:], err)
						break
					}
					go func() {
						defer group.Done()
						results[i] = f.do(ctx, job, key)
					}()
				}
				group.Wait()
				return results
			}, func() {}, nil
		},
	}
}

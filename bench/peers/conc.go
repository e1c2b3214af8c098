package peers

import (
	"context"

	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"github.com/sourcegraph/conc/stream"

	"example.com/overlap"
)

// The README of conc names three of its packages for what is done here: iter.Map "if you want to
// concurrently map a slice", pool.Pool "if you want a concurrency-limited task runner", and
// stream.Stream "if you want to process an ordered stream of tasks in parallel with serial
// callbacks". (Its ResultPool gives results in no order, and points to the other two for one.)
// None of them takes ctx: a pool's WithContext ends the others at the first error, which is not
// wanted here. All are made for one use and started lazily, so nothing is kept.

// concIter is iter.Map, with a Mapper for another limit than GOMAXPROCS.
func concIter[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "conc-iter",
		Package: "github.com/sourcegraph/conc/iter",
		Uses:    "Mapper.Map with MaxGoroutines",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				// Map makes the results, so none of them can be Pending in the careful form. Clause 3
				// is broken with ForEachIdx and results of our own as well (it was tried): a job that
				// leaves by Goexit takes its worker with it, and the last one the keys that are left.
				mapper := iter.Mapper[K, overlap.Result[R]]{MaxGoroutines: limit}
				return mapper.Map(keys, func(key *K) overlap.Result[R] { return f.do(ctx, job, *key) })
			}, func() {}, nil
		},
	}
}

// concPool is the README's "process each element of a stream in a static pool of goroutines".
func concPool[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "conc-pool",
		Package: "github.com/sourcegraph/conc/pool",
		Uses:    "Pool.WithMaxGoroutines, Go, Wait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := f.results(len(keys))
				workers := pool.New().WithMaxGoroutines(limit)
				for i, key := range keys {
					workers.Go(func() { results[i] = f.do(ctx, job, key) })
				}
				workers.Wait()
				return results
			}, func() {}, nil
		},
	}
}

// concStream is the README's "process an ordered stream concurrently": the callbacks are called
// one at a time in the order of the tasks, so they can append.
func concStream[K, B, R any]() Peer[K, B, R] {
	return Peer[K, B, R]{
		Name:    "conc-stream",
		Package: "github.com/sourcegraph/conc/stream",
		Uses:    "Stream.WithMaxGoroutines, Go with a callback, Wait",
		open: func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error) {
			return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
				results := make([]overlap.Result[R], 0, len(keys))
				tasks := stream.New().WithMaxGoroutines(limit)
				for _, key := range keys {
					tasks.Go(func() stream.Callback {
						result := f.do(ctx, job, key)
						return func() { results = append(results, result) }
					})
				}
				tasks.Wait()
				return results
			}, func() {}, nil
		},
	}
}

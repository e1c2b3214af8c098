// Package goroutines starts one goroutine a job: all at once, or as many as a
// semaphore lets through.
//
// The idea: `go` is cheap, so let the scheduler do the queueing. Run and Stream
// start every job at once. RunLimit and StreamLimit do the same behind a
// semaphore: a channel with a place for each job that may be in flight.
//
// In asyncio Run is `asyncio.gather(*map(job, keys))`, and RunLimit is the same
// with one asyncio.Semaphore(limit) that all jobs share and each enters with
// `async with`; but there all tasks exist from the start, here a goroutine begins
// when it has a place. Unlike create_task, a goroutine gives nothing back by itself and
// nobody waits for it: here each writes to a slot of its own, and a WaitGroup waits.
//
// What it costs: a goroutine a job, some 2.7 KB while it waits, and 0.5 to 1
// µs to start and end one. Unbounded, the whole load hits the server, the
// database or the file table at the same moment: the makespan is the best
// there is, L+D, and the peak is N.
//
// Take RunLimit for everyday work (x/sync's errgroup with SetLimit is this
// model, with the first error in place of all results). Take Run only when the
// number of keys is small and known.
package goroutines

import (
	"context"
	"iter"
	"sync"

	"example.com/overlap"
)

// Run does all jobs at once, each on a goroutine of its own, and returns one
// result per key, in order, when the last one has ended. Nothing bounds the
// jobs in flight but the number of keys. It panics if job lacks a function.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	job.MustValid()
	results := overlap.Pending[R](len(keys))
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() { results[i] = job.Do(ctx, key) })
	}
	wg.Wait()
	return results
}

// RunLimit is Run with at most limit jobs in flight. It panics if job lacks a
// function or limit is below one.
//
// The place is taken before the goroutine starts, so besides those at work there
// are only goroutines that are about to end. It is freed by a defer, since a job
// may end its goroutine. No select watches ctx while it waits for a place: the jobs in
// flight are waited for in any case, and those after them see for themselves
// that ctx has ended.
func RunLimit[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, limit int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	results := overlap.Pending[R](len(keys))
	places := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i, key := range keys {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			results[i] = job.Do(ctx, key)
		})
	}
	wg.Wait()
	return results
}

// Stream starts a goroutine for each key as fast as keys gives them, and yields
// results as they complete. It is unbounded: however slow the consumer or the
// jobs, it goes on pulling, so an endless input exhausts memory. StreamLimit is
// the form for that.
func Stream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K]) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	return overlap.Pump(ctx, keys, 0, func(ctx context.Context, in <-chan K, out chan<- overlap.Keyed[K, R]) {
		var wg sync.WaitGroup
		for key := range in {
			wg.Go(func() { job.Send(ctx, key, out) })
		}
		wg.Wait()
	})
}

// StreamLimit is Stream with at most limit jobs in flight, and at most limit+1
// keys pulled and not delivered. A job holds its place until the consumer has
// taken its result: a slow consumer slows the jobs, and they slow the input.
func StreamLimit[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K], limit int) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan K, out chan<- overlap.Keyed[K, R]) {
		places := make(chan struct{}, limit)
		var wg sync.WaitGroup
		for key := range in {
			places <- struct{}{}
			wg.Go(func() {
				defer func() { <-places }()
				job.Send(ctx, key, out)
			})
		}
		wg.Wait()
	})
}

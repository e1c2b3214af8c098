// Package pool has N workers that live as long as the work lasts and take job
// after job.
//
// The idea: bound the goroutines, not only the jobs in flight. Run hands jobs
// over through a channel, the queue that everyone knows. RunCounter does away
// with the queue: the keys lie in a slice already, so a worker claims the next
// one by adding one to a shared counter. RunSteal does away with the sharing: each
// worker has keys of its own, and takes from others only when they are done. Read
// them in this order; each is faster and asks more of its reader.
//
// In asyncio it is an asyncio.Queue and N tasks that loop on `await queue.get()`.
//
// What it costs: N goroutines however many the keys, and the hand-over. A
// buffered channel takes some 70 ns a job, as all workers contend for its lock; the
// counter takes about 20, and stealing no more with a hundred workers
// (BenchmarkDispatch, two cores). None allocates per job. N jobs that wait L and work D take ceil(N/workers)(L+D).
//
// Take Run when work arrives over time or workers need something of their own
// (a connection, a buffer); take RunCounter when all keys are known and jobs are
// short, RunSteal when workers are many besides. A pool saves nothing over a semaphore when jobs wait for milliseconds.
package pool

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/overlap"
)

// buffer is how many jobs the queue holds ready. Unbuffered, each job costs a
// worker's sleep and wake-up; past a hundred there is nothing more to gain.
const buffer = 128

// Run does the jobs on the given number of workers, fed by a queue, and returns
// one result per key, in order. It panics if job lacks a function or workers is
// below one.
//
// The queue carries indexes: each worker writes to the slot of the key it took,
// so no two ever write to one place and the results need no lock.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, workers int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	results := overlap.Pending[R](len(keys))
	queue := make(chan int, buffer)
	var wg sync.WaitGroup
	for range min(workers, len(keys)) {
		overlap.Go(&wg, func() {
			for i := range queue {
				results[i] = job.Do(ctx, keys[i])
			}
		})
	}
	for i := range keys {
		queue <- i
	}
	close(queue)
	wg.Wait()
	return results
}

// RunCounter is Run without the queue: a worker claims the next key by adding
// one to a shared counter. There is a counter for each core, over a range of the
// keys; a worker takes the range that has most left, and when that is empty the
// next, so no worker is idle while a job waits.
//
// Bought: no hand-over and no lock, less than a third of the cost per job. One
// counter for all keys would be simpler and just as exact, but every claim would
// then wait for the counter's cache line to come over from the other core
// (one-counter in BenchmarkDispatch). Paid: all keys must be there before the first
// job begins, so there is no Stream of it; jobs begin at several places of the
// input at once, not from front to back; and the loop over the jobs moves into
// DoEach, which recovers once a worker, not once a job.
func RunCounter[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, workers int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	results := overlap.Pending[R](len(keys))
	ranges := split(len(keys), min(workers, runtime.GOMAXPROCS(0)))
	var wg sync.WaitGroup
	for range min(workers, len(keys)) {
		overlap.Go(&wg, func() {
			for r := ranges.fullest(); r != nil; r = ranges.fullest() {
				job.DoEach(ctx, keys[:r.end], results, r.claim)
			}
		})
	}
	wg.Wait()
	return results
}

// counter counts the claimed keys of a range. Padding keeps it on a cache line of
// its own, and off the neighbour that the processor fetches along.
type counter struct {
	next atomic.Int64 // the next key to be claimed; end or more when none is left
	end  int
	_    [112]byte
}

func (c *counter) claim() int { return int(c.next.Add(1)) - 1 }

type counters []counter

// split gives n keys to so many counters, in equal ranges.
func split(n, ranges int) counters {
	cs := make(counters, ranges)
	for i := range cs {
		cs[i].next.Store(int64(share(i, n, ranges)))
		cs[i].end = share(i+1, n, ranges)
	}
	return cs
}

// share is where the i-th of so many equal parts of n begins.
func share(i, n, parts int) int { return int(uint64(i) * uint64(n) / uint64(parts)) }

// fullest returns the range with most keys left, or nil if no key is.
func (cs counters) fullest() (best *counter) {
	most := 0
	for i := range cs {
		if left := cs[i].end - int(cs[i].next.Load()); left > most {
			best, most = &cs[i], left
		}
	}
	return best
}

// Stream is Run over keys that arrive, with results as they complete. At most
// workers+1 keys are pulled and not delivered: the queue is unbuffered here, so
// that a slow consumer slows the input at once. All workers start at once, however
// few keys come.
func Stream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K], workers int) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	return overlap.Pump(ctx, keys, workers+1, func(ctx context.Context, queue <-chan K, out chan<- overlap.Keyed[K, R]) {
		var wg sync.WaitGroup
		for range workers {
			overlap.Go(&wg, func() {
				for key := range queue {
					job.Send(ctx, key, out)
				}
			})
		}
		wg.Wait()
	})
}

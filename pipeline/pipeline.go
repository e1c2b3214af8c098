// Package pipeline gives the two halves of a job to different workers: fetchers
// wait, processors work, and a channel between them carries the bodies.
//
// The idea: a stage for each kind of work, each as wide as its resource. Fetching
// needs many workers that wait; processing needs as many as there are cores.
// Pool and semaphore have one limit for both.
//
// In asyncio it is two groups of tasks with an asyncio.Queue(maxsize) between.
//
// Backpressure is what the bounded channel gives: when processors fall behind,
// the buffer fills, fetchers block on their send, and nothing more is fetched.
// The slowest stage sets the pace, and memory holds Buffer bodies, not all.
//
// What it costs: two hand-overs a job where a pool has one, some 130 ns with
// buffers (BenchmarkDispatch). N jobs that wait L and work D, with F fetchers, P processors and an
// unbounded buffer, end job i (from 0) at
//
//	done(i) = max((floor(i/F)+1)*L, done(i-P)) + D
//
// Take it when the halves need different widths, when bodies are large and must
// not pile up, or when there are more than two stages. When both halves want
// the same limit, a pool is simpler and no slower.
package pipeline

import (
	"context"
	"iter"
	"sync"

	"example.com/overlap"
)

// Widths are the limits of a pipeline. The jobs in flight are at most
// Fetch+Process+Buffer: those being fetched or blocked on their send, those
// that wait in the buffer, those being processed.
type Widths struct {
	Fetch   int // fetchers: at most so many fetches at once; at least 1
	Process int // processors: at most so many at work at once; at least 1
	Buffer  int // bodies fetched ahead of the processors; 0 makes every hand-over a meeting
}

func (w Widths) mustValid() {
	overlap.MustLimit("widths.Fetch", w.Fetch)
	overlap.MustLimit("widths.Process", w.Process)
	if w.Buffer < 0 {
		panic("overlap: widths.Buffer is negative")
	}
}

// fetched is a job between the stages; its body knows where it belongs.
type fetched[K, B any] struct {
	key  K
	body B
}

// Run does the jobs in two stages and returns one result per key, in order. It
// panics if job lacks a function, a width is below one or the buffer is
// negative.
//
// Each channel is closed by the one who knows that no more will be sent: the
// keys by the caller, the bodies once all fetchers have returned.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, widths Widths) []overlap.Result[R] {
	job.MustValid()
	widths.mustValid()
	results := overlap.Pending[R](len(keys))
	buffer := min(widths.Buffer, len(keys))
	indexes := make(chan int, buffer)
	bodies := make(chan fetched[int, B], buffer)
	var fetchers, processors sync.WaitGroup
	for range min(widths.Fetch, len(keys)) {
		overlap.Go(&fetchers, func() {
			for i := range indexes {
				body, err := job.TryFetch(ctx, keys[i])
				if err != nil {
					results[i].Err = err
					continue
				}
				bodies <- fetched[int, B]{i, body}
			}
		})
	}
	for range min(widths.Process, len(keys)) {
		overlap.Go(&processors, func() {
			for f := range bodies {
				value, err := job.TryProcess(ctx, f.body)
				results[f.key] = overlap.Result[R]{Value: value, Err: err}
			}
		})
	}
	for i := range keys {
		indexes <- i
	}
	close(indexes)
	fetchers.Wait()
	close(bodies)
	processors.Wait()
	return results
}

// Stream is Run over keys that arrive, with results as they complete. At most
// Fetch+Process+Buffer+1 keys are pulled and not delivered: a slow consumer
// fills the stages from the end to the beginning, and then the input waits.
func Stream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K], widths Widths) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	widths.mustValid()
	ahead := widths.Fetch + widths.Process + widths.Buffer + 1
	return overlap.Pump(ctx, keys, ahead, func(ctx context.Context, in <-chan K, out chan<- overlap.Keyed[K, R]) {
		bodies := make(chan fetched[K, B], widths.Buffer)
		fetch := func(key K) {
			item := overlap.Keyed[K, R]{Key: key, Result: overlap.Result[R]{Err: overlap.ErrGoexit}}
			defer func() {
				if item.Err != nil {
					out <- item // failed: nothing to process
				}
			}()
			var body B
			if body, item.Err = job.TryFetch(ctx, key); item.Err == nil {
				bodies <- fetched[K, B]{key, body}
			}
		}
		process := func(f fetched[K, B]) {
			item := overlap.Keyed[K, R]{Key: f.key, Result: overlap.Result[R]{Err: overlap.ErrGoexit}}
			defer func() { out <- item }()
			item.Value, item.Err = job.TryProcess(ctx, f.body)
		}
		var fetchers, processors sync.WaitGroup
		for range widths.Fetch {
			overlap.Go(&fetchers, func() {
				for key := range in {
					fetch(key)
				}
			})
		}
		for range widths.Process {
			overlap.Go(&processors, func() {
				for f := range bodies {
					process(f)
				}
			})
		}
		fetchers.Wait()
		close(bodies)
		processors.Wait()
	})
}

package conform_test

import (
	"context"
	"iter"
	"sync"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
)

// four is a model as a reader would write it, with a limit of its own: a
// goroutine takes one key after another until there are no more, four times.
func four[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	job.MustValid()
	results := overlap.Pending[R](len(keys))
	next := make(chan int, len(keys))
	for i := range keys {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range 4 {
		overlap.Go(&wg, func() {
			for i := range next {
				results[i] = job.Do(ctx, keys[i])
			}
		})
	}
	wg.Wait()
	return results
}

// fourStream is the Stream of the same model.
func fourStream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K]) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	return overlap.Pump(ctx, keys, 5, func(ctx context.Context, in <-chan K, out chan<- overlap.Keyed[K, R]) {
		var wg sync.WaitGroup
		for range 4 {
			overlap.Go(&wg, func() {
				for key := range in {
					job.Send(ctx, key, out)
				}
			})
		}
		wg.Wait()
	})
}

// These two tests are all that it takes to prove it.

func TestFour(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(int) conform.Runner { return four }, conform.Limited("").Fixed(4))
}

func TestFourStream(t *testing.T) {
	t.Parallel()
	conform.TestStream(t, func(int) conform.Streamer { return fourStream }, conform.Limited("").Fixed(4))
}

// A model that says nothing of itself is held to what holds for all. The name
// with a slash is one that no -test.run pattern finds: such a test does without a
// trial in a second process.
func TestPromiseOfNothing(t *testing.T) {
	t.Parallel()
	nothing := conform.Promise{Limits: []int{4}}
	t.Run("Run/of four", func(t *testing.T) { conform.Test(t, func(int) conform.Runner { return four }, nothing) })
	t.Run("Stream", func(t *testing.T) { conform.TestStream(t, func(int) conform.Streamer { return fourStream }, nothing) })
}

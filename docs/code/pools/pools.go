// Package pools is the code of the chapter docs/05-pool.md.
package pools

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"example.com/overlap"
)

// A Conn is a connection that one goroutine at a time may use.
type Conn interface {
	Send(message string) error
	Close() error
}

// SendAll sends all messages over so many connections, each of which belongs to
// one worker, and returns the first error. That one ends the sending.
func SendAll(ctx context.Context, messages []string, workers int, dial func() (Conn, error)) error {
	queue := make(chan string)
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			conn, err := dial()
			if err != nil {
				return err
			}
			defer conn.Close()
			for message := range queue {
				if err := conn.Send(message); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(queue) // the workers' loops end when it is empty
		for _, message := range messages {
			select {
			case queue <- message:
			case <-ctx.Done(): // a worker has failed: perhaps nobody is left to receive
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return group.Wait()
}

// Split gives each worker an equal part of the keys from the start. The chapter
// tells what is wrong with that. (And a job that calls runtime.Goexit takes the rest
// of its part along.)
func Split[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, workers int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	results := overlap.Pending[R](len(keys))
	part := max(1, (len(keys)+workers-1)/workers)
	var wg sync.WaitGroup
	for from := 0; from < len(keys); from += part {
		to := min(from+part, len(keys))
		wg.Go(func() {
			for i := from; i < to; i++ {
				results[i] = job.Do(ctx, keys[i])
			}
		})
	}
	wg.Wait()
	return results
}

// Package pipelines is the code of the chapter docs/06-pipeline.md.
package pipelines

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Done is when the i-th job to be done, counted from 0, leaves a pipeline without a
// bound between its stages, if each job waits and works as long as every other.
func Done(i int, fetchers, processors int, wait, work time.Duration) time.Duration {
	fetched := time.Duration(i/fetchers+1) * wait
	if i < processors {
		return fetched + work // its processor has had nothing to do yet
	}
	free := Done(i-processors, fetchers, processors, wait, work)
	return max(fetched, free) + work
}

// Stage applies f to what comes in, on so many goroutines of group's, and gives
// what comes out. It ends when in is closed, or when ctx, the group's, has ended.
func Stage[In, Out any](ctx context.Context, group *errgroup.Group, in <-chan In, width int, f func(context.Context, In) (Out, error)) <-chan Out {
	out := make(chan Out)
	var workers sync.WaitGroup
	for range width {
		workers.Add(1)
		group.Go(func() error {
			defer workers.Done()
			for item := range in {
				made, err := f(ctx, item)
				if err != nil {
					return err
				}
				select {
				case out <- made:
				case <-ctx.Done(): // perhaps nobody is there to receive
					return context.Cause(ctx)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		workers.Wait()
		close(out) // nobody sends any more
		return nil
	})
	return out
}

// Source gives the items to the first stage.
func Source[T any](ctx context.Context, group *errgroup.Group, items []T) <-chan T {
	out := make(chan T)
	group.Go(func() error {
		defer close(out)
		for _, item := range items {
			select {
			case out <- item:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return out
}

package conform_test

import (
	"context"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/eventloop"
)

// loopFlaws spoil an event loop that is written by hand.
type loopFlaws struct {
	loop    func(context.Context) context.Context // that Main is given
	fetch   func(co *eventloop.Co, ctx context.Context, job conform.Job, key int) (string, error)
	process func(co *eventloop.Co, ctx context.Context, job conform.Job, body string) (string, error)
	awaits  func(keys int) int // how many of so many tasks are waited for
}

// byLoop is the event loop's Run in the package's public words, spoiled.
func byLoop(flaws loopFlaws) func(int) conform.Runner {
	if flaws.loop == nil {
		flaws.loop = context.WithoutCancel
	}
	if flaws.fetch == nil {
		flaws.fetch = func(co *eventloop.Co, ctx context.Context, job conform.Job, key int) (string, error) {
			return eventloop.Offload(co, func(context.Context) (string, error) { return job.TryFetch(ctx, key) }).Await(co)
		}
	}
	if flaws.process == nil {
		flaws.process = func(_ *eventloop.Co, ctx context.Context, job conform.Job, body string) (string, error) {
			return job.TryProcess(ctx, body)
		}
	}
	if flaws.awaits == nil {
		flaws.awaits = func(keys int) int { return keys }
	}
	return func(int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			results := overlap.Pending[string](len(keys))
			_, _ = eventloop.Main(flaws.loop(ctx), func(co *eventloop.Co) (struct{}, error) {
				tasks := make([]*eventloop.Task[struct{}], len(keys))
				for i, key := range keys {
					tasks[i] = eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
						var body string
						var result conform.Result
						if body, result.Err = flaws.fetch(co, ctx, job, key); result.Err == nil {
							result.Value, result.Err = flaws.process(co, ctx, job, body)
						}
						results[i] = result
						return struct{}{}, nil
					})
				}
				for _, t := range tasks[:flaws.awaits(len(keys))] {
					_, _ = t.Await(co)
				}
				return struct{}{}, nil
			})
			return results
		}
	}
}

// loopMutants are event loops that break what an event loop promises.
func loopMutants() []mutant {
	promise := loopUnlimited()
	offLoop := func(co *eventloop.Co, ctx context.Context, job conform.Job, body string) (string, error) {
		return eventloop.Offload(co, func(context.Context) (string, error) { return job.TryProcess(ctx, body) }).Await(co)
	}
	return []mutant{
		{1, "an event loop that does not wait for the last task", promise, byLoop(loopFlaws{
			awaits: func(keys int) int { return max(0, keys-1) },
		}), nil},
		{4, "an event loop that ends with ctx, whatever runs", promise, byLoop(loopFlaws{
			loop: func(ctx context.Context) context.Context { return ctx },
		}), nil},
		{4, "an event loop that processes what was fetched before ctx ended", promise, byLoop(loopFlaws{
			process: func(_ *eventloop.Co, ctx context.Context, job conform.Job, body string) (string, error) {
				return job.TryProcess(context.WithoutCancel(ctx), body)
			},
		}), nil},
		{6, "an event loop that processes off the loop", promise, byLoop(loopFlaws{process: offLoop}), nil},
		{8, "an event loop that fetches on the loop", promise, byLoop(loopFlaws{
			fetch: func(_ *eventloop.Co, ctx context.Context, job conform.Job, key int) (string, error) {
				return job.TryFetch(ctx, key)
			},
		}), nil},
		{8, "an event loop with a semaphore, which keeps places empty while it processes", loopLimited(), semaphoreOnLoop, nil},
	}
}

// semaphoreOnLoop lets the next job in by way of the ready queue, as asyncio's does.
func semaphoreOnLoop(limit int) conform.Runner {
	return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
		places := eventloop.NewSemaphore(limit)
		return byLoop(loopFlaws{
			fetch: func(co *eventloop.Co, ctx context.Context, job conform.Job, key int) (string, error) {
				if err := places.Acquire(co); err != nil {
					return "", err
				}
				return eventloop.Offload(co, func(context.Context) (string, error) { return job.TryFetch(ctx, key) }).Await(co)
			},
			process: func(_ *eventloop.Co, ctx context.Context, job conform.Job, body string) (string, error) {
				defer func() { _ = places.Release() }()
				return job.TryProcess(ctx, body)
			},
		})(limit)(ctx, job, keys)
	}
}

// loopUnlimited is the promise of an event loop that begins every job at once.
func loopUnlimited() conform.Promise {
	promise := onLoop(conform.Unlimited())
	promise.Plan = func(jobs []schedule.Job, _ int) schedule.Plan {
		return schedule.EventLoop(jobs, max(1, len(jobs)))
	}
	return promise
}

// loopLimited is the promise of an event loop that bounds the jobs in flight.
func loopLimited() conform.Promise {
	promise := onLoop(conform.Limited("limit"))
	promise.Plan = schedule.EventLoop
	return promise
}

// onLoop adds that Process runs on the loop, so one at a time.
func onLoop(p conform.Promise) conform.Promise {
	p.Processing = func(int) int { return 1 }
	return p
}

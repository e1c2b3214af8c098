package conform_test

import (
	"context"
	"iter"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

// Every model of this module keeps the contract.

func TestSequential(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(int) conform.Runner { return sequential.Run }, conform.Sequential())
}

func TestSequentialStream(t *testing.T) {
	t.Parallel()
	conform.TestStream(t, func(int) conform.Streamer { return sequential.Stream }, conform.Sequential())
}

func TestGoroutines(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(int) conform.Runner { return goroutines.Run }, conform.Unlimited())
}

func TestGoroutinesStream(t *testing.T) {
	t.Parallel()
	conform.TestStream(t, func(int) conform.Streamer { return goroutines.Stream }, conform.Unlimited())
}

func TestGoroutinesLimit(t *testing.T) {
	t.Parallel()
	conform.Test(t, semaphore, conform.Limited("limit"))
}

func TestGoroutinesStreamLimit(t *testing.T) {
	t.Parallel()
	conform.TestStream(t, func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) iter.Seq2[int, conform.Result] {
			return goroutines.StreamLimit(ctx, job, keys, limit)
		}
	}, conform.Limited("limit"))
}

func TestPool(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(workers int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return pool.Run(ctx, job, keys, workers)
		}
	}, conform.Limited("workers"))
}

func TestPoolCounter(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(workers int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return pool.RunCounter(ctx, job, keys, workers)
		}
	}, anyOrder(conform.Limited("workers")))
}

func TestPoolSteal(t *testing.T) {
	t.Parallel()
	conform.Test(t, func(workers int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return pool.RunSteal(ctx, job, keys, workers)
		}
	}, anyOrder(conform.Limited("workers")))
}

func TestPoolStream(t *testing.T) {
	t.Parallel()
	conform.TestStream(t, poolStream, conform.Limited("workers"))
}

// The widths that a pipeline is tried with: the name of the one that the suite
// chooses, so that clause 9 sees it refused, and what its choice makes of all.
var pipelines = []struct {
	name, chosen string
	widths       func(limit int) (fetch, process, buffer int)
}{
	{"as wide, no buffer", "widths.Fetch", func(n int) (int, int, int) { return n, n, 0 }},
	{"few fetchers, many processors", "widths.Fetch", func(n int) (int, int, int) { return n, 8, 1 }},
	{"few processors, a deep buffer", "widths.Process", func(n int) (int, int, int) { return 4, n, 1000 }},
}

func widthsOf(f func(int) (int, int, int), limit int) pipeline.Widths {
	fetch, process, buffer := f(limit)
	return pipeline.Widths{Fetch: fetch, Process: process, Buffer: buffer}
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	for _, c := range pipelines {
		t.Run(c.name, func(t *testing.T) {
			conform.Test(t, func(limit int) conform.Runner {
				return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
					return pipeline.Run(ctx, job, keys, widthsOf(c.widths, limit))
				}
			}, conform.Staged(c.chosen, c.widths))
		})
	}
}

func TestPipelineStream(t *testing.T) {
	t.Parallel()
	for _, c := range pipelines {
		t.Run(c.name, func(t *testing.T) {
			conform.TestStream(t, func(limit int) conform.Streamer {
				return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) iter.Seq2[int, conform.Result] {
					return pipeline.Stream(ctx, job, keys, widthsOf(c.widths, limit))
				}
			}, conform.Staged(c.chosen, c.widths))
		})
	}
}

func TestEventloop(t *testing.T) {
	t.Parallel()
	if elsewhere(t) {
		return
	}
	conform.Test(t, func(int) conform.Runner { return eventloop.Run }, loopUnlimited())
}

func TestEventloopLimit(t *testing.T) {
	t.Parallel()
	if elsewhere(t) {
		return
	}
	conform.Test(t, func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return eventloop.RunLimit(ctx, job, keys, limit)
		}
	}, loopLimited())
}

func TestEventloopStream(t *testing.T) {
	t.Parallel()
	if elsewhere(t) {
		return
	}
	conform.TestStream(t, func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) iter.Seq2[int, conform.Result] {
			return eventloop.Stream(ctx, job, keys, limit)
		}
	}, loopLimited())
}

// Off the loop at most so many process, and any number fetches: a pipeline with a
// fetcher for each job.
func TestEventloopToThread(t *testing.T) {
	t.Parallel()
	if elsewhere(t) {
		return
	}
	conform.Test(t, func(threads int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return eventloop.RunToThread(ctx, job, keys, threads)
		}
	}, conform.Promise{
		LimitName:  "threads",
		Processing: func(threads int) int { return threads },
		Plan: func(jobs []schedule.Job, threads int) schedule.Plan {
			return schedule.Pipeline(jobs, max(1, len(jobs)), threads, -1)
		},
	})
}

// The models that the mutants are made from are right before they are spoiled.
func TestControls(t *testing.T) {
	t.Parallel()
	limited := conform.Limited("limit")
	t.Run("each", func(t *testing.T) { conform.Test(t, control, limited) })
	t.Run("byLoop", func(t *testing.T) { conform.Test(t, byLoop(loopFlaws{}), loopUnlimited()) })
	t.Run("byHand", func(t *testing.T) { conform.TestStream(t, byHand(flaws{}), limited) })
	t.Run("send", func(t *testing.T) {
		conform.TestStream(t, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			job.Send(ctx, key, out)
		}), limited)
	})
	t.Run("pipelineRun", func(t *testing.T) {
		conform.Test(t, func(limit int) conform.Runner {
			run := pipelineRun(limit, func(ctx context.Context, job conform.Job, body string) (string, error) {
				return job.TryProcess(ctx, body)
			})
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				job.MustValid()
				overlap.MustLimit("widths.Process", limit)
				return run(ctx, job, keys)
			}
		}, twoStages())
	})
}

// Package bench measures what concurrency models cost on the same job: [Compare]
// on a job of your own, from any module; this module's own benchmarks on pages, on
// CPU work and on nothing at all.
//
// The benchmarks are plain `go test -bench` ones, named so that benchstat puts
// the models side by side:
//
//	go test -bench 'Dispatch' -count 10 ./bench | tee run.txt
//	go tool benchstat -col /model run.txt
//
// `make bench` runs them the way that their numbers can be trusted: in rounds,
// each cell in a process of its own, in an order that changes from round to
// round (package bench/rounds).
//
//   - BenchmarkPages: pages over real HTTP from the mock server; waiting and work.
//   - BenchmarkProcess: no waiting, work of 1 µs, 50 µs and 1 ms a job.
//   - BenchmarkDispatch: an empty job, so what a model itself costs.
package bench

import (
	"context"
	"iter"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

// A Limit is what a model's limits are bound to when its Runner is built.
type Limit struct {
	// InFlight bounds the jobs in flight: the places of the semaphore, the tasks of
	// eventloop-limit, the workers of the pool, the fetchers of the pipeline. At least 1.
	InFlight int
	// Process is the number of the pipeline's processors, and of the threads that
	// eventloop-to-thread processes on; 0 stands for InFlight.
	Process int
	// Buffer is how many fetched bodies the pipeline holds; 0 is none.
	Buffer int
}

func (l Limit) widths() pipeline.Widths {
	process := l.Process
	if process == 0 {
		process = l.InFlight
	}
	return pipeline.Widths{Fetch: l.InFlight, Process: process, Buffer: l.Buffer}
}

// A Model is one form of a concurrency model with its limits bound.
type Model[K, B, R any] struct {
	Name   string                             // as it stands in /model=NAME
	Run    overlap.Runner[K, B, R]            // nil only where there is Open
	Stream overlap.Streamer[K, B, R]          // nil where a form has none
	Ideal  func([]schedule.Job) schedule.Plan // its exact schedule, in virtual time; nil where it is not known
	Peak   int                                // jobs in flight at most; 0: no bound

	// Open is for a model that keeps something from run to run, such as a library's pool of
	// workers. It gives the Runner, in place of Run, and what ends all that was opened. A
	// benchmark opens it once, untimed, and counts what it keeps with what the model adds.
	Open func() (run overlap.Runner[K, B, R], release func(), err error)

	// AnyOrder says that jobs begin in no promised order, so that Ideal is exact
	// for jobs of equal length only.
	AnyOrder bool

	ours bool // it is what Models returns under its name
}

// Models returns every model of this module, bound to limit, in the order in
// which the course tells of them. sequential, goroutines and eventloop heed no limit;
// eventloop-to-thread bounds what is processed, and not what is in flight.
func Models[K, B, R any](limit Limit) []Model[K, B, R] {
	n, widths := limit.InFlight, limit.widths()
	type (
		job     = overlap.Job[K, B, R]
		results = []overlap.Result[R]
		stream  = iter.Seq2[K, overlap.Result[R]]
	)
	inPool := func(jobs []schedule.Job) schedule.Plan { return schedule.Pool(jobs, n) }
	models := []Model[K, B, R]{
		{
			Name:   "sequential",
			Run:    sequential.Run[K, B, R],
			Stream: sequential.Stream[K, B, R],
			Ideal:  schedule.Sequential,
			Peak:   1,
		},
		{
			Name:   "goroutines",
			Run:    goroutines.Run[K, B, R],
			Stream: goroutines.Stream[K, B, R],
			Ideal:  schedule.Goroutines,
		},
		{
			Name: "goroutines-limit",
			Run: func(ctx context.Context, j job, keys []K) results {
				return goroutines.RunLimit(ctx, j, keys, n)
			},
			Stream: func(ctx context.Context, j job, keys iter.Seq[K]) stream {
				return goroutines.StreamLimit(ctx, j, keys, n)
			},
			Ideal: inPool,
			Peak:  n,
		},
		{
			Name: "pool",
			Run: func(ctx context.Context, j job, keys []K) results {
				return pool.Run(ctx, j, keys, n)
			},
			Stream: func(ctx context.Context, j job, keys iter.Seq[K]) stream {
				return pool.Stream(ctx, j, keys, n)
			},
			Ideal: inPool,
			Peak:  n,
		},
		{
			Name: "pool-counter",
			Run: func(ctx context.Context, j job, keys []K) results {
				return pool.RunCounter(ctx, j, keys, n)
			},
			Ideal:    inPool,
			Peak:     n,
			AnyOrder: true,
		},
		{
			Name: "pool-steal",
			Run: func(ctx context.Context, j job, keys []K) results {
				return pool.RunSteal(ctx, j, keys, n)
			},
			Ideal:    inPool,
			Peak:     n,
			AnyOrder: true,
		},
		{
			Name: "pipeline",
			Run: func(ctx context.Context, j job, keys []K) results {
				return pipeline.Run(ctx, j, keys, widths)
			},
			Stream: func(ctx context.Context, j job, keys iter.Seq[K]) stream {
				return pipeline.Stream(ctx, j, keys, widths)
			},
			Ideal: func(jobs []schedule.Job) schedule.Plan {
				return schedule.Pipeline(jobs, widths.Fetch, widths.Process, widths.Buffer)
			},
			Peak: widths.Fetch + widths.Process + widths.Buffer,
		},
		{
			Name: "eventloop",
			Run:  eventloop.Run[K, B, R],
			Ideal: func(jobs []schedule.Job) schedule.Plan {
				return schedule.EventLoop(jobs, max(1, len(jobs)))
			},
		},
		{
			Name: "eventloop-limit",
			Run: func(ctx context.Context, j job, keys []K) results {
				return eventloop.RunLimit(ctx, j, keys, n)
			},
			Stream: func(ctx context.Context, j job, keys iter.Seq[K]) stream {
				return eventloop.Stream(ctx, j, keys, n)
			},
			Ideal: func(jobs []schedule.Job) schedule.Plan { return schedule.EventLoop(jobs, n) },
			Peak:  n,
		},
		{
			Name: "eventloop-to-thread",
			Run: func(ctx context.Context, j job, keys []K) results {
				return eventloop.RunToThread(ctx, j, keys, widths.Process)
			},
			Ideal: func(jobs []schedule.Job) schedule.Plan {
				return schedule.Pipeline(jobs, max(1, len(jobs)), widths.Process, -1)
			},
		},
	}
	for i := range models {
		models[i].ours = true
	}
	return models
}

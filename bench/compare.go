package bench

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
)

// Compare runs a job of your own under every model, at each limit, as
// sub-benchmarks that benchstat puts side by side:
//
//	func BenchmarkMine(b *testing.B) {
//		bench.Compare(b, job, keys, bench.Limits(8, 64))
//	}
//
//	overlap bench -pkg . -bench Mine     # in rounds, with a verdict
//	go test -bench Mine -count 10        # or as any benchmark
//
// The models do all keys once an operation. Each run's results must be those of a
// sequential run, by reflect.DeepEqual for values and by text for errors, or the
// benchmark fails; checking is not timed. Reported besides time and allocations are
// throughput, CPU time, memory, goroutines, latencies and more, see README. For these each
// model runs the job some times more, untimed, and once is cancelled. The latencies are of
// one such run of this module's models; models of your own have none.
//
// The job must give the same result for the same key each time. Models of
// your own and another equality are for [Comparison].
func Compare[K, B, R any](b *testing.B, job overlap.Job[K, B, R], keys []K, limits []Limit) {
	b.Helper()
	Comparison[K, B, R]{Job: job, Keys: keys, Limits: limits}.Run(b)
}

// Limits makes a Limit of each number of jobs in flight, with a pipeline that
// processes as widely as it fetches and has no buffer. It panics if one is below 1.
func Limits(inFlight ...int) []Limit {
	limits := make([]Limit, len(inFlight))
	for i, n := range inFlight {
		overlap.MustLimit("inFlight", n)
		limits[i].InFlight = n
	}
	return limits
}

// A Comparison is [Compare] with a choice of models and of equality. Job, Keys and
// Limits must be set.
type Comparison[K, B, R any] struct {
	Job    overlap.Job[K, B, R]
	Keys   []K
	Limits []Limit

	// Models are run beside one another; nil stands for the function Models. To add
	// one of your own, append it to what Models returns.
	Models func(Limit) []Model[K, B, R]

	// Equal says whether two values are the same; nil stands for reflect.DeepEqual.
	Equal func(a, b R) bool

	// Want gives the right results, one for each of Keys. Nil stands for a sequential run,
	// which waits for each job in turn: where that takes long, the same jobs without their
	// waits give the same. It is called once; an error fails the benchmark.
	Want func() ([]overlap.Result[R], error)

	// Costs are what the job of each key waits and works, if that is known beforehand. Then
	// x-ideal is reported of each model that has an Ideal, and in a calibrated run
	// (`overlap bench`) a cell that this machine cannot measure is named as saturated. A
	// model that cannot take less than [TooLong] leaves itself out, unless Full is set.
	Costs []schedule.Job
	Full  bool

	// Loopback says that jobs wait for a server on this machine, so that Costs tell how many
	// requests a second a cell asks for.
	Loopback bool

	// Warm opens what all models use and keep, such as connections, for so many jobs in
	// flight. It is called before each model's runs, untimed. An error fails the benchmark.
	Warm func(inFlight int) error
}

// Run runs every model at every limit as a sub-benchmark of b, called
// tasks=N/limit=L/model=NAME.
func (c Comparison[K, B, R]) Run(b *testing.B) {
	b.Helper()
	c.Job.MustValid()
	if len(c.Limits) == 0 {
		b.Fatal("bench: there are no limits to compare the models at")
	}
	if len(c.Keys) == 0 {
		b.Fatal("bench: there are no keys to run the job on")
	}
	if len(c.Costs) > 0 && len(c.Costs) != len(c.Keys) {
		b.Fatalf("bench: there are %d costs for %d keys", len(c.Costs), len(c.Keys))
	}
	models := c.Models
	if models == nil {
		models = Models[K, B, R]
	}
	equal := c.Equal
	if equal == nil {
		equal = func(a, b R) bool { return reflect.DeepEqual(a, b) }
	}
	expected := c.Want
	if expected == nil {
		expected = func() ([]overlap.Result[R], error) { return sequentially(b.Context(), c.Job, c.Keys), nil }
	}
	cell := cell[K, B, R]{
		job: c.Job, keys: c.Keys, equal: equal,
		want: sync.OnceValues(func() ([]overlap.Result[R], error) {
			want, err := expected()
			switch {
			case err != nil:
				return nil, err
			case len(want) != len(c.Keys):
				return nil, fmt.Errorf("%d results for %d keys", len(want), len(c.Keys))
			}
			if err := allFailed(want); err != nil {
				b.Logf("warning: every job fails, so it is the failing that is measured; the first: %v", err)
			}
			return want, nil
		}),
		sent:  new(stopwatch),
		costs: c.Costs, online: c.Loopback, warm: c.Warm,
		full: c.Full, fully: "Comparison.Full",
	}
	for _, limit := range c.Limits {
		overlap.MustLimit("limit.InFlight", limit.InFlight)
		cell.rerun = latencies(c.Job, c.Keys, limit, cell.sent)
		compared := models(limit)
		if err := namedAndWhole(compared); err != nil {
			b.Fatalf("bench: %v", err)
		}
		for _, m := range compared {
			b.Run(fmt.Sprintf("tasks=%d/limit=%d/model=%s", len(c.Keys), limit.InFlight, m.Name), func(b *testing.B) {
				cell.run(b, m)
			})
		}
	}
}

// namedAndWhole returns an error if a model has no name, neither Run nor Open, or another one's
// name.
func namedAndWhole[K, B, R any](models []Model[K, B, R]) error {
	seen := map[string]bool{}
	for i, m := range models {
		switch {
		case m.Name == "":
			return fmt.Errorf("model %d has no Name", i)
		case m.Run == nil && m.Open == nil:
			return fmt.Errorf("model %q has no Run", m.Name)
		case seen[m.Name]:
			return fmt.Errorf("two models are called %q", m.Name)
		}
		seen[m.Name] = true
	}
	return nil
}

// latencies runs a model once more, of which nothing is known but its name, on a job whose
// latencies go to watch. Models that are not of this module have none: what their Run takes is
// a job of the reader's own body type, which has no room for a time.
func latencies[K, B, R any](job overlap.Job[K, B, R], keys []K, limit Limit, watch *stopwatch) func(ctx context.Context, model string) {
	watched := stamp(job, watch)
	return func(ctx context.Context, model string) {
		for _, m := range Models[K, stamped[B], R](limit) {
			if m.Name == model {
				m.Run(ctx, watched, keys)
			}
		}
	}
}

// allFailed returns the first error if every job has one.
func allFailed[R any](results []overlap.Result[R]) error {
	for _, r := range results {
		if r.Err == nil {
			return nil
		}
	}
	return results[0].Err
}

// sequentially is a sequential run on a goroutine of its own, so that a job which
// ends its goroutine (a failed require) ends that one.
func sequentially[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	results := overlap.Pending[R](len(keys))
	var wg sync.WaitGroup
	next := 0
	overlap.Go(&wg, func() {
		job.DoEach(ctx, keys, results, func() int { next++; return next - 1 })
	})
	wg.Wait()
	return results
}

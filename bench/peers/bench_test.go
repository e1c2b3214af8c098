package peers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// ours are this module's models that do what the libraries do. The first is what benchstat
// compares all other rows with.
func ours() []string { return []string{"pool", "pool-counter", "pool-steal", "goroutines-limit"} }

// rows are our models, and the libraries; and where jobs do not wait, the plain loop that all of
// them have to beat. Where jobs wait, a library without a limit has no row: to begin all at once is
// another task.
func rows[K, B, R any](waits bool) func(bench.Limit) []bench.Model[K, B, R] {
	return func(l bench.Limit) []bench.Model[K, B, R] {
		models := slices.DeleteFunc(bench.Models[K, B, R](l), func(m bench.Model[K, B, R]) bool { return !slices.Contains(ours(), m.Name) })
		slices.SortFunc(models, func(a, b bench.Model[K, B, R]) int {
			return cmp.Compare(slices.Index(ours(), a.Name), slices.Index(ours(), b.Name))
		})
		if !waits {
			models = append(models, plainLoop[K, B, R]())
		}
		for _, p := range All[K, B, R]() {
			if !waits || !p.Unlimited {
				models = append(models, p.Model(flags.form, l.InFlight))
			}
		}
		return models
	}
}

// plainLoop is what is written without any library.
func plainLoop[K, B, R any]() bench.Model[K, B, R] {
	do := plain[K, B, R]().do
	return bench.Model[K, B, R]{
		Name:  "plain-loop",
		Ideal: schedule.Sequential,
		Peak:  1,
		Run: func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
			results := make([]overlap.Result[R], len(keys))
			for i, key := range keys {
				results[i] = do(ctx, job, key)
			}
			return results
		},
	}
}

// BenchmarkDispatch gives an empty job to each library: all of the time is its own.
func BenchmarkDispatch(b *testing.B) { spinning(10_000, 0).Run(b) }

// BenchmarkProcess has no waiting: CPU work of two sizes.
func BenchmarkProcess(b *testing.B) {
	for _, size := range []struct{ micros, tasks int }{{1, 10_000}, {50, 500}} {
		b.Run(fmt.Sprintf("cpu=%dus", size.micros), func(b *testing.B) {
			spinning(size.tasks, size.micros*flags.stepsPerMicrosecond()).Run(b)
		})
	}
}

// spinning are jobs that do so many steps of bench.Spin and wait for nothing.
func spinning(tasks, steps int) bench.Comparison[int, uint64, uint64] {
	return bench.Comparison[int, uint64, uint64]{
		Job: overlap.Job[int, uint64, uint64]{
			Fetch:   func(_ context.Context, key int) (uint64, error) { return uint64(key), nil },
			Process: func(_ context.Context, body uint64) (uint64, error) { return bench.Spin(body, steps), nil },
		},
		Keys:   numbers(tasks),
		Limits: bench.Limits(flags.workers...),
		Models: rows[int, uint64, uint64](false),
		Equal:  func(a, b uint64) bool { return a == b },
	}
}

// BenchmarkWait has nothing but waiting, in memory.
func BenchmarkWait(b *testing.B) {
	for _, wait := range []time.Duration{time.Millisecond, 10 * time.Millisecond} {
		b.Run(fmt.Sprintf("wait=%v", wait), func(b *testing.B) { sleeping(1_000, 100, wait).Run(b) })
	}
}

// sleeping are jobs that sleep. They do not heed ctx: a plain Sleep costs the least, so most of
// what is measured is the library.
func sleeping(tasks, limit int, wait time.Duration) bench.Comparison[int, int, int] {
	process := func(_ context.Context, body int) (int, error) { return 2*body + 1, nil }
	return bench.Comparison[int, int, int]{
		Job: overlap.Job[int, int, int]{
			Fetch:   func(_ context.Context, key int) (int, error) { time.Sleep(wait); return key, nil },
			Process: process,
		},
		Keys:   numbers(tasks),
		Limits: bench.Limits(limit),
		Models: rows[int, int, int](true),
		Equal:  func(a, b int) bool { return a == b },
		Costs:  slices.Repeat([]schedule.Job{{Wait: wait}}, tasks),
		Want: func() ([]overlap.Result[int], error) { // the same, without the sleep
			atOnce := overlap.Job[int, int, int]{
				Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
				Process: process,
			}
			return sequential.Run(context.Background(), atOnce, numbers(tasks)), nil
		},
	}
}

// BenchmarkPages fetches pages over HTTP on loopback, from a mock server in another process, and
// parses them.
func BenchmarkPages(b *testing.B) {
	const tasks, latency, inFlight = 100, 10 * time.Millisecond, 30
	server, err := site.Start(siteOf(tasks))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Close(); err != nil {
			b.Error(err)
		}
	})
	b.Run(fmt.Sprintf("latency=%v", latency), func(b *testing.B) { fetching(b, server, tasks, inFlight, latency).Run(b) })
}

func siteOf(tasks int) mockserver.Settings { return mockserver.Settings{Seed: 1, Pages: tasks} }

func fetching(b testing.TB, server *site.Site, tasks, inFlight int, latency time.Duration) bench.Comparison[string, pages.Body, pages.Page] {
	client := pages.NewClient(inFlight, time.Minute)
	b.Cleanup(client.CloseIdleConnections)
	urls := make([]string, tasks)
	for i := range urls {
		urls[i] = fmt.Sprintf("%s?latency=%v", server.PageURL(i), latency)
	}
	return bench.Comparison[string, pages.Body, pages.Page]{
		Job:      pages.Job(client, 0),
		Keys:     urls,
		Limits:   bench.Limits(inFlight),
		Models:   rows[string, pages.Body, pages.Page](true),
		Costs:    slices.Repeat([]schedule.Job{{Wait: latency}}, tasks),
		Loopback: true,
		Warm:     func(n int) error { return pages.Connect(b.Context(), client, server.PageURL(0), n) },
		Want:     func() ([]overlap.Result[pages.Page], error) { return server.Expected(b.Context(), urls) },
	}
}

func numbers(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

package queues

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/cost"
	"example.com/overlap/queue"
)

// A cell is some jobs that wait, or not, for as many in hand as the limit allows.
type cell struct {
	wait  time.Duration
	tasks int
	limit int
	sync  bool
}

func (c cell) String() string {
	return fmt.Sprintf("wait=%v/tasks=%d/limit=%d", c.wait, c.tasks, c.limit)
}

// cells are those of BenchmarkQueue.
func cells() []cell {
	return []cell{
		{tasks: 20_000, limit: 8},
		{tasks: 20_000, limit: 64},
		{tasks: 20_000, limit: 100, wait: time.Millisecond},
		{tasks: 5_000, limit: 100, wait: 10 * time.Millisecond},
	}
}

// remote are the models whose jobs are done in another process.
func remote() []string { return []string{modelQueue, modelEmbedded, modelNATS, modelFetch} }

// BenchmarkQueue is tiny jobs under the models that heed a limit: in this process, and in a worker
// of its own, through package queue and through NATS's own client.
func BenchmarkQueue(b *testing.B) {
	for _, c := range cells() {
		for _, m := range bench.Models[int, int, int](bench.Limit{InFlight: c.limit}) {
			if m.Peak >= c.limit {
				b.Run(fmt.Sprintf("%v/model=%s", c, m.Name), func(b *testing.B) { c.run(b, here(m, c.wait)) })
			}
		}
		for _, model := range remote() {
			b.Run(fmt.Sprintf("%v/model=%s", c, model), func(b *testing.B) { c.run(b, c.start(b, model)) })
		}
	}
}

// BenchmarkQueueSync is what it costs that everything is on the disk before it is confirmed.
func BenchmarkQueueSync(b *testing.B) {
	for _, sync := range []string{"off", "on"} {
		c := cell{tasks: 2000, limit: 64, sync: sync == "on"}
		for _, model := range []string{modelQueue, modelNATS} {
			b.Run(fmt.Sprintf("sync=%s/tasks=%d/limit=%d/model=%s", sync, c.tasks, c.limit, model), func(b *testing.B) { c.run(b, c.start(b, model)) })
		}
	}
}

// BenchmarkQueueLatency is one job, there and back.
func BenchmarkQueueLatency(b *testing.B) {
	c := cell{tasks: 1, limit: 1}
	for _, m := range bench.Models[int, int, int](bench.Limit{InFlight: c.limit}) {
		if m.Name == "goroutines" {
			b.Run("tasks=1/model="+m.Name, func(b *testing.B) { c.run(b, here(m, 0)) })
		}
	}
	for _, model := range []string{modelQueue, modelEmbedded, modelNATS} {
		b.Run("tasks=1/model="+model, func(b *testing.B) { c.run(b, c.start(b, model)) })
	}
}

// A side is a model that is ready, and the processes beside this one that do its work.
type side struct {
	run       func(ctx context.Context, keys []int) ([]int, error)
	processes map[string]process
}

// here is a model whose jobs are done in this process.
func here(m bench.Model[int, int, int], wait time.Duration) side {
	return side{run: func(ctx context.Context, keys []int) ([]int, error) {
		return overlap.Values(m.Run(ctx, tiny(wait), keys))
	}}
}

// start starts what a remote model needs, until the benchmark ends.
func (c cell) start(b testing.TB, model string) side {
	at := place{Sync: c.sync}
	processes := map[string]process{}
	if model == modelEmbedded {
		at.Dir = b.TempDir()
	} else {
		processes["server"] = start(b, serverTwin, place{Dir: b.TempDir(), Sync: c.sync})
		at.URL = processes["server"].url
	}
	run := c.client(b, model, at)
	processes["worker"] = start(b, workerTwin, working{Model: model, Place: at, Limit: c.limit, Wait: c.wait})
	return side{run, processes}
}

// client is this process's part of a remote model.
func (c cell) client(b testing.TB, model string, at place) func(ctx context.Context, keys []int) ([]int, error) {
	if model == modelQueue || model == modelEmbedded {
		q, err := at.open(b.Context())
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, q.Close()) })
		return func(ctx context.Context, keys []int) ([]int, error) {
			return overlap.Values(queue.Run(ctx, q, named(tiny(c.wait)), keys))
		}
	}
	conn, p, err := at.connect()
	require.NoError(b, err)
	b.Cleanup(conn.Close)
	require.NoError(b, p.prepare(b.Context()))
	batch := 0
	return func(ctx context.Context, keys []int) ([]int, error) {
		batch++
		texts := make([]string, len(keys))
		for i, key := range keys {
			texts[i] = strconv.Itoa(key)
		}
		results, err := p.run(ctx, strconv.Itoa(batch), texts)
		if err != nil {
			return nil, err
		}
		values := make([]int, len(keys))
		var errs []error
		for i, key := range texts {
			var err error
			values[i], err = strconv.Atoi(string(results[key]))
			errs = append(errs, err)
		}
		return values, errors.Join(errs...)
	}
}

// run measures a cell. It reports
//
//	jobs/s                jobs done a second
//	ns/job                makespan over jobs
//	cpu-ns/job            CPU time of all processes that take part, user and system, over jobs
//	server-cpu-ns/job ... of them, each one's
//	cores-used            CPU time of all over makespan
//
// One run before is not measured: connections are open then, and what is made once is there.
func (c cell) run(b *testing.B, s side) {
	keys, want := make([]int, c.tasks), make([]int, c.tasks)
	for i := range keys {
		keys[i], want[i] = i, 2*i+1
	}
	var got []int
	once := func() {
		var err error
		if got, err = s.run(b.Context(), keys); err != nil {
			b.Fatal(err)
		}
	}
	once()
	require.True(b, slices.Equal(want, got), "wrong results")
	before, err := s.cpu()
	require.NoError(b, err)
	for b.Loop() {
		once()
	}
	after, err := s.cpu()
	require.NoError(b, err)
	require.True(b, slices.Equal(want, got), "wrong results")
	jobs := float64(b.N) * float64(c.tasks)
	b.ReportMetric(jobs/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/jobs, "ns/job")
	var all time.Duration
	for name := range after {
		used := after[name] - before[name]
		all += used
		if len(after) > 1 {
			b.ReportMetric(float64(used.Nanoseconds())/jobs, name+"-cpu-ns/job")
		}
	}
	b.ReportMetric(float64(all.Nanoseconds())/jobs, "cpu-ns/job")
	b.ReportMetric(all.Seconds()/b.Elapsed().Seconds(), "cores-used")
}

// cpu is what each process has used until now.
func (s side) cpu() (map[string]time.Duration, error) {
	client, err := cost.CPU()
	all := map[string]time.Duration{"client": client}
	for name, p := range s.processes {
		used, wrong := p.cpu()
		all[name], err = used, errors.Join(err, wrong)
	}
	return all, err
}

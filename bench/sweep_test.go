package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/sequential"
)

// BenchmarkSweep varies one thing at a time, for the curves of a report: the number
// of jobs, the limit, and the share of CPU work in a job. Jobs wait in memory, so
// that nothing but the models and the cores is in the way. It takes minutes, so it
// asks for -sweep; `make bench-sweep` runs it.
func BenchmarkSweep(b *testing.B) {
	if !flags.sweep {
		b.Skip("it takes minutes; -sweep runs it")
	}
	const limit = 64
	for _, tasks := range []int{10, 100, 1_000, 10_000} {
		name := fmt.Sprintf("over=tasks/wait=10ms/cpu=50us/limit=%d/tasks=%d", limit, tasks)
		sweep(b, name, tasks, limit, schedule.Job{Wait: 10 * time.Millisecond, Work: 50 * time.Microsecond})
	}
	for limit := 1; limit <= 64; limit *= 2 {
		name := fmt.Sprintf("over=limit/wait=10ms/cpu=50us/tasks=64/limit=%d", limit)
		sweep(b, name, 64, limit, schedule.Job{Wait: 10 * time.Millisecond, Work: 50 * time.Microsecond})
	}
	const whole = 20 * time.Millisecond
	for _, percent := range []int{0, 5, 10, 25, 50, 75, 100} {
		work := whole * time.Duration(percent) / 100
		name := fmt.Sprintf("over=cpu/job=%v/tasks=50/limit=8/cpu=%d%%", whole, percent)
		sweep(b, name, 50, 8, schedule.Job{Wait: whole - work, Work: work})
	}
}

func sweep(b *testing.B, name string, tasks, limit int, job schedule.Job) {
	c := mixedCell(b, tasks, job)
	over, _, _ := strings.Cut(name, "/")
	for _, m := range shown("Sweep/"+over, Models[int, stamped[uint64], uint64](Limit{InFlight: limit, Buffer: limit})) {
		b.Run(name+"/model="+m.Name, func(b *testing.B) { c.run(b, m) })
	}
}

// mixedCell makes a cell of jobs that wait in memory and then work.
func mixedCell(b testing.TB, tasks int, each schedule.Job) cell[int, stamped[uint64], uint64] {
	steps := int(each.Work.Nanoseconds()) * flags.stepsPerMicrosecond() / 1000
	job := overlap.Job[int, uint64, uint64]{
		Fetch: func(ctx context.Context, key int) (uint64, error) {
			if each.Wait == 0 {
				return uint64(key), nil
			}
			timer := time.NewTimer(each.Wait)
			defer timer.Stop()
			select {
			case <-timer.C:
				return uint64(key), nil
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		},
		Process: func(_ context.Context, body uint64) (uint64, error) { return Spin(body, steps), nil },
	}
	atOnce := overlap.Job[int, uint64, uint64]{
		Fetch:   func(_ context.Context, key int) (uint64, error) { return uint64(key), nil },
		Process: job.Process,
	}
	watch := new(stopwatch)
	c := cell[int, stamped[uint64], uint64]{
		job:   stamp(job, watch),
		keys:  make([]int, tasks),
		equal: func(a, b uint64) bool { return a == b },
		costs: slices.Repeat([]schedule.Job{each}, tasks),
		full:  flags.full,
		sent:  watch,
	}
	for i := range c.keys {
		c.keys[i] = i
	}
	c.want = sync.OnceValues(func() ([]overlap.Result[uint64], error) {
		want := sequential.Run(b.Context(), atOnce, c.keys)
		return want, overlap.Errors(want)
	})
	return c
}

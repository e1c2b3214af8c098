package asyncio

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/scale"
	"example.com/overlap/eventloop"
)

// Sleepers are tasks that sleep at the same time.
//
// Package scale has the floor under Go's ways to wait, by what the runtime says of its heap
// and stacks. Here Python stands beside them, so that memory is what the
// operating system says, of a process each, and the wait is asyncio's own, a sleep.
type Sleepers struct {
	Tasks int
	Sleep time.Duration // of each: long enough for the last to begin before the first ends
}

// A Sleeping is one way for tasks to sleep, in Go.
type Sleeping struct {
	Model string

	// Run has the tasks sleep. It is an error if they did not all sleep at once. The
	// memory is right in a process that has run nothing of the kind before.
	Run func(ctx context.Context) (Cost, error)

	Need       uint64 // bytes of memory, an estimate
	Goroutines int    // alive at a time
}

// A Cost is what sleeping tasks took.
type Cost struct {
	Elapsed time.Duration // from the creation of the first to the end of the last
	Memory  int64         // growth of the resident memory at its highest, in bytes; 0 where unknown
}

// Rows are the ways to sleep.
func (s Sleepers) Rows() []Sleeping {
	onStacks := scale.Need(0, s.Tasks)
	return []Sleeping{
		{"eventloop", s.tasks, onStacks, s.Tasks},
		{"eventloop-stackless", s.stackless, onStacks / 4, 0},
		{"goroutine", s.goroutines, onStacks, s.Tasks},
	}
}

// PythonNeeds is how many bytes of memory Python takes for them, an estimate.
func (s Sleepers) PythonNeeds() uint64 { return scale.Need(0, s.Tasks) }

// tasks is the twin of waiting.py.
func (s Sleepers) tasks(ctx context.Context) (Cost, error) {
	return s.onLoop(ctx, func(co *eventloop.Co, c *count) error {
		sleep := func(co *eventloop.Co) (struct{}, error) {
			c.begin()
			defer c.end()
			return struct{}{}, co.Sleep(s.Sleep)
		}
		tasks := make([]*eventloop.Task[struct{}], s.Tasks)
		for i := range tasks {
			tasks[i] = eventloop.CreateTask(co, sleep)
		}
		for _, task := range tasks {
			if _, err := task.Await(co); err != nil {
				return err
			}
		}
		return nil
	})
}

// stackless has a step that follows each sleep, in place of a task that goes on after it.
func (s Sleepers) stackless(ctx context.Context) (Cost, error) {
	return s.onLoop(ctx, func(co *eventloop.Co, c *count) error {
		goOn := func(_ struct{}, err error) (struct{}, error) {
			c.end()
			return struct{}{}, err
		}
		steps := make([]*eventloop.Future[struct{}], s.Tasks)
		for i := range steps {
			c.begin()
			steps[i] = eventloop.Then(eventloop.After(co, s.Sleep), goOn)
		}
		for _, step := range steps {
			if _, err := step.Await(co); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s Sleepers) onLoop(ctx context.Context, sleep func(*eventloop.Co, *count) error) (Cost, error) {
	return s.measure(func(c *count) error {
		_, err := eventloop.Main(ctx, func(co *eventloop.Co) (struct{}, error) {
			return struct{}{}, sleep(co, c)
		})
		return err
	})
}

func (s Sleepers) goroutines(context.Context) (Cost, error) {
	return s.measure(func(c *count) error {
		var all sync.WaitGroup
		for range s.Tasks {
			all.Go(func() {
				c.begin()
				defer c.end()
				time.Sleep(s.Sleep)
			})
		}
		all.Wait()
		return nil
	})
}

func (s Sleepers) measure(sleep func(*count) error) (Cost, error) {
	var c count
	watch := cost.WatchRSS()
	before, err := watch.Peak() // the highest before, also where there is no reset
	known := err == nil
	began := time.Now()
	if err := sleep(&c); err != nil {
		return Cost{}, err
	}
	found := Cost{Elapsed: time.Since(began)}
	if most := c.most.Load(); most != int64(s.Tasks) {
		return Cost{}, fmt.Errorf("only %d of %d tasks slept at once: let them sleep longer", most, s.Tasks)
	}
	if known {
		after, err := watch.Peak()
		if err != nil {
			return Cost{}, err
		}
		found.Memory = after.Peak - before.Peak
	}
	return found, nil
}

// count is how many sleep, and slept at most.
type count struct{ now, most atomic.Int64 }

func (c *count) begin() {
	now := c.now.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
}

func (c *count) end() { c.now.Add(-1) }

// NewSleepers are those of BenchmarkWaiting: 100,000, or a million, that sleep for so long; 0 is
// 2 s for each 100,000 of them.
func NewSleepers(million bool, sleep time.Duration) Sleepers {
	s := Sleepers{Tasks: 100_000, Sleep: sleep}
	if million {
		s.Tasks = 1_000_000
	}
	if s.Sleep == 0 {
		s.Sleep = time.Duration(s.Tasks) * 20 * time.Microsecond
	}
	return s
}

// Measure runs a row and reports B/job, where the memory is known, and us/job: the time over the
// sleep. It reports no ns/op: the most of it would be the sleep. The error is run's, and then
// nothing is reported.
func (s Sleepers) Measure(b *testing.B, run func() (elapsed time.Duration, memory int64, err error)) error {
	var most int64
	var over time.Duration
	for b.Loop() {
		elapsed, memory, err := run()
		if err != nil {
			return err
		}
		most = max(most, memory) // that of the first: the next ones find what it left behind
		over += elapsed - s.Sleep
	}
	tasks := float64(s.Tasks)
	b.ReportMetric(0, "ns/op")
	if most > 0 {
		b.ReportMetric(float64(most)/tasks, "B/job")
	}
	b.ReportMetric(float64(over.Nanoseconds())/1e3/float64(b.N)/tasks, "us/job")
	return nil
}

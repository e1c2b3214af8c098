// Package scale asks what a million waiting jobs take: bytes and microseconds a
// job, for 1, 10, 100 ... 1,000,000 of them, under each model.
//
//	make bench-scale
//	go test -run '^$' -bench 'Waiting/waiting=1000000/model=pool$' -benchtime 1x ./bench/scale
//
// # What waiting is here
//
// Every job waits at one gate, and the gate opens only when as many jobs wait as
// the model can have waiting: all N for the unbounded goroutines, 100 for a model
// with a limit of 100, one for sequential. So each job really waits, parked, as on
// a connection; no clock is involved; and memory is read at the exact moment when
// all that can be in flight is in flight. Then the gate lets these go, the next
// ones come, and so on until all N are done. "A million waiting jobs" under a
// limit of 100 are therefore 100 that wait and up to 999,900 that are still keys in a
// slice: this is what a limit is, and where its saving comes from.
//
// # What is reported
//
//	B/job      heap objects and stacks at the peak, beyond what was there before, the keys
//	           and the results; garbage not yet collected is counted
//	rss-B/job  the same by the operating system's reckoning (Linux): pages really touched
//	us/job     from the call of Run to its return, over its jobs
//	ns/op      the same of one whole Run
//
// Fewer than a thousand jobs are too few to measure (stacks are reserved 32 KB at a
// time). Of these as many Runs as make a thousand jobs are measured: for memory all
// at once, for time one after another.
//
// # What to learn from it
//
// A waiting goroutine takes 2.7 KB: 2,048 B of stack, 480 of the runtime's g, 112 of the
// sudog by which it hangs on its channel, and its closures. An asyncio task takes 1.5 KB, a Node promise with its timer 0.9 KB.
// Goroutines do not win this one. Both rivals keep a task as the few variables
// that live across an await; a goroutine keeps a stack, so that any function may
// wait, however deep, without being written for it.
//
// No pool saves memory at equal concurrency: a worker is a goroutine, and a
// million workers would be a million goroutines. Only a limit saves memory. If a million things
// must really wait at once, the floor is not to have a goroutine for each:
//
//	BenchmarkBareWait     waits without Jobs
//	  goroutine-cold      2.7 KB, on stacks that the process touches for the first time
//	  goroutine-warm      2.7 KB, on stacks that earlier goroutines left behind: two to four times as fast
//	  timer               0.2 KB: time.AfterFunc has no stack while it waits, a goroutine once it fires
//	  eventloop           3.1 KB: a task that sleeps, which has a stack of its own as a goroutine has
//	  eventloop-stackless 0.23 KB: a future and the step that follows it, in place of the task
//
// Under eventloop a job waits without a task, on the goroutine that fetches and a future: 3.1 KB.
// Under eventloop-to-thread it is a task besides, with a second stack, so a million of them are
// left out. Python's asyncio is beside them in package asyncio.
//
// A cell that needs more memory than there is says so and is left out, before it
// begins: see [Admit].
//
// # One process a cell
//
// The runtime never frees a goroutine's runtime.g, it only uses it again. So the
// second cell of a process finds memory that the first has paid for, whatever is
// collected between them. `overlap bench` gives each cell a process of its own; a
// plain go test -bench over several cells does not, and each cell but the first says so.
package scale

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"example.com/overlap"
)

type (
	job    = overlap.Job[int, int, int]
	result = overlap.Result[int]
)

// A Runner is a model over the jobs of this package, which bring and return their key.
type Runner = overlap.Runner[int, int, int]

// A Streamer is a model's Stream over such jobs.
type Streamer = overlap.Streamer[int, int, int]

const resultBytes = int64(unsafe.Sizeof(result{}))

// patience is how long the gate waits for one more job. It is not a measure of
// anything: a model that cannot fill the gate would hang for ever.
const patience = time.Minute

// A Cost is what jobs took that waited.
type Cost struct {
	Jobs       int           // over all runs
	InFlight   int           // jobs that waited at the same time, over all runs
	Goroutines int           // that were there at the peak and not before
	Bytes      int64         // of heap objects and stacks at the peak, beyond keys and results
	RSS        int64         // growth of resident memory at the peak, beyond keys and results; 0 where unknown
	Elapsed    time.Duration // from call to return of Run, over all runs, without reading the meters
}

// Add takes the cost of the same once more: the peaks are the higher ones, the times
// add up. The later ones of a process find goroutines that the first left behind, so the
// first one's Bytes is the one that counts.
func (c *Cost) Add(again Cost) {
	c.Jobs, c.InFlight = again.Jobs, again.InFlight
	c.Bytes, c.RSS = max(c.Bytes, again.Bytes), max(c.RSS, again.RSS)
	c.Goroutines = max(c.Goroutines, again.Goroutines)
	c.Elapsed += again.Elapsed
}

// peak raises the cost to what the meters say now.
func (c *Cost) peak(now, before reading) {
	c.Bytes = max(c.Bytes, now.bytes()-before.bytes())
	c.RSS = max(c.RSS, now.rss-before.rss)
	c.Goroutines = max(c.Goroutines, now.goroutines-before.goroutines)
}

// Waiting runs so many jobs under a model, of which inFlight (or all, if that is
// fewer) wait at a time, and measures memory whenever that many do. The results
// must be right, and the model must keep to inFlight, both ways: it is an error if
// more jobs are in flight, or if for a minute no further one comes.
//
// With runs above one it measures so many Runs: for memory all at once, for time
// one after another.
//
// When ctx ends the gate opens, and the error is its cause.
func Waiting(ctx context.Context, run Runner, jobs, inFlight, runs int) (Cost, error) {
	overlap.MustLimit("jobs", jobs)
	overlap.MustLimit("inFlight", inFlight)
	overlap.MustLimit("runs", runs)
	keys := make([]int, jobs)
	for i := range keys {
		keys[i] = i
	}
	inFlight = min(jobs, inFlight)
	cost := Cost{Jobs: jobs * runs, InFlight: inFlight * runs}
	var before reading
	var err error
	cost.Elapsed, err = hold(ctx, run, keys, inFlight, runs, func() { before = settle() }, func() {
		results := int64(cost.Jobs) * resultBytes
		now := read()
		now.heap -= results
		now.rss -= results
		cost.peak(now, before)
	})
	if err != nil || runs == 1 {
		return cost, err
	}
	cost.Elapsed = 0
	for range runs {
		elapsed, err := hold(ctx, run, keys, inFlight, 1, func() {}, func() {})
		if err != nil {
			return cost, err
		}
		cost.Elapsed += elapsed
	}
	return cost, nil
}

// hold does runs at once over keys, and holds their jobs at a gate until inFlight
// of each run wait there. It calls ready when all is prepared and no job has begun,
// and peak when all that can wait does (of many such moments, at some 64). It returns
// the time without that spent in them.
func hold(ctx context.Context, run Runner, keys []int, inFlight, runs int, ready, peak func()) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := newGate(len(keys)*runs, inFlight*runs)
	j := job{
		Fetch:   func(ctx context.Context, key int) (int, error) { return key, g.wait(ctx) },
		Process: func(_ context.Context, key int) (int, error) { return key, nil },
	}
	var keeper, callers sync.WaitGroup
	var measuring time.Duration
	keeper.Go(func() {
		if err := g.keep(ctx, func() {
			began := time.Now()
			peak()
			measuring += time.Since(began)
		}); err != nil {
			cancel(err)
		}
		close(g.release[0]) // nobody waits there any more, or everybody shall go
		close(g.release[1])
	})

	all := make([][]result, runs)
	var began time.Time
	if runs == 1 {
		ready()
		began = time.Now()
		all[0] = run(ctx, j, keys)
	} else {
		start := make(chan struct{})
		var here sync.WaitGroup
		here.Add(runs)
		for i := range all {
			callers.Go(func() {
				here.Done()
				<-start
				all[i] = run(ctx, j, keys)
			})
		}
		here.Wait()
		ready()
		began = time.Now()
		close(start)
		callers.Wait()
	}
	elapsed := time.Since(began)
	if ctx.Err() == nil && g.arrived.Load() < g.all {
		cancel(fmt.Errorf("the model returned after %d of %d jobs", g.arrived.Load(), g.all))
	}
	keeper.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	for _, results := range all {
		if err := right(keys, results); err != nil {
			return 0, err
		}
	}
	return elapsed - measuring, nil
}

func right(keys []int, results []result) error {
	if len(results) != len(keys) {
		return fmt.Errorf("%d results for %d keys", len(results), len(keys))
	}
	for i, r := range results {
		if r.Err != nil {
			return fmt.Errorf("job %d: %w", i, r.Err)
		}
		if r.Value != keys[i] {
			return fmt.Errorf("job %d: result %d, want %d", i, r.Value, keys[i])
		}
	}
	return nil
}

// A gate is where all jobs wait. It lets them go wave by wave, each when the whole
// wave is there.
//
// Its jobs wait on two channels, wave by wave on the one and the other: on one alone, a job
// that has just been let go could be back, and take the place of one of its own wave that has
// arrived and not yet begun to wait. Nothing is allocated for a wave, so that what is measured
// is the model. A select on ctx.Done besides would take 200 bytes more
// a job: as with a connection, it is the keeper who heeds ctx and ends the wait.
type gate struct {
	all, wave int64
	arrived   atomic.Int64
	full      chan struct{}    // a value for each whole wave; sending never blocks
	release   [2]chan struct{} // a value for each job that may go; closed, all may
}

func newGate(all, wave int) *gate {
	waves := (all + wave - 1) / wave
	return &gate{all: int64(all), wave: int64(wave), full: make(chan struct{}, waves), release: [2]chan struct{}{make(chan struct{}), make(chan struct{})}}
}

func (g *gate) wait(ctx context.Context) error {
	n := g.arrived.Add(1)
	if n%g.wave == 0 || n == g.all {
		g.full <- struct{}{}
	}
	if _, open := <-g.release[(n-1)/g.wave%2]; !open {
		return context.Cause(ctx)
	}
	return nil
}

// keep lets wave after wave go until all are gone, and calls peak for some while
// they wait.
func (g *gate) keep(ctx context.Context, peak func()) error {
	waves := (g.all + g.wave - 1) / g.wave
	every := max(1, waves/64)
	tick := time.NewTicker(patience)
	defer tick.Stop()
	seen := int64(0)
	for wave := int64(1); wave <= waves; {
		select {
		case <-g.full:
		case <-tick.C:
			now := g.arrived.Load()
			if now == seen {
				return fmt.Errorf("only %d of %d jobs came to wait, then none for %v", now-(wave-1)*g.wave, min(g.wave, g.all-(wave-1)*g.wave), patience)
			}
			seen = now
			continue
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		here := min(wave*g.wave, g.all) - (wave-1)*g.wave
		if wave == 1 || wave == waves || wave%every == 0 {
			peak()
		}
		if n := g.arrived.Load() - (wave-1)*g.wave; n > here {
			return fmt.Errorf("%d jobs in flight, limit %d", n, here)
		}
		for range here {
			g.release[(wave-1)%2] <- struct{}{}
		}
		wave++
	}
	return nil
}

// A Growth is what a Stream took while keys went through it.
type Growth struct {
	Keys    int           // delivered
	Live    int64         // growth of live memory from a tenth of the keys to the last; below 0 if it shrank
	Peak    int64         // heap objects and stacks at most, beyond what was there before; garbage is counted
	Ahead   int           // keys pulled and not delivered, at most
	Elapsed time.Duration // without reading the meters
}

// Endless lets so many keys of an endless input through a model's Stream and then
// breaks out. Constant memory shows as a Live that does not depend on keys.
func Endless(ctx context.Context, stream Streamer, keys int) (Growth, error) {
	overlap.MustLimit("keys", keys)
	growth := Growth{Keys: keys}
	var pulled atomic.Int64
	var endless iter.Seq[int] = func(yield func(int) bool) {
		for key := 0; ; key++ {
			pulled.Add(1)
			if !yield(key) {
				return
			}
		}
	}
	j := job{
		Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
		Process: func(_ context.Context, key int) (int, error) { return key, nil },
	}
	before := settle()
	var early, late reading
	var measuring time.Duration
	began := time.Now()
	delivered := 0
	for key, r := range stream(ctx, j, endless) {
		if r.Err != nil {
			return growth, fmt.Errorf("key %d: %w", key, r.Err)
		}
		if r.Value != key {
			return growth, fmt.Errorf("key %d: result %d", key, r.Value)
		}
		growth.Ahead = max(growth.Ahead, int(pulled.Load())-delivered)
		delivered++
		if delivered%max(1, keys/20) == 0 || delivered == keys {
			pause := time.Now()
			growth.Peak = max(growth.Peak, read().bytes()-before.bytes())
			if delivered <= max(1, keys/10) {
				runtime.GC()
				early = read()
			}
			if delivered == keys {
				runtime.GC()
				late = read()
			}
			measuring += time.Since(pause)
		}
		if delivered == keys {
			break
		}
	}
	growth.Elapsed = time.Since(began) - measuring
	if delivered < keys {
		if ctx.Err() != nil {
			return growth, context.Cause(ctx)
		}
		return growth, fmt.Errorf("the stream ended after %d of %d keys", delivered, keys)
	}
	growth.Live = late.bytes() - early.bytes()
	return growth, nil
}

// A reading is what the meters say at one moment.
type reading struct {
	heap, stacks int64
	rss          int64
	goroutines   int
}

func (r reading) bytes() int64 { return r.heap + r.stacks }

// read takes ReadMemStats for runtime/metrics, though it stops the world: it counts what
// the processors' caches hold too, which is the most of it when jobs are few.
// Nothing runs at the moments when it is called.
func read() reading {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return reading{
		heap: int64(m.HeapAlloc), stacks: int64(m.StackInuse),
		rss: resident(), goroutines: runtime.NumGoroutine(),
	}
}

// settle collects what can be collected, gives it back, and reads the meters.
func settle() reading {
	debug.FreeOSMemory()
	return read()
}

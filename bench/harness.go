package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/calibrate"
	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/schedule"
)

// TooLong is the longest ideal makespan of a cell in the quick set. A cell over
// it says so and skips itself; its makespan is known without running it.
const TooLong = 2 * time.Second

// A cell is one workload at one setting, to be run under one model after the other.
type cell[K, B, R any] struct {
	job   overlap.Job[K, B, R]
	keys  []K
	want  func() ([]overlap.Result[R], error) // what every model must give; found out once, by the first that runs
	equal func(a, b R) bool
	full  bool   // run it, however long it takes
	fully string // how a reader asks for that, if not by the flag -full

	// costs are what each key's job waits and works, where jobs wait: for x-ideal and
	// the rule above. online is true if it waits for a server on loopback.
	costs  []schedule.Job
	online bool

	// able says why this machine cannot have so many jobs in flight; warm opens
	// what is opened once (connections), untimed; seen returns how many jobs the
	// other side has seen in flight since, at most. All may be nil.
	able func(inFlight int) error
	warm func(inFlight int) error
	seen func() (peak int, err error)

	// sent takes the latencies of the cell's jobs, from the begin of Fetch. Where the
	// jobs give it none, since nothing is known of how long they are, rerun runs a
	// model once more, untimed, on jobs that do; it does nothing for a model that it does
	// not know. Both may be nil.
	sent  *stopwatch
	rerun func(ctx context.Context, model string)
}

// run measures one model on the cell. Around b.Loop's timing of whole runs it
// reports
//
//	jobs/s           jobs done a second
//	ns/job           makespan over jobs
//	x-ideal          makespan over the least that is possible, see ideal (where jobs wait,
//	                 and the model's schedule is known)
//	cpu-ns/job       CPU time of this process, user and system, over jobs
//	cores-used       CPU time over the time of the runs that it was taken of
//	peak-inflight    jobs begun and not ended, at most
//	peak-goroutines  goroutines that the model added, at most
//	peak-heap-B      growth of the heap, at most, garbage included
//	peak-stack-B     growth of the stacks, at most
//	peak-rss-B       resident memory of the process, at most (in a process of its own)
//	gc-share         of the CPU time, the garbage collector's (where it ran)
//	sched-p99-us     from when a goroutine could run to when it did, 99th percentile
//	p50-ms ...       latencies of jobs, from the begin of Fetch to the end of Process
//	cancel-ms        from cancel, with as much in flight as there can be, to the return of Run
//	first-result-ms  from the call of Stream to the first result (where there is a Stream)
//
// The results of each run are looked at off the clock. What the collector clears away
// meanwhile is off it too: that is up to a third of the time of a plain loop over empty
// jobs, next to nothing where jobs do something.
//
// It fails if any run's results differ from want, or if more was in flight than
// the model's limit allows. A cell that this machine cannot measure says so in the log.
func (c cell[K, B, R]) run(b *testing.B, m Model[K, B, R]) {
	ideal := c.ideal(m)
	if ideal > TooLong && !c.full {
		b.Skipf("its makespan is %v, computed; %s runs it", ideal, cmp.Or(c.fully, "-full"))
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	peak := len(c.keys)
	if m.Peak > 0 {
		peak = min(peak, m.Peak)
	}
	if c.able != nil {
		if err := c.able(peak); err != nil {
			b.Skipf("this machine cannot: %v", err)
		}
	}
	if c.warm != nil {
		if err := c.warm(peak); err != nil {
			b.Fatalf("warm-up: %v", err)
		}
	}
	want, err := c.want()
	if err != nil {
		b.Fatalf("expected results: %v", err)
	}

	// What watches costs some hundred ns a job: nothing where jobs wait, the whole
	// result where they are empty. There one more run, untimed, is watched.
	counted, peaks := count(c.job)
	timed := c.job
	if ideal > 0 {
		timed = counted
	}
	c.sent.start()
	resident := watchResident()
	memory := cost.WatchMemory(sampling(ideal))
	defer memory.Stop()
	peaks.before = settled()
	if m.Open != nil {
		run, release, err := m.Open()
		if err != nil {
			b.Fatalf("open: %v", err)
		}
		defer release()
		m.Run = run
	}
	var meter meter
	b.ReportAllocs()
	if ideal > 0 {
		meter.start()
	}
	for b.Loop() {
		got := m.Run(ctx, timed, c.keys)
		b.StopTimer()
		if ideal > 0 {
			meter.stop(1)
		}
		c.check(b, got, want)
		if ideal > 0 {
			meter.start()
		}
		b.StartTimer()
	}
	elapsed := b.Elapsed()
	if ideal == 0 {
		c.batch(ctx, m, &meter, elapsed/time.Duration(b.N))
		c.check(b, m.Run(ctx, counted, c.keys), want)
	}
	grown := memory.Stop()
	c.checkPeak(b, m, peaks)
	if c.rerun != nil && m.ours {
		c.rerun(ctx, m.Name)
	}

	jobs := float64(b.N) * float64(len(c.keys))
	b.ReportMetric(jobs/elapsed.Seconds(), "jobs/s")
	b.ReportMetric(float64(elapsed.Nanoseconds())/jobs, "ns/job")
	b.ReportMetric(float64(peaks.inFlight.Load()), "peak-inflight")
	b.ReportMetric(float64(peaks.goroutines.Load()), "peak-goroutines")
	b.ReportMetric(float64(grown.Heap), "peak-heap-B")
	b.ReportMetric(float64(grown.Stacks), "peak-stack-B")
	meter.report(b, len(c.keys))
	resident.report(b)
	if ideal > 0 && m.Ideal != nil {
		b.ReportMetric(float64(elapsed)/float64(b.N)/float64(ideal), "x-ideal")
	}
	c.sent.report(b, "send", "")
	if m.Stream != nil {
		b.ReportMetric(milliseconds(firstResult(ctx, m.Stream, c.job, c.keys)), "first-result-ms")
	}
	b.ReportMetric(milliseconds(cancelled(ctx, m.Run, c.job, c.keys, peak)), "cancel-ms")
	c.online = c.online && m.Ideal != nil // or nobody knows what it asks for in a second
	if why := c.saturated(calibration(b), ideal); why != "" {
		b.Logf("saturated: %s", why)
	}
}

// ideal is the makespan that nothing can beat: the model's own in virtual time, or, if
// that is more, what this process's cores need for the work, none of which can begin before
// the shortest wait is over. It is 0 where jobs do not wait. Of a model whose schedule is
// not known it is the longest job, at least.
func (c cell[K, B, R]) ideal(m Model[K, B, R]) time.Duration {
	if len(c.costs) == 0 {
		return 0
	}
	var work time.Duration
	wait := time.Duration(math.MaxInt64)
	planned := m.Ideal
	if planned == nil {
		planned = schedule.Goroutines
	}
	for _, job := range c.costs {
		work += job.Work
		wait = min(wait, job.Wait)
	}
	return max(planned(c.costs).Makespan, wait+work/time.Duration(runtime.GOMAXPROCS(0)))
}

// saturated says why this machine cannot measure the cell, or "".
func (c cell[K, B, R]) saturated(machine calibrate.Calibration, ideal time.Duration) string {
	if ideal == 0 {
		return ""
	}
	if c.online {
		if why := machine.SaturatedRate(float64(len(c.keys)) / ideal.Seconds()); why != "" {
			return why
		}
	}
	for _, job := range c.costs {
		if why := machine.SaturatedWait(job.Wait); why != "" {
			return why
		}
		if why := machine.SaturatedCost(job.Wait + job.Work); why != "" {
			return why
		}
	}
	return ""
}

// batch meters runs that take 10 ms together, at least: to meter each of many short
// ones would take longer than they do.
func (c cell[K, B, R]) batch(ctx context.Context, m Model[K, B, R], meter *meter, run time.Duration) {
	runs := int(10*time.Millisecond/max(1, run)) + 1
	runtime.GC() // the collector's times are brought up to date by it
	meter.start()
	for range runs {
		m.Run(ctx, c.job, c.keys)
	}
	meter.stop(runs)
}

// firstResult is the time from the call of Stream to its first result. Breaking out
// then waits for the jobs that run, which is not counted.
func firstResult[K, B, R any](ctx context.Context, stream overlap.Streamer[K, B, R], job overlap.Job[K, B, R], keys []K) (first time.Duration) {
	start := time.Now()
	for range stream(ctx, job, slices.Values(keys)) {
		first = time.Since(start)
		break
	}
	return first
}

// cancelled is the time from cancel to the return of Run. It is cancelled when as many
// jobs have begun as can be in flight, so that most of them are.
func cancelled[K, B, R any](ctx context.Context, run overlap.Runner[K, B, R], job overlap.Job[K, B, R], keys []K, inFlight int) time.Duration {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var begun atomic.Int64
	var from atomic.Pointer[time.Time]
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		if begun.Add(1) == int64(inFlight) {
			now := time.Now()
			from.Store(&now)
			cancel()
		}
		return fetch(ctx, key)
	}
	run(ctx, job, keys)
	if from.Load() == nil {
		return 0 // there are no keys
	}
	return time.Since(*from.Load())
}

// settled returns the number of goroutines once those that are ending, of a warm-up
// or of an earlier model, are gone. It takes some milliseconds, at most 100.
func settled() int {
	n := runtime.NumGoroutine()
	for calm, tries := 0, 0; calm < 5 && tries < 100; tries++ {
		time.Sleep(time.Millisecond)
		if now := runtime.NumGoroutine(); now == n {
			calm++
		} else {
			n, calm = now, 0
		}
	}
	return n
}

func (c cell[K, B, R]) check(b *testing.B, got, want []overlap.Result[R]) {
	if err := differ(got, want, c.equal); err != nil {
		b.Fatalf("wrong result: %v", err)
	}
}

// checkPeak holds the model to its limit, by what the jobs counted and by what
// the other side saw.
func (c cell[K, B, R]) checkPeak(b *testing.B, m Model[K, B, R], peaks *peaks) {
	peak := int(peaks.inFlight.Load())
	if m.Peak > 0 && peak > m.Peak {
		b.Fatalf("%d jobs in flight, limit %d", peak, m.Peak)
	}
	if c.seen == nil {
		return
	}
	seen, err := c.seen()
	if err != nil {
		b.Fatal(err)
	}
	if seen < 1 || seen > peak {
		b.Fatalf("the server saw at most %d requests in flight, the jobs counted %d", seen, peak)
	}
}

// differ says where got and want part: the first index, and both results.
func differ[R any](got, want []overlap.Result[R], equal func(a, b R) bool) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d results for %d keys", len(got), len(want))
	}
	for i := range want {
		if got[i].Err != nil || want[i].Err != nil {
			if got[i].Err == nil || want[i].Err == nil || got[i].Err.Error() != want[i].Err.Error() {
				return fmt.Errorf("job %d: error %v, want %v", i, got[i].Err, want[i].Err)
			}
			continue
		}
		if !equal(got[i].Value, want[i].Value) {
			return fmt.Errorf("job %d: %+v, want %+v", i, got[i].Value, want[i].Value)
		}
	}
	return nil
}

// peaks are what count sees.
type peaks struct {
	before     int // goroutines before the model began
	now        atomic.Int64
	inFlight   atomic.Int64
	goroutines atomic.Int64
}

// count wraps job so that the jobs in flight are counted where they happen: from
// the beginning of Fetch to its failure or the end of Process.
func count[K, B, R any](job overlap.Job[K, B, R]) (overlap.Job[K, B, R], *peaks) {
	p := new(peaks)
	return overlap.Job[K, B, R]{
		Fetch: func(ctx context.Context, key K) (body B, err error) {
			raise(&p.inFlight, p.now.Add(1))
			raise(&p.goroutines, int64(runtime.NumGoroutine()-p.before))
			fetched := false
			defer func() {
				if !fetched { // failed, panicked or left: there will be no Process
					p.now.Add(-1)
				}
			}()
			body, err = job.Fetch(ctx, key)
			fetched = err == nil
			return body, err
		},
		Process: func(ctx context.Context, body B) (R, error) {
			defer p.now.Add(-1)
			return job.Process(ctx, body)
		},
	}, p
}

// raise sets max to n if n is more.
func raise(max *atomic.Int64, n int64) {
	for {
		old := max.Load()
		if n <= old || max.CompareAndSwap(old, n) {
			return
		}
	}
}

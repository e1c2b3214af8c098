package measure

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
)

// onAllCores runs work on GOMAXPROCS goroutines and returns how long it took until
// the last was done.
func onAllCores(work func()) time.Duration {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for range runtime.GOMAXPROCS(0) {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			work()
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return time.Since(start)
}

const (
	harnessRounds = 11
	harnessJobs   = 5_000 // a core a round: a millisecond or two, as counting contends
)

// harness is what wrap adds to an empty job, with all cores counting at once, since
// they do so in a benchmark: what they count in is shared, and to share costs most of
// it. With and without take turns, and the median of the differences is
// taken, so that drift is in both. When ctx ends it returns what it has.
func harness(ctx context.Context, wrap Wrapper) time.Duration {
	bare := overlap.Job[int, int, int]{
		Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
		Process: func(_ context.Context, body int) (int, error) { return body, nil },
	}
	counted, plain := wrap(bare), uncounted(bare)
	perJob := func(do func(context.Context, int)) time.Duration {
		return onAllCores(func() { doAll(ctx, do, harnessJobs) }) / harnessJobs
	}
	perJob(plain) // not counted: caches fill, threads start
	perJob(counted)
	var added []time.Duration
	for range harnessRounds {
		without := perJob(plain)
		with := perJob(counted)
		if ctx.Err() != nil {
			break
		}
		added = append(added, with-without)
	}
	return max(0, median(added))
}

func uncounted(job overlap.Job[int, int, int]) func(context.Context, int) {
	return func(ctx context.Context, key int) {
		if body, err := job.Fetch(ctx, key); err == nil {
			_, _ = job.Process(ctx, body)
		}
	}
}

func doAll(ctx context.Context, do func(context.Context, int), n int) {
	const few = 100 // jobs between two looks at ctx, which are not to be measured
	for i := range n {
		if i%few == 0 && ctx.Err() != nil {
			return
		}
		do(ctx, i)
	}
}

const (
	// chunk is the steps of CPU work between two looks at the clock, some tenth of a
	// millisecond: short against a scheduler's slice and a quota's period, so that
	// neither stretches the median chunk.
	chunk = 100_000

	aloneFor = 50 * time.Millisecond

	// togetherFor is three periods of a Linux container's quota (100 ms): a quota lets
	// all cores run until it is used up, and only over whole periods is it seen.
	togetherFor = 300 * time.Millisecond
)

// cores is how many cores the process gets if it wants all. One goroutine that works
// alone tells how long a chunk takes on a whole core; one on each core, how many of
// them are done at once. Two that share a core's halves (SMT), or run at a lower
// clock together, are less than two, which is what a benchmark has of them. do does a
// chunk. When ctx ends, cores returns 0.
func cores(ctx context.Context, do func(uint64) uint64) float64 {
	var sum atomic.Uint64 // keeps the work
	work := func(d time.Duration, each func(took time.Duration)) {
		x := uint64(1)
		for begin := time.Now(); time.Since(begin) < d && ctx.Err() == nil; {
			start := time.Now()
			x = do(x)
			each(time.Since(start))
		}
		sum.Add(x)
	}
	var alone []time.Duration
	work(aloneFor, func(took time.Duration) { alone = append(alone, took) })

	var chunks atomic.Int64
	took := onAllCores(func() {
		n := int64(0)
		work(togetherFor, func(time.Duration) { n++ })
		chunks.Add(n)
	})
	if ctx.Err() != nil {
		return 0
	}
	return float64(chunks.Load()) * float64(median(alone)) / float64(took)
}

// spin is a chunk of the work that bench.Spin does, which a package below bench
// cannot import: a chain of multiplications, each of which needs the one before.
func spin(x uint64) uint64 {
	for range chunk {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

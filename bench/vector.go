package bench

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/calibrate"
	"example.com/overlap/bench/cost"
)

// What a run of rounds tells its processes; see package rounds.
const (
	calibrationEnv = "OVERLAP_CALIBRATION"
	latenciesEnv   = "OVERLAP_LATENCIES"
)

// sampling is how often heap and stacks are looked at while a model runs: every 5 ms, or,
// if an operation takes longer than 200 ms, forty times in it. A look costs about 70 µs
// of CPU on an idle machine, nearly all of it to wake up, which would be a fifth of
// what a page costs where one after another is waited for.
func sampling(operation time.Duration) time.Duration { return max(5*time.Millisecond, operation/40) }

// calibration is what this machine can measure; without one, everything.
func calibration(b *testing.B) calibrate.Calibration {
	line := os.Getenv(calibrationEnv)
	if line == "" {
		return calibrate.Calibration{}
	}
	c, err := calibrate.Parse(line)
	if err != nil {
		b.Fatalf("%s: %v", calibrationEnv, err)
	}
	return c
}

// A meter adds up what runs use.
type meter struct {
	before, after cost.Reading
	used          cost.Used
	runs          int
	began         time.Time
	wall          time.Duration // of the runs
}

// quiet is long enough for the threads that have nothing more to do to go to sleep.
// The kernel counts one that runs by its ticks, 1 to 10 ms apart, and brings it up to
// date when it stops: a reading right at the end of a run would miss the last of it.
const quiet = 2 * time.Millisecond

func (m *meter) start() {
	time.Sleep(quiet)
	m.before.Start()
	m.began = time.Now()
}

// stop adds what was used since start, by so many runs.
func (m *meter) stop(runs int) {
	m.wall += time.Since(m.began)
	time.Sleep(quiet)
	m.after.Stop()
	m.used.Add(m.after.Sub(&m.before))
	m.runs += runs
}

// report reports what was used for a job, with so many of them in a run, as far as
// it is known.
func (m *meter) report(b *testing.B, jobs int) {
	if m.used.CPUErr == nil {
		b.ReportMetric(float64(m.used.CPU.Nanoseconds())/float64(m.runs*jobs), "cpu-ns/job")
		b.ReportMetric(m.used.CPU.Seconds()/m.wall.Seconds(), "cores-used")
	}
	if share, ok := m.used.GC.Share(); ok {
		b.ReportMetric(share, "gc-share")
	}
	if p99, ok := m.used.Sched.Quantile(0.99); ok {
		b.ReportMetric(float64(p99.Nanoseconds())/1e3, "sched-p99-us")
	}
}

// resident watches the memory of a process that runs this cell and no other: the
// peak is of the whole process.
type resident struct{ watch *cost.RSSWatch }

func watchResident() resident {
	if os.Getenv(latenciesEnv) == "" {
		return resident{}
	}
	w := cost.WatchRSS()
	return resident{&w}
}

func (r resident) report(b *testing.B) {
	if r.watch == nil {
		return
	}
	if rss, err := r.watch.Peak(); err == nil {
		b.ReportMetric(float64(rss.Peak), "peak-rss-B")
	}
}

// A stopwatch takes the latencies of jobs, of one model after the other. A nil one
// takes none.
type stopwatch struct {
	now atomic.Pointer[cost.Latencies]
}

// start forgets what was before.
func (s *stopwatch) start() {
	if s != nil {
		s.now.Store(cost.NewLatencies())
	}
}

func (s *stopwatch) record(d time.Duration) {
	if l := s.now.Load(); l != nil {
		l.Record(d)
	}
}

// report ends the watch and reports its percentiles, under the prefix; the whole
// distribution goes where a run of rounds wants it, to be merged with others.
func (s *stopwatch) report(b *testing.B, kind, prefix string) {
	if s == nil {
		return
	}
	l := s.now.Swap(nil)
	for _, q := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}} {
		latency, ok := l.Quantile(q.share)
		if !ok {
			return
		}
		b.ReportMetric(milliseconds(latency), prefix+q.name+"-ms")
	}
	if path := os.Getenv(latenciesEnv); path != "" {
		if err := keep(path, kind, l); err != nil {
			b.Fatal(err)
		}
	}
}

// keep adds a line to the file of latencies.
func keep(path, kind string, l *cost.Latencies) error {
	text, err := l.Encode()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := fmt.Fprintf(file, "%s %s\n", kind, text); err != nil {
		return err
	}
	return file.Close()
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// stamped is a body that takes the begin of its job's Fetch along.
type stamped[B any] struct {
	body  B
	begun time.Time
}

// stamp makes of a job the same one that gives s its latencies. A job that fails has none.
func stamp[K, B, R any](job overlap.Job[K, B, R], s *stopwatch) overlap.Job[K, stamped[B], R] {
	return overlap.Job[K, stamped[B], R]{
		Fetch: func(ctx context.Context, key K) (sb stamped[B], err error) {
			sb.begun = time.Now()
			sb.body, err = job.Fetch(ctx, key)
			return sb, err
		},
		Process: func(ctx context.Context, sb stamped[B]) (R, error) {
			value, err := job.Process(ctx, sb.body)
			if err == nil {
				s.record(time.Since(sb.begun))
			}
			return value, err
		},
	}
}

// Watched returns a function that does one of job's jobs as the harness has it done
// where jobs wait: counted and stamped. What that costs is for the machine's
// calibration to find out.
func Watched(job overlap.Job[int, int, int]) func(ctx context.Context, key int) {
	watch := new(stopwatch)
	watch.start()
	watched, _ := count(stamp(job, watch))
	return func(ctx context.Context, key int) {
		if body, err := watched.Fetch(ctx, key); err == nil {
			_, _ = watched.Process(ctx, body)
		}
	}
}

package cost

import (
	"math"
	"runtime/metrics"
	"time"
)

// A Reading is what the process had used at one moment: CPU time, what the runtime
// had put down for the garbage collector, and its histogram of scheduling delays.
// Two of them, taken before and after, give what a run used:
//
//	var before, after cost.Reading
//	var used cost.Used
//	for range runs {
//		before.Start()
//		run()
//		after.Stop()
//		used.Add(after.Sub(&before))
//	}
//
// The zero Reading is ready; use it again and again, since only its first reading
// allocates. It must not be copied after that, nor used by two goroutines at once.
// Start or Stop costs one to two microseconds, and stops nobody.
type Reading struct {
	_       noCopy
	cpu     time.Duration
	err     error
	samples [metricCount]metrics.Sample
}

// noCopy lets go vet see a copy: the histogram inside would be shared.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

const (
	gcTotal = iota
	gcIdle
	cpuTotal
	cpuIdle
	schedLatencies
	metricCount
)

var metricNames = [metricCount]string{
	gcTotal:        "/cpu/classes/gc/total:cpu-seconds",
	gcIdle:         "/cpu/classes/gc/mark/idle:cpu-seconds",
	cpuTotal:       "/cpu/classes/total:cpu-seconds",
	cpuIdle:        "/cpu/classes/idle:cpu-seconds",
	schedLatencies: "/sched/latencies:seconds",
}

// Start takes the reading before a run. It reads the CPU time last, so that its own
// work is not in the difference.
func (r *Reading) Start() {
	r.runtime()
	r.cpu, r.err = cpuTime()
}

// Stop takes the reading after a run: the CPU time first.
func (r *Reading) Stop() {
	r.cpu, r.err = cpuTime()
	r.runtime()
}

func (r *Reading) runtime() {
	for i := range r.samples {
		r.samples[i].Name = metricNames[i]
	}
	metrics.Read(r.samples[:])
}

// seconds is a metric that counts seconds, 0 if the runtime does not have it.
func (r *Reading) seconds(i int) float64 {
	if v := r.samples[i].Value; v.Kind() == metrics.KindFloat64 {
		return v.Float64()
	}
	return 0
}

// Sub returns what was used from before to r. It allocates a copy of the histogram
// (1.3 KB): call it outside of what is measured.
func (r *Reading) Sub(before *Reading) Used {
	used := Used{CPU: r.cpu - before.cpu, CPUErr: r.err}
	if used.CPUErr == nil {
		used.CPUErr = before.err
	}
	if used.CPUErr != nil {
		used.CPU = 0
	}
	lapse := func(i int) time.Duration {
		return time.Duration(math.Round((r.seconds(i) - before.seconds(i)) * 1e9))
	}
	used.GC = GC{Collector: lapse(gcTotal), Spare: lapse(gcIdle), Busy: lapse(cpuTotal) - lapse(cpuIdle), Total: lapse(cpuTotal)}
	used.Sched = between(before.histogram(), r.histogram())
	return used
}

func (r *Reading) histogram() *metrics.Float64Histogram {
	if v := r.samples[schedLatencies].Value; v.Kind() == metrics.KindFloat64Histogram {
		return v.Float64Histogram()
	}
	return nil
}

// Used is what the process used between two readings, or in several such spans that
// were added up.
type Used struct {
	CPU    time.Duration // user and system, see the function CPU
	CPUErr error         // why CPU is not known; CPU is then 0
	GC     GC
	Sched  Sched
}

// Add adds what another span used. Counts are added, so that the quantiles and
// shares of the sum are those of all spans together, not averages of theirs.
func (u *Used) Add(v Used) {
	u.CPU += v.CPU
	if u.CPUErr == nil {
		u.CPUErr = v.CPUErr
	}
	u.GC.Collector += v.GC.Collector
	u.GC.Spare += v.GC.Spare
	u.GC.Busy += v.GC.Busy
	u.GC.Total += v.GC.Total
	u.Sched.add(v.Sched)
}

// GC is the garbage collector's part of the CPU time, as the runtime estimates it.
// It is to be compared with itself only: these are times of Ps, not of the operating
// system's clock, so a P whose thread waits for a core counts as busy.
//
// The runtime brings these numbers up to date once a cycle, at the end of marking
// (gcMarkTermination); between two cycles they stand still. A difference therefore
// spans from the last cycle that ended before the first reading to the last that
// ended before the second. Begin right after a runtime.GC and have a few cycles in
// the span, and the two differ little. With no cycle ended in between everything is
// zero and Share is absent: that is not a share of 0, though it is seldom far from it.
type GC struct {
	Collector time.Duration // /cpu/classes/gc/total: marking, assists, pauses; sweeping is not in it
	Spare     time.Duration // /cpu/classes/gc/mark/idle: that part of Collector done on Ps that had nothing else to do
	Busy      time.Duration // /cpu/classes/total less /cpu/classes/idle
	Total     time.Duration // /cpu/classes/total: GOMAXPROCS times the time spanned, 0 if no cycle ended
}

// Share is the part of the busy CPU time that the collector took, 0 to 1. It counts
// marking on idle Ps too: where jobs only wait it can be near 1 and cost nobody
// anything (see Spare). It is absent if no cycle ended in the span.
func (g GC) Share() (share float64, ok bool) {
	if g.Busy <= 0 {
		return 0, false
	}
	return min(max(float64(g.Collector)/float64(g.Busy), 0), 1), true
}

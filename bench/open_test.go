package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"example.com/overlap/bench/calibrate"
	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/openloop"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

const (
	// openFor is how long arrivals come in one operation of BenchmarkOpen.
	openFor = 250 * time.Millisecond
	// openBacklog is how many may wait to be taken. What does not keep up fills it, and
	// then drops; that it is small keeps the benchmark short.
	openBacklog = 16
)

// BenchmarkOpen is the open loop: pages are asked for when they are due, whether or
// not the ones before have come, as users and queues do. So its time is given, and
// what is measured is how long jobs take: from the send, and from when they were due.
// A model that does not keep up is late, and at last drops what it has no room for.
//
// 300 a second of 10.8 ms each are 3.2 in flight (Little's law): four workers are enough
// for arrivals at a constant rate, and have a queue before them when arrivals bunch.
// Where goroutines, which have no limit, are late, it is the machine that is.
//
// Forms that have no Stream have no open loop.
func BenchmarkOpen(b *testing.B) {
	const latency = 10 * time.Millisecond
	site := startSite(b, 100)
	for _, arrivals := range flags.arrivals.or("poisson") {
		for _, rate := range flags.rate.or(300) {
			c := openCell{site: site, latency: latency, rate: rate}
			c.schedule = openloop.Constant(float64(rate))
			if arrivals == "poisson" {
				c.schedule = openloop.Poisson(float64(rate), 1)
			}
			for _, workers := range flags.workers.or(4) {
				limit := Limit{InFlight: workers, Process: runtime.GOMAXPROCS(0)}
				for _, m := range shown("Open", Models[openloop.Arrival[string], openloop.Sent[pages.Body], pages.Page](limit)) {
					b.Run(fmt.Sprintf("arrivals=%s/rate=%d/latency=%v/workers=%d/model=%s", arrivals, rate, latency, workers, m.Name), func(b *testing.B) {
						c.run(b, m)
					})
				}
			}
		}
	}
}

type openCell struct {
	site     *site.Site
	latency  time.Duration
	rate     int
	schedule openloop.Schedule
}

// run measures one model on arrivals, and reports
//
//	offered-jobs/s          arrivals a second
//	jobs/s                  jobs that succeeded a second
//	dropped-jobs/op         arrivals that found the backlog full
//	late-jobs/op            jobs that began later than due by over openloop.DefaultTolerance
//	p50-ms ...              from the begin of Fetch
//	intended-p50-ms ...     from when they were due
//
// and what every cell does of CPU, memory, goroutines, collector and scheduler; the arrivals'
// own part in it is the same for all. There is no ns/op: it is the schedule's.
func (c openCell) run(b *testing.B, m Model[openloop.Arrival[string], openloop.Sent[pages.Body], pages.Page]) {
	if m.Stream == nil {
		b.Skip(openloop.NoStream(m.Name))
	}
	inFlight := c.rate // unbounded: at most what comes in a second
	if m.Peak > 0 {
		inFlight = m.Peak
	}
	if err := mockserver.CheckFiles(inFlight); err != nil {
		b.Skipf("this machine cannot: %v", err)
	}
	client, err := clients.New(flags.client, inFlight, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	defer client.CloseIdleConnections()
	connections := min(inFlight, max(1, 2*int(float64(c.rate)*c.latency.Seconds())))
	if err := client.Connect(b.Context(), c.site.PageURL(0), connections); err != nil {
		b.Fatalf("warm-up: %v", err)
	}
	var keys []string
	for i := range c.site.Settings.Pages {
		keys = append(keys, fmt.Sprintf("%s?latency=%v", c.site.PageURL(i), c.latency))
	}

	var sent, intended stopwatch
	job, peaks := count(client.Job(0))
	config := openloop.Config{Schedule: c.schedule, For: openFor, Backlog: openBacklog, FromSend: sent.record, FromIntended: intended.record}
	endless := func(yield func(string) bool) {
		for i := 0; yield(keys[i%len(keys)]); i++ {
		}
	}
	sent.start()
	intended.start()
	peaks.before = settled()
	b.ReportAllocs()
	resident := watchResident()
	memory := cost.WatchMemory(sampling(openFor))
	defer memory.Stop()
	var total openloop.Report
	var meter meter
	meter.start()
	for b.Loop() {
		r, err := openloop.Run(b.Context(), m.Stream, job, endless, config)
		b.StopTimer()
		meter.stop(1)
		if err != nil {
			b.Fatal(err)
		}
		if r.Failed > 0 {
			b.Fatalf("%d of %d jobs failed", r.Failed, r.Handed)
		}
		total.Offered += r.Offered
		total.Dropped += r.Dropped
		total.Late += r.Late
		total.Done += r.Done
		total.Elapsed += r.Elapsed
		meter.start()
		b.StartTimer()
	}
	grown := memory.Stop()
	if total.Done == 0 {
		b.Fatalf("no arrivals in %v at %d a second: a higher -rate, please", openFor, c.rate)
	}
	runs := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(total.Offered)/(runs*openFor.Seconds()), "offered-jobs/s")
	b.ReportMetric(total.Achieved(), "jobs/s")
	b.ReportMetric(float64(total.Dropped)/runs, "dropped-jobs/op")
	b.ReportMetric(float64(total.Late)/runs, "late-jobs/op")
	b.ReportMetric(float64(peaks.inFlight.Load()), "peak-inflight")
	b.ReportMetric(float64(peaks.goroutines.Load()), "peak-goroutines")
	b.ReportMetric(float64(grown.Heap), "peak-heap-B")
	b.ReportMetric(float64(grown.Stacks), "peak-stack-B")
	meter.report(b, total.Done/b.N)
	resident.report(b)
	sent.report(b, "send", "")
	intended.report(b, "intended", "intended-")
	if why := c.saturated(calibration(b)); why != "" {
		b.Logf("saturated: %s", why)
	}
}

func (c openCell) saturated(machine calibrate.Calibration) string {
	if why := machine.SaturatedRate(float64(c.rate)); why != "" {
		return why
	}
	return machine.SaturatedWait(c.latency)
}

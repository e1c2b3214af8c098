package guards

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
)

// startSite starts a site that ends with the benchmark.
func startSite(b *testing.B, settings mockserver.Settings) *site.Site {
	server, err := site.Start(settings)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Close()) })
	return server
}

// A meter takes what all iterations of a benchmark use.
type meter struct {
	cpu time.Duration
	err error
}

func startMeter(b *testing.B) meter {
	b.ReportAllocs()
	cpu, err := cost.CPU()
	return meter{cpu, err}
}

// report reports
//
//	jobs/s       jobs done a second
//	ns/job       makespan over jobs
//	cpu-ns/job   CPU time of this process, over jobs
//	cores-used   CPU time over makespan
func (m meter) report(b *testing.B, jobs int) {
	cpu, err := cost.CPU()
	all := float64(b.N) * float64(jobs)
	b.ReportMetric(all/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/job")
	if m.err == nil && err == nil {
		b.ReportMetric(float64((cpu-m.cpu).Nanoseconds())/all, "cpu-ns/job")
		b.ReportMetric((cpu-m.cpu).Seconds()/b.Elapsed().Seconds(), "cores-used")
	}
}

package bench

import (
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// BenchmarkPages fetches web pages over HTTP on loopback, from a mock server in
// another process that answers after the latency, and parses them: the job that
// concurrency is for.
func BenchmarkPages(b *testing.B) {
	counts := flags.tasks.or(100, 1000)
	site := startSite(b, slices.Max(counts))
	for _, latency := range flags.latency.or(10*time.Millisecond, 50*time.Millisecond) {
		for _, tasks := range counts {
			c := pagesCell(b, site, tasks, latency)
			for _, m := range Models[string, pages.Body, pages.Page](flags.limit()) {
				b.Run(fmt.Sprintf("latency=%v/tasks=%d/model=%s", latency, tasks, m.Name), func(b *testing.B) {
					c.run(b, m)
				})
			}
		}
	}
}

// limit is what bounds the models in BenchmarkPages. Parsing is CPU work, so the
// pipeline has as many processors as there are cores to run them.
func (s *settings) limit() Limit {
	processors := s.processors
	if processors == 0 {
		processors = runtime.GOMAXPROCS(0)
	}
	return Limit{InFlight: s.inFlight, Process: processors, Buffer: s.buffer}
}

func pagesCell(b testing.TB, site *site, tasks int, latency time.Duration) cell[string, pages.Body, pages.Page] {
	if err := mockserver.CheckFiles(tasks); err != nil {
		b.Fatal(err)
	}
	client := pages.NewClient(tasks, time.Minute)
	b.Cleanup(client.CloseIdleConnections)
	c := cell[string, pages.Body, pages.Page]{
		job:   pages.Job(client, 0),
		keys:  make([]string, tasks),
		equal: func(a, b pages.Page) bool { return reflect.DeepEqual(a, b) },
		costs: slices.Repeat([]schedule.Job{{Wait: latency}}, tasks),
		full:  flags.full,
	}
	plain := make([]string, tasks) // the same pages, without the latency
	for i := range c.keys {
		plain[i] = site.url + mockserver.PagePath(i)
		c.keys[i] = fmt.Sprintf("%s?latency=%v", plain[i], latency)
	}
	// The right results are those of a sequential run that does not wait, and
	// that needs no network either.
	transport, err := mockserver.NewTransport(settingsOf(site.pages))
	if err != nil {
		b.Fatal(err)
	}
	c.want = sequential.Run(b.Context(), pages.Job(&http.Client{Transport: transport}, 0), plain)
	for i := range c.want {
		c.want[i].Value.URL = c.keys[i]
	}
	if failed := overlap.Failures(c.want); failed > 0 {
		b.Fatalf("%d of the expected results are errors: %v", failed, overlap.Errors(c.want))
	}
	c.warm = func(inFlight int) error {
		if err := site.connect(b.Context(), client, inFlight); err != nil {
			return err
		}
		_, err := site.record()
		return err
	}
	c.seen = func() (peak int, err error) {
		record, err := site.record()
		return int(record.PeakInFlight), err
	}
	return c
}

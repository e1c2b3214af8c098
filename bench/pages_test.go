package bench

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// BenchmarkPages fetches web pages over HTTP on loopback, from a mock server in
// another process that answers after the latency, and parses them: the job that
// concurrency is for.
func BenchmarkPages(b *testing.B) {
	cells := flags.pages()
	site := startSite(b, cells[len(cells)-1].tasks)
	for _, p := range cells {
		c := pagesCell(b, flags.client, site, p.tasks, p.latency)
		limit := flags.limit(p.latency)
		for _, m := range shown("Pages", Models[string, stamped[pages.Body], pages.Page](limit)) {
			b.Run(fmt.Sprintf("latency=%v/inflight=%d/tasks=%d/model=%s", p.latency, limit.InFlight, p.tasks, m.Name), func(b *testing.B) {
				c.run(b, m)
			})
		}
	}
}

// pagesOf are one setting of BenchmarkPages.
type pagesOf struct {
	latency time.Duration
	tasks   int
}

// pages are the settings of BenchmarkPages, the most pages last: what -latency and
// -tasks say, each with each. Without them 500 pages of 10 ms are left out: at the same
// rate they take as long as those of 50 ms, and tell the same.
func (s *settings) pages() (all []pagesOf) {
	for _, latency := range s.latency.or(10*time.Millisecond, 50*time.Millisecond) {
		for _, tasks := range s.tasks.or(100, 500) {
			all = append(all, pagesOf{latency, tasks})
		}
	}
	if len(s.latency.values)+len(s.tasks.values) == 0 {
		all = slices.DeleteFunc(all, func(p pagesOf) bool { return p == pagesOf{10 * time.Millisecond, 500} })
	}
	slices.SortStableFunc(all, func(a, b pagesOf) int { return cmp.Compare(a.tasks, b.tasks) })
	return all
}

// pagesPerSecond is what the limits of BenchmarkPages ask for, unless -inflight says
// otherwise: a fifth of what loopback carries on two cores (15,000 to 20,000), so that
// what is measured is waiting, and not who gets the processor.
const pagesPerSecond = 3_000

// limit is what bounds the models in BenchmarkPages: by Little's law, so many in
// flight as are needed for pagesPerSecond. Parsing is CPU work, so the pipeline has
// as many processors as there are cores to run them.
func (s *settings) limit(latency time.Duration) Limit {
	inFlight, processors := s.inFlight, s.processors
	if inFlight == 0 {
		inFlight = max(1, int(pagesPerSecond*latency.Seconds()))
	}
	if processors == 0 {
		processors = runtime.GOMAXPROCS(0)
	}
	return Limit{InFlight: inFlight, Process: processors, Buffer: s.buffer}
}

func pagesCell(b testing.TB, name string, site *site.Site, tasks int, latency time.Duration) cell[string, stamped[pages.Body], pages.Page] {
	client, err := clients.New(name, tasks, time.Minute)
	require.NoError(b, err)
	b.Cleanup(client.CloseIdleConnections)
	watch := new(stopwatch)
	c := cell[string, stamped[pages.Body], pages.Page]{
		job:    stamp(client.Job(0), watch),
		keys:   make([]string, tasks),
		equal:  func(a, b pages.Page) bool { return reflect.DeepEqual(a, b) },
		costs:  slices.Repeat([]schedule.Job{{Wait: latency}}, tasks),
		online: true,
		full:   flags.full,
		sent:   watch,
	}
	for i := range c.keys {
		c.keys[i] = fmt.Sprintf("%s?latency=%v", site.PageURL(i), latency)
	}
	c.want = sync.OnceValues(func() ([]overlap.Result[pages.Page], error) {
		return site.Expected(b.Context(), c.keys)
	})
	c.able = mockserver.CheckFiles
	c.warm = func(inFlight int) error {
		if err := client.Connect(b.Context(), site.PageURL(0), inFlight); err != nil {
			return err
		}
		_, err := site.Record()
		return err
	}
	c.seen = func() (peak int, err error) {
		record, err := site.Record()
		return int(record.PeakInFlight), err
	}
	return c
}

// startSite starts a site of so many pages that ends with the benchmark.
func startSite(b testing.TB, pages int) *site.Site {
	s, err := site.Start(mockserver.Settings{Seed: 1, Pages: pages, PageSize: 4096, Links: 10})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

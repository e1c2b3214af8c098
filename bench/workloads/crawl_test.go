package workloads

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// The crawl: 206 pages within four links of the first, of a site of 800.
const (
	crawlDepth    = 4
	crawlInFlight = 30
)

// BenchmarkCrawl follows links over HTTP on loopback, level by level and with a frontier
// (pages.CrawlLevels, pages.CrawlFrontier), where all pages take as long and where a few take
// long. What a barrier costs is the difference of two rows of the second.
//
// An operation is one crawl. Its keys are the pages that it must find, of which it is given
// the first.
func BenchmarkCrawl(b *testing.B) {
	for _, latency := range []mockserver.Latency{
		{Profile: mockserver.Constant, Mean: 20 * time.Millisecond},
		{Profile: mockserver.HeavyTail, Mean: 20 * time.Millisecond},
	} {
		b.Run("latency="+string(latency.Profile), func(b *testing.B) {
			server, err := site.Start(mockserver.Settings{Seed: 1, Pages: 800, PageSize: 4096, Links: 4, Latency: latency})
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, server.Close()) })
			crawling(b, server).Run(b)
		})
	}
}

func crawling(b testing.TB, server *site.Site) bench.Comparison[string, pages.Body, pages.Page] {
	reference := crawlInMemory(b, server)
	client := pages.NewClient(len(reference.urls), time.Minute)
	b.Cleanup(client.CloseIdleConnections)
	return bench.Comparison[string, pages.Body, pages.Page]{
		Job:      pages.Job(client, 0),
		Keys:     reference.urls,
		Limits:   []bench.Limit{{InFlight: crawlInFlight, Process: runtime.GOMAXPROCS(0)}},
		Models:   reference.models,
		Costs:    reference.costs,
		Loopback: true,
		Warm:     func(inFlight int) error { return pages.Connect(b.Context(), client, reference.urls[0], inFlight) },
		Want:     func() ([]overlap.Result[pages.Page], error) { return reference.results, nil },
	}
}

// A crawled site is what a crawl must find: the pages in the order of a sequential crawl, and
// how many are at each distance.
type crawled struct {
	urls    []string
	results []overlap.Result[pages.Page]
	costs   []schedule.Job
	levels  []int
}

// crawlInMemory crawls the site without the server, and so without its latencies.
func crawlInMemory(b testing.TB, server *site.Site) (c crawled) {
	settings := server.Settings
	settings.Latency = mockserver.Latency{}
	transport, err := mockserver.NewTransport(settings)
	require.NoError(b, err)
	job := pages.Job(&http.Client{Transport: transport}, 0)
	seed := pages.Crawl{Seeds: []string{server.PageURL(0)}, Depth: crawlDepth}
	for url, visit := range pages.CrawlLevels(b.Context(), job, sequential.Run[string, pages.Body, pages.Page], seed) {
		require.NoError(b, visit.Err)
		c.urls = append(c.urls, url)
		c.results = append(c.results, visit.Result)
		c.costs = append(c.costs, schedule.Job{Wait: server.Settings.Latency.For(settings.Seed, url[len(server.URL):])})
		for len(c.levels) <= visit.Depth {
			c.levels = append(c.levels, 0)
		}
		c.levels[visit.Depth]++
	}
	return c
}

// models are the crawls, each form under a few models.
func (c crawled) models(limit bench.Limit) (models []bench.Model[string, pages.Body, pages.Page]) {
	for _, m := range bench.Models[string, pages.Body, pages.Page](limit) {
		if !slices.Contains([]string{"pool", "goroutines", "pipeline", "eventloop-limit"}, m.Name) {
			continue
		}
		levels, frontier := m, m
		levels.Name += "-levels"
		levels.Run = inOrder(func(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
			return pages.CrawlLevels(ctx, job, m.Run, crawl)
		})
		levels.Ideal = c.barriers(m.Ideal)
		frontier.Name += "-frontier"
		frontier.Run = inOrder(func(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
			return pages.CrawlFrontier(ctx, job, m.Stream, crawl)
		})
		frontier.Ideal = nil // it depends on who is first where several end at one moment
		levels.Stream, frontier.Stream = nil, nil
		models = append(models, levels, frontier)
	}
	return models
}

// barriers is the schedule of one level after the other.
func (c crawled) barriers(ideal func([]schedule.Job) schedule.Plan) func([]schedule.Job) schedule.Plan {
	return func(jobs []schedule.Job) (all schedule.Plan) {
		for _, n := range c.levels {
			level := ideal(jobs[:n])
			for _, done := range level.Done {
				all.Done = append(all.Done, all.Makespan+done)
			}
			all.Makespan += level.Makespan
			all.PeakInFlight = max(all.PeakInFlight, level.PeakInFlight)
			jobs = jobs[n:]
		}
		return all
	}
}

// inOrder makes of a crawl from the first of the keys a Runner that gives the results of all
// of them. A page that was not found says so.
func inOrder(crawl func(context.Context, overlap.Job[string, pages.Body, pages.Page], pages.Crawl) iter.Seq2[string, pages.Visit]) overlap.Runner[string, pages.Body, pages.Page] {
	return func(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], keys []string) []overlap.Result[pages.Page] {
		visits := maps.Collect(crawl(ctx, job, pages.Crawl{Seeds: keys[:1], Depth: crawlDepth}))
		results := make([]overlap.Result[pages.Page], len(keys))
		for i, key := range keys {
			visit, found := visits[key]
			if !found {
				visit.Err = fmt.Errorf("%s was not found", key)
			}
			delete(visits, key)
			results[i] = visit.Result
		}
		if len(visits) > 0 {
			results[0] = overlap.Result[pages.Page]{Err: fmt.Errorf("%d pages too many were found", len(visits))}
		}
		return results
	}
}

// What is compared must be the same crawl.
func TestCrawlsFindTheSame(t *testing.T) {
	server, err := site.Start(mockserver.Settings{Seed: 1, Pages: 800, Links: 4})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	reference := crawlInMemory(t, server)
	t.Logf("pages at each distance: %v", reference.levels)
	require.Greater(t, len(reference.urls), 200)
	client := pages.NewClient(len(reference.urls), time.Minute)
	defer client.CloseIdleConnections()
	for _, m := range reference.models(bench.Limit{InFlight: crawlInFlight}) {
		require.Equal(t, reference.results, m.Run(t.Context(), pages.Job(client, 0), reference.urls), m.Name)
		record, err := server.Record()
		require.NoError(t, err)
		require.Zero(t, record.Duplicates)
		require.EqualValues(t, len(reference.urls), record.Requests)
	}
}

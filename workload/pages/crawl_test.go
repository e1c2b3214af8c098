package pages_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

func ExampleCrawlFrontier() {
	site, err := mockserver.Start("", mockserver.Settings{Pages: 200, Links: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = site.Close() }()
	const workers = 10
	client := pages.NewClient(workers, time.Minute)
	defer client.CloseIdleConnections()

	stream := func(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], keys iter.Seq[string]) iter.Seq2[string, overlap.Result[pages.Page]] {
		return pool.Stream(ctx, job, keys, workers)
	}
	visited := 0
	crawl := pages.Crawl{Seeds: []string{site.PageURL(0)}, Depth: 3}
	for url, visit := range pages.CrawlFrontier(context.Background(), pages.Job(client, 0), stream, crawl) {
		if visit.Err != nil {
			fmt.Println(url, visit.Err)
		}
		visited++
	}
	fmt.Println(visited, "pages,", site.Record().Duplicates, "of them twice")
	// Output: 37 pages, 0 of them twice
}

func ExampleCrawlLevels() {
	// Without a network: the same site in memory.
	transport, err := mockserver.NewTransport(mockserver.Settings{Pages: 200, Links: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	job := pages.Job(&http.Client{Transport: transport}, 0)
	run := func(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], keys []string) []overlap.Result[pages.Page] {
		return pool.Run(ctx, job, keys, 10)
	}
	crawl := pages.Crawl{Seeds: []string{transport.PageURL(0)}, Depth: 3}
	level := map[int]int{}
	for _, visit := range pages.CrawlLevels(context.Background(), job, run, crawl) {
		level[visit.Depth]++
	}
	fmt.Println("pages at each distance:", level)
	// Output: pages at each distance: map[0:1 1:3 2:9 3:24]
}

const crawlLimit = 5

// crawlers are both forms of a crawl under every model that has them.
func crawlers[B any](t *testing.T, test func(t *testing.T, c crawler[B])) {
	for _, m := range bench.Models[string, B, pages.Page](bench.Limit{InFlight: crawlLimit}) {
		t.Run(m.Name+"/levels", func(t *testing.T) {
			test(t, crawler[B]{m, false, func(ctx context.Context, job overlap.Job[string, B, pages.Page], crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
				return pages.CrawlLevels(ctx, job, m.Run, crawl)
			}})
		})
		if m.Stream == nil {
			continue
		}
		t.Run(m.Name+"/frontier", func(t *testing.T) {
			test(t, crawler[B]{m, true, func(ctx context.Context, job overlap.Job[string, B, pages.Page], crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
				return pages.CrawlFrontier(ctx, job, m.Stream, crawl)
			}})
		})
	}
}

type crawler[B any] struct {
	model    bench.Model[string, B, pages.Page]
	frontier bool
	crawl    func(context.Context, overlap.Job[string, B, pages.Page], pages.Crawl) iter.Seq2[string, pages.Visit]
}

// A graph is who links to whom, told without the package's own parser.
type graph map[string][]string

// linksOf is the graph of a mock server's site, by what stands between its tags.
func linksOf(s mockserver.Settings, pageURL func(int) string) graph {
	g := graph{}
	text := regexp.MustCompile(`>page (\d+)<`)
	for i := range s.Pages {
		for _, to := range text.FindAllSubmatch(s.Page(i), -1) {
			n, _ := strconv.Atoi(string(to[1]))
			g[pageURL(i)] = append(g[pageURL(i)], pageURL(n))
		}
	}
	return g
}

// reference is a breadth-first search as in a textbook: the distance of each page, in the
// order in which they are reached. Pages of bad link to nothing.
func (g graph) reference(seeds []string, depth int, bad map[string]bool) (order []string, distance map[string]int) {
	distance = map[string]int{}
	for _, seed := range seeds {
		if _, seen := distance[seed]; !seen {
			distance[seed] = 0
			order = append(order, seed)
		}
	}
	for i := 0; i < len(order); i++ {
		page := order[i]
		if distance[page] == depth || bad[page] {
			continue
		}
		for _, to := range g[page] {
			if _, seen := distance[to]; !seen {
				distance[to] = distance[page] + 1
				order = append(order, to)
			}
		}
	}
	return order, distance
}

// inMemory is a URL of page i of the site in memory, see mockserver.Transport.
func inMemory(i int) string { return "http://site.example" + mockserver.PagePath(i) }

func siteInMemory(t *testing.T, s mockserver.Settings) (*mockserver.Transport, overlap.Job[string, pages.Body, pages.Page]) {
	transport, err := mockserver.NewTransport(s)
	require.NoError(t, err)
	return transport, pages.Job(&http.Client{Transport: transport}, 0)
}

func heavyTail(mean time.Duration) mockserver.Latency {
	return mockserver.Latency{Profile: mockserver.HeavyTail, Mean: mean}
}

func TestCrawlVisitsEachPageInReachOnce(t *testing.T) {
	settings := mockserver.Settings{Pages: 150, Links: 3, Latency: heavyTail(10 * time.Millisecond)}
	g := linksOf(settings, inMemory)
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		for _, depth := range []int{0, 1, 3, 5} {
			synctest.Test(t, func(t *testing.T) {
				site, job := siteInMemory(t, settings)
				seeds := []string{site.PageURL(7), site.PageURL(99)}
				order, distance := g.reference(seeds, depth, nil)
				var got []string
				for url, visit := range c.crawl(t.Context(), job, pages.Crawl{Seeds: append(seeds, seeds[0]+"#again"), Depth: depth}) {
					require.NoError(t, visit.Err)
					require.Equal(t, url, visit.Value.URL)
					if c.frontier {
						require.GreaterOrEqual(t, visit.Depth, distance[url])
						require.LessOrEqual(t, visit.Depth, depth)
					} else {
						require.Equal(t, distance[url], visit.Depth)
					}
					got = append(got, url)
				}
				if c.frontier {
					require.ElementsMatch(t, order, got)
				} else {
					require.Equal(t, order, got)
				}
				record := site.Record()
				require.EqualValues(t, len(order), record.Requests)
				require.Zero(t, record.Duplicates)
				if c.model.Peak > 0 {
					require.LessOrEqual(t, record.PeakInFlight, int64(min(crawlLimit, c.model.Peak)))
				}
			})
		}
	})
}

// The exact makespans: of the levels, the sum of what the model takes for each; of the
// frontier, what list scheduling takes whose list grows as it goes.
func TestCrawlMakespan(t *testing.T) {
	settings := mockserver.Settings{Pages: 150, Links: 3}
	const depth = 5
	g := linksOf(settings, inMemory)
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		for _, latency := range []mockserver.Latency{{Mean: 10 * time.Millisecond}, heavyTail(10 * time.Millisecond)} {
			constant := latency.Profile == ""
			if constant && c.frontier || !constant && c.model.AnyOrder {
				continue // who is first of several at one moment is not told beforehand
			}
			settings.Latency = latency
			synctest.Test(t, func(t *testing.T) {
				site, job := siteInMemory(t, settings)
				seeds := []string{site.PageURL(0)}
				waits := func(url string) time.Duration {
					return latency.For(settings.Seed, strings.TrimPrefix(url, "http://site.example"))
				}
				order, distance := g.reference(seeds, depth, nil)
				costs := make([][]schedule.Job, depth+1)
				for _, url := range order {
					costs[distance[url]] = append(costs[distance[url]], schedule.Job{Wait: waits(url)})
				}
				var levels time.Duration
				for _, level := range costs {
					levels += c.model.Ideal(level).Makespan
				}
				want := levels
				if c.frontier {
					places := map[string]int{"sequential": 1, "goroutines": len(order)}[c.model.Name]
					if places == 0 {
						places = crawlLimit
					}
					want = g.frontier(t, seeds, depth, places, waits)
					if places == 1 {
						require.Equal(t, levels, want, "nothing overlaps, so nothing waits at the barrier")
					} else {
						require.Less(t, want, levels*9/10, "the barrier costs more than a tenth")
					}
				}
				begin := time.Now()
				visited := 0
				for range c.crawl(t.Context(), job, pages.Crawl{Seeds: seeds, Depth: depth}) {
					visited++
				}
				require.Equal(t, want, time.Since(begin))
				require.Equal(t, len(order), visited)
			})
		}
	})
}

// frontier is the makespan of so many workers that take pages from a queue to which each
// page, when it ends, adds what came into reach by it. What is in reach is found out anew
// each time, from all that has ended.
func (g graph) frontier(t *testing.T, seeds []string, depth, workers int, waits func(string) time.Duration) (now time.Duration) {
	ended, queued := graph{}, map[string]bool{}
	ends := map[string]time.Duration{}
	var queue []string
	look := func() {
		inReach, _ := ended.reference(seeds, depth, nil)
		for _, page := range inReach {
			if !queued[page] {
				queued[page] = true
				queue = append(queue, page)
			}
		}
	}
	for look(); ; look() {
		for ; len(queue) > 0 && len(ends) < workers; queue = queue[1:] {
			ends[queue[0]] = now + waits(queue[0])
		}
		if len(ends) == 0 {
			return now
		}
		first := slices.MinFunc(slices.Collect(maps.Keys(ends)), func(a, b string) int { return int(ends[a] - ends[b]) })
		require.True(t, len(ended) == 0 || ends[first] > now, "two at one moment: take another seed")
		now = ends[first]
		delete(ends, first)
		ended[first] = g[first]
		if ended[first] == nil {
			ended[first] = []string{}
		}
	}
}

// job is one on a graph of one's own, that waits for wait(url).
func (g graph) job(wait func(url string) time.Duration, fetched func(url string)) overlap.Job[string, string, pages.Page] {
	return overlap.Job[string, string, pages.Page]{
		Fetch: func(ctx context.Context, url string) (string, error) {
			fetched(url)
			select {
			case <-time.After(wait(url)):
				return url, nil
			case <-ctx.Done():
				return "", context.Cause(ctx)
			}
		},
		Process: func(_ context.Context, url string) (pages.Page, error) {
			return pages.Page{URL: url, Links: g[url]}, nil
		},
	}
}

// A page that is found by the long way first would be too far off to be followed.
func TestCrawlFindsTheShortWayLate(t *testing.T) {
	const host = "http://site.example/"
	g := graph{}
	for from, to := range map[string]string{"a": "slow quick", "quick": "x", "x": "far", "slow": "far", "far": "end", "end": "beyond"} {
		for _, link := range strings.Fields(to) {
			g[host+from] = append(g[host+from], host+link)
		}
	}
	for name, waits := range map[string]map[string]time.Duration{
		"when it was visited":   {host + "slow": time.Hour},
		"while it is in flight": {host + "slow": time.Minute, host + "far": time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			crawlers(t, func(t *testing.T, c crawler[string]) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					fetched := map[string]int{}
					job := g.job(func(url string) time.Duration { return waits[url] }, func(url string) {
						mu.Lock()
						defer mu.Unlock()
						fetched[strings.TrimPrefix(url, host)]++
					})
					depths := map[string]int{}
					for url, visit := range c.crawl(t.Context(), job, pages.Crawl{Seeds: []string{host + "a"}, Depth: 3}) {
						require.NoError(t, visit.Err)
						depths[strings.TrimPrefix(url, host)] = visit.Depth
					}
					require.Equal(t, map[string]int{"a": 1, "slow": 1, "quick": 1, "x": 1, "far": 1, "end": 1}, fetched)
					require.Equal(t, 3, depths["end"])
					if c.frontier && c.model.Name != "sequential" && name == "when it was visited" {
						require.Equal(t, 3, depths["far"], "it was visited by the long way")
					} else {
						require.Equal(t, 2, depths["far"])
					}
				})
			})
		})
	}
}

// Random graphs, with random waits, so in every order: the pages are those of the textbook.
func FuzzCrawl(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed, byte(seed), byte(2*seed), byte(seed%7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, links, depth byte) {
		r := rand.New(rand.NewPCG(seed, 0))
		name := func(i int) string { return fmt.Sprintf("http://site.example/%d", i) }
		n := 1 + int(size)%40
		g, waits, bad := graph{}, map[string]time.Duration{}, map[string]bool{}
		for range int(links) {
			from := name(r.IntN(n))
			g[from] = append(g[from], name(r.IntN(n)))
		}
		for i := range n {
			waits[name(i)] = time.Duration(r.IntN(4)*r.IntN(1000)) * time.Microsecond
			bad[name(i)] = r.IntN(20) == 0
		}
		seeds := []string{name(0), name(n / 2), name(0)}
		want, distance := g.reference(seeds, int(depth), bad)
		models := bench.Models[string, string, pages.Page](bench.Limit{InFlight: 1 + int(seed%4)})
		crawl := pages.Crawl{Seeds: seeds, Depth: int(depth)}
		for _, m := range models {
			synctest.Test(t, func(t *testing.T) {
				job := g.job(func(url string) time.Duration { return waits[url] }, func(string) {})
				process := job.Process
				job.Process = func(ctx context.Context, url string) (pages.Page, error) {
					page, err := process(ctx, url)
					if bad[url] {
						err = errors.New(url) // and a value beside it, which means nothing
					}
					return page, err
				}
				check := func(crawled iter.Seq2[string, pages.Visit], exact bool) {
					var got []string
					for url, visit := range crawled {
						require.Equal(t, bad[url], visit.Err != nil)
						require.GreaterOrEqual(t, visit.Depth, distance[url])
						if exact {
							require.Equal(t, distance[url], visit.Depth)
						}
						got = append(got, url)
					}
					if exact {
						require.Equal(t, want, got)
					} else {
						require.ElementsMatch(t, want, got)
					}
				}
				check(pages.CrawlLevels(t.Context(), job, m.Run, crawl), true)
				if m.Stream != nil {
					check(pages.CrawlFrontier(t.Context(), job, m.Stream, crawl), false)
				}
			})
		}
	})
}

// However the loop is left, and wherever: nothing runs on. A bubble panics on what is left.
func TestLeavingACrawl(t *testing.T) {
	settings := mockserver.Settings{Pages: 150, Links: 3, Latency: heavyTail(10 * time.Millisecond)}
	for name, leave := range map[string]func(){
		"break":  nil,
		"panic":  func() { panic("enough") },
		"Goexit": runtime.Goexit,
	} {
		for _, after := range []int{1, 2, 50} {
			t.Run(fmt.Sprintf("%s after %d", name, after), func(t *testing.T) {
				crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
					synctest.Test(t, func(t *testing.T) {
						site, job := siteInMemory(t, settings)
						visited := 0
						left := make(chan any)
						go func() {
							defer func() { left <- recover() }()
							for range c.crawl(t.Context(), job, pages.Crawl{Seeds: []string{site.PageURL(0)}, Depth: math.MaxInt}) {
								if visited++; visited < after {
									continue
								}
								if leave == nil {
									break
								}
								leave()
							}
						}()
						why := <-left
						if name == "panic" {
							require.NotNil(t, why)
						} else {
							require.Nil(t, why)
						}
						require.Equal(t, after, visited)
						require.Zero(t, site.Record().InFlight)
						requests := site.Record().Requests
						time.Sleep(time.Hour)
						require.Equal(t, requests, site.Record().Requests)
					})
				})
			})
		}
	}
}

// A Follow that panics is the caller's own loop that panics.
func TestAFollowThatPanics(t *testing.T) {
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		synctest.Test(t, func(t *testing.T) {
			site, job := siteInMemory(t, mockserver.Settings{Pages: 20, Latency: heavyTail(time.Millisecond)})
			crawl := pages.Crawl{Seeds: []string{site.PageURL(0), site.PageURL(1)}, Depth: 1, Follow: func(string) bool { panic("no") }}
			require.PanicsWithValue(t, "no", func() {
				for range c.crawl(t.Context(), job, crawl) {
				}
			})
		})
	})
}

// When ctx ends, the crawl ends at that moment; every page begun is accounted for.
func TestCrawlEndsWithItsContext(t *testing.T) {
	settings := mockserver.Settings{Pages: 150, Links: 3, Latency: heavyTail(10 * time.Millisecond)}
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		for _, after := range []time.Duration{0, 1, 5 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				site, job := siteInMemory(t, settings)
				cause := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if after == 0 {
					cancel(cause)
				}
				time.AfterFunc(after, func() { cancel(cause) })
				begin := time.Now()
				good, bad := 0, 0
				seen := map[string]bool{}
				for url, visit := range c.crawl(ctx, job, pages.Crawl{Seeds: []string{site.PageURL(0)}, Depth: math.MaxInt}) {
					require.False(t, seen[url])
					seen[url] = true
					if visit.Err == nil {
						good++
						continue
					}
					require.ErrorIs(t, visit.Err, cause)
					bad++
				}
				require.Equal(t, after, time.Since(begin))
				record := site.Record()
				require.EqualValues(t, record.Status[200], good)
				require.Zero(t, record.InFlight)
				require.GreaterOrEqual(t, int64(good+bad), record.Requests, "each page begun has a result")
				if after == 0 {
					require.Zero(t, good+bad)
				} else {
					require.Positive(t, bad)
				}
			})
		}
	})
}

// A page that fails links to nothing; the others do not mind.
func TestCrawlKeepsErrorsWithTheirPage(t *testing.T) {
	settings := mockserver.Settings{
		Pages: 150, Links: 6, Latency: heavyTail(10 * time.Millisecond),
		Faults: mockserver.Faults{Status: 0.2, Truncate: 0.1},
	}
	g := linksOf(settings, inMemory)
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		synctest.Test(t, func(t *testing.T) {
			site, job := siteInMemory(t, settings)
			seed := site.PageURL(3)
			bad := map[string]bool{}
			for i := range settings.Pages {
				bad[site.PageURL(i)] = settings.Faults.For(settings.Seed, mockserver.PagePath(i), 0) != mockserver.NoFault
			}
			require.False(t, bad[seed])
			want, _ := g.reference([]string{seed}, 4, bad)
			var got []string
			failed := 0
			for url, visit := range c.crawl(t.Context(), job, pages.Crawl{Seeds: []string{seed}, Depth: 4}) {
				got = append(got, url)
				require.Equal(t, bad[url], visit.Err != nil, "%s: %v", url, visit.Err)
				if visit.Err != nil {
					failed++
					require.ErrorContains(t, visit.Err, url)
				}
			}
			require.ElementsMatch(t, want, got)
			require.Positive(t, failed)
			require.Zero(t, site.Record().Duplicates)
		})
	})
}

// What a page is, and which links are followed.
func TestWhichPagesAreVisited(t *testing.T) {
	links := map[string][]string{
		"http://site.example/": {
			"http://site.example/a#top", "http://site.example/a#end", "HTTP://Site.Example:80/a", "http://site.example:/a",
			"http://site.example/b/../a", "http://site.example/a?", "http://site.example/a?q", "http://site.example/A",
			"https://site.example:443/a", "http://site.example:8080/a", "http://other.example/a", "mailto:me@site.example", "http://[bad",
		},
		"http://site.example:81/": {"http://site.example:81", "http://site.example:81/x%2Fy"},
	}
	job := overlap.Job[string, string, pages.Page]{
		Fetch: func(_ context.Context, url string) (string, error) {
			if strings.Contains(url, "bad") {
				return "", errors.New("no URL")
			}
			return url, nil
		},
		Process: func(_ context.Context, url string) (pages.Page, error) { return pages.Page{Links: links[url]}, nil },
	}
	seeds := []string{"http://SITE.example", "http://site.example:80/#x", "http://site.example:81", "http://[bad"}
	for name, x := range map[string]struct {
		follow func(string) bool
		want   []string
	}{
		"the hosts of the seeds": {nil, []string{
			"http://site.example/", "http://site.example:81/", "http://[bad",
			"http://site.example/a", "http://site.example/a?", "http://site.example/a?q", "http://site.example/A", "https://site.example/a",
			"http://site.example:81/x%2Fy",
		}},
		"all": {func(string) bool { return true }, []string{
			"http://site.example/", "http://site.example:81/", "http://[bad",
			"http://site.example/a", "http://site.example/a?", "http://site.example/a?q", "http://site.example/A", "https://site.example/a",
			"http://site.example:8080/a", "http://other.example/a", "mailto:me@site.example", "http://site.example:81/x%2Fy",
		}},
		"none": {func(string) bool { return false }, []string{"http://site.example/", "http://site.example:81/", "http://[bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			crawl := pages.Crawl{Seeds: seeds, Depth: 1, Follow: x.follow}
			for _, crawled := range []iter.Seq2[string, pages.Visit]{
				pages.CrawlLevels(t.Context(), job, sequential.Run[string, string, pages.Page], crawl),
				pages.CrawlFrontier(t.Context(), job, sequential.Stream[string, string, pages.Page], crawl),
			} {
				for range 2 { // each loop is a crawl of its own
					var got []string
					for url, visit := range crawled {
						got = append(got, url)
						require.Equal(t, url == "http://[bad", visit.Err != nil)
					}
					require.Equal(t, x.want, got)
				}
			}
		})
	}
}

func TestACrawlOfNothing(t *testing.T) {
	crawlers(t, func(t *testing.T, c crawler[string]) {
		for range c.crawl(t.Context(), graph{}.job(nil, nil), pages.Crawl{}) {
			t.Error("a page of nowhere")
		}
	})
}

func TestACrawlsArgumentsAreChecked(t *testing.T) {
	ctx, job := t.Context(), graph{}.job(nil, nil)
	run, stream := sequential.Run[string, string, pages.Page], sequential.Stream[string, string, pages.Page]
	var none overlap.Job[string, string, pages.Page]
	require.PanicsWithValue(t, "overlap: job.Fetch is nil", func() { pages.CrawlLevels(ctx, none, run, pages.Crawl{}) })
	require.PanicsWithValue(t, "overlap: job.Fetch is nil", func() { pages.CrawlFrontier(ctx, none, stream, pages.Crawl{}) })
	require.PanicsWithValue(t, "pages: run is nil", func() { pages.CrawlLevels(ctx, job, nil, pages.Crawl{}) })
	require.PanicsWithValue(t, "pages: stream is nil", func() { pages.CrawlFrontier(ctx, job, nil, pages.Crawl{}) })
	require.PanicsWithValue(t, "pages: crawl.Depth is -1, want at least 0", func() { pages.CrawlLevels(ctx, job, run, pages.Crawl{Depth: -1}) })
	require.PanicsWithValue(t, "pages: crawl.Depth is -1, want at least 0", func() { pages.CrawlFrontier(ctx, job, stream, pages.Crawl{Depth: -1}) })
}

// Once over a real network.
func TestCrawlOverHTTP(t *testing.T) {
	settings := mockserver.Settings{Pages: 100, Links: 4, Latency: mockserver.Latency{Profile: mockserver.Uniform, Mean: time.Millisecond}}
	crawlers(t, func(t *testing.T, c crawler[pages.Body]) {
		site, err := mockserver.Start("", settings)
		require.NoError(t, err)
		defer func() { require.NoError(t, site.Close()) }()
		client := pages.NewClient(crawlLimit, time.Minute)
		defer client.CloseIdleConnections()
		want, _ := linksOf(settings, site.PageURL).reference([]string{site.PageURL(0)}, 3, nil)
		var got []string
		for url, visit := range c.crawl(t.Context(), pages.Job(client, 0), pages.Crawl{Seeds: []string{site.PageURL(0)}, Depth: 3}) {
			require.NoError(t, visit.Err)
			require.True(t, strings.HasPrefix(visit.Value.Title, "Page "))
			got = append(got, url)
		}
		require.ElementsMatch(t, want, got)
		record := site.Record()
		require.Zero(t, record.Duplicates)
		require.EqualValues(t, len(want), record.Requests)
		if c.model.Peak > 0 {
			require.LessOrEqual(t, record.PeakInFlight, int64(min(crawlLimit, c.model.Peak)))
		}
	})
}

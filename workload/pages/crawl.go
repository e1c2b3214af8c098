package pages

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync"

	"example.com/overlap"
)

// A Crawl says which pages are visited: work that is discovered while working.
//
// A page is a URL without its fragment, its scheme and host in small letters, without the
// scheme's own port and with a path of at least "/" (RFC 3986, 6.2.2 and 6.2.3). Two URLs
// that a redirect leads to one place are two pages.
type Crawl struct {
	Seeds []string
	Depth int // links from a seed, at most: 0 is the seeds alone; negative panics

	// Follow says whether a link is visited; seeds always are. Nil stands for the hosts of
	// the seeds, with their ports. It is called where the loop over the crawl runs, and more
	// than once for a page to which more than one link leads.
	Follow func(url string) bool
}

// A Visit is what became of one page: the page, or its error.
type Visit struct {
	overlap.Result[Page]
	Depth int // links from a seed, on the shortest way that was known when it was visited
}

// CrawlLevels visits the seeds, then all pages that they link to, then all that those link
// to: a breadth-first search, a run of any model for each level. It gives every page once,
// in an order that depends on the pages alone, and Visit.Depth is the distance.
//
// Between two levels is a barrier: the slowest page of a level holds up all of the next.
// [CrawlFrontier] has none. The makespan is the sum of the model's over the levels. It holds
// the URLs that were found, and the pages of one level.
//
// Errors stay with their page. When ctx ends, the pages of that level which were not begun
// are given with context.Cause(ctx), as run does it, and no other level begins: what was
// found and not begun is left out. Breaking out begins no other level. Each loop over
// what CrawlLevels returns is a crawl of its own. A nil run or function panics at once.
func CrawlLevels[B any](ctx context.Context, job overlap.Job[string, B, Page], run overlap.Runner[string, B, Page], crawl Crawl) iter.Seq2[string, Visit] {
	job.MustValid()
	crawl.mustValid("run", run == nil)
	return func(yield func(string, Visit) bool) {
		follow := crawl.follow()
		seen := map[string]bool{}
		var level, next []string
		find := func(urls []string) {
			for _, url := range urls {
				if !seen[url] {
					seen[url] = true
					next = append(next, url)
				}
			}
		}
		find(normalized(crawl.Seeds))
		for depth := 0; len(next) > 0 && ctx.Err() == nil; depth++ {
			level, next = next, nil
			results := run(ctx, job, level)
			if depth < crawl.Depth {
				for _, r := range results {
					find(followed(r, follow))
				}
			}
			for i, r := range results {
				if !yield(level[i], Visit{r, depth}) {
					return
				}
			}
		}
	}
}

// CrawlFrontier visits the same pages as [CrawlLevels], each once too, but each as soon as
// it is found and the model has room: what was found and not begun waits in a queue, the
// frontier, which is the input of any model's Stream. Pages come as they complete.
//
// A page may be found by a long way first, when the pages of the short one are slow. If the
// short one is then found, the page's links are followed again, as far as Depth allows from
// there, and the page is not fetched again. So the pages visited do not depend on the order;
// Visit.Depth does, and is the distance at least. It takes memory for the links of every
// page visited, and at most Depth looks at each link.
//
// Errors stay with their page. When ctx ends, nothing more is pulled from the frontier, and
// the pages pulled are given, those not begun with context.Cause(ctx); what still waits in
// the frontier is left out. Breaking out cancels the jobs that run, and waits for them. Each
// loop over what CrawlFrontier returns is a crawl of its own. A nil stream or function panics
// at once.
//
// stream must deliver all that it has pulled while its input blocks: the next key may come of
// the last result. So it does if it keeps clause 7 of the contract, with keys on a goroutine
// of their own, or, as [example.com/overlap/sequential], never pulls before it has delivered.
func CrawlFrontier[B any](ctx context.Context, job overlap.Job[string, B, Page], stream overlap.Streamer[string, B, Page], crawl Crawl) iter.Seq2[string, Visit] {
	job.MustValid()
	crawl.mustValid("stream", stream == nil)
	return func(yield func(string, Visit) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		follow := crawl.follow()
		f := frontier{limit: crawl.Depth, found: map[string]*place{}, wake: make(chan struct{}, 1)}
		f.find(normalized(crawl.Seeds), 0)
		deliver := func(url string, result overlap.Result[Page]) (more bool) {
			// Stream waits for keys when its loop is left, however it is left: by a break, by
			// a panic or by runtime.Goexit.
			defer func() {
				if !more {
					stop()
				}
			}()
			depth := f.visited(url, followed(result, follow))
			return yield(url, Visit{result, depth})
		}
		for url, result := range stream(ctx, job, f.keys(ctx)) {
			if !deliver(url, result) {
				return
			}
		}
	}
}

// A frontier is the queue of pages that were found and not begun, and what is known of
// all pages found. The consumer's loop fills it while keys, mostly on another goroutine,
// empties it.
type frontier struct {
	limit int // depth, at most

	mu      sync.Mutex
	found   map[string]*place
	queue   []string
	pending int // pulled and not delivered: what may still find pages

	wake chan struct{} // holds one: something has changed since keys last looked
}

// A place is a page's in the graph of links, as far as that is known.
type place struct {
	depth int
	links []string // nil until it was visited
}

// keys gives the pages of the frontier in the order in which they were found. It ends when
// the frontier is empty and nothing is pending, or with ctx.
func (f *frontier) keys(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			if url, ok := f.next(ctx); !ok || !yield(url) {
				return
			}
		}
	}
}

func (f *frontier) next(ctx context.Context) (url string, ok bool) {
	for ctx.Err() == nil {
		url, ok, wait := f.pull()
		if !wait {
			return url, ok
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
		}
	}
	return "", false
}

// pull takes the first page of the queue. If there is none, wait says whether one may come.
func (f *frontier) pull() (url string, ok, wait bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return "", false, f.pending > 0
	}
	url, f.queue = f.queue[0], f.queue[1:]
	f.pending++
	return url, true, false
}

// visited notes where a page that was pulled links to, and returns its depth.
func (f *frontier) visited(url string, links []string) (depth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	page := f.found[url]
	page.links = links
	f.find(links, page.depth+1)
	f.pending--
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return page.depth
}

// find notes that pages were found at a depth. Those that are new go to the queue. Those
// that were known by a longer way only are nearer now, and so is what they link to.
func (f *frontier) find(urls []string, depth int) {
	type way struct {
		urls  []string
		depth int
	}
	for ways := []way{{urls, depth}}; len(ways) > 0; ways = ways[1:] {
		urls, depth := ways[0].urls, ways[0].depth
		if depth > f.limit {
			continue
		}
		for _, url := range urls {
			switch page, known := f.found[url]; {
			case !known:
				f.found[url] = &place{depth: depth}
				f.queue = append(f.queue, url)
			case depth < page.depth:
				page.depth = depth
				ways = append(ways, way{page.links, depth + 1})
			}
		}
	}
}

func (c Crawl) mustValid(model string, isNil bool) {
	if isNil {
		panic("pages: " + model + " is nil")
	}
	if c.Depth < 0 {
		panic(fmt.Sprintf("pages: crawl.Depth is %d, want at least 0", c.Depth))
	}
}

// follow is Follow, or what stands for it.
func (c Crawl) follow() func(string) bool {
	if c.Follow != nil {
		return c.Follow
	}
	hosts := map[string]bool{}
	for _, seed := range normalized(c.Seeds) {
		if u, err := url.Parse(seed); err == nil {
			hosts[u.Host] = true
		}
	}
	return func(link string) bool {
		u, err := url.Parse(link)
		return err == nil && hosts[u.Host]
	}
}

// followed are the links of a page that are visited.
func followed(result overlap.Result[Page], follow func(string) bool) []string {
	if result.Err != nil {
		return nil
	}
	var links []string
	for _, link := range normalized(result.Value.Links) {
		if follow(link) {
			links = append(links, link)
		}
	}
	return links
}

func normalized(urls []string) []string {
	out := make([]string, len(urls))
	for i, u := range urls {
		out[i] = normalize(u)
	}
	return out
}

// normalize gives the one URL that stands for a page, see [Crawl]. What is no URL stays as
// it is: its Fetch has an error to say so.
func normalize(raw string) string {
	ports := map[string]string{"http": "80", "https": "443"}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	u.Fragment, u.RawFragment = "", ""
	u = u.ResolveReference(u) // removes . and ..
	u.Host = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(u.Host), ":"+ports[u.Scheme]), ":")
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

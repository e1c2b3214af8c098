package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"example.com/overlap/internal/listen"
	"example.com/overlap/mockserver"
)

// A site is the judge of one check: a mock server, whose record says what came, behind a gate that
// can hold its answers back. What is held is in flight, for the record too.
type site struct {
	url    string
	server *mockserver.Server
	http   *http.Server
	client *http.Client // of the suite's own

	mu      sync.Mutex
	came    [pagesEach]int // requests that the gate has seen, by what they tell
	changed chan struct{}  // closed at the next of them
	gates   map[int]chan struct{}
	waiting []int         // held pages whose requests have come, the oldest first
	open    chan struct{} // closed when nothing is held any more
	letGo   func()        // closes open
	sealed  *mockserver.Record
	after   string // what has sealed it
}

// sitePage is the page that tells that Fetch has begun, as every site sends it.
func sitePage(key int) []byte { return siteSettings(0).Page(pageOf(key, fetchBegan)) }

// siteSettings are those of a site for so many keys. Pages do not depend on how many there are, as
// there are no links on them.
func siteSettings(keys int) mockserver.Settings {
	return mockserver.Settings{Pages: keys * pagesEach, PageSize: 512, Links: -1}
}

func newSite(keys int) (*site, error) {
	server, err := mockserver.New(siteSettings(max(1, keys)))
	if err != nil {
		return nil, err
	}
	listener, err := listen.TCP("")
	if err != nil {
		return nil, err
	}
	s := &site{
		url: listen.URL(listener.Addr()), server: server, client: newClient(),
		changed: make(chan struct{}), gates: map[int]chan struct{}{}, open: make(chan struct{}),
	}
	s.letGo = sync.OnceFunc(func() { close(s.open) })
	s.http = &http.Server{Handler: s}
	go func() { _ = s.http.Serve(listener) }() // until it is closed
	return s, nil
}

// newClient keeps the connections of as many requests as a process has at once.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
}

func (s *site) close() error {
	s.letGo()
	s.client.CloseIdleConnections()
	return errors.Join(s.server.Close(), s.http.Close())
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var key, step int
	if n, _ := fmt.Sscanf(r.URL.Path, "/page/%d", &key); n == 1 {
		key, step = key/pagesEach, key%pagesEach
		w = &gated{ResponseWriter: w, site: s, ctx: r.Context(), key: key, step: step}
	}
	s.server.ServeHTTP(w, r)
}

// A gated answer waits where its header goes out: the record has counted the request by then, and
// has not yet counted it out.
type gated struct {
	http.ResponseWriter
	site      *site
	ctx       context.Context
	key, step int
}

func (g *gated) WriteHeader(status int) {
	g.site.pass(g.ctx, g.key, g.step)
	g.ResponseWriter.WriteHeader(status)
}

// pass tells of a request, and returns when its answer may go.
func (s *site) pass(ctx context.Context, key, step int) {
	s.mu.Lock()
	page := pageOf(key, step)
	gate := s.gates[page]
	if gate != nil {
		s.waiting = append(s.waiting, page)
	}
	s.came[step]++
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	if gate == nil {
		return
	}
	select {
	case <-gate:
	case <-s.open:
	case <-ctx.Done():
	}
}

// hold keeps back the answers that tell this of these errands.
func (s *site) hold(step int, errands []errand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range errands {
		s.gates[pageOf(e.Key, step)] = make(chan struct{})
	}
}

// release lets one answer go, now or when its request comes.
func (s *site) release(step, key int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := pageOf(key, step)
	close(s.gates[page])
	delete(s.gates, page)
	s.waiting = slices.DeleteFunc(s.waiting, func(other int) bool { return other == page })
}

// releaseOldest lets the answer go that has been held for longest.
func (s *site) releaseOldest() {
	s.mu.Lock()
	page := s.waiting[0]
	s.mu.Unlock()
	s.release(page%pagesEach, page/pagesEach)
}

// now is what has come, how many of it are held, and what is closed when that changes.
func (s *site) now() (came [pagesEach]int, held int, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came, len(s.waiting), s.changed
}

// seal says that from now on nothing may come.
func (s *site) seal(after string) {
	record := s.server.Record()
	s.sealed, s.after = &record, after
}

// broken says what has come since the site was sealed; empty: nothing, or it was not sealed.
func (s *site) broken() string {
	if s.sealed == nil {
		return ""
	}
	now := s.server.Record()
	if now.Requests == s.sealed.Requests {
		return ""
	}
	before := s.sealed
	s.sealed = nil // it is said once
	return fmt.Sprintf("%s, and then %d more requests came: %s", s.after, now.Requests-before.Requests, more(*before, now))
}

// more says what one page that was asked for between two records tells.
func more(before, now mockserver.Record) string {
	paths := slices.Sorted(maps.Keys(now.Paths))
	i := slices.IndexFunc(paths, func(path string) bool { return now.Paths[path] > before.Paths[path] })
	if i < 0 {
		return "for no page"
	}
	var page int
	if _, err := fmt.Sscanf(paths[i], "/page/%d", &page); err != nil {
		return paths[i]
	}
	return fmt.Sprintf("of key %d %s", page/pagesEach, stepName(page%pagesEach))
}

// settle takes as long as this machine needs for a few hundred answers of the site, however busy
// it is: then what was on its way has come. Only what must not come is looked for in this way: who
// is right is never too slow for it.
func (s *site) settle(ctx context.Context) error {
	for range 300 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+mockserver.RecordPath, nil)
		if err != nil {
			return err
		}
		response, err := s.client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
	}
	return nil
}

package sharing

import "sync"

// A Store keeps the pages that it has fetched. The three stores below promise the
// same: Get may be called from many goroutines at once, and no page is fetched
// twice. One of them breaks that promise, one keeps it and is slow.
type Store interface {
	Get(path string) string
}

// Careless holds its lock for each look and for each write, but not from one to
// the other. There is no data race in it, and it is broken.
type Careless struct {
	fetch func(path string) string
	mu    sync.Mutex // guards pages
	pages map[string]string
}

// NewCareless returns an empty store that gets its pages from fetch.
func NewCareless(fetch func(path string) string) *Careless {
	return &Careless{fetch: fetch, pages: map[string]string{}}
}

// Get returns the page at path.
func (s *Careless) Get(path string) string {
	s.mu.Lock()
	page, known := s.pages[path]
	s.mu.Unlock()
	if known {
		return page
	}
	page = s.fetch(path) // waits, and meanwhile others look
	s.mu.Lock()
	s.pages[path] = page
	s.mu.Unlock()
	return page
}

// Held holds its lock from the look to the write: it is right, and all who ask
// wait for each other, whatever page they ask for.
type Held struct {
	fetch func(path string) string
	mu    sync.Mutex // guards pages
	pages map[string]string
}

// NewHeld returns an empty store that gets its pages from fetch.
func NewHeld(fetch func(path string) string) *Held {
	return &Held{fetch: fetch, pages: map[string]string{}}
}

// Get returns the page at path.
func (s *Held) Get(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, known := s.pages[path]
	if known {
		return page
	}
	page = s.fetch(path) // waits, and everybody with it
	s.pages[path] = page
	return page
}

// Promised writes down at once that a page is being fetched: whoever comes later
// waits for that one fetch, and nobody waits for another page.
type Promised struct {
	fetch func(path string) string
	mu    sync.Mutex // guards pages, and not what is in them
	pages map[string]*promise
}

// A promise is a page that is on its way.
type promise struct {
	kept chan struct{} // closed when page is there
	page string
}

// NewPromised returns an empty store that gets its pages from fetch, which must not
// panic: whoever waits for that page would wait for good.
func NewPromised(fetch func(path string) string) *Promised {
	return &Promised{fetch: fetch, pages: map[string]*promise{}}
}

// Get returns the page at path.
func (s *Promised) Get(path string) string {
	s.mu.Lock()
	p, known := s.pages[path]
	if !known {
		p = &promise{kept: make(chan struct{})}
		s.pages[path] = p
	}
	s.mu.Unlock()
	if !known { // then it is ours to keep
		p.page = s.fetch(path)
		close(p.kept)
	}
	<-p.kept
	return p.page
}

//go:build pitfall

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// A mailService is the other service: it counts, and holds up one request, so that the worker
// is killed in the middle of a job each time.
type mailService struct {
	url      string
	opened   chan struct{}
	eleventh chan struct{} // closed when the 11th request waits for its answer
	last     chan struct{} // closed when the last job is done
	all      chan struct{} // closed when every invoice is sent

	mu    sync.Mutex
	asked int
	done  map[string]bool
}

func newMail() *mailService {
	m := &mailService{
		opened: make(chan struct{}), eleventh: make(chan struct{}), last: make(chan struct{}), all: make(chan struct{}),
		done: map[string]bool{},
	}
	m.url = httptest.NewServer(m).URL
	return m
}

// open lets the requests in.
func (m *mailService) open() { close(m.opened) }

func (m *mailService) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	<-m.opened
	m.mu.Lock()
	m.asked++
	if m.asked == 11 {
		m.mu.Unlock()
		close(m.eleventh)
		<-r.Context().Done() // until the worker is dead
		return
	}
	defer m.mu.Unlock()
	invoice := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case invoice == "last":
		close(m.last)
	case !m.done[invoice]:
		m.done[invoice] = true
		if len(m.done) == jobs {
			close(m.all)
		}
	}
}

// sent is how many invoices were sent.
func (m *mailService) sent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.done)
}

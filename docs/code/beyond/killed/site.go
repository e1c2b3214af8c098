package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"example.com/overlap/bench/timeline"
	"example.com/overlap/mockserver"
)

// A site is the server of the pages. It notes when each request came and went, for no worker
// outlives itself to tell.
type site struct {
	*mockserver.Server
	http   *http.Server
	base   string
	began  time.Time
	enough chan struct{} // gets a value at each of killAfter

	mu   sync.Mutex
	came int
	jobs []timeline.Job
}

func startSite() (*site, error) {
	pages, err := mockserver.New(mockserver.Settings{
		Pages: count, Latency: mockserver.Latency{Mean: 50 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{
		Server: pages, base: "http://" + listener.Addr().String(), began: time.Now(),
		enough: make(chan struct{}, len(killAfter)),
	}
	s.http = &http.Server{Handler: s}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// ServeHTTP answers, and notes from when to when.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	job := timeline.Job{Label: r.URL.Path, Outcome: timeline.Done, Processed: true}
	job.Fetch.Begin = time.Since(s.began)
	s.mu.Lock()
	s.came++
	if slices.Contains(killAfter, s.came) {
		s.enough <- struct{}{}
	}
	s.mu.Unlock()
	defer func() {
		job.Fetch.End = time.Since(s.began)
		job.Process = timeline.Span{Begin: job.Fetch.End, End: job.Fetch.End}
		if r.Context().Err() != nil { // nobody is there to take the answer
			job.Outcome, job.Processed, job.Process = timeline.Cancelled, false, timeline.Span{}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.jobs = append(s.jobs, job)
	}()
	s.Server.ServeHTTP(w, r)
}

func (s *site) urls() []string {
	urls := make([]string, count)
	for i := range urls {
		urls[i] = s.base + mockserver.PagePath(i)
	}
	return urls
}

// Close ends the requests that are in flight, and the server.
func (s *site) Close() error {
	return errors.Join(s.Server.Close(), s.http.Close())
}

// timeline is what the server saw, from the first request.
func (s *site) timeline() timeline.Timeline {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.jobs, func(a, b timeline.Job) int { return int(a.Fetch.Begin - b.Fetch.Begin) })
	first := s.jobs[0].Fetch.Begin
	for i := range s.jobs {
		job := &s.jobs[i]
		job.Fetch.Begin -= first
		job.Fetch.End -= first
		if job.Processed {
			job.Process = timeline.Span{Begin: job.Fetch.End, End: job.Fetch.End}
		}
	}
	return timeline.Timeline{
		Title:   fmt.Sprintf("queue: %d pages of 50 ms; %d workers, each %d at once; two are killed", count, workers, atOnce),
		Caption: fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		Jobs:    s.jobs,
	}
}

// Package mockserver is the web site that the pages workload fetches: real HTTP,
// deterministic pages, latency and faults as set, and a record of what arrived.
//
// The record is the grader: how many requests were in flight at once, which came
// twice, in which order, which were given up. A client cannot argue with it.
//
// A site has the pages /page/0 to /page/N-1, linked to one another. The same
// [Settings] give the same bytes, the same latencies and the same faults. A
// request changes them for itself in its query:
//
//	latency=20ms      Latency.Mean
//	profile=uniform   Latency.Profile: constant, uniform, lognormal, heavy-tail
//	spread=5ms        Latency.Spread
//	sigma=0.7         Latency.Sigma
//	fault=reset       this fault for sure: none, status, reset, slow, hang, truncate, malformed
//	status=503        the fault status, with this code
//	pause=100ms       Faults.SlowPause
//
// A value that makes no sense is answered with 400 and its name.
//
// The record is at /_overlap/record: GET gives it as JSON, DELETE clears it.
//
// [Start] serves a site on loopback, [Server] is an http.Handler for a server of
// one's own, and [NewTransport] gives the same site without a network, as an
// httpmock transport that works in virtual time (testing/synctest).
package mockserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RecordPath is where the record is found over HTTP.
const RecordPath = "/_overlap/record"

// A Server is a site as an http.Handler, and the server that Start makes of it.
// Its methods are safe for concurrent use.
type Server struct {
	site    *site
	closing chan struct{} // closed when requests that hang must end
	once    sync.Once

	http   *http.Server
	url    string
	served chan error
}

// New returns a site for an http.Server of one's own, or a *FieldError.
func New(settings Settings) (*Server, error) {
	site, err := newSite(settings)
	if err != nil {
		return nil, err
	}
	return &Server{site: site, closing: make(chan struct{})}, nil
}

// Start serves a site at addr, host and port as net.Listen takes them; an empty
// addr is a free port on loopback. The server takes headers of at most 16 KiB
// within 10 s, and closes connections that are idle for two minutes.
func Start(addr string, settings Settings) (*Server, error) {
	s, err := New(settings)
	if err != nil {
		return nil, err
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("mockserver: %w", err)
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	s.url = "http://" + listener.Addr().String()
	s.served = make(chan error, 1)
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// URL is where a started server is found: http://127.0.0.1:41234.
func (s *Server) URL() string { return s.url }

// PageURL is the URL of page i of a started server.
func (s *Server) PageURL(i int) string { return s.url + PagePath(i) }

// Record returns what the server has seen so far.
func (s *Server) Record() Record { return s.site.record.snapshot() }

// Reset clears the record, but for the requests in flight.
func (s *Server) Reset() { s.site.record.reset() }

// Shutdown ends a started server: it takes no more connections, ends the requests
// that hang, and waits for the others until ctx ends; what is left is cut off,
// and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(func() { close(s.closing) })
	if s.http == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.served <- http.ErrServerClosed // for a second Shutdown or Close
	return err
}

// Close ends a started server at once and cuts off what is in flight.
func (s *Server) Close() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ended); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Serve starts a site at addr, prints its address to w when it is ready, and
// serves until ctx ends; then it drains for at most the given time.
func Serve(ctx context.Context, w io.Writer, addr string, settings Settings, drain time.Duration) error {
	s, err := Start(addr, settings)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "serving %d pages at %s%s\n", s.site.settings.Pages, s.URL(), PagePath(0))
	if err == nil {
		<-ctx.Done()
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return errors.Join(err, s.Shutdown(bounded))
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == RecordPath {
		s.serveRecord(w, r)
		return
	}
	record := s.site.record
	record.begin()
	defer record.end()
	answer := s.site.decide(r.Method, r.URL)
	if !s.pause(r, answer.wait) {
		record.cancelled.Add(1)
		panic(http.ErrAbortHandler) // nobody to answer
	}
	s.write(w, r, answer)
}

// pause waits and says whether the client is still there.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	switch a.fault {
	case Hang:
		select {
		case <-r.Context().Done():
			s.site.record.cancelled.Add(1)
		case <-s.closing:
		}
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	for name, values := range a.header {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	s.site.record.answered(a.status)
	if r.Method == http.MethodHead {
		return
	}
	var err error
	switch a.fault {
	case Truncate:
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // ends the connection short of Content-Length
	case Slow:
		err = s.writeSlowly(w, r, a)
	default:
		_, err = w.Write(a.body)
	}
	if err != nil {
		s.site.record.cancelled.Add(1)
	}
}

// pieces is how many parts a slow body comes in.
const pieces = 10

func (s *Server) writeSlowly(w http.ResponseWriter, r *http.Request, a answer) error {
	flush := http.NewResponseController(w)
	for i := range pieces {
		if i > 0 && !s.pause(r, a.pause) {
			return r.Context().Err()
		}
		if _, err := w.Write(a.body[i*len(a.body)/pieces : (i+1)*len(a.body)/pieces]); err != nil {
			return err
		}
		if err := flush.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// reset ends the connection so that the client reads a reset, not an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the nearest there is
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (s *Server) serveRecord(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Record()) // a client that left needs no record
	case http.MethodDelete:
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "GET, HEAD, DELETE")
		http.Error(w, "the record takes GET and DELETE", http.StatusMethodNotAllowed)
	}
}

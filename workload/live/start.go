package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"example.com/overlap/internal/listen"
)

// listening is the network's half of a started Server.
type listening struct {
	http     *http.Server
	listener net.Listener
	url      string
	open     sync.WaitGroup // connections that are not a WebSocket (yet)
	ended    chan struct{}  // closed when no more connections are taken
	err      error          // why, once ended
}

// Start serves a room at addr, host and port as net.Listen takes them. Without a host that is
// loopback, without a port a free one, so an empty addr does for most; 0.0.0.0 or [::] must be
// asked for by name. The error is a *[FieldError] for a bad setting, or net's.
//
// The server takes a request's header, of at most 16 KiB, within ten seconds. Each client in
// the room costs it two goroutines and some 30 KB, and a file descriptor.
func Start(addr string, settings Settings) (*Server, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	listener, err := listen.TCP(addr)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	s, err := New(settings)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.listen(listener)
	return s, nil
}

func (s *Server) listen(listener net.Listener) {
	l := &listening{listener: listener, url: listen.URL(listener.Addr()), ended: make(chan struct{})}
	l.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew: // comes before Serve returns, so before Shutdown waits
				l.open.Add(1)
			case http.StateHijacked, http.StateClosed:
				l.open.Done()
			}
		},
	}
	s.listening = l
	go func() {
		defer close(l.ended)
		l.err = l.http.Serve(listener)
	}()
}

// URL is where a started server is found: http://127.0.0.1:41234. It is empty for one that
// New made.
func (s *Server) URL() string {
	if s.listening == nil {
		return ""
	}
	return s.listening.url
}

// Shutdown ends a server: it takes no more clients, has nothing more published, and tells each
// client that is connected that it is going away (close status 1001), without what was still on
// its way to it. It waits for their answers until ctx ends; those left are cut off, and the
// error is ctx's. When Shutdown has returned, no goroutine of the server's is running.
//
// Of a server that New made, the connections that are no WebSocket are its http.Server's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		s.room.end()
		s.metrics.end()
	}
	l := s.listening
	if l != nil {
		_ = l.listener.Close() // the second time it is closed already
		<-l.ended
	}
	stop := context.AfterFunc(ctx, s.cutNow)
	s.visits.Wait()
	var err error
	if !stop() {
		err = context.Cause(ctx)
	}
	s.cutNow() // nobody is left for it; it lets go of the context
	if l == nil {
		return err
	}
	err = errors.Join(err, l.http.Close())
	l.open.Wait()
	if !errors.Is(l.err, http.ErrServerClosed) && !errors.Is(l.err, net.ErrClosed) {
		err = errors.Join(err, l.err)
	}
	return err
}

// Close ends a server at once and cuts its clients off.
func (s *Server) Close() error {
	s.cutNow()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(now); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

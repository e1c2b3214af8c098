package mockserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"example.com/overlap/internal/listen"
)

// listening is the network's half of a started Server.
type listening struct {
	http     *http.Server
	listener *bounded
	url      string
	conns    connections
	ended    chan struct{} // closed when no more connections are taken
	err      error         // why, once ended
}

// Start serves a site at addr, host and port as net.Listen takes them. Without a
// host that is loopback, without a port a free one, so an empty addr does for
// most; 0.0.0.0 or [::] must be asked for by name. The error is a *[FieldError]
// for a bad setting, or net's.
//
// If the process may not hold Settings.MaxConnections, the error is that of
// [CheckFiles]. What else a started server refuses is told above, under Limits.
func Start(addr string, settings Settings) (*Server, error) {
	s, err := New(settings)
	if err != nil {
		return nil, err
	}
	most := settings.MaxConnections
	if most == 0 {
		most = MaxConnections()
	} else if err := CheckFiles(most); err != nil {
		return nil, fmt.Errorf("mockserver: %w", err)
	}
	listener, err := listen.TCP(addr)
	if err != nil {
		return nil, fmt.Errorf("mockserver: %w", err)
	}
	s.listen(listener, most, log.Writer())
	return s, nil
}

func (s *Server) listen(listener net.Listener, most int, errors io.Writer) {
	l := &listening{url: listen.URL(listener.Addr()), ended: make(chan struct{})}
	l.listener = newBounded(listener, most, &s.site.record.refused, &l.conns)
	l.http = newHTTPServer(s)
	l.http.ConnState = l.conns.changed
	l.http.ErrorLog = log.New(&firstEntries{to: errors, left: maxLogEntries}, "", log.LstdFlags)
	s.listening = l
	go func() {
		defer close(l.ended)
		l.err = l.http.Serve(l.listener)
	}()
}

// URL is where a started server is found: http://127.0.0.1:41234. It is empty
// for one that New made.
func (s *Server) URL() string {
	if s.listening == nil {
		return ""
	}
	return s.listening.url
}

// PageURL is the URL of page i of a started server.
func (s *Server) PageURL(i int) string { return s.URL() + PagePath(i) }

// Shutdown ends a started server: it takes no more connections, ends requests
// that hang, sends the rest of slow bodies without their pauses, and waits for
// the requests in flight until ctx ends. Those left are cut off, and the error is
// ctx's. When Shutdown has returned, no goroutine of the server's is running.
//
// Of a server that New made it ends the requests that hang and hurries the slow
// bodies, and no more: its http.Server does the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing()
	l := s.listening
	if l == nil {
		return nil
	}
	_ = l.listener.Close() // the second time it is closed already
	<-l.ended
	// http.Server would wait five seconds for those that sent no request yet.
	l.conns.closeFresh()
	err := l.http.Shutdown(ctx)
	if err != nil {
		s.cutting()
		err = errors.Join(err, l.http.Close())
	}
	l.conns.open.Wait()
	if !errors.Is(l.err, http.ErrServerClosed) && !errors.Is(l.err, net.ErrClosed) {
		err = errors.Join(err, l.err)
	}
	return err
}

// Close ends a server at once and cuts off the requests in flight. They end
// without an answer or in the middle of one; a slow body may come whole.
func (s *Server) Close() error {
	s.cutting()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(now); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Serve starts a site at addr (see [Start]), prints to w where its first page and
// its record are when it is ready, a line each, and serves until ctx ends. Then it drains for at most the given time;
// requests that are in flight after that are cut off, and the error is
// context.DeadlineExceeded.
func Serve(ctx context.Context, w io.Writer, addr string, settings Settings, drain time.Duration) error {
	s, err := Start(addr, settings)
	if err != nil {
		return err
	}
	return s.serve(ctx, w, drain)
}

func (s *Server) serve(ctx context.Context, w io.Writer, drain time.Duration) error {
	_, err := fmt.Fprintf(w, "serving %d pages at %s\nthe record is at %s%s\n", s.site.settings.Pages, s.PageURL(0), s.URL(), RecordPath)
	if err == nil {
		select {
		case <-ctx.Done():
		case <-s.listening.ended: // it can take no more connections
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if drainErr := s.Shutdown(bounded); drainErr != nil {
		err = errors.Join(err, fmt.Errorf("mockserver: shutdown: %w", drainErr))
	}
	return err
}

// connections knows the open ones, so that Shutdown can wait for their
// goroutines, and those that sent no request yet.
type connections struct {
	open  sync.WaitGroup
	fresh sync.Map // of net.Conn
}

// changed is called by http.Server. StateNew comes before Serve returns, so
// nothing is added to open once Shutdown waits for it.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.open.Add(1)
		c.fresh.Store(conn, nil)
	case http.StateActive:
		c.fresh.Delete(conn)
	case http.StateClosed, http.StateHijacked:
		c.fresh.Delete(conn)
		c.open.Done()
	}
}

func (c *connections) closeFresh() {
	c.fresh.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		return true
	})
}

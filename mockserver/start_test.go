package mockserver

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoopbackUnlessToldOtherwise(t *testing.T) {
	for addr, loopback := range map[string]bool{"": true, ":0": true, "0.0.0.0:0": false} {
		s, err := Start(addr, Settings{})
		require.NoError(t, err)
		bound := s.listening.listener.Addr().(*net.TCPAddr)
		require.NoError(t, s.Close())
		require.Equal(t, loopback, bound.IP.IsLoopback(), "%q is bound to %v", addr, bound)
	}
}

// pipes is a listener without a network, for a bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.closed:
		return net.ErrClosed
	default:
		close(p.closed)
		return nil
	}
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, syscall.ECONNREFUSED
	}
}

func listenOnPipes(t *testing.T) (*Server, pipes) {
	return listenWith(t, Settings{MaxConnections: 100}, io.Discard)
}

func listenWith(t *testing.T, settings Settings, errors io.Writer) (*Server, pipes) {
	s, err := New(settings)
	require.NoError(t, err)
	p := pipes{make(chan net.Conn), make(chan struct{})}
	s.listen(p, settings.MaxConnections, errors)
	return s, p
}

func TestShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := listenOnPipes(t)
		transport := &http.Transport{DialContext: p.dial}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		type reply struct {
			body  []byte
			err   error
			after time.Duration
		}
		begin := time.Now()
		get := func(query string) (r reply) {
			response, err := client.Get("http://site.example/page/0" + query)
			if err == nil {
				defer response.Body.Close()
				r.body, err = io.ReadAll(response.Body)
			}
			r.err, r.after = err, time.Since(begin)
			return r
		}
		var waited, slow, hung reply
		var wg sync.WaitGroup
		wg.Go(func() { waited = get("?latency=30s") })
		wg.Go(func() { slow = get("?fault=slow&pause=1m") })
		wg.Go(func() { hung = get("?fault=hang") })
		time.Sleep(time.Second)
		require.EqualValues(t, 3, s.Record().InFlight)
		require.NoError(t, s.Shutdown(t.Context()))
		wg.Wait()

		page := Settings{}.Page(0)
		require.NoError(t, waited.err)
		require.Equal(t, page, waited.body)
		require.Equal(t, 30*time.Second, waited.after, "who waits is waited for")
		require.NoError(t, slow.err)
		require.Equal(t, page, slow.body)
		require.Equal(t, time.Second, slow.after, "a slow body comes whole, at once")
		require.ErrorIs(t, hung.err, io.EOF)
		require.Equal(t, time.Second, hung.after, "what hangs ends at once")
		require.Zero(t, s.Record().InFlight)
		require.Zero(t, s.Record().Cancelled, "the server left, not the client")
		require.ErrorIs(t, get("").err, syscall.ECONNREFUSED, "nobody listens")
		require.NoError(t, s.Shutdown(t.Context()), "the second time there is nothing to do")
		require.NoError(t, s.Close())
	})
}

// brokenListener fails for good, as one without a descriptor left to it.
type brokenListener struct{ pipes }

func (brokenListener) Accept() (net.Conn, error) { return nil, syscall.EBADF }

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Settings{})
		require.NoError(t, err)
		s.listen(brokenListener{pipes{closed: make(chan struct{})}}, 1, io.Discard)
		require.ErrorIs(t, s.serve(t.Context(), io.Discard, time.Second), syscall.EBADF)
	})
}

// http.Server alone would wait five seconds for the connection.
func TestShutdownDoesNotWaitForWhoSentNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := listenOnPipes(t)
		client, server := net.Pipe()
		p.conns <- server
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Less(t, time.Since(begin), time.Second) // virtual
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// lateConn takes a second to see that it is closed under a write.
type lateConn struct {
	net.Conn
	seen *atomic.Bool
}

func (c lateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		time.Sleep(time.Second)
		c.seen.Store(true)
	}
	return n, err
}

func TestCloseWaitsForTheGoroutinesOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := listenOnPipes(t)
		client, server := net.Pipe()
		defer client.Close()
		var seen atomic.Bool
		p.conns <- lateConn{server, &seen}
		_, err := io.WriteString(client, "GET /page/0 HTTP/1.1\r\nHost: site.example\r\n\r\n")
		require.NoError(t, err)
		synctest.Wait() // the answer is written to a client that does not read
		require.NoError(t, s.Close())
		require.True(t, seen.Load(), "the goroutine that wrote has ended")
	})
}

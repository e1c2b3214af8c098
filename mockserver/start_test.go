package mockserver

import (
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

	"example.com/overlap/internal/pipes"
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

func listenOnPipes(t *testing.T) (*Server, *pipes.Listener) {
	return listenWith(t, Settings{MaxConnections: 100}, io.Discard)
}

func listenWith(t *testing.T, settings Settings, errors io.Writer) (*Server, *pipes.Listener) {
	s, err := New(settings)
	require.NoError(t, err)
	p := pipes.Listen()
	s.listen(p, settings.MaxConnections, errors)
	return s, p
}

func TestShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := listenOnPipes(t)
		transport := &http.Transport{DialContext: p.Dial}
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
type brokenListener struct{ *pipes.Listener }

func (brokenListener) Accept() (net.Conn, error) { return nil, syscall.EBADF }

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Settings{})
		require.NoError(t, err)
		s.listen(brokenListener{pipes.Listen()}, 1, io.Discard)
		require.ErrorIs(t, s.serve(t.Context(), io.Discard, time.Second), syscall.EBADF)
	})
}

// http.Server alone would wait five seconds for the connection.
func TestShutdownDoesNotWaitForWhoSentNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := listenOnPipes(t)
		client, err := p.Dial(t.Context(), "", "")
		require.NoError(t, err)
		defer client.Close()
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Less(t, time.Since(begin), time.Second) // virtual
		_, err = client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// lateListener has connections that are late.
type lateListener struct {
	*pipes.Listener
	seen *atomic.Bool
}

func (l lateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return lateConn{conn, l.seen}, nil
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
		s, err := New(Settings{})
		require.NoError(t, err)
		var seen atomic.Bool
		listener := lateListener{pipes.Listen(), &seen}
		s.listen(listener, 100, io.Discard)
		client, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		defer client.Close()
		_, err = io.WriteString(client, "GET /page/0 HTTP/1.1\r\nHost: site.example\r\n\r\n")
		require.NoError(t, err)
		synctest.Wait() // the answer is written to a client that does not read
		require.NoError(t, s.Close())
		require.True(t, seen.Load(), "the goroutine that wrote has ended")
	})
}

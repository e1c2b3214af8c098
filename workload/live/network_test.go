package live

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
)

// pipes is a listener without a network, for a bubble of virtual time. A pipe has no buffer: a
// write ends when the other end has read it. So a server's queue is all that waits for a client,
// and what is in the writer's hand.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	open   atomic.Int64 // and not closed by the client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	if isClosed(p.closed) {
		return net.ErrClosed
	}
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		p.open.Add(1)
		return &end{Conn: here, pipes: p}, nil
	case <-p.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// end is the client's end of a connection.
type end struct {
	net.Conn
	pipes  *pipes
	closed atomic.Bool
}

func (e *end) Close() error {
	if !e.closed.Swap(true) {
		e.pipes.open.Add(-1)
	}
	return e.Conn.Close()
}

// A room is a server without a network, and clients of it.
type room struct {
	*Server
	pipes   *pipes
	clients Clients
	byHand  *[]*websocket.Conn // to be closed in the end
}

// bubble runs a test in virtual time, in a room that ends with it. It fails if anything is left
// of a connection, and, as all bubbles do, of a goroutine.
func bubble(t *testing.T, settings Settings, test func(t *testing.T, r room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(settings)
		require.NoError(t, err)
		p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		s.listen(p)
		var byHand []*websocket.Conn
		defer func() {
			for _, conn := range byHand {
				_ = conn.CloseNow()
			}
			require.NoError(t, s.Close())
			synctest.Wait()
			require.Zero(t, p.open.Load(), "connections that the clients did not close")
		}()
		transport := &http.Transport{DialContext: p.dial, DisableKeepAlives: true}
		test(t, room{s, p, Clients{URL: "http://room.example", HTTP: &http.Client{Transport: transport}}, &byHand})
	})
}

// all runs as many clients as keys at once.
func (r room) all(t *testing.T, clients int) []Summary {
	t.Helper()
	summaries, err := overlap.Values(goroutines.Run(t.Context(), r.clients.Job(), numbers(clients)))
	require.NoError(t, err)
	return summaries
}

func numbers(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// balanced requires that the record accounts for every message offered.
func balanced(t *testing.T, r Record) {
	t.Helper()
	require.Equal(t, r.Offered, r.Delivered+r.Dropped+r.Lost, "%+v", r)
	require.Equal(t, r.Joined, r.Finished+r.TimedOut+r.Left, "%+v", r)
	require.Zero(t, r.In)
}

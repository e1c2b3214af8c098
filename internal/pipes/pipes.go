// Package pipes is a listener without a network, for tests of servers and clients in a bubble
// of virtual time (testing/synctest), where a goroutine that waits for a real connection would
// keep the clock from going on.
package pipes

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// A Listener is a net.Listener whose connections are pipes. A pipe has no buffer: a write ends
// when the other end has read it, or is closed. Its methods are safe for concurrent use.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	dialed, opened, open atomic.Int64
}

// Listen returns a listener. For a bubble it must be called there.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next connection. The error is net.ErrClosed, once it is closed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener, and not its connections. The second time the error is net.ErrClosed.
func (l *Listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		close(l.closed)
		err = nil
	})
	return err
}

// Addr is an address for those who print it.
func (l *Listener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// Dial connects to the listener, whatever the network and address; it waits for Accept. It is
// what the DialContext of a client wants. Errors: syscall.ECONNREFUSED when the listener is
// closed, and that of ctx when it ends before somebody accepts.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l.dialed.Add(1)
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		l.opened.Add(1)
		l.open.Add(1)
		return &end{Conn: here, gone: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
	case <-l.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Dialed is how often Dial was called.
func (l *Listener) Dialed() int64 { return l.dialed.Load() }

// Opened is how many connections there have been.
func (l *Listener) Opened() int64 { return l.opened.Load() }

// Open is how many connections the client has not closed. Whether the server has does not matter.
func (l *Listener) Open() int64 { return l.open.Load() }

// end is the client's end of a connection.
type end struct {
	net.Conn
	gone func()
}

func (e *end) Close() error {
	e.gone()
	return e.Conn.Close()
}

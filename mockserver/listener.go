package mockserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A bounded listener gives out so many connections at once. One more it answers itself:
// left in the backlog it would look like a server that hangs.
type bounded struct {
	net.Listener
	most    int64
	open    atomic.Int64
	refused *atomic.Int64 // of the record
	conns   *connections
	places  chan struct{} // for those that are being told so
}

func newBounded(listener net.Listener, most int, refused *atomic.Int64, conns *connections) *bounded {
	return &bounded{Listener: listener, most: int64(most), refused: refused, conns: conns, places: make(chan struct{}, maxRefusals)}
}

func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.open.Add(1) <= b.most {
			return &conn{Conn: c, from: b}, nil
		}
		b.open.Add(-1)
		b.refused.Add(1)
		b.refuse(c)
	}
}

const tooManyText = "too many connections: this server holds %d at once\n"

// refuse answers 503 when the request comes, as an answer before it would be one to
// nothing, and closes. If too many are being told already it only closes.
func (b *bounded) refuse(c net.Conn) {
	select {
	case b.places <- struct{}{}:
	default:
		_ = c.Close()
		return
	}
	b.conns.changed(c, http.StateNew)
	go func() {
		defer func() {
			_ = c.Close()
			<-b.places
			b.conns.changed(c, http.StateClosed)
		}()
		_ = c.SetDeadline(time.Now().Add(refusalTimeout))
		if _, err := c.Read(make([]byte, 512)); err != nil {
			return
		}
		text := fmt.Sprintf(tooManyText, b.most)
		_, err := fmt.Fprintf(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s", len(text), text)
		if err != nil {
			return
		}
		// A close while bytes are unread is a reset, and that may take the answer with it.
		if half, ok := c.(closeWriter); ok && half.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, c, 2*maxHeaderBytes)
		}
	}()
}

type closeWriter interface{ CloseWrite() error }

// A conn is one of a bounded listener's. Whoever does not read what is written to it is
// waited for, but not for good.
type conn struct {
	net.Conn
	from   *bounded
	closed atomic.Bool
}

func (c *conn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.from.open.Add(-1)
	}
	return c.Conn.Close()
}

// CloseWrite is what net/http looks for, to close without a reset.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(closeWriter); ok {
		return half.CloseWrite()
	}
	return nil
}

// Write ends with os.ErrDeadlineExceeded if a piece is not taken in time.
func (c *conn) Write(b []byte) (n int, err error) {
	for {
		if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(b[n:min(len(b), n+writePiece)])
		n += m
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// linger sets how long a connection of TCP's takes to close; with 0 it is reset.
func linger(c net.Conn, seconds int) {
	if ours, ok := c.(*conn); ok {
		c = ours.Conn
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(seconds)
	}
}

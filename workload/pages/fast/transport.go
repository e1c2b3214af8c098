package fast

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"example.com/overlap/workload/pages/internal/wire"
)

// A Transport makes the requests of [Job], [Count] and [Connect] heed their contexts, which
// fasthttp's own transport does not: there a cancel waits for the answer. (The usual way
// around is a goroutine for each request, which a cancel leaves behind; it costs more, too.)
// Requests, answers, buffers and the pool of connections are fasthttp's.
//
// A request is sent again as by net/http: when nothing was read of an answer, on a connection
// that had served another request, so that the server may have closed it meanwhile. fasthttp
// sends one again that the server has begun to answer, and five times.
//
// It is the Transport of a client whose DialTimeout is its method Dial and whose WriteTimeout
// is zero; [NewClient] makes such a one. Its fields are set before it is used; then it is
// safe for concurrent use.
type Transport struct {
	// Timeout is how long a request may take, its body included; zero is no limit. The
	// error is a net.Error and context.DeadlineExceeded.
	Timeout time.Duration

	// DialContext opens connections; nil stands for net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	watch wire.Watch
}

// A call is what a request brings to the transport beside what a fasthttp.Request holds.
type call struct {
	ctx      context.Context
	maxBytes int64
	hold     func() // called before the connection is given back; nil: nothing
	body     bool   // the error is one of the body
}

// callKey is the request's user value that is its *call.
type callKey struct{}

// conn is a connection in fasthttp's pool. As fasthttp dials without a context, conn is
// opened later, by the first request that has it.
type conn struct {
	net.Conn // nil: to be opened
	address  string
	watched  wire.Watched
}

var errNotOpen = errors.New("fast: the connection is not open yet: the client's WriteTimeout must be zero")

// SetDeadline is called too early by a client that shakes hands for TLS when it dials.
func (c *conn) SetDeadline(t time.Time) error {
	if c.Conn == nil {
		return errNotOpen
	}
	return c.Conn.SetDeadline(t)
}

func (c *conn) Close() error {
	if c.Conn == nil {
		return nil
	}
	return c.Conn.Close()
}

// Dial returns a connection that is opened by its first request.
func (t *Transport) Dial(address string, _ time.Duration) (net.Conn, error) {
	return &conn{address: address}, nil
}

func (t *Transport) open(ctx context.Context, c *conn, deadline time.Time) error {
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	if t.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, deadline, &wire.TimeoutError{After: t.Timeout})
		defer cancel()
	}
	opened, err := dial(ctx, "tcp", c.address)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	c.Conn = opened
	return nil
}

// RoundTrip implements fasthttp.RoundTripper. It never asks fasthttp to try again: it has
// done so itself.
func (t *Transport) RoundTrip(host *fasthttp.HostClient, request *fasthttp.Request, response *fasthttp.Response) (retry bool, err error) {
	call, ok := request.UserValue(callKey{}).(*call)
	if !ok {
		return false, errors.New("fast: the request is none of this package's")
	}
	var deadline time.Time
	if t.Timeout > 0 {
		deadline = time.Now().Add(t.Timeout)
	}
	for {
		pooled, err := host.AcquireConn(0, false)
		if err != nil {
			return false, err
		}
		x := exchange{
			transport: t, call: call, host: host, request: request, response: response,
			conn: pooled.Conn(), deadline: deadline, used: !pooled.LastUseTime().IsZero(),
		}
		err = x.do()
		if x.keep {
			host.ReleaseConn(pooled)
		} else {
			host.CloseConn(pooled)
		}
		if !x.stale { // at last there is a new one
			return false, err
		}
	}
}

// An exchange is one try of a request on one connection.
type exchange struct {
	transport *Transport
	call      *call
	host      *fasthttp.HostClient
	request   *fasthttp.Request
	response  *fasthttp.Response
	conn      net.Conn // a *conn, or TLS over one
	deadline  time.Time
	used      bool // the connection, by a request before

	keep  bool // the connection can be used again
	stale bool // the server had closed it while it was idle: another one, please
}

func (x *exchange) do() error {
	c, err := x.opened()
	if err != nil {
		return err
	}
	t := x.transport
	if t.Timeout > 0 {
		_ = c.SetDeadline(x.deadline) // fails if it is closed, and so will all that follows
	}
	t.watch.Begin(x.call.ctx, c.Conn, &c.watched)
	err = x.send()
	if err == nil {
		err = x.receive(c)
	} else {
		x.stale = x.used
	}
	if err == nil && x.call.hold != nil {
		x.call.hold()
	}
	timeout := errors.Is(err, os.ErrDeadlineExceeded)
	cut := t.watch.End(&c.watched)
	x.stale = x.stale && !timeout && !cut
	x.keep = x.keep && !cut
	switch {
	case cut && err != nil:
		return context.Cause(x.call.ctx)
	case timeout && t.Timeout > 0:
		return &wire.TimeoutError{After: t.Timeout}
	}
	return err
}

// opened returns the connection below, which a context can cut, opened.
func (x *exchange) opened() (*conn, error) {
	below := x.conn
	if secure, ok := below.(*tls.Conn); ok {
		below = secure.NetConn()
	}
	c, ok := below.(*conn)
	if !ok {
		return nil, errors.New("fast: the client does not dial by its Transport's Dial")
	}
	if c.Conn == nil {
		if err := x.transport.open(x.call.ctx, c, x.deadline); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (x *exchange) send() error {
	w := x.host.AcquireWriter(x.conn)
	defer x.host.ReleaseWriter(w)
	if err := x.request.Write(w); err != nil {
		return err
	}
	return w.Flush()
}

// receive reads the answer. An answer that is no page is one without a body, however that
// ends.
func (x *exchange) receive(c *conn) error {
	r := x.host.AcquireReader(x.conn)
	defer x.host.ReleaseReader(r)
	if _, err := r.Peek(1); err != nil {
		x.stale = x.used
		if err == io.EOF {
			err = errNoAnswer
		}
		return err
	}
	header := &x.response.Header
	for {
		if err := header.Read(r); err != nil {
			return cutShort(err)
		}
		if status := header.StatusCode(); status >= 200 || status == fasthttp.StatusSwitchingProtocols {
			break
		}
	}
	status := header.StatusCode()
	x.keep = !x.response.ConnectionClose()
	if status == fasthttp.StatusRequestTimeout && x.used && !x.keep {
		x.stale = true // sent while the connection was idle
		return errNoAnswer
	}
	most := x.call.maxBytes
	if page := status >= 200 && status <= 299; !page {
		most = wire.ErrorBytes
		if late := time.Now().Add(wire.ErrorTime); x.deadline.IsZero() || late.Before(x.deadline) {
			_ = c.SetReadDeadline(late)
		}
	}
	var err error
	if status != fasthttp.StatusNoContent && status != fasthttp.StatusNotModified && status >= 200 {
		err = x.response.ReadBody(r, int(min(most, math.MaxInt)))
		if err == nil && header.ContentLength() == -1 {
			err = cutShort(header.ReadTrailer(r))
		}
	}
	x.keep = x.keep && err == nil && r.Buffered() == 0
	if status < 200 || status > 299 {
		_ = c.SetReadDeadline(x.deadline)
		return nil
	}
	x.call.body = err != nil
	return err
}

// errNoAnswer is in place of a bare io.EOF, which fasthttp would replace by an error of its own.
var errNoAnswer = wrapped{"the server closed the connection without an answer", io.EOF}

// cutShort says that an end came too soon.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

type wrapped struct {
	text string
	err  error
}

func (e wrapped) Error() string { return e.text }
func (e wrapped) Unwrap() error { return e.err }

package pages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap/workload/pages/internal/wire"
)

// NewDirectClient is [NewClient] on a [DirectTransport]: the same API and the same results
// for about two thirds of the CPU time. The timeout is that of each request, so a redirect
// begins it anew.
func NewDirectClient(inFlight int, timeout time.Duration) *http.Client {
	other := NewClient(inFlight, timeout)
	// The client itself has no Timeout: with a transport that is not net/http's own it
	// starts a goroutine for each request to watch it.
	return &http.Client{Transport: &DirectTransport{
		MaxIdlePerHost: inFlight,
		Timeout:        timeout,
		Proxy:          http.ProxyFromEnvironment,
		Other:          other.Transport,
	}}
}

// A DirectTransport is an http.RoundTripper without goroutines. An http.Transport has two
// for each connection, one that writes requests and one that reads answers, and hands
// every request and answer over between them and the caller; here the caller's goroutine
// writes and reads itself, so that a request costs no switch but the wait for its answer.
// Requests and answers are net/http's own (http.Request.Write, http.ReadResponse).
//
// It does GET and HEAD without a body over plain HTTP/1.1. What is more than that (https,
// other methods, bodies, upgrades, proxies, host names that are not ASCII) it hands to
// Other. It asks for no compression, knows nothing of httptrace, and heeds a request's
// context but not its Cancel. Without a goroutine that reads, nothing is noticed of an idle
// connection: that the server closed it shows when the next request fails on it before
// anything is read, and that one is sent once more on a new connection; what a server sends
// without being asked is taken for an answer, but for status 408.
//
// The zero value works. It is safe for concurrent use; its fields are set before. It opens a
// connection for each request that finds none idle: the caller's limit is the limit.
type DirectTransport struct {
	// Dial opens connections; nil stands for net.Dialer's DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// MaxIdlePerHost is how many idle connections are kept to one host; zero stands for
	// http.DefaultMaxIdleConnsPerHost, which is 2. Those idle for 90 s are not used again,
	// and are closed within ten seconds of use of others, or by CloseIdleConnections.
	MaxIdlePerHost int

	// Timeout is how long a request may take, its body included; zero is no limit. The
	// error is a net.Error and context.DeadlineExceeded.
	Timeout time.Duration

	// Proxy is http.Transport's; nil is none.
	Proxy func(*http.Request) (*url.URL, error)

	// Other does what this transport does not; nil stands for http.DefaultTransport.
	Other http.RoundTripper

	watch wire.Watch

	mu      sync.Mutex
	hosts   map[string]*directHost // by host and port, as in the URL
	swept   time.Time
	closing bool // what becomes idle is closed, until the next request
}

const (
	// idleTimeout is what http.DefaultTransport has. No timer looks for those that are
	// over it, so that there is none to stop.
	idleTimeout = 90 * time.Second
	sweepEvery  = 10 * time.Second
	// maxHeader is the size of an answer's header at most, with those of 1xx before it.
	maxHeader = 1 << 20
	// A page of 2 KiB and its header are read at once into readBuffer, and a request is
	// written at once from writeBuffer. Larger ones changed nothing, smaller ones cost a
	// system call more.
	readBuffer  = 4 << 10
	writeBuffer = 1 << 10
)

// directHost is the connections to one host. The one that was used last is used next: it is
// the least likely to have been closed.
type directHost struct {
	idle []*directConn
	busy int
}

type directConn struct {
	net.Conn
	br      *bufio.Reader
	bw      *bufio.Writer
	at      string // the host
	left    int64  // bytes that may still be read
	used    bool   // by a request before
	since   time.Time
	watched wire.Watched
}

var errHeader = fmt.Errorf("the answer's header is larger than %d bytes", maxHeader)

func (c *directConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeader
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// RoundTrip implements http.RoundTripper. An error of the context's end is its cause.
func (t *DirectTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !t.does(r) {
		return t.other().RoundTrip(r)
	}
	ctx := r.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	now := time.Now()
	var deadline time.Time
	if t.Timeout > 0 {
		deadline = now.Add(t.Timeout)
	}
	if c := t.take(r.URL.Host, now); c != nil {
		response, err := t.try(c, r, deadline)
		if !errors.Is(err, errStale) {
			return response, err
		}
	}
	c, err := t.open(ctx, r.URL, deadline)
	if err != nil {
		return nil, err
	}
	return t.try(c, r, deadline)
}

// does says whether the request is one that needs no more than this transport can.
func (t *DirectTransport) does(r *http.Request) bool {
	if r.Method != "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if r.Body != nil && r.Body != http.NoBody || len(r.TransferEncoding)+len(r.Trailer) > 0 {
		return false
	}
	if r.URL == nil || r.URL.Scheme != "http" || r.URL.Host == "" || r.Header == nil || r.Header["Upgrade"] != nil || r.Header["Expect"] != nil {
		return false
	}
	for i := range len(r.URL.Host) {
		if r.URL.Host[i] >= 0x80 {
			return false
		}
	}
	if t.Proxy == nil {
		return true
	}
	proxy, err := t.Proxy(r)
	return proxy == nil && err == nil
}

func (t *DirectTransport) other() http.RoundTripper {
	if t.Other == nil {
		return http.DefaultTransport
	}
	return t.Other
}

// errStale is a connection that the server had closed, or was about to, while it was idle.
var errStale = errors.New("the connection was closed while it was idle")

// try sends the request on c and reads the answer's header. After an error, c is closed.
func (t *DirectTransport) try(c *directConn, r *http.Request, deadline time.Time) (*http.Response, error) {
	if t.Timeout > 0 {
		_ = c.SetDeadline(deadline) // fails if it is closed, and so will all that follows
	}
	t.watch.Begin(r.Context(), c.Conn, &c.watched)
	c.left = maxHeader
	//region here
	err := r.Write(c.bw)
	if err == nil {
		err = c.bw.Flush()
	}
	if err == nil {
		_, err = c.br.Peek(1)
	}
	if err != nil { // and nothing was read
		stale := c.used && !errors.Is(err, os.ErrDeadlineExceeded)
		if err = t.failed(c, r.Context(), err); stale {
			return nil, errStale
		}
		return nil, err
	}
	response, err := c.answer(r)
	if err != nil {
		return nil, t.failed(c, r.Context(), err)
	}
	//endregion
	keep := !response.Close && !r.Close
	if response.StatusCode == http.StatusRequestTimeout && c.used && !keep {
		t.watch.End(&c.watched)
		t.drop(c)
		return nil, errStale
	}
	if response.Body == http.NoBody {
		t.done(c, keep)
		return response, nil
	}
	response.Body = &directBody{body: response.Body, transport: t, conn: c, request: r, keep: keep}
	return response, nil
}

// answer reads the header of the answer, and those of 1xx that may come before it.
func (c *directConn) answer(r *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(c.br, r)
		switch {
		case err != nil:
			return nil, err
		case response.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the server switches protocols, which nobody asked for")
		case response.StatusCode >= 200:
			c.left = math.MaxInt64
			return response, nil
		}
	}
}

// failed closes c and returns what the error really is.
func (t *DirectTransport) failed(c *directConn, ctx context.Context, err error) error {
	cut := t.watch.End(&c.watched)
	t.drop(c)
	switch {
	case cut:
		return context.Cause(ctx)
	case t.Timeout > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		return &wire.TimeoutError{After: t.Timeout}
	}
	return err
}

// done is the end of a request whose answer was read whole.
func (t *DirectTransport) done(c *directConn, keep bool) {
	if cut := t.watch.End(&c.watched); cut || !keep || c.br.Buffered() > 0 {
		t.drop(c)
		return
	}
	t.put(c)
}

func (t *DirectTransport) open(ctx context.Context, u *url.URL, deadline time.Time) (*directConn, error) {
	dial := t.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	within := ctx
	if t.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithDeadlineCause(ctx, deadline, &wire.TimeoutError{After: t.Timeout})
		defer cancel()
	}
	conn, err := dial(within, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		if within.Err() != nil {
			err = context.Cause(within)
		}
		return nil, err
	}
	c := &directConn{Conn: conn, at: u.Host, bw: bufio.NewWriterSize(conn, writeBuffer)}
	c.br = bufio.NewReaderSize(c, readBuffer)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hosts == nil {
		t.hosts = map[string]*directHost{}
	}
	if t.hosts[c.at] == nil {
		t.hosts[c.at] = new(directHost)
	}
	t.hosts[c.at].busy++
	return c, nil
}

// take returns the connection to the host that was idle last, or nil.
func (t *DirectTransport) take(at string, now time.Time) *directConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closing = false
	h := t.hosts[at]
	if h == nil || len(h.idle) == 0 {
		return nil
	}
	last := len(h.idle) - 1
	if now.Sub(h.idle[last].since) > idleTimeout {
		return nil
	}
	h.busy++
	c := h.idle[last]
	h.idle[last] = nil
	h.idle = h.idle[:last]
	return c
}

// put makes c idle, or closes it if there are enough.
func (t *DirectTransport) put(c *directConn) {
	c.used, c.since = true, time.Now()
	most := t.MaxIdlePerHost
	if most == 0 {
		most = http.DefaultMaxIdleConnsPerHost
	}
	t.mu.Lock()
	h := t.hosts[c.at]
	keep := !t.closing && len(h.idle) < most
	if keep {
		h.idle = append(h.idle, c)
	}
	t.left(c.at)
	t.sweep(c.since)
	t.mu.Unlock()
	if !keep {
		_ = c.Close()
	}
}

// drop closes a connection that is not idle.
func (t *DirectTransport) drop(c *directConn) {
	t.mu.Lock()
	t.left(c.at)
	t.mu.Unlock()
	_ = c.Close()
}

// left is the end of a connection's work.
func (t *DirectTransport) left(at string) {
	h := t.hosts[at]
	if h.busy--; h.busy == 0 && len(h.idle) == 0 {
		delete(t.hosts, at)
	}
}

// sweep closes what has been idle for too long, if it was not looked for lately.
func (t *DirectTransport) sweep(now time.Time) {
	if now.Sub(t.swept) < sweepEvery {
		return
	}
	t.swept = now
	for at, h := range t.hosts {
		old := 0
		for old < len(h.idle) && now.Sub(h.idle[old].since) > idleTimeout {
			old++
		}
		fresh := h.idle[old:]
		h.idle = h.idle[:old]
		h.close()
		h.idle = append(h.idle, fresh...)
		if h.busy == 0 && len(h.idle) == 0 {
			delete(t.hosts, at)
		}
	}
}

// close closes all that is idle.
func (h *directHost) close() {
	for i, c := range h.idle {
		_ = c.Close()
		h.idle[i] = nil
	}
	h.idle = h.idle[:0]
}

// CloseIdleConnections closes the connections that are idle, also those of Other; those in
// use close when they would become idle, unless another request begins before. An
// http.Client's method of that name calls it.
func (t *DirectTransport) CloseIdleConnections() {
	t.mu.Lock()
	t.closing = true
	for at, h := range t.hosts {
		h.close()
		if h.busy == 0 {
			delete(t.hosts, at)
		}
	}
	t.mu.Unlock()
	if other, ok := t.Other.(interface{ CloseIdleConnections() }); ok {
		other.CloseIdleConnections()
	}
}

// A directBody gives its connection back at the end, or closes it if it is closed before.
type directBody struct {
	body      io.Reader // its own Close would read on
	transport *DirectTransport
	conn      *directConn
	request   *http.Request
	keep      bool
	state     atomic.Int32 // open, then ended or closed: whoever changes it has the connection
}

const (
	open int32 = iota
	ended
	closed
)

func (b *directBody) Read(p []byte) (int, error) {
	switch b.state.Load() {
	case ended:
		return 0, io.EOF
	case closed:
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.body.Read(p)
	switch {
	case err == nil:
	case err == io.EOF && b.state.CompareAndSwap(open, ended):
		b.transport.done(b.conn, b.keep)
	case b.state.CompareAndSwap(open, closed):
		err = b.transport.failed(b.conn, b.request.Context(), err)
	default:
		err = http.ErrBodyReadAfterClose
	}
	return n, err
}

// Close may be called while a Read waits, and ends it.
func (b *directBody) Close() error {
	if b.state.CompareAndSwap(open, closed) {
		b.transport.watch.End(&b.conn.watched)
		b.transport.drop(b.conn)
	}
	return nil
}

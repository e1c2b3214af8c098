package mockserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jarcoal/httpmock"
)

// A Transport is a site without a network: an http.RoundTripper that answers for
// any host as a [Server] with the same settings would. Its waits are timers that
// heed the request's context, so in a testing/synctest bubble they are virtual.
//
// It is built on an httpmock transport of its own, never httpmock's global one.
// A request is answered on the goroutine that sends it, and on no other.
//
// Two things differ from a server. A request that hangs ends with its context
// only (Request.Cancel, long deprecated, is not heeded): there is no server to
// stop. And a client that gives up is counted out before its error is returned,
// so that it never seems to have more requests in flight than it has.
type Transport struct {
	mock *httpmock.MockTransport
	site *site
}

// NewTransport returns a transport, or a *[FieldError].
func NewTransport(settings Settings) (*Transport, error) {
	site, err := newSite(settings)
	if err != nil {
		return nil, err
	}
	t := &Transport{mock: httpmock.NewMockTransport(), site: site}
	t.mock.RegisterNoResponder(t.respond)
	return t, nil
}

// PageURL is a URL of page i.
func (t *Transport) PageURL(i int) string { return "http://site.example" + PagePath(i) }

// Record returns what the transport has seen so far.
func (t *Transport) Record() Record { return t.site.record.snapshot() }

// Reset does what [Server.Reset] does.
func (t *Transport) Reset() { t.site.reset() }

// requestKey is where respond finds the request that was sent.
type requestKey struct{}

// RoundTrip answers one request. For one whose context ends first the error is
// the context's cause; had it ended before, the record knows nothing of it.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := context.Cause(r.Context()); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	// httpmock would run a request that can end on a goroutine of its own, and
	// return at its end before respond has counted it out.
	held := r.WithContext(context.WithValue(context.WithoutCancel(r.Context()), requestKey{}, r))
	//lint:ignore SA1019 deprecated, but httpmock heeds it
	held.Cancel = nil
	return t.mock.RoundTrip(held)
}

func (t *Transport) respond(held *http.Request) (*http.Response, error) {
	r := held.Context().Value(requestKey{}).(*http.Request)
	if r.Body != nil {
		defer r.Body.Close()
	}
	record := t.site.record
	if forRecord(r) {
		return response(r, t.site.serveRecord(r.Method), nil), nil
	}
	visit := record.begin()
	defer func() { visit.end() }()
	a := t.site.decide(r)
	err := sleep(r.Context(), a.wait)
	if err == nil && a.fault == Hang {
		<-r.Context().Done()
		err = context.Cause(r.Context())
	}
	if err != nil {
		record.cancelled.Add(1)
		return nil, err
	}
	record.answered(a.status)
	if a.fault != Slow || r.Method == http.MethodHead {
		return response(r, a, nil), nil // as on the wire: the server has sent it all
	}
	slow := &slowBody{ctx: r.Context(), left: a.body, piece: len(a.body) / pieces, pause: a.pause, visit: visit}
	visit.ended = true // the body's from here on
	slow.stop = context.AfterFunc(r.Context(), slow.abandon)
	return response(r, a, slow), nil
}

func response(r *http.Request, a answer, body io.ReadCloser) *http.Response {
	header := http.Header{}
	a.fill(header)
	if body == nil {
		body = &plainBody{left: a.body, end: io.EOF}
		half := a.body[:len(a.body)/2]
		switch {
		case r.Method == http.MethodHead:
			body = http.NoBody
		case a.fault == Truncate:
			body = &plainBody{left: half, end: io.ErrUnexpectedEOF}
		case a.fault == Reset:
			body = &plainBody{left: half, end: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}
		}
	}
	reason := http.StatusText(a.status)
	if reason == "" {
		reason = "status code " + strconv.Itoa(a.status) // as net/http sends it
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + reason,
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          body,
		ContentLength: int64(len(a.body)),
		Request:       r,
	}
}

// sleep waits for d, or until ctx ends: then the error is its cause.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errClosed says what net/http says.
var errClosed = errors.New("http: read on closed response body")

// plainBody gives its bytes, then end.
type plainBody struct {
	left   []byte
	end    error
	closed atomic.Bool // Close may come while another goroutine reads
}

func (b *plainBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errClosed
	}
	if len(b.left) == 0 {
		return 0, b.end
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

func (b *plainBody) Close() error {
	b.closed.Store(true)
	return nil
}

// slowBody gives its bytes piece by piece, with a pause before each but the
// first. It is in flight until the last piece, or until the client gives up.
type slowBody struct {
	ctx   context.Context
	left  []byte
	piece int
	room  int // bytes that this piece still has
	begun bool
	pause time.Duration
	stop  func() bool

	closed atomic.Bool
	mu     sync.Mutex // Close may come while Read waits
	visit  visit
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errClosed
	}
	if len(b.left) == 0 {
		return 0, io.EOF
	}
	if err := context.Cause(b.ctx); err != nil {
		b.abandon() // before the client knows
		return 0, err
	}
	if b.room == 0 {
		if b.begun {
			if err := sleep(b.ctx, b.pause); err != nil {
				b.abandon() // before the client knows
				return 0, err
			}
		}
		b.begun = true
		b.room = b.piece
		if len(b.left) < 2*b.piece {
			b.room = len(b.left) // what does not divide goes with the last
		}
	}
	n := copy(p[:min(len(p), b.room)], b.left)
	b.left, b.room = b.left[n:], b.room-n
	if len(b.left) == 0 {
		b.stop()
		b.mu.Lock()
		b.visit.end()
		b.mu.Unlock()
	}
	return n, nil
}

// Close gives the rest of the body up.
func (b *slowBody) Close() error {
	b.closed.Store(true)
	b.stop()
	b.abandon()
	return nil
}

func (b *slowBody) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.visit.ended {
		b.visit.record.cancelled.Add(1)
	}
	b.visit.end()
}

// Package mockserver is the web site that the pages workload fetches: real HTTP,
// deterministic pages, latency and faults as set, and a record of what arrived.
//
// The record is the grader: how many requests were in flight at once, which came
// twice, in which order, which were given up. A client cannot argue with it.
//
// A site has the pages /page/0 to /page/N-1, linked to one another. The same
// [Settings] give the same bytes, the same latencies and the same faults.
// [Start] serves a site on loopback, [Server] is an http.Handler for a server of
// one's own, and [NewTransport] gives the same site without a network, as an
// httpmock transport that works in virtual time (testing/synctest).
//
// # Queries
//
// A request changes the settings for itself in its query:
//
//	latency=20ms      Latency.Mean
//	profile=uniform   Latency.Profile: constant, uniform, lognormal, heavy-tail
//	spread=5ms        Latency.Spread
//	sigma=0.7         Latency.Sigma
//	alpha=1.2         Latency.Alpha
//	perrequest=true   Latency.PerRequest
//	fault=reset       this fault and no other: status, reset, slow, hang, truncate, malformed; or none
//	chance=0.1        how probable that fault is; 1 if not given
//	status=429        Faults.StatusCode, with fault=status unless another is given
//	pause=100ms       Faults.SlowPause
//	rate=50           RateLimit.PerSecond; requests with the same rate and burst share a bucket; 0 is no limit
//	burst=10          RateLimit.Burst
//
// The bounds are those of the settings. A parameter that is unknown, is given
// twice or makes no sense is answered with 400 and its name.
//
// # The record over HTTP
//
// GET /_overlap/record gives the [Record] as JSON; DELETE or POST does what
// [Server.Reset] does.
//
// # Limits
//
// What a client cannot have, of every form of a site:
//
//	a query              at most 1024 bytes; else 400
//	buckets              64 at once of all queries, the server's own with them, not
//	                     counting those that are full again; else 400
//	a body               none: 400, or 404 or 405 if it is that too; of a request for
//	                     the record it is overlooked
//	a quotation          at most 128 bytes of a path or a method in an answer
//	a hang               1h0m0s at the most, except without a network
//
// And of a server that [Start] made; in one of your own, most are your http.Server's:
//
//	connections          Settings.MaxConnections. One more is answered 503, with
//	                     Retry-After, when its request comes, if that is within 1s;
//	                     and closed. If 32 are being told so it is closed at once
//	line and header      16 KiB, and some 4 KiB that net/http grants; else 431. That
//	                     bounds the number of fields and the length of a path too
//	time for a header    30s from the first byte of a request; of the first one, from
//	                     the start of the connection. Then it is closed
//	time for a body      the answer does not wait for it; then 5s until it is closed
//	time between two     2m0s; then the connection is closed
//	time to take answers 1m0s for each 64 KiB; then the connection is closed
//	time for an answer   none: it waits as long as the settings or the query have it
//	entries in the log   10 of what net/http logs, such as failures to accept, to the
//	                     output of package log
//
// After an answer to a request with a body the connection is closed, whatever the
// lengths in its header say: no request can be hidden in another. (But HTTP/1.0 has no
// transfer coding: net/http overlooks one, and what follows is the next request.)
//
// A page, or the record, has one name: //page/0, /page/../page/0 and /page%2F0 are
// answered 404, and so are OPTIONS * and CONNECT. An absolute URI is taken for its
// path, whatever its host. An upgrade is not done, the page is sent. HTTP/1.0 and
// pipelined requests are answered, these one after another.
//
// What net/http refuses before it asks the site, the record does not know of: 400
// for what is not HTTP (HTTP/0.9 with that), for a Host that is missing, double or no
// host, and for two lengths; 417, 431, 501 for a transfer coding other than chunked,
// 505. A client that closes its half of the connection has left, as net/http sees it;
// one that has begun its next request too is seen to have left only when its answer
// is written.
//
// In memory there are up to 64 MiB of pages, and one more for each request in flight
// that they have not.
package mockserver

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// RecordPath is where the record is found over HTTP.
const RecordPath = "/_overlap/record"

// A Server is a site as an http.Handler, and the server that [Start] makes of it.
// Its methods are safe for concurrent use.
type Server struct {
	site *site

	closing func() // requests that hang end, slow bodies hurry
	cutting func() // every request ends
	closed  <-chan struct{}
	cut     <-chan struct{}

	listening *listening // nil if not started
}

// New returns a site for an http.Server of one's own, or a *[FieldError]. Before
// that server closes, call Close: it ends the requests that hang.
func New(settings Settings) (*Server, error) {
	site, err := newSite(settings)
	if err != nil {
		return nil, err
	}
	closed, cut := make(chan struct{}), make(chan struct{})
	return &Server{
		site:    site,
		closing: sync.OnceFunc(func() { close(closed) }),
		cutting: sync.OnceFunc(func() { close(cut) }),
		closed:  closed,
		cut:     cut,
	}, nil
}

// Record returns what the server has seen so far. The counters are read one after
// another: while requests arrive, they may be a few requests apart.
func (s *Server) Record() Record { return s.site.record.snapshot() }

// Reset clears the record, but for the requests in flight. Faults begin anew too,
// as they depend on how often a path was asked for, and token buckets are full:
// the next run is a repetition of the one before.
func (s *Server) Reset() { s.site.reset() }

// ServeHTTP answers one request. To end a connection without an answer it panics
// with http.ErrAbortHandler, as net/http asks of handlers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if hasBody(r) {
		dropBody(w, r)
	}
	if forRecord(r) {
		a := s.site.serveRecord(r.Method)
		a.fill(w.Header())
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // a client that has left needs no record
		return
	}
	x := exchange{Server: s, w: w, r: r, visit: s.site.record.begin()}
	defer x.visit.end()
	x.answer = s.site.decide(r)
	if !x.pause(x.answer.wait, nil) {
		x.gaveUp()
		panic(http.ErrAbortHandler) // nobody to answer
	}
	if x.answer.fault == Hang {
		x.hang()
	}
	x.write()
}

// dropBody sees to it that a body, which nobody wants, is not waited for: net/http would
// read some of it, however slowly it comes, before it sends the answer. And what comes
// after a body that was not read as the client meant it is no request.
func dropBody(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor >= 2 {
		return // a stream of its own
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
}

// An exchange is one request on its way to an answer.
type exchange struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	answer answer
	visit  visit
}

// pause waits, until hurry is closed at most, and says whether the answer is
// still wanted.
func (x *exchange) pause(d time.Duration, hurry <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-hurry:
		return true
	case <-x.r.Context().Done():
	case <-x.cut:
	}
	return false
}

// gaveUp records that the client left, unless it was the server that did.
func (x *exchange) gaveUp() {
	select {
	case <-x.cut:
	default:
		x.site.record.cancelled.Add(1)
	}
}

// hang ends by itself too: net/http does not see that a client has left which had begun
// another request on its connection.
func (x *exchange) hang() {
	timer := time.NewTimer(maxHang)
	defer timer.Stop()
	select {
	case <-x.closed:
	case <-timer.C:
	case <-x.r.Context().Done():
		x.gaveUp()
	}
	panic(http.ErrAbortHandler)
}

// reset ends the connection so that the client reads a reset, not an end. Half
// of the body goes before: had nothing come, net/http's client would quietly
// send the request again on another connection, and no fault would be seen.
func (x *exchange) reset() {
	half := x.answer.body[:len(x.answer.body)/2]
	_, _ = x.w.Write(half)
	control := http.NewResponseController(x.w)
	_ = control.Flush()
	if x.listening != nil { // a hijacked connection no longer counts
		x.listening.conns.open.Add(1)
		defer x.listening.conns.open.Done()
	}
	conn, _, err := control.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no TCP below: the nearest there is
	}
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn() // closed by itself: TLS would say goodbye first
	}
	linger(conn, 0)
	x.visit.end()
	_ = conn.Close()
}

func (x *exchange) write() {
	a := x.answer
	a.fill(x.w.Header())
	x.site.record.answered(a.status)
	x.w.WriteHeader(a.status)
	if x.r.Method == http.MethodHead {
		return
	}
	var err error
	switch a.fault {
	case Reset:
		x.reset()
	case Truncate:
		_, _ = x.w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler) // ends the connection short of Content-Length
	case Slow:
		err = x.writeSlowly()
	default:
		err = x.writeAll()
	}
	if err != nil {
		x.gaveUp()
	}
}

// tail is little enough for net/http to keep until the handler returns.
const tail = 1024

// writeAll counts the request out before the last bytes go: a client that has
// them may send its next request before this goroutine runs again.
func (x *exchange) writeAll() error {
	body := x.answer.body
	last := max(0, len(body)-tail)
	if last > 0 {
		if _, err := x.w.Write(body[:last]); err != nil {
			return err
		}
	}
	x.visit.end()
	_, err := x.w.Write(body[last:])
	return err
}

// pieces is how many parts a slow body comes in.
const pieces = 10

func (x *exchange) writeSlowly() error {
	body, flush := x.answer.body, http.NewResponseController(x.w)
	for written, i := 0, 1; written < len(body); i++ {
		if i > 1 && !x.pause(x.answer.pause, x.closed) {
			return http.ErrAbortHandler
		}
		until := i * len(body) / pieces
		select {
		case <-x.closed:
			until = len(body) // the rest at once
		default:
		}
		if until == len(body) {
			x.visit.end()
		}
		if _, err := x.w.Write(body[written:until]); err != nil {
			return err
		}
		if err := flush.Flush(); err != nil {
			return err
		}
		written = until
	}
	return nil
}

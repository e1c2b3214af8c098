package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Where a server has what.
const (
	RoomPath    = "/room"    // the chat room, a WebSocket: ?client= and a number
	MetricsPath = "/metrics" // a WebSocket of [Figures], as JSON, each second
	RecordPath  = "/record"  // GET the [Record] as JSON; DELETE does what [Server.Reset] does
)

const maxClient = 1_000_000_000

// A Server is a chat room and its metrics. It is an http.Handler; one that [New] made is
// served by an http.Server of your own. All methods are safe for concurrent use.
type Server struct {
	settings  Settings
	room      *hub
	metrics   *hub
	places    chan struct{} // one for each connection to the room
	outcomes  outcomes
	delays    delays
	listening *listening

	mu     sync.Mutex
	closed bool
	visits sync.WaitGroup
	cut    context.Context // ends all connections at once
	cutNow context.CancelFunc
}

// New returns a server that must be ended with [Server.Close] or [Server.Shutdown]. The error
// is a *[FieldError].
func New(settings Settings) (*Server, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	settings = settings.withDefaults()
	s := &Server{settings: settings, places: make(chan struct{}, settings.Clients)}
	s.cut, s.cutNow = context.WithCancel(context.Background())
	s.room = &hub{
		every: settings.Interval,
		say:   func(seq int64, at time.Time) []byte { return encodeMessage(seq, at, fromRoom, "tick", settings.Size) },
		owed:  settings.Messages, queue: settings.Queue, slow: settings.Slow,
		gate: settings.Gate, gateTimeout: settings.GateTimeout,
	}
	figures := newWindow(s)
	s.metrics = &hub{every: time.Second, say: figures.next, owed: -1, queue: 1, slow: Drop}
	s.room.start()
	s.metrics.start()
	return s, nil
}

// ServeHTTP serves the three paths. A WebSocket is refused to a page of another origin, as
// browsers tell it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case RoomPath:
		text := r.URL.Query().Get("client")
		client, err := strconv.Atoi(text)
		if err != nil || client < 0 || client > maxClient {
			s.outcomes.refused.Add(1)
			http.Error(w, fmt.Sprintf("client is %.20q, want a number from 0 to %d", text, maxClient), http.StatusBadRequest)
			return
		}
		s.attend(w, r, s.room, client)
	case MetricsPath:
		s.attend(w, r, s.metrics, -1)
	case RecordPath:
		s.serveRecord(w, r)
	default:
		http.Error(w, fmt.Sprintf("nothing here: there are %s, %s and %s", RoomPath, MetricsPath, RecordPath), http.StatusNotFound)
	}
}

func (s *Server) serveRecord(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Record()) // who has left gets none
	case http.MethodDelete:
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "GET, HEAD, DELETE")
		http.Error(w, "the record takes GET, HEAD and DELETE", http.StatusMethodNotAllowed)
	}
}

// begin is false once the server shuts down; else the visit must be ended.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.visits.Add(1)
	}
	return !s.closed
}

// attend is a client's whole visit to a hub.
func (s *Server) attend(w http.ResponseWriter, r *http.Request, h *hub, client int) {
	refuse := func(why string) {
		if h == s.room {
			s.outcomes.refused.Add(1)
		}
		if why != "" {
			w.Header().Set("Retry-After", "1")
			http.Error(w, why, http.StatusServiceUnavailable)
		}
	}
	if !s.begin() {
		refuse(errEnded.Error())
		return
	}
	defer s.visits.Done()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		refuse(fmt.Sprintf("the server is full: it takes %d clients", cap(s.places)))
		return
	}
	caught := &catcher{ResponseWriter: w}
	conn, err := websocket.Accept(caught, r, nil)
	if err != nil { // and the client knows
		refuse("")
		return
	}
	defer context.AfterFunc(s.cut, func() { _ = caught.conn.Close() })()
	v := visit{server: s, hub: h, client: client, conn: conn}
	v.run()
}

// catcher catches the connection: a close handshake, in which neither side need do
// anything for 5 s, is ended by closing that, and by nothing that websocket.Conn has.
type catcher struct {
	http.ResponseWriter
	conn net.Conn
}

func (c *catcher) Hijack() (conn net.Conn, buffers *bufio.ReadWriter, err error) {
	conn, buffers, err = http.NewResponseController(c.ResponseWriter).Hijack()
	c.conn = conn
	return conn, buffers, err
}

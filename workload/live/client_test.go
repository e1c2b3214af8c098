package live

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/pipes"
)

// against runs a test in virtual time with clients of a server that is not ours.
func against(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, c Clients)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := pipes.Listen()
		server := &http.Server{Handler: handler}
		go func() { _ = server.Serve(p) }()
		defer func() {
			_ = server.Close()
			synctest.Wait()
			require.Zero(t, p.Open(), "connections that the clients did not close")
		}()
		test(t, Clients{URL: "http://room.example", HTTP: &http.Client{Transport: &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}}})
	})
}

const (
	aWelcome = `{"welcome":{"first":5,"messages":2,"posts":0}}`
	message5 = `{"message":{"seq":5,"at":1,"from":-1,"text":"","pad":""}}`
	message6 = `{"message":{"seq":6,"at":1,"from":3,"text":"hello","pad":""}}`
	aBye     = `{"bye":{"delivered":2,"dropped":0}}`
)

// Whatever a server does, the client returns a result or an error that names it, and keeps
// nothing.
func TestBadServers(t *testing.T) {
	for _, x := range []struct {
		name   string
		frames []string
		text   string // "" for no error
	}{
		{"a good one", []string{aWelcome, message5, message6, aBye}, ""},
		{"more in its frames than is known", []string{`{"welcome":{"first":5,"messages":2,"room":"x"},"version":2}`, message5, message6, aBye}, ""},
		{"one message was dropped", []string{aWelcome, message6, `{"bye":{"delivered":1,"dropped":1}}`}, ""},
		{"nothing at all", nil, "StatusNormalClosure"},
		{"no welcome", []string{message5}, "the server did not begin with a welcome"},
		{"a welcome to nothing", []string{`{"welcome":{"first":5,"messages":0}}`}, "no frame: its messages is 0"},
		{"a welcome to too much", []string{`{"welcome":{"first":5,"messages":1000001}}`}, "no frame: its messages is 1000001"},
		{"too many posts", []string{`{"welcome":{"first":5,"messages":1,"posts":100001}}`}, "no frame: its posts is 100001"},
		{"no JSON", []string{"hello"}, "no frame: invalid character 'h'"},
		{"two in one", []string{`{"welcome":{"first":5,"messages":2},"bye":{}}`}, "it is 2 of message, welcome and bye"},
		{"no bye", []string{aWelcome, message5, message6}, "the server let go without a bye"},
		{"a message without end", []string{aWelcome, message5, message6, aBye, message6}, "the server sends more than the 2 messages that it said"},
		{"a message after the bye", []string{aWelcome, message5, aBye, message6}, "frame 3: it comes after the bye"},
		{"a message twice", []string{aWelcome, message5, message5, aBye}, "frame 2: message 5, want one from 6 to 6"},
		{"in another order", []string{aWelcome, message6, message5, aBye}, "frame 2: message 5, want one from 7 to 6"},
		{"one that is not owed yet", []string{aWelcome, `{"message":{"seq":4,"at":1}}`, aBye}, "frame 1: message 4, want one from 5 to 6"},
		{"one that is not owed any more", []string{aWelcome, `{"message":{"seq":7,"at":1}}`, aBye}, "frame 1: message 7, want one from 5 to 6"},
		{"a second welcome", []string{aWelcome, aWelcome, aBye}, "frame 1: it is no message"},
		{"an account that does not add up", []string{aWelcome, message5, message6, `{"bye":{"delivered":2,"dropped":1}}`}, "2 messages received and 1 dropped, of 2"},
		{"a message that is no JSON", []string{aWelcome, message5[:20], aBye}, "frame 1: no frame: unexpected end of JSON input"},
		{"a message that is not UTF-8", []string{aWelcome, "{\"message\":{\"seq\":5,\"text\":\"\xff\"}}", aBye}, "frame 1: no frame: it is not UTF-8"},
		{"too large a message", []string{aWelcome, `{"message":{"seq":5,"text":"` + strings.Repeat("x", maxFrame) + `"}}`}, "read limited at 65537 bytes"},
		{"a binary frame", []string{aWelcome, "binary"}, "the server sent a binary frame"},
	} {
		t.Run(x.name, func(t *testing.T) {
			handler := func(w http.ResponseWriter, r *http.Request) {
				conn, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer conn.CloseNow()
				for _, text := range x.frames {
					kind := websocket.MessageText
					if text == "binary" {
						kind = websocket.MessageBinary
					}
					if conn.Write(context.Background(), kind, []byte(text)) != nil {
						return
					}
				}
				_ = conn.Close(websocket.StatusNormalClosure, "")
			}
			against(t, handler, func(t *testing.T, c Clients) {
				result := c.Job().Do(t.Context(), 3)
				if x.text == "" {
					require.NoError(t, result.Err)
					require.Equal(t, 2, result.Value.Messages+result.Value.Dropped)
					return
				}
				require.ErrorContains(t, result.Err, "live: client 3: ")
				require.ErrorContains(t, result.Err, x.text)
			})
		})
	}
}

// A message that the server neither delivered nor says to have dropped is lost.
func TestLost(t *testing.T) {
	r := Received{Client: 1, First: 5, Owed: 2, Frames: []Frame{{Data: []byte(message6)}, {Data: []byte(aBye)}}}
	s, err := Clients{}.Job().Process(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, 1, s.Messages)
	require.Equal(t, 1, s.Lost)
	var total Total
	total.Add(s)
	require.EqualValues(t, 1, total.Lost)
}

// What is there instead of a room.
func TestNoRoom(t *testing.T) {
	for _, x := range []struct {
		name    string
		handler http.HandlerFunc
		text    string
		status  int
	}{
		{"a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(" <p>hello\xff \n")) }, "live: client 0: status 200 OK: <p>hello?", 200},
		{"nothing said", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "live: client 0: status 500 Internal Server Error", 500},
		{"a long error", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, strings.Repeat("x", 1<<20), http.StatusTooManyRequests)
		}, "live: client 0: status 429 Too Many Requests: xxx", 429},
		{"another protocol", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Upgrade", "other")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, "live: client 0: ", 0},
		{"a connection that is closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			against(t, x.handler, func(t *testing.T, c Clients) {
				_, err := c.Job().Fetch(t.Context(), 0)
				require.ErrorContains(t, err, x.text)
				require.Less(t, len(err.Error()), 1200)
				status, ok := errors.AsType[*StatusError](err)
				require.Equal(t, x.status != 0, ok)
				if ok {
					require.Equal(t, x.status, status.StatusCode)
					require.False(t, status.Temporary())
					require.Equal(t, x.status == 429, status.RetryAfter == "7")
				}
				for _, err := range c.Watch(t.Context()) {
					require.ErrorContains(t, err, "live: metrics: ")
				}
			})
		})
	}
}

func TestBadURLs(t *testing.T) {
	for url, text := range map[string]string{
		"":                     `unexpected url scheme: ""`,
		"ftp://room.example":   `unexpected url scheme: "ftp"`,
		"http://[bad":          `missing ']' in host`,
		"http://127.0.0.1:0":   "live: client 0: ",
		"http://room.example ": "invalid character",
	} {
		_, err := Clients{URL: url}.Job().Fetch(t.Context(), 0)
		require.ErrorContains(t, err, text, "%q", url)
	}
}

// The end of the context ends the client at once, wherever it is.
func TestFetchEndsWithItsContext(t *testing.T) {
	never := func(conn *websocket.Conn) { _, _, _ = conn.Read(context.Background()) } // until it is closed
	for _, x := range []struct {
		name  string
		serve func(conn *websocket.Conn)
		pause time.Duration
	}{
		{"before the answer to the handshake", nil, 0},
		{"before the welcome", never, 0},
		{"before a message", func(conn *websocket.Conn) {
			_ = conn.Write(context.Background(), websocket.MessageText, []byte(aWelcome))
			never(conn)
		}, 0},
		{"in a pause", func(conn *websocket.Conn) {
			_ = conn.Write(context.Background(), websocket.MessageText, []byte(aWelcome))
			_ = conn.Write(context.Background(), websocket.MessageText, []byte(message5))
			never(conn)
		}, time.Hour},
		{"while its lines are not read", func(conn *websocket.Conn) {
			_ = conn.Write(context.Background(), websocket.MessageText, []byte(strings.Replace(aWelcome, `"posts":0`, `"posts":9`, 1)))
			time.Sleep(time.Hour)
		}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			stop := make(chan struct{})
			handler := func(w http.ResponseWriter, r *http.Request) {
				if x.serve == nil {
					<-stop
					return
				}
				conn, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer conn.CloseNow()
				x.serve(conn)
			}
			synctest.Test(t, func(t *testing.T) {
				stop = make(chan struct{})
				p := pipes.Listen()
				server := &http.Server{Handler: http.HandlerFunc(handler)}
				go func() { _ = server.Serve(p) }()
				defer server.Close()
				defer close(stop)
				clients := Clients{
					URL:   "http://room.example",
					HTTP:  &http.Client{Transport: &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}},
					Pause: func(int) time.Duration { return x.pause },
				}
				cause := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(cause) })
				begin := time.Now()
				_, err := clients.Job().Fetch(ctx, 0)
				require.ErrorIs(t, err, cause)
				require.EqualError(t, err, "live: client 0: enough")
				require.Equal(t, time.Minute, time.Since(begin))
				synctest.Wait()
				require.Zero(t, p.Open(), "it is closed at once")

				_, err = clients.Job().Fetch(ctx, 0)
				require.ErrorIs(t, err, cause, "nothing begins that has ended")
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestNobodyThere(t *testing.T) {
	bubble(t, Settings{}, func(t *testing.T, r room) {
		require.NoError(t, r.Close())
		_, err := r.clients.Job().Fetch(t.Context(), 0)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
)

// What virtual time cannot tell: real connections, with the kernel's buffers.

// A thousand clients in one room, and with waiting no message is lost.
func TestAThousandClients(t *testing.T) {
	const clients, messages = 1000, 10
	if err := mockserver.CheckFiles(2*clients + 100); err != nil { // both ends are here
		t.Skip(err)
	}
	s, err := Start("", Settings{Messages: messages, Interval: 20 * time.Millisecond, Gate: clients, GateTimeout: time.Minute, WriteTimeout: time.Minute})
	require.NoError(t, err)
	defer s.Close()
	summaries, err := overlap.Values(goroutines.Run(t.Context(), Clients{URL: s.URL()}.Job(), numbers(clients)))
	require.NoError(t, err)
	var total Total
	for i, summary := range summaries {
		require.Equal(t, i, summary.Client)
		require.Equal(t, messages, summary.Messages)
		require.Equal(t, summaries[0].Digest, summary.Digest)
		total.Add(summary)
	}
	require.EqualValues(t, clients*messages, total.Messages)
	require.Zero(t, total.Lost+total.Dropped)
	// Exact, as all have seen their close frames.
	require.Equal(t, Record{
		Joined: clients, PeakIn: clients, Finished: clients,
		Published: messages, Offered: clients * messages, Delivered: clients * messages,
	}, s.Record())
	require.NoError(t, s.Shutdown(t.Context()))
	t.Log(&total)
}

// startSmall starts a server whose connections to the clients have small buffers in the kernel,
// at both ends: some hundreds of kilobytes, where there would be megabytes.
func startSmall(t *testing.T, settings Settings) (*Server, Clients) {
	t.Helper()
	const buffer = 256 << 10 // less than a segment of loopback's makes it crawl
	s, err := New(settings)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.listen(smallBuffers{listener, buffer})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(buffer)
		}
		return conn, err
	}}
	return s, Clients{URL: s.URL(), HTTP: &http.Client{Transport: transport}}
}

type smallBuffers struct {
	net.Listener
	bytes int
}

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(l.bytes)
	}
	return conn, err
}

// A client that does not read, until enough has been dropped for it: then it gets what is left,
// each message at most once, in order, and is told how many it did not get.
func TestDropOverLoopback(t *testing.T) {
	const messages = 200 // of 32 KiB each
	s, clients := startSmall(t, Settings{Messages: messages, Interval: 10 * time.Microsecond, Size: maxSize, Slow: Drop, Queue: 4, Gate: 2})
	clients.Pause = func(client int) time.Duration {
		for client == 1 && s.Record().Dropped == 0 && s.Record().In > 0 {
			time.Sleep(time.Millisecond)
		}
		return 0
	}
	results, err := overlap.Values(pool.Run(t.Context(), clients.Job(), numbers(2), 2))
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, messages, r.Messages+r.Dropped)
		require.Zero(t, r.Lost)
	}
	require.Positive(t, results[1].Dropped)
	require.NoError(t, s.Shutdown(t.Context()))
	balanced(t, s.Record())
	require.EqualValues(t, results[1].Dropped, s.Record().DroppedOf[1])
}

// With waiting nothing is lost, whoever reads how slowly.
func TestWaitOverLoopback(t *testing.T) {
	const messages = 200 // of 32 KiB each
	s, clients := startSmall(t, Settings{Messages: messages, Interval: 10 * time.Microsecond, Size: maxSize, Queue: 4, Gate: 2})
	var stood int64
	clients.Pause = func(client int) time.Duration {
		// Client 1 reads nothing until the room stands still for it.
		for before := int64(-1); client == 1 && stood == 0; {
			now := s.Record().Published
			if now == before {
				stood = now
			}
			before = now
			time.Sleep(20 * time.Millisecond)
		}
		return 0
	}
	results, err := overlap.Values(pool.Run(t.Context(), clients.Job(), numbers(2), 2))
	require.NoError(t, err)
	require.Less(t, stood, int64(messages))
	for _, r := range results {
		require.Equal(t, messages, r.Messages)
		require.Zero(t, r.Dropped+r.Lost)
	}
	require.Equal(t, results[0].Digest, results[1].Digest)
	require.NoError(t, s.Shutdown(t.Context()))
	balanced(t, s.Record())
}

// Clients that are cut off in the middle take nothing from the others.
func TestCancelOverLoopback(t *testing.T) {
	s, err := Start("", Settings{Messages: 50, Interval: 2 * time.Millisecond, Gate: 40, Posts: 3})
	require.NoError(t, err)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leavers := Clients{URL: s.URL()}
	leavers.Pause = func(client int) time.Duration {
		if client == 20 {
			cancel()
		}
		return time.Hour // so that no one has got all before
	}
	left := make(chan []overlap.Result[Summary])
	go func() { left <- pool.Run(ctx, leavers.Job(), numbers(21), 21) }()
	stay := overlap.Errors(pool.Run(t.Context(), Clients{URL: s.URL()}.Job(), numbers(19), 19))
	for _, r := range <-left {
		require.ErrorIs(t, r.Err, context.Canceled)
	}
	require.NoError(t, stay)
	require.NoError(t, s.Shutdown(t.Context()))
	balanced(t, s.Record())
	// Of those who left, the kernel may have taken all that was sent before.
	require.GreaterOrEqual(t, s.Record().Finished, int64(19))
	require.EqualValues(t, 40, s.Record().Joined)
}

func TestStart(t *testing.T) {
	for addr, loopback := range map[string]bool{"": true, ":0": true, "0.0.0.0:0": false} {
		s, err := Start(addr, Settings{Messages: 1, Interval: time.Millisecond})
		require.NoError(t, err)
		bound := s.listening.listener.Addr().(*net.TCPAddr)
		require.Equal(t, loopback, bound.IP.IsLoopback(), "%q is bound to %v", addr, bound)
		require.NoError(t, Clients{URL: s.URL()}.Job().Do(t.Context(), 1).Err)
		_, err = Start(bound.String(), Settings{})
		require.ErrorContains(t, err, "live: listen tcp")
		require.NoError(t, s.Close())
		require.NoError(t, s.Close(), "the second time there is nothing to do")
	}
	_, err := Start("nothing", Settings{})
	require.EqualError(t, err, "live: address nothing: missing port in address")
}

func TestLargeHeadersAreRefused(t *testing.T) {
	s, err := Start("", Settings{})
	require.NoError(t, err)
	defer s.Close()
	conn, err := net.Dial("tcp", s.listening.listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	go func() {
		_, _ = io.WriteString(conn, "GET /room?client=1 HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 32<<10)+"\r\n\r\n")
	}()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, answer.StatusCode)
}

// Any WebSocket client can take part, and any JSON reader understands it.
func TestWhatGoesOverTheConnection(t *testing.T) {
	s, err := Start("", Settings{Messages: 1, Interval: time.Hour, Posts: 1})
	require.NoError(t, err)
	defer s.Close()
	conn, _, err := websocket.Dial(t.Context(), s.URL()+"/room?client=5", nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	next := func() map[string]map[string]any {
		_, data, err := conn.Read(t.Context())
		require.NoError(t, err)
		var all map[string]map[string]any
		require.NoError(t, json.Unmarshal(data, &all))
		return all
	}
	require.Equal(t, "map[welcome:map[first:1 messages:1 posts:1]]", fmt.Sprint(next()))
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte("hello")))
	message := next()["message"]
	require.Equal(t, "hello", message["text"])
	require.EqualValues(t, 5, message["from"])
	require.Equal(t, "map[bye:map[delivered:1 dropped:0]]", fmt.Sprint(next()))
	_, _, err = conn.Read(t.Context())
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
}

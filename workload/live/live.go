// Package live is the workload of real-time services: a chat room and its live metrics, over
// WebSocket. Fetch connects to the room and receives what it is owed there, so it waits;
// Process decodes the messages and accounts for them, so it works, for some microseconds a
// message.
//
// The part that is real is the WebSocket: client and server are github.com/coder/websocket,
// over TCP. The room is a [Server]: it gives each message to everyone who is in, in one
// order. It has messages of its own, one each interval as long as anybody is in, and those
// that clients post. The key is the client's number; the client is owed the next so many
// messages from when it comes in, and is then let go. So with a model that has W jobs in
// flight W clients are in the room at a time, one wave after the other: N clients that are
// owed M messages take ceil(N/W)*M intervals.
//
// # Slow consumers
//
// Each client has a bounded queue at the server. When one is full, the message waits for room
// in it, and everyone with it ([Wait]); or it is dropped for that client, and counted ([Drop]).
// There is no third way, but memory without a bound. Before a queue fills, the kernel's
// buffers do, on both sides of a connection, and on loopback those take megabytes: a client
// is slow for the server only once they are full.
//
// Who takes nothing at all for Settings.WriteTimeout is cut off, in both cases, so that a
// dead client does not stop the room for ever.
//
// # Latency
//
// The latency of a message is from when the room took it, by the server's clock, to when the
// client had read it, by its own. On one machine these are one clock (but one that may be set
// meanwhile: a latency may then even be negative); between machines the clocks must be
// synchronised, or it means nothing. What a message waits for slow clients is part of it.
package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"example.com/overlap"
)

// Clients are those whom the job sends to a room.
type Clients struct {
	// URL is the server's, as Server.URL gives it.
	URL string

	// HTTP makes the connections; nil stands for a client with nothing special. Its Timeout, if
	// any, is for the handshake alone. A WebSocket leaves it no connection to keep, but one
	// whose context ended while it was dialled may be kept: see DisableKeepAlives.
	HTTP *http.Client

	// Pause is how long a client takes over each message, and the account that comes last, before
	// it reads on; nil is not at all. It is what makes of it a slow consumer.
	Pause func(client int) time.Duration
}

// Job returns the workload. The key is the client's number, from 0; two may have the same.
//
// When ctx ends, the connection is closed at once and the error is context.Cause(ctx). A
// handshake that is refused is a *[StatusError]. Where the server closes the connection before
// the client has got all, the error wraps a websocket.CloseError, with the status (1001 when the server
// shuts down, 1013 when its gate did not open) and the reason. Others wrap net/http's, or
// say what the server did that it should not. Each names the client.
//
// Fetch holds the messages until they are processed: Settings.Messages times Settings.Size, or
// times half a kilobyte if that is more. Both functions are safe for concurrent use.
func (c Clients) Job() overlap.Job[int, Received, Summary] {
	c.HTTP = c.client()
	return overlap.Job[int, Received, Summary]{
		Fetch: func(ctx context.Context, client int) (Received, error) {
			received, err := c.fetch(ctx, client)
			if err != nil {
				return Received{}, fmt.Errorf("live: client %d: %w", client, err)
			}
			return received, nil
		},
		Process: func(_ context.Context, r Received) (Summary, error) {
			summary, err := r.summary()
			if err != nil {
				return Summary{}, fmt.Errorf("live: client %d: %w", r.Client, err)
			}
			return summary, nil
		},
	}
}

func (c Clients) client() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody has put another in its place, which is to be used then
		return http.DefaultClient
	}
	transport := standard.Clone()
	transport.DisableKeepAlives = true // or a dial whose context has ended leaves a connection behind
	return &http.Client{Transport: transport}
}

// A Received is what a client got, as it came.
type Received struct {
	Client int
	First  int64 // the place in the room's order of the first message that it was owed
	Owed   int   // messages, from First
	Posted int   // lines that it wrote; those that came when it had been offered all were not taken
	Frames []Frame
}

// A Frame is a message as it came, or, the last one, the server's own account.
type Frame struct {
	At   time.Time // when it was read
	Data []byte
}

// A StatusError is a handshake that was refused.
type StatusError struct {
	StatusCode int
	RetryAfter string // the header, in seconds; often empty
	Reason     string // what the server said, at most 1,024 bytes
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("status %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Temporary says whether the same client may be let in later: a full room has status 503.
func (e *StatusError) Temporary() bool { return e.StatusCode == http.StatusServiceUnavailable }

func (c Clients) dial(ctx context.Context, path string) (*websocket.Conn, error) {
	conn, response, err := websocket.Dial(ctx, strings.TrimSuffix(c.URL, "/")+path, &websocket.DialOptions{HTTPClient: c.HTTP})
	if err == nil {
		conn.SetReadLimit(maxFrame)
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		why := ""
		if response.Body != nil {
			text, _ := io.ReadAll(response.Body) // in memory, and bounded, by now
			why = strings.ToValidUTF8(strings.TrimSpace(string(text)), "?")
		}
		return nil, &StatusError{StatusCode: response.StatusCode, RetryAfter: response.Header.Get("Retry-After"), Reason: why}
	}
	return nil, err
}

// read returns the next text frame; the error is the cause of ctx if that has ended.
func read(ctx context.Context, conn *websocket.Conn) ([]byte, error) {
	kind, data, err := conn.Read(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case kind != websocket.MessageText:
		return nil, errors.New("the server sent a binary frame")
	}
	return data, nil
}

func (c Clients) fetch(ctx context.Context, client int) (Received, error) {
	conn, err := c.dial(ctx, fmt.Sprintf("%s?client=%d", RoomPath, client))
	if err != nil {
		return Received{}, err
	}
	var posting sync.WaitGroup
	defer posting.Wait()
	defer conn.CloseNow() // which ends posting too

	data, err := read(ctx, conn)
	if err != nil {
		return Received{}, err
	}
	hello, err := decode(data)
	switch {
	case err != nil:
		return Received{}, err
	case hello.Welcome == nil:
		return Received{}, errors.New("the server did not begin with a welcome")
	}
	r := Received{Client: client, First: hello.Welcome.First, Owed: hello.Welcome.Messages}
	posted := 0
	posting.Go(func() {
		for posted < hello.Welcome.Posts {
			line := fmt.Sprintf("line %d of client %d", posted+1, client)
			if conn.Write(ctx, websocket.MessageText, []byte(line)) != nil {
				return // whoever reads finds out why
			}
			posted++
		}
	})
	for {
		data, err := read(ctx, conn)
		if websocket.CloseStatus(err) == websocket.StatusNormalClosure {
			posting.Wait() // the connection is closed
			r.Posted = posted
			return r, nil
		}
		if err != nil {
			return Received{}, err
		}
		if len(r.Frames) > r.Owed { // all messages, and the account of them
			return Received{}, fmt.Errorf("the server sends more than the %d messages that it said", r.Owed)
		}
		r.Frames = append(r.Frames, Frame{At: time.Now(), Data: data})
		if err := c.pause(ctx, client); err != nil {
			return Received{}, err
		}
	}
}

func (c Clients) pause(ctx context.Context, client int) error {
	if c.Pause == nil {
		return nil
	}
	timer := time.NewTimer(c.Pause(client))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Watch connects to the live metrics of the room and yields them, once a second, until the
// loop is broken out of, or ctx or the server ends: then an error comes last, which is
// context.Cause(ctx) or as in [Clients.Job]. Pause means nothing here.
func (c Clients) Watch(ctx context.Context) iter.Seq2[Figures, error] {
	c.HTTP = c.client()
	return func(yield func(Figures, error) bool) {
		fail := func(err error) { yield(Figures{}, fmt.Errorf("live: metrics: %w", err)) }
		conn, err := c.dial(ctx, MetricsPath)
		if err != nil {
			fail(err)
			return
		}
		defer conn.CloseNow()
		for {
			data, err := read(ctx, conn)
			if err != nil {
				fail(err)
				return
			}
			var f Figures
			if err := json.Unmarshal(data, &f); err != nil {
				fail(err)
				return
			}
			if !yield(f, nil) {
				_ = conn.Close(websocket.StatusNormalClosure, "")
				return
			}
		}
	}
}

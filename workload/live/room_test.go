package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/internal/pipes"
	"example.com/overlap/pool"
)

// All lines of all clients come to everyone, in one order, in which each client's own are in
// theirs.
func TestChat(t *testing.T) {
	const clients, posts, messages = 12, 7, 12 * 7
	for _, slow := range []Slow{Wait, Drop} {
		t.Run(string(slow), func(t *testing.T) {
			settings := Settings{Messages: messages, Posts: posts, Gate: clients, Slow: slow, Queue: messages, Interval: time.Hour}
			bubble(t, settings, func(t *testing.T, r room) {
				job := r.clients.Job()
				texts := make(chan []string, clients)
				process := job.Process
				job.Process = func(ctx context.Context, received Received) (Summary, error) {
					var all []string
					for _, f := range received.Frames[:messages] {
						line, err := decode(f.Data)
						if err != nil {
							return Summary{}, err
						}
						all = append(all, fmt.Sprint(line.Message.From, ": ", line.Message.Text))
					}
					texts <- all
					return process(ctx, received)
				}
				begin := time.Now()
				summaries, err := overlap.Values(pool.Run(t.Context(), job, numbers(clients), clients))
				require.NoError(t, err)
				require.Zero(t, time.Since(begin), "nobody waits for anything")
				first := <-texts
				for range clients - 1 {
					require.Equal(t, first, <-texts)
				}
				said := map[int]int{}
				for _, line := range first {
					var from, number, again int
					_, err := fmt.Sscanf(line, "%d: line %d of client %d", &from, &number, &again)
					require.NoError(t, err, line)
					require.Equal(t, from, again)
					said[from]++
					require.Equal(t, said[from], number, "a client's own order")
				}
				require.Len(t, said, clients)
				for _, s := range summaries {
					require.Equal(t, summaries[0].Digest, s.Digest)
					require.Equal(t, posts, s.Posted)
					require.Equal(t, messages, s.Messages)
				}
				require.EqualValues(t, messages, r.Record().Posts)
				require.EqualValues(t, messages, r.Record().Published)
				balanced(t, r.Record())
			})
		})
	}
}

// Lines and the room's own messages are in one order too, also where clients come and go.
func TestChatInWaves(t *testing.T) {
	bubble(t, Settings{Messages: 15, Posts: 10, Queue: 1}, func(t *testing.T, r room) {
		summaries, err := overlap.Values(pool.Run(t.Context(), r.clients.Job(), numbers(30), 4))
		require.NoError(t, err)
		for _, s := range summaries {
			require.Equal(t, 15, s.Messages)
		}
		record := r.Record()
		require.Greater(t, record.Posts, int64(100))
		require.LessOrEqual(t, record.Posts, int64(300))
		balanced(t, record)
	})
}

// Whoever comes in between gets the next message when all the others do.
func TestComingInBetween(t *testing.T) {
	const messages, interval = 5, 10 * time.Millisecond
	bubble(t, Settings{Messages: messages, Interval: interval}, func(t *testing.T, r room) {
		job := r.clients.Job()
		fetch := job.Fetch
		begin := time.Now()
		job.Fetch = func(ctx context.Context, client int) (Received, error) {
			time.Sleep(time.Duration(client) * 3 * time.Millisecond) // the fourth comes at 9 ms
			received, err := fetch(ctx, client)
			want := messages * interval
			if client > 3 {
				want += interval
			}
			if took := time.Since(begin); took != want {
				return received, fmt.Errorf("it took %v, want %v", took, want)
			}
			return received, err
		}
		require.NoError(t, overlap.Errors(pool.Run(t.Context(), job, numbers(6), 6)))
	})
}

// A line that comes when its client has been offered all is not taken.
func TestALateLine(t *testing.T) {
	bubble(t, Settings{Messages: 1, Posts: 1}, func(t *testing.T, r room) {
		late := r.connect(t, 1)
		_, _, err := late.Read(t.Context())
		require.NoError(t, err)
		require.NoError(t, late.Write(t.Context(), websocket.MessageText, []byte("late")))
		synctest.Wait()
		require.Zero(t, r.Record().Posts)
		require.EqualValues(t, 1, r.Record().Published)
		for err == nil {
			_, _, err = late.Read(t.Context())
		}
		require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err), "and no sin")
	})
}

func TestMessagesHaveTheirSize(t *testing.T) {
	for _, size := range []int{1, 128, 1000, maxSize} {
		bubble(t, Settings{Messages: 12, Size: size}, func(t *testing.T, r room) {
			least := len(encodeMessage(1, time.Now(), fromRoom, "tick", 0))
			for _, s := range r.all(t, 2) {
				if size < least {
					require.Equal(t, 12*least+3, s.Bytes, "three of them have two digits")
				} else {
					require.Equal(t, 12*size, s.Bytes)
				}
			}
		})
	}
}

// The first message waits until all are in.
func TestGate(t *testing.T) {
	const clients, messages, interval = 10, 5, 10 * time.Millisecond
	bubble(t, Settings{Messages: messages, Interval: interval, Gate: clients, Posts: 1}, func(t *testing.T, r room) {
		for range 2 { // the second time after Reset
			job := r.clients.Job()
			fetch := job.Fetch
			job.Fetch = func(ctx context.Context, client int) (Received, error) {
				time.Sleep(time.Duration(client) * time.Second)
				return fetch(ctx, client)
			}
			begin := time.Now()
			summaries, err := overlap.Values(pool.Run(t.Context(), job, numbers(clients), clients))
			require.NoError(t, err)
			require.Equal(t, (clients-1)*time.Second, time.Since(begin), "lines wait too, and are enough then")
			for _, s := range summaries {
				require.Equal(t, summaries[0].Digest, s.Digest)
			}
			require.EqualValues(t, clients, r.Record().PeakIn)
			require.EqualValues(t, clients, r.Record().Joined)
			balanced(t, r.Record())
			synctest.Wait()
			r.Reset()
			require.Zero(t, r.Record())
		}
	})
}

// A gate that needs more clients than the model lets in ends in an error that says so; and
// nobody waits for it a second time.
func TestGateTimeout(t *testing.T) {
	bubble(t, Settings{Gate: 10, GateTimeout: 3 * time.Second, Posts: 1}, func(t *testing.T, r room) {
		begin := time.Now()
		results := pool.Run(t.Context(), r.clients.Job(), numbers(20), 4)
		require.Equal(t, 3*time.Second, time.Since(begin))
		const why = `status = StatusTryAgainLater and reason = "the gate did not open: it waits for 10 clients, and within 3s only 4 were in"`
		for i, result := range results {
			require.ErrorContains(t, result.Err, fmt.Sprintf("live: client %d: ", i))
			require.ErrorContains(t, result.Err, why)
			require.Equal(t, websocket.StatusTryAgainLater, websocket.CloseStatus(result.Err))
		}
		synctest.Wait()
		require.EqualValues(t, 4, r.Record().Joined)
		require.EqualValues(t, 4, r.Record().Left)
		require.EqualValues(t, 16, r.Record().Refused)
		require.Zero(t, r.Record().Published)

		r.Reset()
		summaries, err := overlap.Values(pool.Run(t.Context(), r.clients.Job(), numbers(10), 10))
		require.NoError(t, err)
		require.Len(t, summaries, 10)
	})
}

// The gate's time is of those who are there: whoever comes when all have left has it anew.
func TestGateWaitsAnewForAnEmptyRoom(t *testing.T) {
	bubble(t, Settings{Gate: 2, GateTimeout: 3 * time.Second}, func(t *testing.T, r room) {
		alone, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := r.clients.Job().Fetch(alone, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		begin := time.Now()
		_, err = r.clients.Job().Fetch(t.Context(), 0)
		require.ErrorContains(t, err, "only 1 were in")
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

// What a client must not do ends its connection, with the reason, and nobody else's.
func TestBadClients(t *testing.T) {
	for _, x := range []struct {
		name string
		does func(ctx context.Context, conn *websocket.Conn) error
		code websocket.StatusCode
		why  string
	}{
		{"one line too many", func(ctx context.Context, conn *websocket.Conn) error {
			for range 3 {
				if err := conn.Write(ctx, websocket.MessageText, []byte("line")); err != nil {
					return err
				}
			}
			return nil
		}, websocket.StatusPolicyViolation, "a client may post 2 lines here"},
		{"a binary frame", func(ctx context.Context, conn *websocket.Conn) error {
			return conn.Write(ctx, websocket.MessageBinary, []byte("line"))
		}, websocket.StatusUnsupportedData, "a post is text"},
		{"not UTF-8", func(ctx context.Context, conn *websocket.Conn) error {
			return conn.Write(ctx, websocket.MessageText, []byte("\xff\xfe"))
		}, websocket.StatusInvalidFramePayloadData, "a post is UTF-8"},
		{"too long a line", func(ctx context.Context, conn *websocket.Conn) error {
			_ = conn.Write(ctx, websocket.MessageText, bytes.Repeat([]byte("x"), MaxPost+2)) // nobody need read it all
			return nil
		}, websocket.StatusMessageTooBig, "read limited at 1025 bytes"},
	} {
		t.Run(x.name, func(t *testing.T) {
			bubble(t, Settings{Messages: 30, Posts: 2, Queue: 30}, func(t *testing.T, r room) {
				bad := r.connect(t, 7)
				posting := make(chan error, 1)
				go func() { posting <- x.does(t.Context(), bad) }()
				var err error
				for err == nil {
					_, _, err = bad.Read(t.Context())
				}
				require.Equal(t, x.code, websocket.CloseStatus(err), "%v", err)
				require.ErrorContains(t, err, x.why)
				<-posting
				for _, s := range r.all(t, 2) {
					require.Equal(t, 30, s.Messages)
				}
				synctest.Wait()
				require.EqualValues(t, 1, r.Record().Left)
				require.EqualValues(t, 2, r.Record().Finished)
				balanced(t, r.Record())
			})
		})
	}
}

// A line may hold whatever JSON must escape, up to its bound.
func TestPostsOfAnyText(t *testing.T) {
	for _, line := range []string{"", "\x00", strings.Repeat("\x01", MaxPost), strings.Repeat("<", MaxPost), `"}}`, "日本\u2028"} {
		// Two messages: this line and the other client's, in either order.
		bubble(t, Settings{Messages: 2, Posts: 1, Gate: 2, Size: 1, Interval: time.Hour}, func(t *testing.T, r room) {
			poster := r.connect(t, 1)
			go func() { _ = poster.Write(t.Context(), websocket.MessageText, []byte(line)) }()
			received, err := r.clients.Job().Fetch(t.Context(), 0)
			require.NoError(t, err)
			texts := map[int]string{}
			for _, frame := range received.Frames[:2] {
				got, err := decode(frame.Data)
				require.NoError(t, err)
				texts[got.Message.From] = got.Message.Text
			}
			require.Equal(t, map[int]string{0: "line 1 of client 0", 1: line}, texts)
		})
	}
}

// Requests that are refused, and what they are told.
func TestRefusedRequests(t *testing.T) {
	upgrade := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
	with := func(name, value string) map[string]string {
		all := map[string]string{name: value}
		for k, v := range upgrade {
			if k != name {
				all[k] = v
			}
		}
		return all
	}
	for _, x := range []struct {
		name, method, path string
		header             map[string]string
		status             int
		text               string
	}{
		{"no upgrade", "GET", "/room?client=1", nil, 426, "does not contain Upgrade"},
		{"another version", "GET", "/room?client=1", with("Sec-WebSocket-Version", "8"), 400, "only 13 is supported"},
		{"a bad key", "GET", "/room?client=1", with("Sec-WebSocket-Key", "x"), 400, "Sec-WebSocket-Key"},
		{"another method", "POST", "/room?client=1", upgrade, 405, "not GET"},
		{"a page of another origin", "GET", "/room?client=1", with("Origin", "http://evil.example"), 403, `Origin "evil.example" is not authorized for Host "room.example"`},
		{"an origin that is none", "GET", "/room?client=1", with("Origin", "null"), 403, "Origin"},
		{"metrics to another origin", "GET", "/metrics", with("Origin", "http://evil.example"), 403, "Origin"},
		{"no client", "GET", "/room", upgrade, 400, `client is "", want a number from 0 to 1000000000`},
		{"a client below zero", "GET", "/room?client=-1", upgrade, 400, `client is "-1"`},
		{"a client that is no number", "GET", "/room?client=" + strings.Repeat("a", 1000), upgrade, 400, `client is "aaaaaaaaaaaaaaaaaaaa", want`},
		{"a client too many", "GET", "/room?client=1000000001", upgrade, 400, "client is"},
		{"another path", "GET", "/", upgrade, 404, "there are /room, /metrics and /record"},
		{"a path trick", "GET", "//room?client=1", upgrade, 404, "nothing here"},
		{"up and down", "GET", "/x/../room?client=1", upgrade, 404, "nothing here"},
		{"a record to be written", "POST", "/record", nil, 405, "GET, HEAD and DELETE"},
	} {
		t.Run(x.name, func(t *testing.T) {
			bubble(t, Settings{}, func(t *testing.T, r room) {
				request, err := http.NewRequestWithContext(t.Context(), x.method, r.clients.URL+x.path, nil)
				require.NoError(t, err)
				for name, value := range x.header {
					request.Header.Set(name, value)
				}
				response, err := r.clients.HTTP.Do(request)
				require.NoError(t, err)
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, x.status, response.StatusCode)
				require.Contains(t, string(text), x.text)
				require.Less(t, len(text), 300)
				require.Zero(t, r.Record().Joined)
				if strings.HasPrefix(x.path, RoomPath) {
					require.EqualValues(t, 1, r.Record().Refused)
				}
				synctest.Wait()
			})
		})
	}
}

// More clients than there are places for are refused, before they cost anything.
func TestFull(t *testing.T) {
	bubble(t, Settings{Clients: 2, Messages: 3}, func(t *testing.T, r room) {
		results := pool.Run(t.Context(), r.clients.Job(), numbers(5), 5)
		require.Equal(t, 3, overlap.Failures(results))
		for _, result := range results {
			if result.Err == nil {
				continue
			}
			var status *StatusError
			require.ErrorAs(t, result.Err, &status)
			require.Equal(t, StatusError{503, "1", "the server is full: it takes 2 clients"}, *status)
			require.True(t, status.Temporary())
			require.ErrorContains(t, result.Err, "status 503 Service Unavailable: the server is full: it takes 2 clients")
		}
		synctest.Wait()
		require.EqualValues(t, 3, r.Record().Refused)
		require.Len(t, r.all(t, 2), 2, "the places are free again")
	})
}

func TestRecordOverHTTP(t *testing.T) {
	bubble(t, Settings{Messages: 4}, func(t *testing.T, r room) {
		r.all(t, 3)
		ask := func(method string) (int, []byte) {
			request, err := http.NewRequestWithContext(t.Context(), method, r.clients.URL+RecordPath, nil)
			require.NoError(t, err)
			response, err := r.clients.HTTP.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			return response.StatusCode, text
		}
		status, text := ask(http.MethodGet)
		require.Equal(t, http.StatusOK, status)
		var record Record
		require.NoError(t, json.Unmarshal(text, &record))
		require.Equal(t, r.Record(), record)
		require.Equal(t, Record{Joined: 3, PeakIn: 3, Finished: 3, Published: 4, Offered: 12, Delivered: 12}, record)
		status, _ = ask(http.MethodDelete)
		require.Equal(t, http.StatusNoContent, status)
		require.Zero(t, r.Record())
	})
}

// Shutdown tells everyone, waits for their answers, and leaves nothing.
func TestShutdown(t *testing.T) {
	for _, when := range []string{"between messages", "while a message waits for the slow", "before the gate opens"} {
		t.Run(when, func(t *testing.T) {
			settings := Settings{Messages: 1000, Interval: 100 * time.Millisecond, Queue: 1}
			if when == "before the gate opens" {
				settings.Gate, settings.Posts = 100, 1
			}
			bubble(t, settings, func(t *testing.T, r room) {
				if when == "while a message waits for the slow" {
					r.clients.Pause = func(client int) time.Duration { return time.Duration(client) * 200 * time.Millisecond }
				}
				ended := make(chan error)
				for i := range 3 {
					go func() {
						_, err := r.clients.Job().Fetch(t.Context(), i)
						ended <- err
					}()
				}
				watched := make(chan error)
				go func() {
					for _, err := range r.clients.Watch(t.Context()) {
						if err != nil {
							watched <- err
						}
					}
				}()
				time.Sleep(1050 * time.Millisecond)
				begin := time.Now()
				shut := make(chan error)
				go func() { shut <- r.Shutdown(t.Context()) }()
				for range 3 {
					err := <-ended
					require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
					require.ErrorContains(t, err, "the server is shutting down")
				}
				err := <-watched
				require.ErrorContains(t, err, "live: metrics: ")
				require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
				require.NoError(t, <-shut)
				if when == "while a message waits for the slow" { // which reads what is being written, and the close frame, each after a pause
					require.Less(t, time.Since(begin), 3*400*time.Millisecond)
				} else {
					require.Zero(t, time.Since(begin))
				}
				require.EqualValues(t, 3, r.Record().Left)
				require.NoError(t, r.Shutdown(t.Context()), "the second time there is nothing to do")
				_, err = r.clients.Job().Fetch(t.Context(), 0)
				require.ErrorContains(t, err, "connection refused")
			})
		})
	}
}

// Those who do not answer are cut off when the context ends, and Close cuts off all.
func TestShutdownDoesNotWaitForEver(t *testing.T) {
	for _, x := range []struct {
		name  string
		end   func(ctx context.Context, r room) error
		is    error
		after time.Duration
	}{
		{"shutdown", func(ctx context.Context, r room) error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			return r.Shutdown(ctx)
		}, context.DeadlineExceeded, 2 * time.Second},
		{"close", func(_ context.Context, r room) error { return r.Close() }, nil, 0},
		{"close, after what is not allowed", func(ctx context.Context, r room) error {
			for _, conn := range *r.byHand {
				if err := conn.Write(ctx, websocket.MessageText, []byte("not allowed")); err != nil {
					return err
				}
			}
			synctest.Wait()
			return r.Close()
		}, nil, 0},
	} {
		// With messages, that is what the client does not take; without, the close frame.
		for _, interval := range []time.Duration{10 * time.Millisecond, time.Hour} {
			t.Run(x.name+", a message each "+interval.String(), func(t *testing.T) {
				bubble(t, Settings{Queue: 1, WriteTimeout: time.Hour, Interval: interval}, func(t *testing.T, r room) {
					for i := range 3 {
						r.connect(t, i) // and it reads no more
					}
					time.Sleep(time.Second)
					begin := time.Now()
					require.ErrorIs(t, x.end(t.Context(), r), x.is)
					require.Equal(t, x.after, time.Since(begin))
					require.EqualValues(t, 3, r.Record().Left)
				})
			})
		}
	}
}

// Who sends its header in drops is cut off, and others are served meanwhile.
func TestSlowHeaders(t *testing.T) {
	bubble(t, Settings{Messages: 1}, func(t *testing.T, r room) {
		slow, err := r.pipes.Dial(t.Context(), "", "")
		require.NoError(t, err)
		defer slow.Close()
		begin := time.Now()
		go func() {
			for range 100 {
				if _, err := io.WriteString(slow, "G"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		require.Len(t, r.all(t, 3), 3)
		_, _ = io.Copy(io.Discard, slow)
		require.Equal(t, 10*time.Second, time.Since(begin))
		time.Sleep(2 * time.Second)
	})
}

// A connection on which nothing was sent yet is not waited for.
func TestShutdownDoesNotWaitForWhoSentNothing(t *testing.T) {
	bubble(t, Settings{}, func(t *testing.T, r room) {
		silent, err := r.pipes.Dial(t.Context(), "", "")
		require.NoError(t, err)
		defer silent.Close()
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, r.Shutdown(t.Context()))
		require.Zero(t, time.Since(begin))
		_, err = silent.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// A server that New made is somebody else's http.Server's, and ends its clients all the same.
func TestAHandlerOfOnesOwn(t *testing.T) {
	bubble(t, Settings{}, func(t *testing.T, r room) {
		own, err := New(Settings{Messages: 2})
		require.NoError(t, err)
		require.Empty(t, own.URL())
		p := pipes.Listen()
		mux := http.NewServeMux()
		mux.Handle("/chat/", http.StripPrefix("/chat", own))
		server := &http.Server{Handler: mux}
		go func() { _ = server.Serve(p) }()
		defer server.Close()
		clients := Clients{URL: "http://room.example/chat/", HTTP: &http.Client{Transport: &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}}}
		require.NoError(t, clients.Job().Do(t.Context(), 1).Err)
		require.NoError(t, own.Shutdown(t.Context()))
		err = clients.Job().Do(t.Context(), 1).Err
		require.ErrorContains(t, err, "status 503 Service Unavailable: the server is shutting down")
		require.NoError(t, own.Close())
		synctest.Wait()
	})
}

package pages_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// onPipes runs a test of a DirectTransport in a bubble. What it does not do itself is
// counted, and refused.
func onPipes(t *testing.T, test func(t *testing.T, direct *pages.DirectTransport, n *network)) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		direct := &pages.DirectTransport{Dial: n.Dial, MaxIdlePerHost: 10, Other: handed{}}
		t.Cleanup(func() {
			direct.CloseIdleConnections()
			synctest.Wait()
			require.Zero(t, pages.Hosts(direct))
			require.Zero(t, n.Open())
		})
		test(t, direct, n)
	})
}

var errHanded = errors.New("handed to the other transport")

type handed struct{}

func (handed) RoundTrip(*http.Request) (*http.Response, error) { return nil, errHanded }

func request(t *testing.T, method, url string) *http.Request {
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	return r
}

func TestDirectHandsOverWhatItDoesNot(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page") })
		proxy := &url.URL{Scheme: "http", Host: "proxy.example"}
		direct.Proxy = func(r *http.Request) (*url.URL, error) {
			switch r.URL.Path {
			case "/proxied":
				return proxy, nil
			case "/bad":
				return nil, errors.New("no proxy")
			}
			return nil, nil
		}
		for _, c := range []struct {
			name string
			make func(r *http.Request)
			own  bool
		}{
			{"GET", func(r *http.Request) {}, true},
			{"no method", func(r *http.Request) { r.Method = "" }, true},
			{"HEAD", func(r *http.Request) { r.Method = "HEAD" }, true},
			{"no body, said so", func(r *http.Request) { r.Body = http.NoBody }, true},
			{"POST", func(r *http.Request) { r.Method = "POST" }, false},
			{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, false},
			{"a body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x")) }, false},
			{"a trailer", func(r *http.Request) { r.Trailer = http.Header{"X": nil} }, false},
			{"a transfer encoding", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }, false},
			{"https", func(r *http.Request) { r.URL.Scheme = "https" }, false},
			{"no URL", func(r *http.Request) { r.URL = nil }, false},
			{"no host", func(r *http.Request) { r.URL.Host = "" }, false},
			{"no header", func(r *http.Request) { r.Header = nil }, false},
			{"a host beyond ASCII", func(r *http.Request) { r.URL.Host = "bücher.example" }, false},
			{"an upgrade", func(r *http.Request) { r.Header.Set("upgrade", "websocket") }, false},
			{"an expectation", func(r *http.Request) { r.Header.Set("expect", "100-continue") }, false},
			{"a proxy", func(r *http.Request) { r.URL.Path = "/proxied" }, false},
			{"a proxy that is none", func(r *http.Request) { r.URL.Path = "/bad" }, false},
		} {
			r := request(t, "GET", there)
			c.make(r)
			response, err := direct.RoundTrip(r)
			if !c.own {
				require.ErrorIs(t, err, errHanded, c.name)
				continue
			}
			require.NoError(t, err, c.name)
			require.Equal(t, 200, response.StatusCode)
			_, err = io.Copy(io.Discard, response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		}
		require.EqualValues(t, 1, n.Opened())
	})
}

// With http.Client around it, it is as good as any.
func TestDirectWithAServerOfTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	defer server.Close()
	client := pages.NewDirectClient(1, time.Minute)
	defer client.CloseIdleConnections()
	client.Transport.(*pages.DirectTransport).Other.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	response, err := client.Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), "HTTP/")
}

func TestDirectAsItComes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer server.Close()
	client := &http.Client{Transport: new(pages.DirectTransport)}
	defer client.CloseIdleConnections()
	for _, get := range []func() (*http.Response, error){
		func() (*http.Response, error) { return client.Get(server.URL) },
		func() (*http.Response, error) { return client.Head(server.URL) },
		func() (*http.Response, error) { return client.Post(server.URL, "text/plain", strings.NewReader("x")) },
	} {
		response, err := get()
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.NotNil(t, response.Request)
	}
}

func TestDirectHEAD(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "1000") })
		for range 3 {
			response, err := direct.RoundTrip(request(t, "HEAD", there))
			require.NoError(t, err)
			require.EqualValues(t, 1000, response.ContentLength)
			require.Equal(t, http.NoBody, response.Body)
		}
		require.EqualValues(t, 1, n.Opened())
	})
}

func TestDirectBodies(t *testing.T) {
	const size = 10_000
	serve := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(make([]byte, size))
	}
	for _, c := range []struct {
		name string
		use  func(t *testing.T, body io.ReadCloser)
		kept bool
	}{
		{"read to the end", func(t *testing.T, body io.ReadCloser) {
			n, err := io.Copy(io.Discard, body)
			require.NoError(t, err)
			require.EqualValues(t, size, n)
			_, err = body.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err, "again")
			require.NoError(t, body.Close())
			_, err = body.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		}, true},
		{"read to its length, the end not seen", func(t *testing.T, body io.ReadCloser) {
			_, err := io.ReadFull(body, make([]byte, size))
			require.NoError(t, err)
			require.NoError(t, body.Close())
		}, true},
		{"closed before the end", func(t *testing.T, body io.ReadCloser) {
			_, err := io.ReadFull(body, make([]byte, size-1))
			require.NoError(t, err)
			require.NoError(t, body.Close())
			require.NoError(t, body.Close())
			_, err = body.Read(make([]byte, 1))
			require.Equal(t, http.ErrBodyReadAfterClose, err)
		}, false},
		{"closed unread", func(t *testing.T, body io.ReadCloser) { require.NoError(t, body.Close()) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
				n.serve(t, serve)
				for i := range 2 {
					response, err := direct.RoundTrip(request(t, "GET", there))
					require.NoError(t, err)
					c.use(t, response.Body)
					if c.kept {
						require.EqualValues(t, 1, n.Opened())
						require.EqualValues(t, 1, n.Open())
						continue
					}
					require.EqualValues(t, i+1, n.Opened())
					require.Zero(t, n.Open())
				}
			})
		})
	}
}

func TestDirectCloseEndsARead(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		response, err := direct.RoundTrip(request(t, "GET", there))
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { _ = response.Body.Close() })
		begin := time.Now()
		_, err = response.Body.Read(make([]byte, 1))
		require.Equal(t, http.ErrBodyReadAfterClose, err)
		require.Equal(t, time.Second, time.Since(begin))
	})
}

// counting is a context that counts the functions to be called at its end.
type counting struct {
	context.Context
	begun, stopped int
}

// Value hides the context within, which package context would else turn to directly.
func (c *counting) Value(any) any { return nil }

func (c *counting) AfterFunc(f func()) (stop func() bool) {
	c.begun++
	inner := context.AfterFunc(c.Context, f)
	return func() bool { c.stopped++; return inner() }
}

// However an answer ends, the context is left as it was, and nothing is kept of a host.
func TestDirectLeavesTheContext(t *testing.T) {
	for _, c := range []struct {
		name string
		use  func(body io.ReadCloser)
	}{
		{"read to the end", func(body io.ReadCloser) { _, _ = io.Copy(io.Discard, body) }},
		{"closed unread", func(body io.ReadCloser) { _ = body.Close() }},
	} {
		for _, answer := range []string{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\npage", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\npage", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "no HTTP", ""} {
			onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
				n.answer(t, func(_ int, conn net.Conn, requests *bufio.Reader) {
					_, _ = http.ReadRequest(requests)
					_, _ = io.WriteString(conn, answer)
				})
				inner, cancel := context.WithCancel(t.Context())
				defer cancel()
				ctx := &counting{Context: inner}
				response, err := direct.RoundTrip(request(t, "GET", there).WithContext(ctx))
				require.Equal(t, strings.HasPrefix(answer, "HTTP/1.1 "), err == nil)
				if err == nil {
					c.use(response.Body)
				}
				require.Equal(t, 1, ctx.begun)
				require.Equal(t, 1, ctx.stopped)
				require.Zero(t, pages.Hosts(direct))
				require.Zero(t, n.Open())
			})
		}
	}
}

func TestDirectHeadersHaveALimit(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		sent := 0
		n.answer(t, func(_ int, conn net.Conn, requests *bufio.Reader) {
			_, _ = http.ReadRequest(requests)
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for line := "X: " + strings.Repeat("y", 1000) + "\r\n"; err == nil; {
				var n int
				n, err = io.WriteString(conn, line)
				sent += n
			}
		})
		_, err := direct.RoundTrip(request(t, "GET", there))
		require.EqualError(t, err, "the answer's header is larger than 1048576 bytes")
		synctest.Wait()
		require.Less(t, sent, 1<<21)
	})
}

// The limit is the header's, not the body's.
func TestDirectBodiesHaveNone(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) })
		response, err := direct.RoundTrip(request(t, "GET", there))
		require.NoError(t, err)
		size, err := io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.EqualValues(t, 3<<20, size)
	})
}

func TestDirectKeepsSoManyIdle(t *testing.T) {
	for _, c := range []struct{ most, want int }{{0, 2}, {3, 3}, {20, 10}} {
		onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
			direct.MaxIdlePerHost = c.most
			n.serve(t, http.NotFound)
			require.NoError(t, pages.Connect(t.Context(), &http.Client{Transport: direct}, there, 10))
			require.EqualValues(t, 10, n.Opened())
			require.EqualValues(t, c.want, n.Open())
		})
	}
}

// The connection that was used last is used next, so that the others grow old and are
// closed; one that is too old is not used.
func TestDirectClosesWhatIsIdleForLong(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, http.NotFound)
		client := &http.Client{Transport: direct}
		fetch := func(url string) { _, _ = pages.Count(client).Fetch(t.Context(), url) }
		require.NoError(t, pages.Connect(t.Context(), client, there, 5))
		fetch("http://other.example/")
		require.EqualValues(t, 6, n.Open())
		for range 4 {
			time.Sleep(30 * time.Second)
			fetch(there)
		}
		require.EqualValues(t, 6, n.Opened())
		require.EqualValues(t, 1, n.Open(), "the other host's is closed too")
		require.Equal(t, 1, pages.Hosts(direct))

		time.Sleep(91 * time.Second)
		fetch(there)
		require.EqualValues(t, 7, n.Opened())
		require.EqualValues(t, 1, n.Open())
	})
}

func TestDirectClosesWhatBecomesIdle(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, http.NotFound)
		response, err := direct.RoundTrip(request(t, "GET", there))
		require.NoError(t, err)
		direct.CloseIdleConnections()
		require.EqualValues(t, 1, n.Open(), "it is in use")
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.Zero(t, n.Open())
	})
}

func TestDirectClosesTheOthers(t *testing.T) {
	closed := 0
	direct := &pages.DirectTransport{Other: closer{closed: &closed}}
	(&http.Client{Transport: direct}).CloseIdleConnections()
	require.Equal(t, 1, closed)
	new(pages.DirectTransport).CloseIdleConnections()
}

type closer struct {
	handed
	closed *int
}

func (c closer) CloseIdleConnections() { *c.closed++ }

func TestDirectDoesNotSwitchProtocols(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.always(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		_, err := direct.RoundTrip(request(t, "GET", there))
		require.EqualError(t, err, "the server switches protocols, which nobody asked for")
		require.Zero(t, n.Open())
	})
}

// Whatever requests do at once, all of them end, and each connection is closed in the end.
func TestDirectAtOnce(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 5000)) })
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 50 {
					ctx, cancel := context.WithCancel(t.Context())
					response, err := direct.RoundTrip(request(t, "GET", there).WithContext(ctx))
					if err != nil {
						t.Error(err)
						cancel()
						return
					}
					switch (i + j) % 4 {
					case 0:
						go cancel()
					case 1:
						_ = response.Body.Close()
					case 2:
						direct.CloseIdleConnections()
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					cancel()
				}
			})
		}
		wg.Wait()
	})
}

// A request that is sent again is sent on a new connection, as it may be that all idle ones
// are closed.
func TestDirectTriesTwice(t *testing.T) {
	onPipes(t, func(t *testing.T, direct *pages.DirectTransport, n *network) {
		stop := make(chan struct{})
		n.answer(t, func(i int, conn net.Conn, requests *bufio.Reader) {
			if i <= 5 {
				_, _ = http.ReadRequest(requests)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
				<-stop
			}
			// From the sixth on, the server is not well.
		})
		client := &http.Client{Transport: direct}
		require.NoError(t, pages.Connect(t.Context(), client, there, 5))
		close(stop)
		synctest.Wait()
		_, err := pages.Count(client).Fetch(t.Context(), there)
		require.ErrorContains(t, err, "get "+there+": ")
		require.EqualValues(t, 6, n.Opened())
	})
}

// It is an http.Client like any other.
func ExampleNewDirectClient() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 100, PageSize: 2048})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := pages.NewDirectClient(10, 10*time.Second)
	defer client.CloseIdleConnections()

	results := pool.Run(context.Background(), pages.Job(client, 0), urls(server.URL(), 100), 10)
	fmt.Println(overlap.Failures(results), "failed")
	fmt.Println("never more in flight than 10:", server.Record().PeakInFlight <= 10)
	// Output:
	// 0 failed
	// never more in flight than 10: true
}

func ExampleCount() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 2, PageSize: 2048})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := pages.NewClient(2, 10*time.Second)
	defer client.CloseIdleConnections()

	for _, r := range pool.Run(context.Background(), pages.Count(client), urls(server.URL(), 2), 2) {
		fmt.Println(r.Value, "bytes")
	}
	// Output:
	// 2048 bytes
	// 2048 bytes
}

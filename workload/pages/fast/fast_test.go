package fast_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"example.com/overlap/workload/pages/fast"
)

// What fasthttp's client does as net/http's is tested there, for all of them. Here is what
// is its own.

func TestAClientThatHeedsNoContextIsRefused(t *testing.T) {
	client := new(fasthttp.Client)
	const text = "fast: client.Transport is no *fast.Transport"
	require.PanicsWithValue(t, text, func() { fast.Job(client, 0) })
	require.PanicsWithValue(t, text, func() { fast.Count(client) })
	require.PanicsWithValue(t, text, func() { _ = fast.Connect(t.Context(), client, "http://127.0.0.1:1", 1) })
	require.PanicsWithValue(t, "pages: maxBytes is -1, want at least 0", func() { fast.Job(fast.NewClient(1, 0), -1) })
	require.PanicsWithValue(t, "overlap: inFlight is 0, want at least 1", func() { fast.NewClient(0, 0) })
}

// A client that is put together wrongly says so.
func TestClientsPutTogetherWrongly(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := &fasthttp.Client{Transport: new(fast.Transport)}
	defer client.CloseIdleConnections()
	_, err := fast.Job(client, 0).Fetch(t.Context(), server.URL)
	require.EqualError(t, err, "get "+server.URL+": fast: the client does not dial by its Transport's Dial")

	client = fast.NewClient(1, 0)
	defer client.CloseIdleConnections()
	client.WriteTimeout = time.Second
	_, err = fast.Job(client, 0).Fetch(t.Context(), "https://127.0.0.1:1")
	require.ErrorContains(t, err, "fast: the connection is not open yet: the client's WriteTimeout must be zero")

	client = fast.NewClient(1, 0)
	defer client.CloseIdleConnections()
	_, _, err = client.Get(nil, server.URL)
	require.EqualError(t, err, "fast: the request is none of this package's")
}

func TestOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "<title>secret</title>") }))
	defer server.Close()
	client := fast.NewClient(2, time.Minute)
	defer client.CloseIdleConnections()
	_, err := fast.Job(client, 0).Fetch(t.Context(), server.URL)
	require.ErrorContains(t, err, "certificate")

	client = fast.NewClient(2, time.Minute)
	defer client.CloseIdleConnections()
	client.TLSConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	require.NoError(t, fast.Connect(t.Context(), client, server.URL, 2))
	for range 3 {
		r := fast.Job(client, 0).Do(t.Context(), server.URL)
		require.NoError(t, r.Err)
		require.Equal(t, "secret", r.Value.Title)
	}
}

// A cancel ends the handshake too.
func TestACancelWhileTLSShakesHands(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("nobody wants it any more")
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 1)) // its hello
		cancel(cause)
		_, _ = io.Copy(io.Discard, conn)
	}()
	client := fast.NewClient(1, 0)
	defer client.CloseIdleConnections()
	_, err = fast.Job(client, 0).Fetch(ctx, "https://"+listener.Addr().String())
	require.ErrorIs(t, err, cause)
}

func TestHeadersHaveALimit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.RawQuery)
		w.Header().Set("X", strings.Repeat("x", size))
	}))
	defer server.Close()
	client := fast.NewClient(1, 0)
	defer client.CloseIdleConnections()
	_, err := fast.Job(client, 0).Fetch(t.Context(), server.URL+"?15000")
	require.NoError(t, err)
	_, err = fast.Job(client, 0).Fetch(t.Context(), server.URL+"?17000")
	require.ErrorAs(t, err, new(*fasthttp.ErrSmallBuffer))
}

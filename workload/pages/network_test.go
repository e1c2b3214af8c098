package pages_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"

	"example.com/overlap"
	"example.com/overlap/internal/pipes"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
	"example.com/overlap/workload/pages/fast"
)

// A network is a listener without a network, for a bubble of virtual time, and what answers there.
type network struct{ *pipes.Listener }

func newNetwork(t *testing.T) *network {
	n := &network{pipes.Listen()}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// serve answers as an http.Server does.
func (n *network) serve(t *testing.T, handler http.HandlerFunc) {
	server := &http.Server{Handler: handler}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(n) }()
}

// answer has a function answer on each connection: the number of the connection, from 1,
// and whatever comes on it.
func (n *network) answer(t *testing.T, on func(i int, conn net.Conn, requests *bufio.Reader)) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		for i := 1; ; i++ {
			conn, err := n.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			go func() {
				on(i, conn, bufio.NewReader(conn))
				_ = conn.Close()
			}()
		}
	}()
}

// always answers each request with the same text and leaves the connection open.
func (n *network) always(t *testing.T, text string) {
	n.answer(t, func(_ int, conn net.Conn, requests *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(requests); err != nil {
				return
			}
			if _, err := conn.Write([]byte(text)); err != nil {
				return
			}
		}
	})
}

// client returns the client of this name on n, and closes it in the end.
func (n *network) client(t *testing.T, name string, inFlight int, timeout time.Duration) clients.Client {
	var c clients.Client
	onNetHTTP := func(client *http.Client) clients.Client {
		return clients.Client{
			Job:                  func(maxBytes int64) overlap.Job[string, pages.Body, pages.Page] { return pages.Job(client, maxBytes) },
			Count:                pages.Count(client),
			Connect:              func(ctx context.Context, url string, n int) error { return pages.Connect(ctx, client, url, n) },
			CloseIdleConnections: client.CloseIdleConnections,
		}
	}
	switch name {
	case "nethttp":
		client := pages.NewClient(inFlight, timeout)
		client.Transport.(*http.Transport).DialContext = n.Dial
		c = onNetHTTP(client)
	case "direct":
		client := pages.NewDirectClient(inFlight, timeout)
		client.Transport.(*pages.DirectTransport).Dial = n.Dial
		c = onNetHTTP(client)
	case "fasthttp":
		client := fast.NewClient(inFlight, timeout)
		client.Transport.(*fast.Transport).DialContext = n.Dial
		c = onFastHTTP(client)
		t.Cleanup(func() { time.Sleep(20 * time.Second) }) // fasthttp's goroutines end by and by
	default:
		t.Fatalf("no client %q on a network", name)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func onFastHTTP(client *fasthttp.Client) clients.Client {
	return clients.Client{
		Job:                  func(maxBytes int64) overlap.Job[string, pages.Body, pages.Page] { return fast.Job(client, maxBytes) },
		Count:                fast.Count(client),
		Connect:              func(ctx context.Context, url string, n int) error { return fast.Connect(ctx, client, url, n) },
		CloseIdleConnections: client.CloseIdleConnections,
	}
}

// each runs a test for each client, in a bubble, on a network of its own.
func each(t *testing.T, test func(t *testing.T, name string, n *network)) {
	for _, name := range clients.Names() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, name, newNetwork(t)) })
		})
	}
}

// A client is one of package clients, on the machine's network.
type client = clients.Client

// eachReal runs a test for each client, on the machine's network.
func eachReal(t *testing.T, inFlight int, test func(t *testing.T, c client)) {
	for _, name := range clients.Names() {
		t.Run(name, func(t *testing.T) {
			c, err := clients.New(name, inFlight, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdleConnections()
			test(t, c)
		})
	}
}

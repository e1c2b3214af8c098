// Package clients has the HTTP clients that the pages workload runs on, by name: for a flag,
// and for benchmarks that compare them.
package clients

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/fast"
)

// Default is the client of whoever asks for none.
const Default = "nethttp"

// A Client is an HTTP client with the workloads on it. Its functions are safe for concurrent
// use.
type Client struct {
	Name string

	// Job is pages.Job on this client.
	Job func(maxBytes int64) overlap.Job[string, pages.Body, pages.Page]

	// Count is pages.Count on this client.
	Count overlap.Job[string, int64, int64]

	// Connect is pages.Connect on this client.
	Connect func(ctx context.Context, url string, n int) error

	// CloseIdleConnections is to be called in the end.
	CloseIdleConnections func()
}

// kinds are what there is, by name, in the order of Names.
func kinds() []kind {
	return []kind{
		{"nethttp", func(inFlight int, timeout time.Duration) Client { return onNetHTTP(pages.NewClient(inFlight, timeout)) }},
		{"direct", func(inFlight int, timeout time.Duration) Client {
			return onNetHTTP(pages.NewDirectClient(inFlight, timeout))
		}},
		{"fasthttp", onFastHTTP},
	}
}

type kind struct {
	name string
	open func(inFlight int, timeout time.Duration) Client
}

// Names are the clients that there are: nethttp (net/http as it is), direct (net/http without
// goroutines, see pages.DirectTransport) and fasthttp.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Check returns an error that lists the clients if there is none of this name.
func Check(name string) error {
	for _, known := range Names() {
		if name == known {
			return nil
		}
	}
	return fmt.Errorf("%q is no client, want one of %s", name, strings.Join(Names(), ", "))
}

// New returns the client of this name for so many requests in flight to one host, as
// pages.NewClient does, or the error of Check. It panics if inFlight is below 1.
func New(name string, inFlight int, timeout time.Duration) (Client, error) {
	for _, k := range kinds() {
		if k.name == name {
			c := k.open(inFlight, timeout)
			c.Name = name
			return c, nil
		}
	}
	return Client{}, Check(name)
}

func onNetHTTP(client *http.Client) Client {
	return Client{
		Job:   func(maxBytes int64) overlap.Job[string, pages.Body, pages.Page] { return pages.Job(client, maxBytes) },
		Count: pages.Count(client),
		Connect: func(ctx context.Context, url string, n int) error {
			return pages.Connect(ctx, client, url, n)
		},
		CloseIdleConnections: client.CloseIdleConnections,
	}
}

func onFastHTTP(inFlight int, timeout time.Duration) Client {
	client := fast.NewClient(inFlight, timeout)
	return Client{
		Job:   func(maxBytes int64) overlap.Job[string, pages.Body, pages.Page] { return fast.Job(client, maxBytes) },
		Count: fast.Count(client),
		Connect: func(ctx context.Context, url string, n int) error {
			return fast.Connect(ctx, client, url, n)
		},
		CloseIdleConnections: client.CloseIdleConnections,
	}
}

package faults

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
	"example.com/overlap/workload/pages/fast"
)

// A dial opens connections; nil is the machine's way.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// newClient is clients.New with another way to dial.
func newClient(name string, dial dial, inFlight int, timeout time.Duration) clients.Client {
	onNetHTTP := func(client *http.Client) clients.Client {
		return clients.Client{
			Name:                 name,
			Job:                  func(maxBytes int64) job { return pages.Job(client, maxBytes) },
			CloseIdleConnections: client.CloseIdleConnections,
		}
	}
	switch name {
	case "nethttp":
		client := pages.NewClient(inFlight, timeout)
		if dial != nil {
			client.Transport.(*http.Transport).DialContext = dial
		}
		return onNetHTTP(client)
	case "direct":
		client := pages.NewDirectClient(inFlight, timeout)
		client.Transport.(*pages.DirectTransport).Dial = dial
		return onNetHTTP(client)
	case "fasthttp":
		client := fast.NewClient(inFlight, timeout)
		client.Transport.(*fast.Transport).DialContext = dial
		return onFastHTTP(name, client)
	}
	panic("no client " + name)
}

func onFastHTTP(name string, client *fasthttp.Client) clients.Client {
	return clients.Client{
		Name:                 name,
		Job:                  func(maxBytes int64) job { return fast.Job(client, maxBytes) },
		CloseIdleConnections: client.CloseIdleConnections,
	}
}

// A reference is what a sequential run without faults makes of a site's pages.
type reference struct {
	whole     []pages.Page
	malformed []pages.Page
}

// without is settings whose server never fails and never waits.
func without(s mockserver.Settings) mockserver.Settings {
	s.Faults, s.RateLimit, s.Latency = mockserver.Faults{}, mockserver.RateLimit{}, mockserver.Latency{}
	return s
}

func newReference(t *testing.T, s mockserver.Settings) reference {
	t.Helper()
	read := func(query string) []pages.Page {
		transport, err := mockserver.NewTransport(without(s))
		require.NoError(t, err)
		var keys []string
		for i := range s.Pages {
			keys = append(keys, transport.PageURL(i)+query)
		}
		values, err := overlap.Values(sequential.Run(t.Context(), pages.Job(&http.Client{Transport: transport}, 0), keys))
		require.NoError(t, err)
		for i := range values {
			values[i] = local(values[i])
		}
		return values
	}
	return reference{read(""), read("?fault=malformed")}
}

// local is a page as it would be on any host.
func local(p pages.Page) pages.Page {
	path := func(url string) string {
		_, rest, _ := strings.Cut(url, "://")
		_, rest, _ = strings.Cut(rest, "/")
		rest, _, _ = strings.Cut(rest, "?")
		return "/" + rest
	}
	p.URL = path(p.URL)
	p.Links = slices.Clone(p.Links)
	for i := range p.Links {
		p.Links[i] = path(p.Links[i])
	}
	return p
}

// became says in a word what became of key i.
func (r reference) became(i int, result result) string {
	kind := KindOf(result.Err)
	switch kind {
	case Value:
		switch page := local(result.Value); {
		case same(page, r.whole[i]):
			return "value"
		case same(page, r.malformed[i]):
			return "value of the malformed page"
		}
		return fmt.Sprintf("wrong value: %+v", result.Value)
	case Other, Panicked:
		return fmt.Sprintf("%s: %v", kind, result.Err)
	}
	return string(kind)
}

func same(a, b pages.Page) bool {
	return a.URL == b.URL && a.Title == b.Title && a.Words == b.Words && a.Hash == b.Hash && slices.Equal(a.Links, b.Links)
}

// A standing is what the process has at a moment.
type standing struct {
	goroutines  map[string]string // by number, with their stacks
	descriptors int               // -1: not known here
}

// stand is the standing before a test, which runs without collections from here on: a
// collection closes what was forgotten.
func stand(t *testing.T) standing {
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	return standNow()
}

func standNow() standing {
	s := standing{goroutines: map[string]string{}, descriptors: -1}
	buf := make([]byte, 1<<16)
	for n := runtime.Stack(buf, true); ; n = runtime.Stack(buf, true) {
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 4*len(buf))
	}
	for trace := range strings.SplitSeq(string(buf), "\n\n") {
		// fasthttp has two that clean up; they end by themselves within ten seconds.
		if !strings.Contains(trace, "fasthttp.(*Client).mCleaner") && !strings.Contains(trace, "fasthttp.(*HostClient).connsCleaner") {
			number, _, _ := strings.Cut(strings.TrimPrefix(trace, "goroutine "), " ")
			s.goroutines[number] = trace
		}
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.descriptors = len(files)
	}
	return s
}

// mustReturn waits until nothing is left that was not there before. Connections and their
// goroutines need a moment to end; one that does not end in a long time has leaked.
func (before standing) mustReturn(t *testing.T) {
	t.Helper()
	left := map[string]string{}
	var now standing
	for range 1000 {
		now = standNow()
		clear(left)
		for number, trace := range now.goroutines {
			if before.goroutines[number] == "" {
				left[number] = trace
			}
		}
		if len(left) == 0 && now.descriptors <= before.descriptors {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Empty(t, left, "goroutines that were not there before")
	require.Equal(t, before.descriptors, now.descriptors, "descriptors")
}

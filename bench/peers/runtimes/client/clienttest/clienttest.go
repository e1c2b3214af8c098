// Package clienttest tests the clients in Go within the process of a test, where the race
// detector sees them.
package clienttest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/bench/peers/runtimes/client/model"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// Run is the body of a client's command.
type Run func(ctx context.Context, args []string, in io.Reader, out io.Writer) error

// Test has the client fetch pages of a server in five at a time, and holds it to what the
// server saw: inFlight of them at a time, and the pages in turn. A page that fails, and flags
// that are wrong, must be its errors.
func Test(t *testing.T, run Run, inFlight int, flags ...string) {
	t.Helper()
	server := start(t)
	report, err := call(t, run, server, append(flags, "--query", "latency=10ms")...)
	require.NoError(t, err)
	require.EqualValues(t, 100, report.Pages)
	require.EqualValues(t, 100*1024, report.Bytes)
	require.Empty(t, report.Digest)
	record := server.Record()
	require.EqualValues(t, inFlight, record.PeakInFlight)
	require.Zero(t, record.Cancelled)
	require.Len(t, record.Paths, 20)
	for path, n := range record.Paths {
		if path == mockserver.PagePath(0) {
			n -= record.Requests - 120 // which opened the connections
		}
		require.EqualValues(t, 6, n, path)
	}

	for _, c := range []struct{ flags, want string }{
		{"--query=fault=status&status=404", "404"},
		{"--query=fault=truncate", "EOF"},
		{"--url=http://127.0.0.1:1", "http://127.0.0.1:1/page/0"},
		{"--pages=0", "--pages is 0, want at least 1"},
		{"--pages=x", "bad usage"},
	} {
		_, err := call(t, run, server, append(flags, c.flags)...)
		require.ErrorContains(t, err, c.want)
		if strings.HasPrefix(c.flags, "--query") {
			require.ErrorContains(t, err, "get "+server.URL()+"/page/")
		}
	}
}

// TestParse has the client parse pages, which must say what they say without a network.
func TestParse(t *testing.T, run Run, flags ...string) {
	t.Helper()
	server := start(t)
	transport, err := mockserver.NewTransport(settings())
	require.NoError(t, err)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = server.PageURL(i % 20)
	}
	want, err := overlap.Values(sequential.Run(t.Context(), pages.Job(&http.Client{Transport: transport}, 0), keys))
	require.NoError(t, err)

	report, err := call(t, run, server, append(flags, "--parse")...)
	require.NoError(t, err)
	require.EqualValues(t, 100*1024, report.Bytes)
	require.Equal(t, model.Digest(len(want), func(i int) pages.Page { return want[i] }), report.Digest)
}

func settings() mockserver.Settings {
	return mockserver.Settings{Seed: 1, Pages: 20, PageSize: 1024, Links: 5}
}

func start(t *testing.T) *mockserver.Server {
	t.Helper()
	server, err := mockserver.Start("", settings())
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func call(t *testing.T, run Run, server *mockserver.Server, flags ...string) (client.Report, error) {
	t.Helper()
	args := append([]string{"--url", server.URL(), "--site", "20", "--pages", "100", "--in-flight", "5", "--warm", "20"}, flags...)
	var out bytes.Buffer
	var report client.Report
	if err := run(t.Context(), args, strings.NewReader(""), &out); err != nil {
		require.Empty(t, out.String())
		return report, err
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	return report, nil
}

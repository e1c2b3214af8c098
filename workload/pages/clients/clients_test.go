package clients_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages/clients"
)

func TestEachClient(t *testing.T) {
	require.Equal(t, []string{"nethttp", "direct", "fasthttp"}, clients.Names())
	require.Contains(t, clients.Names(), clients.Default)
	server, err := mockserver.Start("", mockserver.Settings{Pages: 10})
	require.NoError(t, err)
	defer server.Close()
	for _, name := range clients.Names() {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, clients.Check(name))
			server.Reset()
			c, err := clients.New(name, 4, time.Minute)
			require.NoError(t, err)
			defer c.CloseIdleConnections()
			require.Equal(t, name, c.Name)
			require.NoError(t, c.Connect(t.Context(), server.PageURL(0), 4))
			require.EqualValues(t, 4, server.Record().Requests)
			page := c.Job(0).Do(t.Context(), server.PageURL(3))
			require.NoError(t, page.Err)
			require.Equal(t, "Page 3", page.Value.Title)
			size := c.Count.Do(t.Context(), server.PageURL(3))
			require.NoError(t, size.Err)
			require.Positive(t, size.Value)
			require.ErrorContains(t, c.Job(1).Do(t.Context(), server.PageURL(3)).Err, "larger than 1 bytes")
			require.EqualValues(t, 7, server.Record().Requests)
		})
	}
}

// The timeout is the client's that was asked for.
func TestTimeout(t *testing.T) {
	server, err := mockserver.Start("", mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
	require.NoError(t, err)
	defer server.Close()
	for _, name := range clients.Names() {
		c, err := clients.New(name, 1, time.Millisecond)
		require.NoError(t, err)
		require.ErrorIs(t, c.Count.Do(t.Context(), server.PageURL(0)).Err, context.DeadlineExceeded, name)
	}
}

func TestUnknown(t *testing.T) {
	const text = `"curl" is no client, want one of nethttp, direct, fasthttp`
	require.EqualError(t, clients.Check("curl"), text)
	_, err := clients.New("curl", 1, 0)
	require.EqualError(t, err, text)
	require.PanicsWithValue(t, "overlap: inFlight is 0, want at least 1", func() { _, _ = clients.New("fasthttp", 0, 0) })
}

func ExampleNew() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 100, PageSize: 2048})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = server.PageURL(i)
	}
	for _, name := range clients.Names() {
		client, err := clients.New(name, 10, time.Minute)
		if err != nil {
			fmt.Println(err)
			return
		}
		sizes, err := overlap.Values(pool.Run(context.Background(), client.Count, keys, 10))
		client.CloseIdleConnections()
		fmt.Println(name, len(sizes), err)
	}
	// Output:
	// nethttp 100 <nil>
	// direct 100 <nil>
	// fasthttp 100 <nil>
}

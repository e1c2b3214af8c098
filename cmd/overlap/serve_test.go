package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
)

// serving starts overlap serve with further flags and returns where it is.
func serving(t *testing.T, flags ...string) (addr string) {
	ctx, cancel := context.WithCancel(t.Context())
	lines := &waiter{found: make(chan string, 1)}
	c := console{stdout: lines, stderr: &strings.Builder{}}
	ended := make(chan int)
	go func() { ended <- c.main(ctx, append([]string{"serve", "-drain", "0s"}, flags...)) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	addr, _, _ = strings.Cut(strings.TrimPrefix(strings.Fields(<-lines.found)[4], "http://"), "/")
	return addr
}

func TestServeHoldsSoManyConnections(t *testing.T) {
	addr := serving(t, "-connections", "2")
	for _, want := range []int{200, 200, 503} {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET /page/0 HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, response.StatusCode)
	}
}

func TestSiteFlags(t *testing.T) {
	var settings mockserver.Settings
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	siteFlags(flags, &settings)
	require.False(t, settings.Latency.PerRequest)
	require.NoError(t, flags.Parse([]string{"-profile", "heavy-tail", "-latency", "20ms", "-per-request"}))
	require.Equal(t, mockserver.Latency{Profile: mockserver.HeavyTail, Mean: 20 * time.Millisecond, PerRequest: true}, settings.Latency)
	require.NoError(t, checkSite(settings))
}

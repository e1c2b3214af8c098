package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/bench/peers/runtimes/client/clienttest"
)

func TestClient(t *testing.T) { clienttest.Test(t, run, 5) }

func TestItDoesNotParse(t *testing.T) {
	err := run(t.Context(), []string{"--parse"}, strings.NewReader(""), t.Output())
	require.EqualError(t, err, "--parse: this client only counts bytes")
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		length       int
		err          string
	}{
		{"whole", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 3, ""},
		{"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, ""},
		{"a field in other letters", "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length:3\r\n\r\nabc", 3, ""},
		{"another status", "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc", 0, `status line "HTTP/1.1 201 Created"`},
		{"an older version", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, `status line "HTTP/1.0 200 OK"`},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nabc", 0, "the answer has no Content-Length"},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: three\r\n\r\n", 0, `parsing "three"`},
		{"a length below none", "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", 0, "the answer has no Content-Length"},
		{"a body that ends early", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", 3, "body of 4 bytes: unexpected EOF"},
		{"a head that ends early", "HTTP/1.1 200 OK\r\nContent-Le", 0, "EOF"},
		{"nothing", "", 0, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				_, _ = io.ReadFull(far, make([]byte, len("request")))
				_, _ = io.WriteString(far, c.answer)
				_ = far.Close()
			}()
			n, err := (&conn{near, bufio.NewReader(near)}).get([]byte("request"))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.length, n)
		})
	}
}

// A server that never answers is waited for until ctx ends.
func TestItEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := listener.Accept()
		if err == nil {
			_, _ = c.Read(make([]byte, 1))
			cancel()
			_, _ = io.Copy(io.Discard, c) // until it closes
		}
	}()
	s, err := open(ctx, client.Order{URL: "http://" + listener.Addr().String(), InFlight: 1, Site: 1})
	require.NoError(t, err)
	_, err = s.fetch(ctx, 1)
	require.ErrorIs(t, err, net.ErrClosed)
}

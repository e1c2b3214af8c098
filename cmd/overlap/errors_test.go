package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/workload/pages"
)

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		err   error
		begun bool
		kind  string
	}{
		{&pages.StatusError{StatusCode: 503}, true, "status 503 Service Unavailable"},
		{&pages.StatusError{StatusCode: 599}, true, "status 599"},
		{&pages.TooLargeError{}, true, "body too large"},
		{&pages.TypeError{}, true, "not HTML"},
		{&overlap.PanicError{Value: "x"}, true, "panic"},
		{&net.DNSError{Err: "no such host"}, true, "host not found"},
		{context.Canceled, false, "not begun: interrupted"},
		{context.Canceled, true, "interrupted"},
		{context.DeadlineExceeded, true, "timeout"},
		{os.ErrDeadlineExceeded, true, "timeout"},
		{syscall.ECONNREFUSED, true, "connection refused"},
		{syscall.ECONNRESET, true, "connection reset"},
		{syscall.EPIPE, true, "connection reset"},
		{io.ErrUnexpectedEOF, true, "answer cut short"},
		{io.EOF, true, "answer cut short"},
		{errors.New("a new one"), true, "other"},
	} {
		require.Equal(t, c.kind, kindOf(fmt.Errorf("get x: %w", c.err), c.begun))
	}

	type results = []overlap.Result[int]
	always := func(int) bool { return true }
	require.Equal(t, []kind{}, kinds(results{{}, {}}, always), "an empty list in JSON, not null")
	require.Equal(t,
		[]kind{{"timeout", 2, "one: " + context.DeadlineExceeded.Error()}, {"answer cut short", 1, "EOF"}, {"other", 1, "why"}},
		kinds(results{
			{Err: errors.New("why")}, {},
			{Err: fmt.Errorf("one: %w", context.DeadlineExceeded)},
			{Err: io.EOF},
			{Err: fmt.Errorf("two: %w", context.DeadlineExceeded)},
		}, always))
}

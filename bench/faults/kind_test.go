package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/workload/pages"
)

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Kind
	}{
		{nil, Value},
		{&overlap.PanicError{Value: io.EOF}, Panicked},
		{overlap.ErrGoexit, Exited},
		{&pages.StatusError{StatusCode: 503}, Status},
		{&pages.TooLargeError{}, TooLarge},
		{&net.DNSError{IsNotFound: true}, NoSuchHost},
		{&net.DNSError{IsTimeout: true}, NoResolver},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}, Descriptors},
		{syscall.ENFILE, Descriptors},
		{context.DeadlineExceeded, Timeout},
		{os.ErrDeadlineExceeded, Timeout},
		{context.Canceled, Cancelled},
		{io.ErrUnexpectedEOF, Truncated},
		{io.EOF, Unanswered},
		{errors.New("EOF"), Other},
	} {
		require.Equal(t, c.want, KindOf(c.err), "%v", c.err)
		if c.err != nil {
			require.Equal(t, c.want, KindOf(fmt.Errorf("get a page: %w", c.err)), "%v, wrapped", c.err)
		}
	}
	if runtime.GOOS != "windows" { // which has numbers of its own for these
		require.Equal(t, Refused, KindOf(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}))
		require.Equal(t, Broken, KindOf(&net.OpError{Op: "read", Err: syscall.ECONNRESET}))
		require.Equal(t, Broken, KindOf(&net.OpError{Op: "write", Err: syscall.EPIPE}))
	}
}

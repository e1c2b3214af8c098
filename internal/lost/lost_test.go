package lost_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/lost"
)

func TestNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		err             error
		refused, broken bool
	}{
		"no error":                {nil, false, false},
		"nobody listens":          {syscall.ECONNREFUSED, true, false},
		"reset":                   {syscall.ECONNRESET, false, true},
		"aborted":                 {syscall.ECONNABORTED, false, true},
		"written to a closed end": {syscall.EPIPE, false, true},
		"no way there":            {syscall.ENETUNREACH, false, false},
		"no descriptor":           {syscall.EMFILE, false, false},
		"a timeout":               {os.ErrDeadlineExceeded, false, false},
		"the end":                 {io.EOF, false, false},
		"a text alone":            {errors.New("connection refused"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for depth, err := range []error{
				c.err,
				&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", c.err)},
				errors.Join(errors.New("page 7"), fmt.Errorf("get: %w", c.err)),
			} {
				require.Equal(t, c.refused, lost.Refused(err), depth)
				require.Equal(t, c.broken, lost.Broken(err), depth)
			}
		})
	}
}

// What this machine's sockets really say.
func TestSockets(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	there, err := listener.Accept()
	require.NoError(t, err)
	require.NoError(t, there.(*net.TCPConn).SetLinger(0)) // or it would say goodbye
	require.NoError(t, there.Close())

	_, err = conn.Read(make([]byte, 1))
	require.True(t, lost.Broken(err), "read of what was reset: %v", err)
	require.False(t, lost.Refused(err))
	_, err = conn.Write([]byte("x"))
	require.True(t, lost.Broken(err), "write to it: %v", err)

	require.NoError(t, listener.Close())
	_, err = net.Dial("tcp", listener.Addr().String())
	require.True(t, lost.Refused(err), "dial of what is closed: %v", err)
	require.False(t, lost.Broken(err))
}

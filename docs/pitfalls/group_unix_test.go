//go:build unix

package pitfalls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const stays = `title: It stays
detector: result
label: varies
broken: MEET=ADDRESS go run -tags pitfall ./broken
broken exit: nonzero
broken want: nothing
mended: MEET=ADDRESS go run -tags pitfall ./broken leave
mended exit: 0
`

// A meeting is where the processes of testdata/stays show that they live: each holds
// a connection.
type meeting struct {
	net.Listener
	address string
}

func meet(t *testing.T) meeting {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return meeting{l, l.Addr().String()}
}

// both returns the connections of the program and its child.
func (m meeting) both(t *testing.T) []net.Conn {
	var conns []net.Conn
	for range 2 {
		// The time is for compiling, and not to hang if the program fails.
		require.NoError(t, m.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)))
		c, err := m.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
	}
	return conns
}

// gone waits until the processes at the other end are gone.
func gone(t *testing.T, conns []net.Conn) {
	for _, c := range conns {
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
		_, err := c.Read(make([]byte, 1))
		require.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), "a process stays: %v", err)
	}
}

func TestNoProcessStaysWhenTheContextEnds(t *testing.T) {
	room, m := meet(t), thisMachine(t)
	p := parse(t, "stays", stays, "ADDRESS", room.address)
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := m.Run(ctx, p, Broken)
		ended <- err
	}()
	conns := room.both(t)
	cancel(errors.New("enough"))
	gone(t, conns)
	require.ErrorContains(t, <-ended, "enough")
}

func TestNoProcessStaysWhenItsProgramEnds(t *testing.T) {
	room, m := meet(t), thisMachine(t)
	p := parse(t, "stays", stays, "ADDRESS", room.address)
	_, err := m.Run(t.Context(), p, Mended)
	require.NoError(t, err)
	gone(t, room.both(t))
}

// The test binary, started again, is interrupted as by Ctrl-C or by a CI that stops.
func TestNoProcessStaysWhenTheTestIsInterrupted(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			room := meet(t)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestToBeInterrupted$", "-test.timeout=2m")
			cmd.Env = append(os.Environ(), "PITFALLS_MEET="+room.address)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			require.NoError(t, cmd.Start())
			conns := room.both(t)
			require.NoError(t, cmd.Process.Signal(sig))
			gone(t, conns)
			require.Error(t, cmd.Wait())
			require.Contains(t, out.String(), sig.String()+" signal received")
		})
	}
}

func TestToBeInterrupted(t *testing.T) {
	address := os.Getenv("PITFALLS_MEET")
	if address == "" {
		t.Skip("a part of TestNoProcessStaysWhenTheTestIsInterrupted")
	}
	_, err := thisMachine(t).Run(untilInterrupted(t), parse(t, "stays", stays, "ADDRESS", address), Broken)
	require.NoError(t, err)
}

// What ends with the context has ended before go test gives up on the test.
func TestATestWhoseTimeIsUpLeavesNoProcess(t *testing.T) {
	end, ok := t.Deadline()
	if !ok {
		t.Skip("this test has all the time there is: -timeout 0")
	}
	soon, ok := untilInterrupted(t).Deadline()
	require.True(t, ok)
	require.True(t, soon.Before(end))
}

//go:build unix

package process_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/process"
)

// waits is the environment variable that makes of the test binary a program which runs a
// command that does not end.
const waits = "OVERLAP_PROCESS_WAITS"

func TestMain(m *testing.M) {
	if os.Getenv(waits) != "" {
		err := process.WatchInterrupts().Run(time.Hour, func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, "sh", "-c", "echo started; sleep 1000")
			cmd.Stdout, cmd.ExtraFiles = os.Stdout, []*os.File{os.NewFile(3, "held")}
			return process.Run(cmd)
		})
		fmt.Println("it went on:", err)
		return
	}
	os.Exit(m.Run())
}

func TestAnInterruptEndsWhatRunsFirst(t *testing.T) {
	held, hold, err := os.Pipe()
	require.NoError(t, err)
	defer held.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), waits+"=1")
	cmd.ExtraFiles = []*os.File{hold}
	var said []byte
	cmd.Stdout = writer(func(p []byte) {
		if said = append(said, p...); string(said) == "started\n" {
			_ = cmd.Process.Signal(os.Interrupt)
		}
	})
	require.Error(t, cmd.Run())
	require.NoError(t, hold.Close())
	require.Equal(t, 130, cmd.ProcessState.ExitCode())
	require.Equal(t, "started\n", string(said))
	_, err = io.ReadAll(held)
	require.NoError(t, err, "the command has ended, as it held the other end")
}

func TestWhatTakesTooLongEnds(t *testing.T) {
	err := process.WatchInterrupts().Run(time.Nanosecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

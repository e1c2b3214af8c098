//go:build unix

package process_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/process"
)

// The process left behind holds the writing end of a pipe, so its end is seen as the
// pipe's, however long the kernel keeps its number.
func TestNothingStaysBehind(t *testing.T) {
	for name, script := range map[string]string{
		"a command that ends before what it started":  "sleep 1000 >/dev/null 2>&1 &",
		"a command that fails before what it started": "sleep 1000 >/dev/null 2>&1 & exit 3",
	} {
		t.Run(name, func(t *testing.T) {
			held, hold, err := os.Pipe()
			require.NoError(t, err)
			defer held.Close()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
			cmd.ExtraFiles = []*os.File{hold}
			err = process.Run(cmd)
			require.NoError(t, hold.Close())
			if cmd.ProcessState.ExitCode() == 0 {
				require.NoError(t, err)
			} else {
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				require.Equal(t, 3, exit.ExitCode())
			}
			_, err = io.ReadAll(held)
			require.NoError(t, err)
		})
	}
}

// The command says on its output that it has started what it leaves behind.
func TestTheEndOfTheContextEndsTheWholeGroup(t *testing.T) {
	held, hold, err := os.Pipe()
	require.NoError(t, err)
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "sleep 1000 & echo started; wait")
	cmd.ExtraFiles = []*os.File{hold}
	cmd.Stdout = writer(func([]byte) { cancel() })
	require.Error(t, process.Run(cmd))
	require.NoError(t, hold.Close())
	_, err = io.ReadAll(held)
	require.NoError(t, err)
}

// A writer is called with what is written.
type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

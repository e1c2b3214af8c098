//go:build race

package sharing

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

const child = "OVERLAP_SHARING_CHILD"

// The race detector reports the missing lock where the count is right, too: it
// looks at what ordered the two writes, not at what became of them.
func TestRaceDetectorSeesACountThatIsRight(t *testing.T) {
	if os.Getenv(child) != "" {
		fmt.Println("counted", WithNothing(2, 1))
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	exit, failed := errors.AsType[*exec.ExitError](err)
	require.True(t, failed, "it ended well:\n%s", out)
	require.NotZero(t, exit.ExitCode())
	require.Contains(t, string(out), "WARNING: DATA RACE")
	require.Contains(t, string(out), "counted 2\n")
}

//go:build race

package tested

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const child = "OVERLAP_TESTED_CHILD"

// Virtual time puts the two writes a second apart, and nothing else does: a sleep
// orders nothing, in a bubble as outside. The race detector reports them.
func TestVirtualTimeHidesNoRace(t *testing.T) {
	if os.Getenv(child) != "" {
		synctest.Test(t, func(t *testing.T) {
			writes := 0
			var wg sync.WaitGroup
			for i := range 2 {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * time.Second)
					writes++
				})
			}
			wg.Wait()
			require.Equal(t, 2, writes)
		})
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "%s", out)
	require.Contains(t, string(out), "WARNING: DATA RACE")
}

package conform_test

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/conform"
)

// ownProcessEnv is the environment variable of a process that was started for one test.
const ownProcessEnv = "CONFORM_OWN_PROCESS"

// elsewhere says whether it has run a test in a process of its own, so that there is nothing to do
// here. It does so under the race detector.
//
// It is for models of coroutines. When one of them ends (iter.Pull's), the race detector keeps
// what it had for it, some kilobytes, as long as the process lives. The suite makes a million of
// them, and that would be gigabytes in one process.
func elsewhere(t *testing.T) bool {
	if !conform.RaceEnabled || os.Getenv(conform.TrialFile) != "" {
		return false
	}
	if os.Getenv(ownProcessEnv) != "" {
		go func() { // whoever started this process has died
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
		return false
	}
	self, err := os.Executable()
	require.NoError(t, err)
	run := "^" + t.Name() + "$"
	if _, below, ok := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); ok {
		run += "/" + below
	}
	args := []string{"-test.run=" + run, "-test.count=1"}
	if deadline, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+(time.Until(deadline)*9/10).String()) // so that it says what it waits for
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), ownProcessEnv+"=1", "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	_, err = cmd.StdinPipe() // closes when we have died
	require.NoError(t, err)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.NotContains(t, string(said), "no tests to run")
	return true
}

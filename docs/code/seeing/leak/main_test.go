package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two of three mirrors are never heard; the leak profile names them, and not the worker.
func TestWhoLeaks(t *testing.T) {
	out := output(t)
	if strings.Contains(out, "built without it") { // it is an experiment, as in Go 1.26
		require.Contains(t, out, "goroutine profile: total 22\n")
		out = output(t, "GOEXPERIMENT=goroutineleakprofile")
	}
	all, leaks, ok := strings.Cut(out, "goroutineleak profile: total 20\n")
	require.True(t, ok, out)
	require.Contains(t, all, "goroutine profile: total 22\n")
	require.Contains(t, all, "main.worker")
	require.Contains(t, leaks, "main.first.func1")
	require.NotContains(t, leaks, "main.worker")
}

// output is what the program prints, in a process of its own: the profiles are of all
// goroutines in it.
func output(t *testing.T, env ...string) string {
	command := exec.CommandContext(t.Context(), "go", "run", ".")
	command.Env = append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

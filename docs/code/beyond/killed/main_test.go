package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/timeline"
)

// TestMain lets the test binary be the program and its workers.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// All pages come, and no more than what the two who died had in hand is fetched again.
func TestKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "killed.json")
	program := exec.Command(os.Args[0], "-timeline", file)
	program.Env = append(os.Environ(), "BE_THE_PROGRAM=yes", "GORACE=atexit_sleep_ms=0") // a second, else
	output, err := program.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "workers   3 at the beginning, 2 killed,")
	require.Contains(t, string(output), "results   60, of which 0 failed\n")

	data, err := os.ReadFile(file)
	require.NoError(t, err)
	seen, err := timeline.Read(file, bytes.NewReader(data))
	require.NoError(t, err)
	require.GreaterOrEqual(t, seen.Count(timeline.Done), count)
	require.LessOrEqual(t, seen.Peak(), (workers+2)*atOnce) // the server may hear a little late that one has died
}

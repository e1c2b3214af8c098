package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the program, as the end of the process is what
// the program is about.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNobodyWaitsForGoroutines(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), "BE_THE_PROGRAM=yes", "GORACE=atexit_sleep_ms=0") // a second, else
	output, err := program.Output()
	require.NoError(t, err)
	require.Equal(t, "main is done\n", string(output))
}

package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/faults"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
)

func TestMain(m *testing.M) {
	site.Main()
	// A process with the race detector sleeps for a second when it ends; the server need not.
	_ = os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

type said struct {
	status         int
	stdout, stderr string
}

func run(ctx context.Context, args ...string) said {
	var stdout, stderr bytes.Buffer
	status := soak(ctx, args, &stdout, &stderr)
	return said{status, stdout.String(), stderr.String()}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		s := run(t.Context(), arg)
		require.Equal(t, 0, s.status)
		require.Empty(t, s.stderr)
		require.True(t, strings.HasPrefix(s.stdout, "Usage: soak [flags]"), s.stdout)
		require.Contains(t, s.stdout, "Exit status: ")
		require.Contains(t, s.stdout, "Examples:\n  soak -minutes 10")
		require.Contains(t, s.stdout, "\nFlags:\n  -")
		require.NotContains(t, s.stdout, "%!")
		require.NotContains(t, s.stdout, "%%")
	}
}

func TestBadUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-fly"}, "soak: flag provided but not defined: -fly\n`soak -h` lists the flags\n"},
		{[]string{"fly"}, `"fly" is no flag, and soak takes no arguments`},
		{[]string{"-minutes", "0"}, "-minutes is 0, want 1 to 1440"},
		{[]string{"-minutes", "1441"}, "-minutes is 1441, want 1 to 1440"},
		{[]string{"-minutes", "1"}, "-minutes: 1m0s, want 1m36s at least"},
		{[]string{"-in-flight", "1"}, "-in-flight: 1, want 2 to 1000000"},
		{[]string{"-models", "pool,fly"}, `-models: "fly", want of`},
		{[]string{"-client", "fly"}, `-client: wrong: "fly" is no client`},
		{[]string{"-timeout", "1s"}, "-timeout: 1s, want more than 6.9s"},
		{[]string{"-faults", "fire=0.1"}, `"fire" is no fault; want status, reset, slow, hang, truncate or malformed`},
		{[]string{"-faults", "reset=often"}, `"often" is no probability for reset`},
		{[]string{"-faults", "reset=0.1,reset=0.1"}, "reset is there twice"},
		{[]string{"-faults", "reset=2"}, "-faults: mockserver: Faults.Reset is 2, want a probability from 0 to 1"},
	} {
		s := run(t.Context(), c.args...)
		require.Equal(t, badUsage, s.status, c.args)
		require.Contains(t, s.stderr, c.want, c.args)
		require.Empty(t, s.stdout, c.args)
	}
}

// TestExamples has each example of the manual be understood: with a context that has ended,
// nothing is done.
func TestExamples(t *testing.T) {
	_, examples, _ := strings.Cut(manual, "Examples:\n")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for line := range strings.SplitSeq(strings.TrimSpace(examples), "\n") {
		s := run(over, strings.Fields(line)[1:]...)
		if strings.Contains(s.stderr, "file descriptors") {
			t.Skip(s.stderr)
		}
		require.Equal(t, interrupted, s.status, "%s: %s%s", line, s.stdout, s.stderr)
		require.Contains(t, s.stdout, "interrupted")
	}
}

// The standard settings are told as the flag takes them.
func TestTheStandardFaultsAreInTheManual(t *testing.T) {
	written := faults.Standard().Faults
	require.Contains(t, run(t.Context(), "-h").stdout, "or none (default "+written.String()+")")
	read := mockserver.Faults{SlowPause: written.SlowPause}
	require.NoError(t, read.Set(written.String()))
	require.Equal(t, faults.Standard().Faults, read)
}

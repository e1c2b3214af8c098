package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const fake = "../../bench/rounds/testdata/fake"

func TestBench(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-pkg", fake, "-control", "none", "-rounds", "2", "-benchtime", "1x", "-seed", "9", "-o", out)
	require.Equal(t, 0, s.status, s.stderr)
	require.Regexp(t, `│\s+a\s+│\s+b\s+│\s+c\s+│`, s.stdout)
	require.Regexp(t, `(?m)^Fast/size=3\n  (a|b) has the best median: `, s.stdout)
	require.Contains(t, s.stdout, "  not run: slow, it would take an hour\n")
	require.Regexp(t, `\nbuilt in \d+s, warmed up in \d+s, measured 2 rounds in \d+s: `, s.stdout)
	require.Contains(t, s.stderr, "calibrating this machine: about 3 s\n")
	require.Regexp(t, `\ncalibrated in [\d.]+ s:\n`, s.stderr)
	require.Contains(t, s.stderr, "measuring 4 cells in 2 rounds: about ")
	require.Contains(t, s.stderr, "4 of 8 done, about ")
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "\nseed: 9\n")
}

// Without -seed the order is a random one, and the file says which.
func TestBenchRecordsARandomSeed(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-calibrate=false", "-pkg", fake, "-control", "none", "-bench", "Fast", "-rounds", "1", "-benchtime", "1x", "-o", out, "--", "-spin=5")
	require.Equal(t, 0, s.status, s.stderr)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Regexp(t, `\nseed: [1-9]\d*\n`, string(text))
	require.Contains(t, string(text), "spin: 5\n", "what stands after -- goes to the benchmark")
}

// trigger cancels when its text is written.
type trigger struct {
	bytes.Buffer
	text   string
	cancel func()
}

func (w *trigger) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.cancel()
	}
	return w.Buffer.Write(p)
}

func TestBenchInterrupted(t *testing.T) {
	for _, c := range []struct {
		name, at string
		kept     bool
		want     string
	}{
		{"while it builds", "building", false, "interrupted before the first round was finished; nothing is kept"},
		{"in the first round", "measuring", false, "interrupted before the first round was finished; nothing is kept"},
		{"in a later round", "20 of 40 done", true, "stopped after 5 whole rounds: context canceled\nThe finished rounds are kept in "},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := filepath.Join(t.TempDir(), "results.txt")
			stderr := &trigger{text: c.at, cancel: cancel}
			console := console{stdout: new(bytes.Buffer), stderr: stderr}
			status := console.main(ctx, []string{"bench", "-calibrate=false", "-pkg", fake, "-control", "none", "-rounds", "10", "-benchtime", "1x", "-o", out})
			require.Equal(t, interrupted, status, stderr.String())
			require.Contains(t, stderr.String(), c.want)
			if !c.kept {
				require.NoFileExists(t, out)
				return
			}
			require.Contains(t, stderr.String(), "overlap compare "+out)
			text, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Equal(t, 20, strings.Count(string(text), "\nBenchmark"))
		})
	}
}

// Interrupted while the tables are made, the results are whole, and it says where.
func TestBenchInterruptedAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := filepath.Join(t.TempDir(), "results.txt")
	var stderr bytes.Buffer
	console := console{stdout: &trigger{text: "goos: ", cancel: cancel}, stderr: &stderr} // after the first of two tables
	status := console.main(ctx, []string{"bench", "-calibrate=false", "-pkg", fake, "-control", "none", "-rounds", "2", "-benchtime", "1x", "-o", out})
	require.Equal(t, interrupted, status)
	require.Contains(t, stderr.String(), "The finished rounds are kept in "+out)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, 8, strings.Count(string(text), "\nBenchmark"))
}

func TestBenchTellsItsNoiseFloor(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-calibrate=false", "-pkg", fake, "-for", "1ms", "-control", "b", "-benchtime", "1x", "-o", out)
	require.Equal(t, 0, s.status, s.stderr)
	require.Regexp(t, `a round takes about \S+: two, the least, may not fit into 1ms\n`, s.stderr)
	require.Contains(t, s.stderr, "measuring 5 cells in 2 rounds: about ")
	require.Regexp(t, `│\s+b-again\s+│`, s.stdout)
	require.Regexp(t, `The noise floor is [\d.]+ %: so much b differed from itself at most`, s.stdout)
	require.Regexp(t, `\nNoise floors by unit: sec/op [\d.]+ %\.\n\nbuilt in`, s.stdout)

	s = overlapCommand(t, "bench", "-calibrate=false", "-pkg", fake, "-control", "fly", "-o", out+"2")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, `control is "fly", want one of a, b, c, or none`)
}

// Benchmarks without models have tables and no verdict.
func TestBenchOfAPackageWithoutModels(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-calibrate=false", "-pkg", "../../mockserver", "-bench", "Page", "-rounds", "2", "-benchtime", "1x", "-o", out)
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, "sec/op")
	require.Contains(t, s.stdout, "No result has a /model= in its name, so there is nothing to rank.\n")
	require.Contains(t, s.stdout, "measured 2 rounds in ")
}

func TestBenchFails(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-calibrate=false", "-pkg", fake, "-control", "none", "-rounds", "4", "-benchtime", "1x", "-o", out, "--", "-fail-after", filepath.Join(t.TempDir(), "starts"))
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "broken on purpose")
	require.Contains(t, s.stderr, "The finished rounds are kept in "+out)

	s = overlapCommand(t, "bench", "-calibrate=false", "-pkg", "../../bench/rounds/testdata/broken", "-o", out+"2")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "broken_test.go:4")
}

package verdict

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
)

// Benchstat is given rows in the order of their names, columns in the order of
// the models, those with gaps last.
func TestSortedCopy(t *testing.T) {
	text := "goos: linux\nspin: 5\n" +
		"BenchmarkP/tasks=1000/model=b-2 1 4 ns/op\n" +
		"latency nothing\n" +
		"BenchmarkQ/model=a-2 1 9 ns/op\n" +
		"BenchmarkP/tasks=100/model=b-2 1 2 ns/op\n" +
		"saturated: why\n" +
		"BenchmarkP/tasks=100/model=a-2 1 1 ns/op\n" +
		"saturated:\n" +
		"BenchmarkP/tasks=1000/model=c-2 1 3 ns/op\n" +
		"BenchmarkP/tasks=100/model=c-2 1 3 ns/op\n" +
		"pkg: other\n" +
		"BenchmarkP/tasks=100/model=b-2 1 77 ns/op\n" +
		"pkg:\n" +
		"BenchmarkP/tasks=100/model=b-2 2 2 ns/op 7 B/op\n"
	set := read(t, text)
	all := benchmarks(set)
	require.Len(t, all, 3, "P, Q, and P of the other package")
	var p []*results.Group
	for _, groups := range all {
		if groups[0].Benchmark == "P" && groups[0].Package == "" {
			p = groups
		}
	}
	columns := columnsOf(p, []string{"a", "b", "c"})
	require.Equal(t, []string{"b", "c", "a"}, columns)
	require.Equal(t, []string{"b", "c", "a"}, columnsOf(p, nil), "as they appear")
	got := sortedCopy([]byte(text), p, columns)
	var lines []string
	for line := range strings.Lines(got) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	require.Equal(t, []string{
		"goos: linux", "spin: 5",
		"BenchmarkP/tasks=100/model=b-2 1 2 ns/op",
		"BenchmarkP/tasks=100/model=b-2 2 2 ns/op 7 B/op",
		"BenchmarkP/tasks=100/model=c-2 1 3 ns/op",
		"saturated: why",
		"BenchmarkP/tasks=100/model=a-2 1 1 ns/op",
		"saturated:",
		"BenchmarkP/tasks=1000/model=b-2 1 4 ns/op",
		"BenchmarkP/tasks=1000/model=c-2 1 3 ns/op",
	}, lines)
	require.Equal(t, set.Groups[0].Cells[0].Samples["sec/op"], read(t, got).Groups[0].Cell("b").Samples["sec/op"])
}

// A twin has a column of its own, and gaps where its model has.
func TestColumnsOfTheControl(t *testing.T) {
	set := read(t, "control: a-again\nBenchmarkX/n=1/model=a 1 5 ns/op\nBenchmarkX/n=1/model=a-again 1 5 ns/op\nBenchmarkX/n=1/model=b 1 5 ns/op\n"+
		"BenchmarkX/n=2/model=b 1 5 ns/op\n")
	require.Equal(t, []string{"b", "a", "a-again"}, columnsOf(benchmarks(set)[0], []string{"a", "a-again", "b"}))
	require.Equal(t, []string{"b", "a", "a-again"}, columnsOf(benchmarks(set)[0], set.Models()))
}

func written(t *testing.T, name, text string) (path string, set *results.Set) {
	path = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	set, err := results.ReadFiles(path)
	require.NoError(t, err)
	return path, set
}

func TestBenchstatTables(t *testing.T) {
	benchstat, err := FindBenchstat(t.Context(), "")
	require.NoError(t, err)
	text := "goos: linux\nseed: 7\ncontrol: pool-again\ncalibration: cores=2\n" +
		lines(10, "P/tasks=1000", map[string]float64{"pool": 900, "seq": 9000}) +
		"saturated: why\n" + lines(10, "P/tasks=100", map[string]float64{"pool": 100, "seq": 1000}) + "saturated:\n" +
		lines(10, "Q", map[string]float64{"pool": 3}) + "BenchmarkServe-2 1 5 ns/op\nBenchmarkAlloc-2 1 5 B/op\n"
	path, set := written(t, "run=1.txt", text)
	var b strings.Builder
	require.NoError(t, benchstat.Models(t.Context(), &b, path, set, []string{"seq", "pool"}, []string{"sec/op", "p99.9-ms"}))
	tables := b.String()
	require.Regexp(t, `│\s+seq\s+│\s+pool\s+│`, tables)
	require.Regexp(t, `(?s)P/tasks=100-2 .*P/tasks=1000-2 .*Q-2 .*Serve-2 `, tables)
	require.Equal(t, 1, strings.Count(tables, "goos: linux"))
	for _, no := range []string{"seed", "saturated", "calibration", "control", "B/op"} {
		require.NotContains(t, tables, no)
	}
	require.Contains(t, tables, "vs base")
	require.NotContains(t, tables, "\n\n\n")

	old, oldSet := written(t, "old.txt", text)
	b.Reset()
	require.NoError(t, benchstat.Runs(t.Context(), &b, [2]string{old, path}, [2]*results.Set{oldSet, set}, []string{"sec/op"}))
	require.Regexp(t, `│\s+old.txt\s+│\s+run-1.txt\s+│`, b.String())
	require.Regexp(t, `(?s)P/tasks=100/model=pool-2 .*P/tasks=100/model=seq-2 .*Serve-2 `, b.String())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, benchstat.Models(ctx, &b, path, set, nil, []string{"sec/op"}), context.Canceled)
	require.ErrorContains(t, Benchstat{path: "/nowhere/benchstat"}.Models(t.Context(), &b, path, set, nil, []string{"sec/op"}), "/nowhere/benchstat")
	require.EqualError(t, benchstat.Models(t.Context(), brokenWriter{}, path, set, nil, []string{"sec/op"}), "disk full")
	require.ErrorIs(t, benchstat.Models(t.Context(), &b, path+"x", set, nil, []string{"sec/op"}), os.ErrNotExist)
}

// Two files of one name are told apart by their folders.
func TestBenchstatLabels(t *testing.T) {
	benchstat, err := FindBenchstat(t.Context(), "")
	require.NoError(t, err)
	a, setA := written(t, "run.txt", lines(10, "X", map[string]float64{"m": 1}))
	b, setB := written(t, "run.txt", lines(10, "X", map[string]float64{"m": 2}))
	var out strings.Builder
	require.NoError(t, benchstat.Runs(t.Context(), &out, [2]string{a, b}, [2]*results.Set{setA, setB}, []string{"sec/op"}))
	require.Contains(t, out.String(), b)
	require.Contains(t, out.String(), "+100")
}

func TestFindBenchstat(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\n\ngo 1.26\n"), 0o600))
	bin := t.TempDir()
	path := os.Getenv("PATH")
	for _, p := range filepath.SplitList(path) { // all but where there happens to be one
		if _, err := os.Stat(filepath.Join(p, "benchstat")); err == nil {
			path = strings.ReplaceAll(path, p, "")
		}
	}
	t.Setenv("PATH", path)
	_, err := FindBenchstat(t.Context(), dir)
	require.ErrorContains(t, err, "go get -tool golang.org/x/perf/cmd/benchstat@latest")
	require.ErrorContains(t, err, "go install golang.org/x/perf/cmd/benchstat@latest")

	t.Setenv("PATH", path+string(filepath.ListSeparator)+bin)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "benchstat"), []byte("#!/bin/sh\n"), 0o700))
	found, err := FindBenchstat(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(bin, "benchstat"), found.path)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = FindBenchstat(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
}

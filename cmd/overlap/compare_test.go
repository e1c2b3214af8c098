package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const reference = "../../bench/results/reference.txt"

// runOf is a raw file in which the models take so many nanoseconds, 0.5 % apart.
func runOf(t *testing.T, rounds int, nanoseconds map[string]float64) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("goos: linux\ngoarch: amd64\ncpu: Test\ncores: 2\nseed: 1\ncontrol: pool-again\n")
	for i := range rounds {
		for model, ns := range nanoseconds {
			ns *= 1 + 0.005*float64((7*i+len(model))%rounds-rounds/2)
			fmt.Fprintf(&b, "BenchmarkPages/tasks=100/model=%s-2 1 %.1f ns/op %.1f jobs/s 100 peak-inflight\n", model, ns, 1e11/ns)
		}
	}
	path := filepath.Join(t.TempDir(), "run.txt")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func quickRun(t *testing.T, pool float64) string {
	return runOf(t, 10, map[string]float64{"pool": pool, "pool-again": pool * 1.01, "sequential": 9000})
}

func TestCompareModels(t *testing.T) {
	s := overlapCommand(t, "compare", reference)
	require.Equal(t, 0, s.status, s.stderr)
	require.Empty(t, s.stderr)
	require.Regexp(t, `│\s+sequential\s+│.*│\s+plain-loop\s+│`, s.stdout)
	require.Regexp(t, `(?m)^Dispatch/tasks=10000/workers=8\n  plain-loop is the fastest: \S+ an operation \(median of 10\)\.\n  plain-loop is [\d.]+ times as fast as `, s.stdout)
	require.Regexp(t, `the limit of 150 in flight decides, no model with this limit can gain more than \d+ %\.`, s.stdout)
	require.Regexp(t, `not ranked: goroutines and eventloop are saturated, asks for 10,000 requests/s, over a quarter of the [\d,]+/s that this machine's loopback carries`, s.stdout)
	require.Contains(t, s.stdout, ": no difference that this run can show.\n")
	require.Regexp(t, `The noise floor is [\d.]+ %: so much pool differed from itself`, s.stdout)
	require.Less(t, strings.Index(s.stdout, "│"), strings.Index(s.stdout, "is the fastest"), "the tables come first")
}

func TestCompareModelsByUnits(t *testing.T) {
	for _, args := range [][]string{
		{"-unit", "ns/op", "-unit", "jobs/s"}, {"-unit", "sec/op, jobs/s,ns/op"},
	} {
		s := overlapCommand(t, append(append([]string{"compare"}, args...), quickRun(t, 1000))...)
		require.Equal(t, 0, s.status, s.stderr)
		require.Equal(t, "overlap compare: ns/op is called sec/op here, as benchstat has it\n", s.stderr)
		require.Equal(t, 1, strings.Count(s.stdout, "By sec/op\n"))
		require.Equal(t, 1, strings.Count(s.stdout, "By jobs/s\n"))
		require.Equal(t, 2, strings.Count(s.stdout, "pool is 9.00 times as fast as sequential ("))
		require.Contains(t, s.stdout, "jobs/s  ")
	}
}

// -bench shows a part; the floor and the claims are those of the whole run.
func TestCompareShowsAPart(t *testing.T) {
	s := overlapCommand(t, "compare", "-bench", "BenchmarkDispatch/.*workers=8", reference)
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, "Dispatch/tasks=10000/workers=8\n")
	for _, no := range []string{"\nPages/", "\nProcess/", "\nOpen/"} {
		require.NotContains(t, s.stdout, no)
	}
	whole := overlapCommand(t, "compare", reference)
	floor := regexp.MustCompile(`The noise floor is .*`)
	require.NotEmpty(t, floor.FindString(s.stdout))
	require.Equal(t, floor.FindString(whole.stdout), floor.FindString(s.stdout))
}

func TestCompareRuns(t *testing.T) {
	before, after := quickRun(t, 1000), quickRun(t, 1100)
	s := overlapCommand(t, "compare", before, after)
	require.Equal(t, 0, s.status, s.stderr)
	require.Empty(t, s.stderr)
	require.Contains(t, s.stdout, "  pool takes 1.10 times as long as before (")
	require.Contains(t, s.stdout, "vs base")
	require.Contains(t, s.stdout, "+10.0")
	require.NotContains(t, s.stdout, "seed")

	for _, c := range []struct {
		over   string
		status int
	}{{"5%", failed}, {"0.05", failed}, {"0%", failed}, {"8%", failed}, {"9.9%", 0}, {"10.1%", 0}, {"0.2", 0}, {"150%", 0}} {
		s := overlapCommand(t, "compare", "-fail-over", c.over, before, after)
		require.Equal(t, c.status, s.status, c.over)
		if c.status == 0 {
			require.Empty(t, s.stderr, c.over)
		} else {
			require.Contains(t, s.stderr, " %, and proven:\n  Pages/tasks=100-2/model=pool: pool takes 1.10 times as long as before (")
			require.Contains(t, s.stdout, "a regression", "the report is printed all the same")
		}
		require.Equal(t, 0, overlapCommand(t, "compare", "-fail-over", c.over, after, before).status, "an improvement is none")
	}
	require.Equal(t, 0, overlapCommand(t, "compare", "-fail-over", "5%", before, quickRun(t, 1009)).status, "below the floor")
	require.Equal(t, failed, overlapCommand(t, "compare", "-unit", "jobs/s", "-fail-over", "5%", before, after).status)
}

func TestCompareWarnsOfTwoMachines(t *testing.T) {
	before := quickRun(t, 1000)
	text, err := os.ReadFile(quickRun(t, 1100))
	require.NoError(t, err)
	after := filepath.Join(t.TempDir(), "after.txt")
	require.NoError(t, os.WriteFile(after, bytes.Replace(text, []byte("cores: 2"), []byte("cores: 64"), 1), 0o600))
	s := overlapCommand(t, "compare", before, after)
	require.Equal(t, 0, s.status, s.stderr)
	require.Equal(t, fmt.Sprintf("overlap compare: warning: cores is 2 in %s, 64 in %s\n", before, after), s.stderr)

	require.NoError(t, os.WriteFile(after, append(text, []byte("cpu: Another\nBenchmarkX 1 5 ns/op\n")...), 0o600))
	s = overlapCommand(t, "compare", after)
	require.Equal(t, 0, s.status, s.stderr)
	require.Equal(t, fmt.Sprintf("overlap compare: warning: cpu is Test and Another within %s\n", after), s.stderr)
}

func TestCompareFails(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good := quickRun(t, 1000)
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	few := runOf(t, 3, map[string]float64{"pool": 1000, "sequential": 9000})
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no such file", []string{filepath.Join(dir, "none")}, "none"},
		{"no results", []string{file("empty.txt", "goos: linux\n")}, "empty.txt: no benchmark results in it"},
		{"a damaged line", []string{file("damaged.txt", "goos: linux\nBenchmarkX 1 five ns/op\n")}, "damaged.txt:2: "},
		{"-json", []string{file("events.txt", `{"Time":"2026-11-23T09:50:25Z","Action":"start"}`+"\n")}, "events.txt:1: this is the output of go test -json"},
		{"an unknown unit", []string{"-unit", "furlongs", good}, `no result has the unit "furlongs"; there are jobs/s, peak-inflight, sec/op`},
		{"a unit without a better end", []string{"-unit", "peak-inflight", good}, "whether more or less peak-inflight is better is not known"},
		{"a pattern that matches nothing", []string{"-bench", "Rows", good}, "-bench Rows matches none of Pages/tasks=100-2"},
		{"a unit that what is shown lacks", []string{"-bench", "Other", "-unit", "jobs/s", file("other.txt", string(content)+"BenchmarkOther 1 5 ns/op\n")}, `no result has the unit "jobs/s"; there are sec/op`},
		{"too few samples", []string{few}, "With so few samples nothing can be proven: it takes 4 of each cell for 1 comparison."},
		{"too few samples in two runs", []string{"-fail-over", "5%", few, runOf(t, 3, map[string]float64{"pool": 2000, "sequential": 9900})}, "it takes 5 of each cell for 2 comparisons"},
		{"a file that was taken twice", []string{file("twice.txt", string(content)+string(content))}, "as if a file was taken 2 times"},
		{"a run and its copy", []string{good, file("copy.txt", string(content))}, "hold the same samples: that is one run, not two"},
		{"one model", []string{file("one.txt", "BenchmarkX/model=a 1 5 ns/op\n")}, "No group has two models that can be ranked, so there is nothing to compare."},
		{"nothing in common", []string{good, file("foreign.txt", "BenchmarkX 1 5 ns/op\n")}, "have no cell in common"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := overlapCommand(t, append([]string{"compare"}, c.args...)...)
			require.Equal(t, failed, s.status, s.stderr)
			require.Contains(t, s.stderr, c.want)
			require.NotContains(t, s.stdout, "times as")
		})
	}
}

func TestCompareIsMisused(t *testing.T) {
	good := quickRun(t, 1000)
	link := filepath.Join(t.TempDir(), "link.txt")
	require.NoError(t, os.Symlink(good, link))
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "which file? One to compare its models, or two: OLD NEW"},
		{[]string{"a", "b", "c"}, "3 files; want one to compare its models, or two: OLD NEW"},
		{[]string{good, good}, "are the same file"},
		{[]string{good, link}, "are the same file"},
		{[]string{"-fail-over", "5%", good}, "-fail-over is for two files: OLD NEW"},
		{[]string{"-bench", "(", good}, `invalid value "(" for flag -bench`},
		{[]string{"-unit", "", good}, "a unit has no name"},
		{[]string{"-unit", "sec/op,", good}, "a unit has no name"},
		{[]string{"-fail-over", "5", good, good}, "want a share such as 5% or 0.05"},
	} {
		s := overlapCommand(t, append([]string{"compare"}, c.args...)...)
		require.Equal(t, badUsage, s.status, c.args)
		require.Contains(t, s.stderr, c.want)
		require.Empty(t, s.stdout)
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"5%": 0.05, "0.05": 0.05, "0": 0, "0%": 0, "12.5%": 0.125, "150%": 1.5} {
		got, err := parseShare(text)
		require.NoError(t, err, text)
		require.InDelta(t, want, got, 1e-12, text)
	}
	for _, text := range []string{"", "%", "5", "1", "-5%", "-0.1", "NaN", "NaN%", "Inf%", "five", "5 %", "5%%"} {
		got, err := parseShare(text)
		require.Error(t, err, text)
		require.False(t, math.IsNaN(got))
	}
}

// Somewhere else than in a module, benchstat may be on PATH; and if not, the
// sentences are there without the tables.
func TestCompareOutsideOfAModule(t *testing.T) {
	path, err := filepath.Abs(reference)
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	t.Setenv("PATH", t.TempDir())
	s := overlapCommand(t, "compare", path)
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stderr, "the tables are left out: benchstat is neither a tool of this module")
	require.Contains(t, s.stderr, "go install golang.org/x/perf/cmd/benchstat@latest")
	require.NotContains(t, s.stdout, "│")
	require.Contains(t, s.stdout, "plain-loop is the fastest")
}

func TestCompareInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := overlapWith(ctx, "", "compare", reference)
	require.Equal(t, interrupted, s.status)
	require.Empty(t, s.stdout)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	var stderr bytes.Buffer
	c := console{stdout: &trigger{text: "goos: ", cancel: cancel}, stderr: &stderr} // after the first of three tables
	require.Equal(t, interrupted, c.main(ctx, []string{"compare", reference}))
	require.Empty(t, stderr.String())
}

// The manual's examples are of the files that there are.
func TestCompareExamples(t *testing.T) {
	_, examples, ok := strings.Cut(compareManual, "Examples:\n")
	require.True(t, ok)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "bench", "results"), 0o700))
	for path, from := range map[string]string{"bench/results/reference.txt": reference, "before.txt": quickRun(t, 1000), "after.txt": quickRun(t, 900)} {
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, path), text, 0o600))
	}
	t.Chdir(dir)
	lines := strings.Split(strings.TrimSpace(examples), "\n")
	require.Len(t, lines, 4)
	for _, line := range lines {
		s := overlapCommand(t, strings.Fields(line)[1:]...)
		require.Equal(t, 0, s.status, "%s: %s", line, s.stderr)
		require.Contains(t, s.stdout, "times as", line)
	}
}

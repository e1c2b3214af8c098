package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/timeline"
)

const (
	madeUp = "../../bench/report/testdata/made-up.txt"
)

func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	s := overlapCommand(t, "report", "-o", dir, "-title", "Ours", madeUp)
	require.Equal(t, 0, s.status, s.stderr)
	require.Empty(t, s.stderr)
	require.Regexp(t, `^\d+ charts\n`+dir+`/report.html and \d+ other files\n$`, filepath.ToSlash(s.stdout))
	for _, name := range []string{"report.html", "report.md", "report.csv", "samples.csv", "makespan-against-number-of-jobs-sweep-limit-64.svg"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "<h1>Ours</h1>")

	// Once more, from another directory: the same bytes.
	again := filepath.Join(t.TempDir(), "run.txt")
	text, err := os.ReadFile(madeUp)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(again, text, 0o600))
	s = overlapCommand(t, "report", "-title", "Ours", again)
	require.Equal(t, 0, s.status, s.stderr)
	other, err := os.ReadFile(filepath.Join(strings.TrimSuffix(again, ".txt")+"-report", "report.html"))
	require.NoError(t, err)
	require.Equal(t, string(page), strings.ReplaceAll(string(other), "run.txt", "made-up.txt"))
}

func TestReportOfSeveralFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	s := overlapCommand(t, "report", "-o", dir, madeUp, reference)
	require.Equal(t, 0, s.status, s.stderr)
	page, err := os.ReadFile(filepath.Join(dir, "report.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "made-up.txt and reference.txt")
	require.Contains(t, string(page), "**Take care.** The results are from several runs that differ in cpu")
}

func TestReportRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	empty := file("empty.txt", "")
	damaged := file("damaged.txt", "goos: linux\nBenchmarkX-2 1 five ns/op\n")
	asJSON := file("go.json", `{"Action":"start"}`+"\n")
	good := file("good.txt", "BenchmarkX/model=a-2 1 5 ns/op\n")
	occupied := filepath.Join(dir, "occupied")
	require.NoError(t, os.Mkdir(occupied, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(occupied, "report.html"), []byte("<p>mine</p>"), 0o600))

	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no file", nil, badUsage, "which raw file?"},
		{"a flag after a file", []string{good, "-o", dir}, badUsage, "-o stands after a file; flags come first"},
		{"a file that is not there", []string{filepath.Join(dir, "none.txt")}, failed, "none.txt"},
		{"an empty file", []string{empty}, failed, "empty.txt: no benchmark results in it"},
		{"a damaged file", []string{damaged}, failed, "damaged.txt:2: "},
		{"go test -json", []string{asJSON}, failed, "go.json:1: this is the output of go test -json"},
		{"a file twice", []string{madeUp, madeUp}, failed, "as if a file was taken 2 times"},
		{"a timeline that is none", []string{"-timeline", good, good}, failed, "good.txt:1: "},
		{"a timeline that is not there", []string{"-timeline", "none.json", good}, failed, "none.json"},
		{"a page that is not a report's", []string{"-o", occupied, good}, failed, "report.html is there already and is not of an earlier report"},
		{"a file in place of the directory", []string{"-o", good, good}, failed, "good.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := overlapCommand(t, append([]string{"report"}, c.args...)...)
			require.Equal(t, c.status, s.status, s.stderr)
			require.Contains(t, s.stderr, c.want)
			require.Empty(t, s.stdout)
			require.NoDirExists(t, filepath.Join(dir, "good-report"))
		})
	}
	text, err := os.ReadFile(filepath.Join(occupied, "report.html"))
	require.NoError(t, err)
	require.Equal(t, "<p>mine</p>", string(text))
}

// The manual's examples are commands that work.
func TestReportExamples(t *testing.T) {
	dir := t.TempDir()
	raw := "BenchmarkX/model=a-2 1 %d ns/op\n"
	for i, name := range []string{"bench/results/reference.txt", "monday.txt", "tuesday.txt", "run.txt"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, raw, i+1), 0o600))
	}
	for _, model := range []string{"pool", "pipeline"} {
		file, err := os.Create(filepath.Join(dir, model+".json"))
		require.NoError(t, err)
		require.NoError(t, timeline.Write(file, timeline.Timeline{Title: model, Jobs: []timeline.Job{
			{Label: "/page/0", Outcome: timeline.Failed, Fetch: timeline.Span{End: time.Second}},
		}}))
		require.NoError(t, file.Close())
	}
	t.Chdir(dir)
	_, examples, _ := strings.Cut(reportManual, "Examples:\n")
	lines := strings.Split(strings.TrimSpace(examples), "\n")
	require.Len(t, lines, 3)
	for _, line := range lines {
		args := strings.Fields(strings.ReplaceAll(line, "'Nightly run'", "Nightly_run"))
		s := overlapCommand(t, args[1:]...)
		require.Equal(t, 0, s.status, "%s: %s", line, s.stderr)
	}
	for _, name := range []string{"bench/results/reference-report", "docs/report", "run-report"} {
		require.FileExists(t, filepath.Join(dir, name, "report.html"))
	}
	require.FileExists(t, filepath.Join(dir, "run-report", "timeline-pipeline.svg"))
}

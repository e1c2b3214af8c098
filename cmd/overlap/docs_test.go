package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// This test's program stands for the overlap command where the course runs it.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The pages of this repository are what code and recorded runs make of them, their links
// lead somewhere, their commands would work.
func TestPagesAreUpToDate(t *testing.T) {
	course, err := openCourse("../..")
	require.NoError(t, err)
	problems, err := course.Check(t.Context())
	require.NoError(t, err)
	for _, skipped := range course.Skipped() {
		t.Log(skipped)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// patience is for a command that hangs: under the race detector, beside all other tests,
// the two seconds that `overlap docs -quick` grants are too few.
const patience = time.Minute

// The commands of blocks that are marked quick work.
func TestQuickCommandsOfThePages(t *testing.T) {
	course, err := openCourse("../..")
	require.NoError(t, err)
	blocks, err := course.QuickBlocks()
	require.NoError(t, err)
	for _, b := range blocks {
		t.Run(fmt.Sprintf("%s:%d", b.Page, b.Line), func(t *testing.T) {
			t.Parallel()
			if err := course.CanRun(b); err != nil {
				t.Skip(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, problem := course.RunQuick(ctx, b); problem != nil {
				t.Error(problem)
			}
		})
	}
}

// a module with a page and a recorded run.
func aModule(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module example.com/mine\n\ngo 1.26.0\n",
		"greet.go":           "package mine\n\n// Greet greets.\nfunc Greet() string { return \"hello\" }\n",
		"README.md":          "# Greeting\n\n<!-- gen: code greet.go Greet -->\n<!-- end -->\n\n```sh\nbin/overlap run -n 3\n```\n",
		"docs/README.md":     "# Two\n\n<!-- gen: run overlapping-three-sequential -->\n<!-- end -->\n\n```sh quick\nbin/overlap run -n 2 -timeline out.svg\nhead -1 out.svg\n```\n",
		"docs/runs/runs.txt": "overlapping-three-sequential varies overlap run -model sequential -n 3\npool-timeline varies overlap run -model pool -n 3 -timeline pool-timeline.json\n",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

// The manual's examples are commands that work.
func TestDocsExamples(t *testing.T) {
	t.Chdir(aModule(t))
	_, examples, _ := strings.Cut(docsManual, "Examples:\n")
	want := map[string]said{
		"overlap docs": {failed, "README.md\n",
			"docs/README.md:3: gen: run overlapping-three-sequential: overlapping-three-sequential is not recorded yet: overlap docs -record overlapping-three-sequential\noverlap docs: 1 problem\n"},
		"overlap docs README.md docs/README.md": {failed, "",
			"docs/README.md:3: gen: run overlapping-three-sequential: overlapping-three-sequential is not recorded yet: overlap docs -record overlapping-three-sequential\noverlap docs: 1 problem\n"},
		"overlap docs -check": {failed, "", "docs/README.md:3: gen: run overlapping-three-sequential: overlapping-three-sequential is not recorded yet: overlap docs -record overlapping-three-sequential\n" +
			"docs/runs/runs.txt:1: overlapping-three-sequential is not recorded yet: overlap docs -record overlapping-three-sequential\n" +
			"docs/runs/runs.txt:2: pool-timeline is not recorded yet: overlap docs -record pool-timeline\noverlap docs: 3 problems\n"},
		"overlap docs -record overlapping-three-sequential pool-timeline": {0, "recorded overlapping-three-sequential\nrecorded pool-timeline\ndocs/README.md\n", ""},
	}
	n := 0
	for line := range strings.Lines(strings.TrimSpace(examples) + "\n") {
		line = strings.TrimSpace(line)
		n++
		s := overlapCommand(t, strings.Fields(line)[1:]...)
		if line == "overlap docs -quick" {
			require.Equal(t, 0, s.status, s.stderr)
			require.Regexp(t, `^docs/README.md:\d+: \d+(\.\d+)?m?s\n$`, s.stdout)
			continue
		}
		require.Contains(t, want, line)
		require.Equal(t, want[line], s, line)
	}
	require.Equal(t, len(want)+1, n)
	require.NoFileExists(t, "out.svg")

	text, err := os.ReadFile("docs/README.md")
	require.NoError(t, err)
	require.Contains(t, string(text), "$ overlap run -model sequential -n 3\nmodel           sequential, at most 1 in flight\n")
	require.Equal(t, said{}, overlapCommand(t, "docs"), "the second time nothing changes")
	require.Equal(t, said{}, overlapCommand(t, "docs", "-check"))

	t.Chdir("docs") // names are those from here
	require.Equal(t, said{}, overlapCommand(t, "docs", "README.md", "../README.md"))
}

func TestDocsSaysWhatIsWrong(t *testing.T) {
	root := aModule(t)
	t.Chdir(root)
	require.NoError(t, os.WriteFile("docs/README.md", []byte("# Two\n\n```sh\noverlap run -fly\noverlap fly\noverlap\n```\n\n```sh quick\necho a\nbin/overlap run -n 0\n```\n"), 0o600))
	s := overlapCommand(t, "docs", "-check", "docs/README.md")
	require.Equal(t, said{failed, "", "docs/README.md:4: overlap run -fly: overlap run: flag provided but not defined: -fly\n" +
		"docs/README.md:5: overlap fly: overlap: no command is called \"fly\"; `overlap help` lists them\n" +
		"docs/README.md:6: overlap: Overlap compares concurrency models.\n" +
		"docs/README.md:11: bin/overlap run -n 0: overlap run: -n is 0, want at least 1\n" +
		"overlap docs: 4 problems\n"}, s)
	s = overlapCommand(t, "docs", "-quick")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "docs/README.md:11: bin/overlap run -n 0: exit status 2: a\noverlap run: -n is 0")

	s = overlapCommand(t, "docs", "none.md")
	require.Equal(t, said{failed, "", "overlap docs: none.md is no page of the course\n"}, s)
	s = overlapCommand(t, "docs", "-record", "none")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "overlap docs: docs/runs/runs.txt lists no run called none\n")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"docs", "-record", "all"}, {"docs", "-quick"}} {
		require.Equal(t, interrupted, overlapWith(ended, "", args...).status, args)
	}

	t.Chdir(t.TempDir())
	s = overlapCommand(t, "docs")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "above: start it in the module's directory")
}

// Of every command, the flags can be checked without anything being done.
func TestDryCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range commands() {
		_, examples, _ := strings.Cut(c.manual, "\nExamples:\n")
		for line := range strings.Lines(strings.ReplaceAll(examples, "'Nightly run'", "Nightly_run")) {
			require.NoError(t, accepts(strings.Fields(line)[1:]), line)
		}
		require.Equal(t, fmt.Errorf("overlap %s: flag provided but not defined: -fly", c.name).Error(), accepts([]string{c.name, "-fly"}).Error())
		require.NoError(t, accepts([]string{"help", c.name}))
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Equal(t, errors.New(`overlap run: -model is "fly", want one of `+modelNames()), accepts([]string{"run", "-model", "fly"}))
}

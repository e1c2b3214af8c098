package weave

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/timeline"
)

// The test's own program stands for the overlap command.
const fakeVariable = "WEAVE_FAKE_OVERLAP"

func TestMain(m *testing.M) {
	if os.Getenv(fakeVariable) != "" {
		os.Exit(fake(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake does what a command of the course may do.
func fake(args []string) int {
	switch {
	case len(args) == 0:
	case args[0] == "say":
		fmt.Println(strings.Join(args[1:], " "))
	case args[0] == "where":
		dir, _ := os.Getwd()
		fmt.Println("here:", filepath.Join(dir, "x.txt"), os.Getenv("GOMAXPROCS"))
	case args[0] == "measure":
		if err := os.WriteFile("bench/results/new.txt", []byte("new\n"), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		for _, name := range []string{"bench/results/reference.txt", "bench/results/new.txt", "bench/x/x.go"} {
			text, _ := os.ReadFile(name) // what is missing in the output shows it
			os.Stdout.Write(text)
		}
	case args[0] == "hang":
		time.Sleep(time.Hour)
	case args[0] == "fail":
		fmt.Fprintln(os.Stderr, "it went wrong")
		return 3
	case args[0] == "run":
		fmt.Fprintln(os.Stderr, "1 of 1 done")
		fmt.Println("makespan 1s")
		for i, arg := range args {
			if arg == "-timeline" {
				file, err := os.Create(args[i+1])
				if err == nil {
					err = errors.Join(timeline.Write(file, recorded), file.Close())
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return 1
				}
			}
		}
	}
	return 0
}

var recorded = timeline.Timeline{Title: "pool: 2 jobs", Model: "pool", Caption: "a machine", Jobs: []timeline.Job{
	{Label: "a", Outcome: timeline.Done, Fetch: timeline.Span{End: time.Second}, Processed: true, Process: timeline.Span{Begin: time.Second, End: 2 * time.Second}},
	{Label: "b", Outcome: timeline.Failed, Fetch: timeline.Span{Begin: time.Second, End: 3 * time.Second}},
}}

// files are a repository: its files' texts by their names.
type files map[string]string

const goMod = "module example.com/mine\n\ngo 1.26.0\n"

// course writes the files, and a go.mod, and opens their course.
func course(t testing.TB, all files) *Course {
	t.Helper()
	root := t.TempDir()
	for name, text := range all {
		write(t, root, name, text)
	}
	write(t, root, "go.mod", goMod)
	return open(t, root)
}

func open(t testing.TB, root string) *Course {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	c, err := Open(root, Options{
		Overlap: func(args []string) error {
			if len(args) == 0 || args[0] == "fly" {
				return errors.New("overlap cannot fly")
			}
			return nil
		},
		Program: program, Env: []string{fakeVariable + "=1"},
	})
	require.NoError(t, err)
	return c
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
}

func read(t testing.TB, c *Course, name string) string {
	t.Helper()
	text, err := os.ReadFile(c.file(name))
	require.NoError(t, err)
	return string(text)
}

// filled returns a page as Fill leaves it, and the problems in words.
func filled(t testing.TB, c *Course, name string) (text string, problems []string) {
	t.Helper()
	_, found, err := c.Fill(name)
	require.NoError(t, err)
	return read(t, c, name), words(found)
}

func words(problems []Problem) (all []string) {
	for _, p := range problems {
		all = append(all, p.String())
	}
	return all
}

// checked are the problems of all pages, in words.
func checked(t testing.TB, c *Course, names ...string) []string {
	t.Helper()
	found, err := c.Check(t.Context(), names...)
	require.NoError(t, err)
	return words(found)
}

func TestOpen(t *testing.T) {
	_, err := Open(t.TempDir(), Options{})
	require.ErrorContains(t, err, "is not the root of the repository")
}

func TestPages(t *testing.T) {
	c := course(t, files{
		"README.md": "", "docs/a.md": "", "docs/b/c.md": "", "x/bin/d.md": "",
		".hidden/x.md": "", "bin/x.md": "", "a/testdata/x.md": "", "docs/x.txt": "",
		"bench/results/run-report/report.md": reportMark + "\n\n[x](dead.md)\n",
	})
	pages, err := c.Pages()
	require.NoError(t, err)
	require.Equal(t, []string{"README.md", "docs/a.md", "docs/b/c.md", "x/bin/d.md"}, pages)

	_, _, err = c.Fill("docs/a.md", "docs/none.md")
	require.EqualError(t, err, "docs/none.md is no page of the course")
	_, err = c.Check(t.Context(), "../x.md")
	require.EqualError(t, err, "../x.md is no page of the course")
	_, err = c.QuickBlocks("none.md")
	require.EqualError(t, err, "none.md is no page of the course")
}

const job = `package mine

// Job is a job.
type Job struct {
	Name string // of the job
}

// Do does it.
func (j *Job) Do() string { return j.Name }
`

func TestFillChangesWhatDriftedAndNothingElse(t *testing.T) {
	page := "# A\n\nbefore\n\n<!-- gen: code job.go Job.Do -->\nold\n<!-- end -->\nafter\n"
	c := course(t, files{"README.md": page, "docs/b.md": "# B\n\nnothing here\n", "job.go": job})
	require.Equal(t, []string{`README.md:6: gen: code job.go Job.Do has drifted: "old" stands where "` + "```go" + `" should: make docs`}, checked(t, c))
	require.Equal(t, page, read(t, c, "README.md"), "Check changes nothing")

	changed, problems, err := c.Fill()
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, []string{"README.md"}, changed)
	want := "# A\n\nbefore\n\n<!-- gen: code job.go Job.Do -->\n```go\nfunc (j *Job) Do() string { return j.Name }\n```\n\n*[job.go](job.go)*\n<!-- end -->\nafter\n"
	require.Equal(t, want, read(t, c, "README.md"))

	c = open(t, c.root)
	changed, problems, err = c.Fill()
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Empty(t, changed, "twice is as good as once")
	require.Empty(t, checked(t, c))

	// The code changes: the line is that of the first difference.
	write(t, c.root, "job.go", strings.ReplaceAll(job, "return j.Name", "return j.Name + `!`"))
	require.Equal(t, []string{
		"README.md:7: gen: code job.go Job.Do has drifted: \"func (j *Job) Do() string { return j.Name }\" stands where \"func (j *Job) Do() string { return j.Name + `!` }\" should: make docs",
	}, checked(t, open(t, c.root)))
}

func TestAPlaceThatCannotBeFilledStays(t *testing.T) {
	c := course(t, files{"a.md": "<!-- gen: code none.go X -->\nold\n<!-- end -->\n\n<!-- gen: code job.go Job -->\n<!-- end -->\n", "job.go": job})
	text, problems := filled(t, c, "a.md")
	require.Equal(t, []string{"a.md:1: gen: code none.go X: none.go: no such file or directory"}, problems)
	require.Contains(t, text, "\nold\n")
	require.Contains(t, text, "type Job struct")
}

func TestLinesThatEndAsOnWindows(t *testing.T) {
	c := course(t, files{"a.md": "# A\r\n\r\n<!-- gen: code job.go Job.Do -->\r\n<!-- end -->\r\n", "job.go": strings.ReplaceAll(job, "\n", "\r\n")})
	text, problems := filled(t, c, "a.md")
	require.Empty(t, problems)
	require.Equal(t, "# A\r\n\r\n<!-- gen: code job.go Job.Do -->\r\n```go\r\nfunc (j *Job) Do() string { return j.Name }\r\n```\r\n\r\n*[job.go](job.go)*\r\n<!-- end -->\r\n", text)
	require.Empty(t, checked(t, open(t, c.root)))
}

// Somebody writes while pages are made.
func TestAPageThatChangesMeanwhileIsLeftAlone(t *testing.T) {
	c := course(t, files{"a.md": "<!-- gen: code job.go Job -->\n<!-- end -->\n", "job.go": job})
	_, err := c.page("a.md")
	require.NoError(t, err)
	write(t, c.root, "a.md", "mine\n")
	text, problems := filled(t, c, "a.md")
	require.Equal(t, "mine\n", text)
	require.Equal(t, []string{"a.md: it was changed meanwhile and is left alone: once more"}, problems)
}

func TestFirstDifference(t *testing.T) {
	for _, c := range []struct {
		name, have, want string
		line             int
		was, is          string
	}{
		{"empty", "", "a\n", 0, "nothing", `"a"`},
		{"to be empty", "a\n", "", 0, `"a"`, "nothing"},
		{"the second line", "a\nb\n", "a\nc\n", 1, `"b"`, `"c"`},
		{"a line more", "a\n", "a\nb\n", 1, "nothing", `"b"`},
		{"a line less", "a\nb\n", "a\n", 1, `"b"`, "nothing"},
		{"within a sentence", "5ms", "6ms", 0, `"5ms"`, `"6ms"`},
		{"a long line", "a", strings.Repeat("ä", 100), 0, `"a"`, `"` + strings.Repeat("ä", 70) + `…"`},
	} {
		line, was, is := firstDifference(c.have, c.want)
		require.Equal(t, []any{c.line, c.was, c.is}, []any{line, was, is}, c.name)
	}
}

func TestProblem(t *testing.T) {
	require.Equal(t, "a.md:3: dead", Problem{"a.md", 3, "dead"}.String())
	require.Equal(t, "a.md: dead", Problem{"a.md", 0, "dead"}.String())
}

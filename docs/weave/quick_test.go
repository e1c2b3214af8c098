package weave

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuickBlocks(t *testing.T) {
	c := course(t, files{
		"docs/a.md": "```sh quick\noverlap say a\n```\n\n- x\n\n  ```sh quick\n  ls\n  ls -l\n  ```\n\n```sh\nls\n```\n\n```text quick\nls\n```\n\n```\nls\n```\n\n```sh fast\nls\n```\n",
		"docs/b.md": "# B\n\n```sh  quick\n```\n",
	})
	blocks, err := c.QuickBlocks()
	require.NoError(t, err)
	require.Equal(t, []QuickBlock{{"docs/a.md", 2, "overlap say a\n"}, {"docs/a.md", 8, "ls\nls -l\n"}, {"docs/b.md", 3, ""}}, blocks)
	blocks, err = c.QuickBlocks("docs/b.md")
	require.NoError(t, err)
	require.Len(t, blocks, 1)
}

func needShell(t *testing.T) {
	if err := course(t, nil).CanRun(QuickBlock{}); err != nil {
		t.Skip(err)
	}
}

// Where there is no C compiler there is no race detector, and what needs it is left out by
// its name.
func TestWithoutARaceDetector(t *testing.T) {
	needShell(t)
	t.Setenv("CGO_ENABLED", "0")
	c := course(t, files{
		"docs/runs/runs.txt": "a exact go test -race ./none\nb varies go test -race ./none\nc exact go test -bench race ./none\n",
		"docs/runs/a.txt":    "# m\n$ go test -race ./none\n",
		"docs/runs/b.txt":    "# m\n$ go test -race ./none\n",
		"docs/runs/c.txt":    "# m\n$ go test -bench race ./none\n",
	})
	require.Equal(t, []string{"a is not compared: the race detector needs a C compiler"}, c.Skipped())
	problems := checked(t, c)
	require.Len(t, problems, 4)
	require.Equal(t, []string{"docs/runs/runs.txt:1: a: there is no directory none", "docs/runs/runs.txt:2: b: there is no directory none", "docs/runs/runs.txt:3: c: there is no directory none"}, problems[:3])
	require.Contains(t, problems[3], "docs/runs/runs.txt:3: c: exit status 1")
	require.EqualError(t, c.CanRun(QuickBlock{Script: "ls\ngo run -race ./x\n"}), "the race detector needs a C compiler")
	require.NoError(t, c.CanRun(QuickBlock{Script: "go run ./x -racecar\n"}))

	t.Setenv("CGO_ENABLED", "1")
	c = open(t, c.root)
	require.Empty(t, c.Skipped())
	require.NoError(t, c.CanRun(QuickBlock{Script: "go run -race ./x\n"}))
}

func TestRunQuick(t *testing.T) {
	needShell(t)
	t.Setenv("TMPDIR", t.TempDir())
	c := course(t, files{"docs/x/x.go": "package main\n\nfunc main() { println(`x`) }\n", "Makefile": "hi:\n\t@echo hi from make\n", "bin/overlap": "an old one"})
	for _, c2 := range []struct{ name, script, want string }{
		{"the command", "overlap say hello", ""},
		{"the command that was built", "bin/overlap say hello && ./bin/overlap say hello", ""},
		{"a pipe", "overlap say hello | grep -q hello", ""},
		{"what is written is not kept", "overlap run -timeline out.json\ntest -s out.json", ""},
		{"files of the repository", "grep -q println docs/x/x.go", ""},
		{"the go command", "go run ./docs/x\ncd docs\ngo run ./x\ncd x\ngo vet .", ""},
		{"make", "test \"$(make hi)\" = 'hi from make'", ""},
		{"a variable", "N=3\nfor i in 1 2; do\n  overlap say $i $N\ndone", ""},
		{"the command is not set for others", "test -z \"$" + fakeVariable + "\"", ""},
		{"nothing", "", ""},

		{"a command fails", "overlap say a\noverlap fail\noverlap say b", "a.md:11: overlap fail: exit status 3: a\nit went wrong"},
		{"it says nothing", "overlap say a >x\nfalse", "a.md:11: false: exit status 1: it printed nothing"},
		{"over two lines", "overlap say a\n\n# b\noverlap \\\n  fail", `a.md:13: overlap \: exit status 3: a` + "\nit went wrong"},
		{"no such command", "no-such-command", "a.md:10: no-such-command: exit status 127: "},
		{"no shell", "echo 'x", "a.md:10: no shell understands this: 1:6: reached EOF without closing quote `'`"},
	} {
		t.Run(c2.name, func(t *testing.T) {
			took, problem := c.RunQuick(t.Context(), QuickBlock{"a.md", 10, c2.script})
			if c2.want == "" {
				require.Nil(t, problem)
				require.Positive(t, took)
				return
			}
			require.NotNil(t, problem)
			require.Contains(t, problem.String(), c2.want)
			require.NotContains(t, problem.String(), c.root)
		})
	}
	entries, err := os.ReadDir(c.root)
	require.NoError(t, err)
	require.Len(t, entries, 4, "go.mod, docs, Makefile, bin: nothing is left behind")
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "overlap-docs-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRunQuickIsEndedByItsContext(t *testing.T) {
	needShell(t)
	c := course(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(100*time.Millisecond, cancel).Stop()
	_, problem := c.RunQuick(ctx, QuickBlock{"a.md", 10, "overlap say a\noverlap hang\n"})
	require.NotNil(t, problem)
	require.Contains(t, problem.Text, ": still at work after ")
	require.Contains(t, []int{10, 11}, problem.Line)
}

func TestRunQuickNeedsAProgram(t *testing.T) {
	c := course(t, nil)
	c.options.Program = ""
	_, problem := c.RunQuick(t.Context(), QuickBlock{"a.md", 10, "overlap say a\n"})
	require.Equal(t, "a.md:10: no program stands for overlap", problem.String())
}

// A name that needs quotes does no harm.
func TestQuoted(t *testing.T) {
	require.Equal(t, `'it'\''s'`, quoted("it's"))
	needShell(t)
	root := filepath.Join(t.TempDir(), "it's $HOME")
	write(t, root, "go.mod", goMod)
	write(t, root, "x/x.go", "package main\n\nfunc main() {}\n")
	_, problem := open(t, root).RunQuick(t.Context(), QuickBlock{"a.md", 1, "overlap say x\ngo run ./x\n"})
	require.Nil(t, problem)
}

func TestCut(t *testing.T) {
	require.Equal(t, "abc", cut("abc", 3))
	require.Equal(t, "äb…", cut("äbc", 2))
	require.Equal(t, strings.Repeat("x", 5)+"…", cut(strings.Repeat("x", 9), 5))
}

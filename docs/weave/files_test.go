package weave

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An editor leaves links to nothing behind, and a page may be what cannot be read: the
// other pages are looked at, and only what is a page is told of.
func TestFilesThatAreNoPages(t *testing.T) {
	c := course(t, files{"docs/a.md": "<!-- gen: code job.go Job -->\n<!-- end -->\n", "docs/.hidden.md": "[x](none.md)\n", "job.go": job,
		"large.md": strings.Repeat("a", mostBytes+1)})
	for name, target := range map[string]string{"docs/.#a.md": "me@host.1:2", "docs/b.md": "nowhere.md", "docs/c.md": "../docs"} {
		if err := os.Symlink(target, c.file(name)); err != nil {
			t.Skip(err)
		}
	}
	want := []string{
		"docs/b.md: it cannot be read: it is a symbolic link to nothing",
		"docs/c.md: it cannot be read: it is no regular file",
		"large.md: it cannot be read: it is larger than 16 MiB",
	}
	pages, err := c.Pages()
	require.NoError(t, err)
	require.Equal(t, []string{"docs/a.md"}, pages)
	changed, problems, err := c.Fill()
	require.NoError(t, err)
	require.Equal(t, []string{"docs/a.md"}, changed)
	require.Equal(t, want, words(problems))
	require.Equal(t, want, checked(t, open(t, c.root)))
	require.Equal(t, want[:1], checked(t, open(t, c.root), "docs/b.md", "docs/a.md"))
	_, found := filled(t, open(t, c.root), "docs/a.md")
	require.Empty(t, found)
	_, err = c.Check(t.Context(), "docs/.hidden.md")
	require.EqualError(t, err, "docs/.hidden.md is no page of the course")
}

// Nobody waits for a device that has no end.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	c := course(t, files{"docs/a.md": "<!-- gen: run x -->\n<!-- end -->\n\n<!-- gen: timeline y -->\n<!-- end -->\n\n<!-- gen: code z.go Z -->\n<!-- end -->\n", "docs/runs/runs.txt": "x varies overlap\n"})
	for _, name := range []string{"docs/b.md", "docs/runs/x.txt", "docs/runs/y.json", "z.go"} {
		require.NoError(t, os.Symlink("/dev/zero", c.file(name)))
	}
	_, problems, err := c.Fill()
	require.NoError(t, err)
	require.Equal(t, []string{
		"docs/a.md:1: gen: run x: docs/runs/x.txt: it is no regular file",
		"docs/a.md:4: gen: timeline y: docs/runs/y.json: it is no regular file",
		"docs/a.md:7: gen: code z.go Z: z.go: it is no regular file",
		"docs/b.md: it cannot be read: it is no regular file",
	}, words(problems))

	require.NoError(t, os.Remove(c.file("docs/runs/runs.txt")))
	require.NoError(t, os.Symlink("/dev/zero", c.file("docs/runs/runs.txt")))
	require.Contains(t, checked(t, open(t, c.root)), "docs/runs/runs.txt: it is no regular file")
}

func TestAPageKeepsItsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	page := "<!-- gen: code job.go Job -->\n<!-- end -->\n"
	c := course(t, files{"docs/a.md": page, "docs/b.md": page, "real.txt": page, "job.go": job})
	require.NoError(t, os.Chmod(c.file("docs/a.md"), 0o640))
	require.NoError(t, os.Chmod(c.file("docs/b.md"), 0o444))
	require.NoError(t, os.Symlink("../real.txt", c.file("docs/c.md")))
	changed, problems, err := c.Fill()
	require.NoError(t, err)
	require.Equal(t, []string{"docs/a.md"}, changed)
	require.Equal(t, []string{
		"docs/b.md: it may not be written: its mode is -r--r--r--",
		"docs/c.md: it is a symbolic link, to ../real.txt, and is not written: make a file of it",
	}, words(problems))
	info, err := os.Stat(c.file("docs/a.md"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())
	require.Equal(t, page, read(t, c, "docs/b.md"))
	require.Equal(t, page, read(t, c, "real.txt"))
	info, err = os.Lstat(c.file("docs/c.md"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	left, err := filepath.Glob(c.file("docs/.*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

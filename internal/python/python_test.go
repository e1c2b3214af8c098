//go:build unix

package python_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/python"
)

func TestFind(t *testing.T) {
	p, err := python.Find(t.Context(), "python3")
	if err != nil {
		t.Skip(err)
	}
	out, err := python.Output(exec.CommandContext(t.Context(), p.Path, "-c", "import platform; print(platform.python_version(), end='')"))
	require.NoError(t, err)
	require.Equal(t, p.Version, string(out))
	require.FileExists(t, filepath.Join(p.Library, "asyncio", "tasks.py"))

	_, err = python.Output(exec.CommandContext(t.Context(), p.Path, "-c", "raise SystemExit('no')"))
	require.ErrorContains(t, err, "exit status 1\nno")
}

func TestWhatWillNotDo(t *testing.T) {
	says := func(text string) string {
		file := filepath.Join(t.TempDir(), "python3")
		require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
		return file
	}
	for name, c := range map[string]struct{ command, want string }{
		"one that is not there": {"no-such-python", "no-such-python (3.11 or newer) is not installed: "},
		"one that fails":        {says("echo not found >&2; exit 9"), "(3.11 or newer) is not installed: exit status 9\nnot found"},
		"one that is none":      {says("echo hello"), `is no Python: it says "hello\n"`},
		"one that is older":     {says(`echo '{"Path": "/p", "Version": "3.10.9", "Minor": 10}'`), "is Python 3.10.9: 3.11 or newer is not installed"},
		"one of the past":       {says(`echo '{"Path": "/p", "Version": "2.15.0", "Minor": 15}'`), "is Python 2.15.0: 3.11 or newer is not installed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := python.Find(t.Context(), c.command)
			require.ErrorContains(t, err, c.want)
		})
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	file := func(name, line string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(line+"\n"), 0o644))
		return path
	}
	good := file("good.txt", "BenchmarkCreate/model=eventloop-2 1 400 ns/op")
	bad := file("bad.txt", "BenchmarkCreate/model=eventloop-2 1 4000 ns/op")
	other := file("other.txt", "BenchmarkWaiting/tasks=1000000/model=eventloop-stackless-2 1 301 B/job")
	for _, c := range []struct {
		name           string
		files          []string
		want           int
		stdout, stderr string
	}{
		{"what is measured holds", []string{good}, 0, "holds", ""},
		{"a bar does not hold", []string{bad}, 1, "DOES NOT HOLD", ""},
		{"one of another file does not hold", []string{good, other}, 1, "DOES NOT HOLD", ""},
		{"no file", nil, 2, "", "usage: bars FILE..."},
		{"a file that is not there", []string{filepath.Join(dir, "none.txt")}, 2, "", "bars: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			require.Equal(t, c.want, bars(c.files, &stdout, &stderr))
			require.Contains(t, stdout.String(), c.stdout)
			require.Contains(t, stderr.String(), c.stderr)
		})
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the table says is tested in package peers.
func TestExitStatus(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clauses.txt")
	for _, c := range []struct {
		name, stderr string
		args         []string
		want         int
	}{
		{"a flag that is not there", "flag provided but not defined: -x", []string{"-x"}, 2},
		{"what is no flag", `clauses: "file.txt" is no flag`, []string{"file.txt"}, 2},
		{"interrupted", "clauses: build the tests of bench/peers: context canceled", []string{"-o", file}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var stdout, stderr strings.Builder
			require.Equal(t, c.want, run(ctx, c.args, &stdout, &stderr))
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), c.stderr)
			_, err := os.Stat(file)
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}

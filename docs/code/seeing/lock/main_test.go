package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Behind one lock nothing overlaps, however many goroutines there are.
func TestReportsTakeTurns(t *testing.T) {
	var inside, peak int // the lock guards them, too
	prepare := func() string {
		inside++
		peak = max(peak, inside)
		runtime.Gosched() // an invitation to the others
		inside--
		return "a report"
	}
	require.Len(t, reports(8, 25, prepare), 200)
	require.Equal(t, 1, peak)
}

// The mutex profile names the line where the lock is given back, the block profile
// the line where it is waited for.
func TestWhatTheProfilesName(t *testing.T) {
	dir := t.TempDir()
	mutex, block := filepath.Join(dir, "mutex"), filepath.Join(dir, "block")
	require.NoError(t, run(mutex, block))
	require.Equal(t, []string{"}"}, lines(t, mutex))
	require.Equal(t, []string{"l.mu.Lock()"}, lines(t, block))
}

// lines are the lines of list.add that a profile has something to say of.
func lines(t *testing.T, profile string) []string {
	out, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-list", `list.*add$`, profile).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var named []string
	_, body, ok := strings.Cut(string(out), "ROUTINE")
	require.True(t, ok, "%s", out)
	for line := range strings.Lines(body) {
		costs, source, ok := strings.Cut(line, ":")
		if fields := strings.Fields(costs); ok && len(fields) == 3 && fields[1] != "." {
			named = append(named, strings.TrimSpace(source))
		}
	}
	return named
}

func TestNoFileNoProfile(t *testing.T) {
	require.NoError(t, write("mutex", ""))
	require.ErrorIs(t, write("mutex", filepath.Join(t.TempDir(), "missing", "file")), os.ErrNotExist)
}

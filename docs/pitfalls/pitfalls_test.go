package pitfalls

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "record what the programs print")

// Every broken program fails for its reason, every mended one does what it should, and
// what is recorded is what they print.
func TestPitfalls(t *testing.T) {
	ctx := untilInterrupted(t)
	m := thisMachine(t)
	all, err := ReadAll(".")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	require.NoError(t, m.Compile(ctx, all))
	for _, p := range all {
		t.Run(p.Name, func(t *testing.T) {
			if p.NeedsRace() && !m.Cgo {
				t.Skipf("%s skipped: the race detector needs cgo", p.Name)
			}
			if !p.Measures() {
				t.Parallel() // after those that measure
			}
			whole := true
			if p.NeedsPython() && m.Python == "" {
				p, whole = p.WithoutPython(), false
				t.Run("in Python", func(t *testing.T) { t.Skipf("%s skipped in Python: there is no python3 of 3.11 or later", p.Name) })
			}
			recordings := map[Variant]Recording{}
			for _, v := range p.Variants() {
				r, err := m.Run(ctx, p, v)
				require.NoError(t, err, "the %s program", v)
				recordings[v] = r
			}
			require.NoError(t, p.Distinct(recordings[Broken], recordings[Mended]))
			for _, v := range p.Variants() {
				if *update && whole {
					require.NoError(t, p.Record(v, recordings[v]))
				}
				recorded, err := os.ReadFile(p.Recorded(v))
				require.NoError(t, err, "go test ./docs/pitfalls -update")
				require.NoError(t, p.Drift(v, string(recorded), recordings[v]), "go test ./docs/pitfalls -update")
			}
		})
	}
}

// untilInterrupted ends with the test, when the test is interrupted, and soon before
// its time is up; else the programs would outlive it.
func untilInterrupted(t *testing.T) context.Context {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	t.Cleanup(stop)
	if end, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, end.Add(-5*time.Second), errors.New("the test's time is up"))
		t.Cleanup(cancel)
	}
	return ctx
}

func thisMachine(t *testing.T) *Machine {
	m, err := ThisMachine(t.Context())
	require.NoError(t, err)
	return m
}

// A directory that is left without its manifest would never be run.
func TestEveryDirectoryIsAPitfall(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "testdata" {
			continue
		}
		for _, part := range []string{ManifestName, "README.md"} {
			_, err := os.Stat(filepath.Join(e.Name(), part))
			assert.NoError(t, err)
		}
		p, err := Read(e.Name())
		require.NoError(t, err)
		for _, v := range Variants() {
			if slices.Contains(p.Variants(), v) {
				assert.DirExists(t, filepath.Join(e.Name(), string(v)))
				assert.FileExists(t, p.Recorded(v))
			} else {
				assert.NoDirExists(t, filepath.Join(e.Name(), string(v)), "%s has no command for it", ManifestName)
				assert.NoFileExists(t, p.Recorded(v))
			}
		}
		require.NoError(t, filepath.WalkDir(e.Name(), func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" {
				var text []byte
				text, err = os.ReadFile(path)
				assert.True(t, strings.HasPrefix(string(text), "//go:build pitfall"), "%s does not begin with //go:build pitfall", path)
			}
			return err
		}))
	}
}

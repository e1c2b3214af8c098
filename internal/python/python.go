// Package python finds the machine's Python, for what is written in both languages.
package python

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"example.com/overlap/internal/process"
)

// A Python is an interpreter of 3.11 or newer: the first that has TaskGroup, timeout and
// Barrier.
type Python struct {
	Path    string // the interpreter itself, not a script that stands before it
	Version string // such as 3.13.0
	Minor   int    // the 13 of it
	Library string // the directory of its standard library
	Uvloop  bool   // it can import uvloop
}

// Find asks a command, such as python3, what it is. The error says that it is not
// installed, does not run, or is too old: it is a reason to skip what needs it.
func Find(ctx context.Context, command string) (Python, error) {
	const ask = `import importlib.util, json, platform, sys, sysconfig
print(json.dumps({
    "Path": sys.executable, "Version": platform.python_version(), "Minor": sys.version_info.minor,
    "Library": sysconfig.get_path("stdlib"), "Uvloop": importlib.util.find_spec("uvloop") is not None,
}))`
	out, err := Output(exec.CommandContext(ctx, command, "-E", "-c", ask))
	if err != nil {
		return Python{}, fmt.Errorf("%s (3.11 or newer) is not installed: %w", command, err)
	}
	var p Python
	if err := json.Unmarshal(out, &p); err != nil || p.Path == "" {
		return Python{}, fmt.Errorf("%s is no Python: it says %q", command, out)
	}
	if !strings.HasPrefix(p.Version, "3.") || p.Minor < 11 {
		return Python{}, fmt.Errorf("%s is Python %s: 3.11 or newer is not installed", command, p.Version)
	}
	return p, nil
}

// Output runs a command of which nothing stays behind, and returns what it prints. If it
// fails, the error has what it says on standard error.
func Output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := process.Run(cmd)
	if said := strings.TrimSpace(stderr.String()); err != nil && said != "" {
		err = errors.Join(err, errors.New(said))
	}
	return stdout.Bytes(), err
}

package asyncio

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"example.com/overlap/internal/python"
)

//go:embed *.py
var scripts embed.FS

// A Python is a Python 3 that measures.
type Python struct {
	python.Python
	Command string // by which it was asked for
}

// FindPython asks a command, such as python3, what it is. The error says that it is
// missing, does not run or is too old.
func FindPython(ctx context.Context, command string) (Python, error) {
	found, err := python.Find(ctx, command)
	return Python{found, command}, err
}

// Figures are what a script measured.
type Figures struct {
	Ops   int   // how many operations
	NS    int64 // how long they took together
	Bytes int64 // growth of the resident memory, where that is measured
}

// Run runs one of the scripts, which measures for at least so long, and returns what it
// found. The error has what the script said. When ctx ends, so does the script.
func (p Python) Run(ctx context.Context, atLeast time.Duration, script string, args ...string) (Figures, error) {
	dir, err := os.MkdirTemp("", "overlap-asyncio-")
	if err != nil {
		return Figures{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, scripts); err != nil {
		return Figures{}, err
	}
	// -E: what the environment sets, such as asyncio's debug mode, would be measured too.
	all := append([]string{"-E", "-B", filepath.Join(dir, script), "--seconds", strconv.FormatFloat(atLeast.Seconds(), 'f', -1, 64)}, args...)
	out, err := python.Output(exec.CommandContext(ctx, p.Path, all...))
	if err != nil {
		return Figures{}, fmt.Errorf("%s: %w", script, err)
	}
	var f Figures
	if err := json.Unmarshal(out, &f); err != nil {
		return Figures{}, fmt.Errorf("%s printed %q: %w", script, out, err)
	}
	if f.Ops < 1 || f.NS < 1 {
		return Figures{}, fmt.Errorf("%s measured nothing: %s", script, out)
	}
	return f, nil
}

// A Script is one way to do what a benchmark measures, in Python.
type Script struct {
	Form   string // what its row's name has after that of the Python; may be empty
	File   string
	Args   []string
	Uvloop bool // on uvloop's loop
	Minor  int  // the oldest 3.Minor that has what it needs; 0: any
}

// Check says what a Python lacks that the script needs; nil if it lacks nothing.
func (s Script) Check(p Python) error {
	switch {
	case p.Minor < s.Minor:
		return fmt.Errorf("it needs Python 3.%d, %s is %s", s.Minor, p.Command, p.Version)
	case s.Uvloop && !p.Uvloop:
		return fmt.Errorf("uvloop is not installed for %s", p.Command)
	}
	return nil
}

// Run runs the script under a Python: see [Python.Run].
func (s Script) Run(ctx context.Context, p Python, atLeast time.Duration) (Figures, error) {
	args := s.Args
	if s.Uvloop {
		args = append([]string{"--uvloop"}, args...)
	}
	return p.Run(ctx, atLeast, s.File, args...)
}

// onBoth are a script on asyncio's own loop and on uvloop's.
func onBoth(s Script) []Script {
	fast := s
	fast.Form, fast.Uvloop = "uvloop", true
	return []Script{s, fast}
}

// SwitchScripts are the rows of Python beside [Switches].
func SwitchScripts(tasks int) []Script {
	return onBoth(Script{File: "switch.py", Args: []string{strconv.Itoa(tasks)}})
}

// CreateScripts are the rows of Python beside [Creates].
func CreateScripts() []Script { return onBoth(Script{File: "create.py"}) }

// OffloadScripts are the rows of Python beside [Offloads].
func OffloadScripts() []Script {
	return []Script{
		{Form: "to-thread", File: "offload.py", Args: []string{"to-thread"}},
		{Form: "executor", File: "offload.py", Args: []string{"executor"}},
	}
}

// Scripts are the rows of Python beside [Tree.Rows].
func (t Tree) Scripts() []Script {
	var all []Script
	for _, form := range []string{"gather", "taskgroup", "eager"} {
		s := Script{Form: form, File: "tree.py", Args: []string{form, strconv.Itoa(t.Levels), strconv.Itoa(t.Branches), inSeconds(t.Sleep)}}
		if form == "eager" {
			s.Minor = 12 // which brought eager_task_factory
		}
		all = append(all, s)
	}
	return all
}

// Scripts are the rows of Python beside [Sleepers.Rows].
func (s Sleepers) Scripts() []Script {
	return onBoth(Script{File: "waiting.py", Args: []string{strconv.Itoa(s.Tasks), inSeconds(s.Sleep)}})
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

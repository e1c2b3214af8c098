package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/internal/python"
)

// A NodeScript is one way to do in Node.js what a benchmark of package asyncio measures.
type NodeScript struct {
	Model string // as it stands in /model=NAME
	File  string
	Args  []string
}

// NodeSwitches are the rows of Node beside asyncio.Switches: tasks that take turns by
// awaiting a promise that is settled, and by setImmediate.
func NodeSwitches(tasks int) []NodeScript {
	var all []NodeScript
	for _, form := range []string{"await", "immediate"} {
		all = append(all, NodeScript{"node-" + form, "switch.mjs", []string{strconv.Itoa(tasks), form}})
	}
	return all
}

// NodeSleepers is the row of Node beside asyncio.Sleepers.Rows.
func NodeSleepers(s asyncio.Sleepers) NodeScript {
	return NodeScript{"node", "waiting.mjs", []string{strconv.Itoa(s.Tasks), inSeconds(s.Sleep)}}
}

// Run runs the script, which measures for at least so long, if it repeats what it measures, and returns what it found. The
// error has what the script said, or is a *[MissingError] where there is no Node. When ctx
// ends, so does the script.
func (s NodeScript) Run(ctx context.Context, m *Machine, atLeast time.Duration) (asyncio.Figures, error) {
	n, err := m.Node()
	if err != nil {
		return asyncio.Figures{}, err
	}
	dir, err := os.MkdirTemp("", "overlap-runtimes-")
	if err != nil {
		return asyncio.Figures{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, scripts); err != nil {
		return asyncio.Figures{}, err
	}
	args := s.Args
	if atLeast > 0 {
		args = append([]string{"--seconds", inSeconds(atLeast)}, args...)
	}
	out, err := python.Output(n.command(ctx, dir, s.File, args...))
	if err != nil {
		return asyncio.Figures{}, fmt.Errorf("%s: %w", s.File, err)
	}
	var f asyncio.Figures
	if err := json.Unmarshal(out, &f); err != nil {
		return f, fmt.Errorf("%s printed %q: %w", s.File, shorten(out), err)
	}
	if f.Ops < 1 || f.NS < 1 {
		return f, fmt.Errorf("%s measured nothing: %s", s.File, out)
	}
	return f, nil
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

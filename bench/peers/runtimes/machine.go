package runtimes

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/internal/python"
)

// Commands are those by which the runtimes are asked for.
type Commands struct {
	Python string // empty: the first of python3 and /usr/bin/python3 that can import aiohttp
	Node   string // empty: node
	Wrk    string // empty: wrk

	// Packages is the directory that has Node's packages in node_modules. Empty is the
	// working directory: go test runs a benchmark in the directory of its package, where
	// npm ci puts them.
	Packages string
}

// A Machine is what the machine has installed. Each runtime is looked for when the first
// asks for it. Its methods are safe for concurrent use.
type Machine struct {
	Python func() (Python, error)
	Node   func() (Node, error)
	Wrk    func() (Wrk, error)

	// Go returns the program of a client in Go, nethttp, fasthttp or conn. It is built at
	// first: see [build].
	Go func(name string) (string, error)
}

// A MissingError says what this machine lacks: it is a reason to skip a row.
type MissingError struct{ Err error }

func (e *MissingError) Error() string { return e.Err.Error() }
func (e *MissingError) Unwrap() error { return e.Err }

func missing(format string, args ...any) error {
	return &MissingError{fmt.Errorf(format, args...)}
}

// A Python is an interpreter and what it can import.
type Python struct {
	python.Python
	Versions map[string]string // of aiohttp and uvloop, if it can import them
}

// A Node is an installed Node.js.
type Node struct {
	Path    string // of the program itself
	Version string // such as 20.20.2
	Undici  string // version of undici in Packages; empty if it is not there
	modules string // the directory node_modules, if it is there
}

// A Wrk is an installed wrk.
type Wrk struct{ Path, Version string }

// NewMachine returns the machine with the runtimes of these commands. It starts nothing yet.
func NewMachine(c Commands) *Machine {
	ctx := context.Background() // what is found outlives who asked first
	return &Machine{
		Python: sync.OnceValues(func() (Python, error) {
			if c.Python != "" {
				return findPython(ctx, c.Python)
			}
			return findPython(ctx, "python3", "/usr/bin/python3")
		}),
		Node: sync.OnceValues(func() (Node, error) { return findNode(ctx, or(c.Node, "node"), c.Packages) }),
		Wrk:  sync.OnceValues(func() (Wrk, error) { return findWrk(ctx, or(c.Wrk, "wrk")) }),
		Go:   builder(ctx),
	}
}

// Missing says which of the commands that are named this machine lacks; nil if it has them. What
// is not named may be missing: its rows are skipped.
func (c Commands) Missing(m *Machine) error {
	_, noPython := m.Python()
	_, noNode := m.Node()
	_, noWrk := m.Wrk()
	var errs []error
	for _, named := range []struct {
		flag, command string
		err           error
	}{{"python", c.Python, noPython}, {"node", c.Node, noNode}, {"wrk", c.Wrk, noWrk}} {
		if named.command != "" && named.err != nil {
			errs = append(errs, fmt.Errorf("-%s: %w", named.flag, named.err))
		}
	}
	return errors.Join(errs...)
}

// builder returns a function that builds each client once.
func builder(ctx context.Context) func(name string) (string, error) {
	var lock sync.Mutex
	built := map[string]string{}
	return func(name string) (string, error) {
		lock.Lock()
		defer lock.Unlock()
		if path := built[name]; path != "" {
			return path, nil
		}
		path, err := build(ctx, name)
		if err == nil {
			built[name] = path
		}
		return path, err
	}
}

// build builds a client with the go command, from a directory of this module, into that of
// this program. It is one of overlap bench's or go test's own, which is removed in the
// end; and the next process of the same benchmarks finds it there, which takes the go
// command a tenth of a second.
func build(ctx context.Context, name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "client-"+name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	command, err := exec.LookPath("go")
	if err != nil {
		return "", missing("go is not installed: %w", err)
	}
	if _, err := python.Output(exec.CommandContext(ctx, command, "build", "-o", path, "example.com/overlap/bench/peers/runtimes/client/"+name)); err != nil {
		return "", fmt.Errorf("go build of the client %s: %w", name, err)
	}
	return path, nil
}

func or(command, standard string) string {
	if command == "" {
		return standard
	}
	return command
}

// findPython is the first of the commands that can import aiohttp, or else the first that
// is a Python that will do.
func findPython(ctx context.Context, commands ...string) (Python, error) {
	var first Python
	var errs []error
	for _, command := range commands {
		p, err := askPython(ctx, command)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if p.Versions["aiohttp"] != "" {
			return p, nil
		}
		if first.Path == "" {
			first = p
		}
	}
	if first.Path == "" {
		return Python{}, &MissingError{errors.Join(errs...)}
	}
	return first, nil
}

func askPython(ctx context.Context, command string) (Python, error) {
	found, err := python.Find(ctx, command)
	if err != nil {
		return Python{}, err
	}
	// It tells more than whether the module is somewhere to be found: whether it can be imported.
	const ask = `import importlib, json
versions = {}
for name in ("aiohttp", "uvloop"):
    try:
        versions[name] = importlib.import_module(name).__version__
    except ImportError:
        pass
print(json.dumps(versions))`
	out, err := python.Output(exec.CommandContext(ctx, found.Path, "-E", "-c", ask))
	if err != nil {
		return Python{}, fmt.Errorf("%s: %w", command, err)
	}
	p := Python{Python: found}
	if err := json.Unmarshal(out, &p.Versions); err != nil {
		return Python{}, fmt.Errorf("%s says %q: %w", command, out, err)
	}
	return p, nil
}

// needs is nil if the Python can import the modules.
func (p Python) needs(modules ...string) error {
	for _, module := range modules {
		if p.Versions[module] == "" {
			return missing("%s is not installed for %s", module, p.Path)
		}
	}
	return nil
}

func findNode(ctx context.Context, command, packages string) (Node, error) {
	const ask = `console.log(JSON.stringify({Path: process.execPath, Version: process.versions.node}))`
	out, err := python.Output(exec.CommandContext(ctx, command, "-e", ask))
	if err != nil {
		return Node{}, missing("%s is not installed: %w", command, err)
	}
	var n Node
	if err := json.Unmarshal(out, &n); err != nil || n.Path == "" {
		return Node{}, missing("%s is no Node.js: it says %q", command, out)
	}
	if n.modules, err = filepath.Abs(filepath.Join(packages, "node_modules")); err != nil {
		return Node{}, err
	}
	n.Undici, err = packageVersion(n.modules, "undici")
	return n, err
}

// packageVersion is that of a package in a directory node_modules; empty if there is none.
func packageVersion(modules, name string) (string, error) {
	file := filepath.Join(modules, name, "package.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil || p.Version == "" {
		return "", fmt.Errorf("%s has no version", file)
	}
	return p.Version, nil
}

// command runs a script of dir, which may collect what it made before it measures. What the
// environment sets for Node would be measured too.
func (n Node) command(ctx context.Context, dir, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, n.Path, append([]string{"--expose-gc", filepath.Join(dir, script)}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_OPTIONS=")
	return cmd
}

func findWrk(ctx context.Context, command string) (Wrk, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return Wrk{}, missing("%s is not installed: %w", command, err)
	}
	// It says its version on standard output, then its usage on standard error, and ends
	// with status 1.
	out, err := python.Output(exec.CommandContext(ctx, path, "--version"))
	fields := strings.Fields(string(out))
	if len(fields) < 2 || fields[0] != "wrk" {
		return Wrk{}, missing("%s is no wrk: it says %q (%w)", command, shorten(out), err)
	}
	return Wrk{path, fields[1]}, nil
}

// Versions are configuration lines of the benchmark format: what each runtime is.
func (m *Machine) Versions() []string {
	say := func(name, version string, err error) string {
		if err != nil {
			version = "none"
		}
		return name + ": " + version
	}
	p, err := m.Python()
	version := "CPython " + p.Version
	for _, module := range []string{"aiohttp", "uvloop"} {
		if v := p.Versions[module]; v != "" {
			version += " " + module + " " + v
		}
	}
	lines := []string{say("python", version, err)}
	n, err := m.Node()
	version = n.Version
	if n.Undici != "" {
		version += " undici " + n.Undici
	}
	lines = append(lines, say("node", version, err))
	w, err := m.Wrk()
	lines = append(lines, say("wrk", w.Version, err))
	return append(lines, say("fasthttp", m.fasthttp(), nil))
}

// fasthttp is its version in the client that is built on it.
func (m *Machine) fasthttp() string {
	path, err := m.Go("fasthttp")
	if err != nil {
		return "none"
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return client.Version(info, "github.com/valyala/fasthttp")
}

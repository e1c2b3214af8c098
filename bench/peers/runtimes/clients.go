package runtimes

import (
	"context"
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/site"
)

//go:embed *.py *.mjs *.lua package.json
var scripts embed.FS

// A Client is a program that fetches pages: a row of BenchmarkClients.
type Client struct {
	Name   string // as it stands in /model=NAME
	Parses bool   // it stands also among those that parse the pages
	NoWait bool   // it has something to say only where the server does not wait

	// Alone is true if it has one page in flight at a time, whatever is allowed.
	Alone bool

	// Timed is true if it fetches for some seconds, not a number of pages: if it is wrk,
	// which prints what wrk.lua makes it print.
	Timed bool

	// Command is the program. The error is a *[MissingError] if the machine lacks what it
	// needs.
	Command func(ctx context.Context, t Task) (*exec.Cmd, error)
}

// A Task is what a client's program is made for.
type Task struct {
	Machine *Machine
	Dir     string // has the scripts of this package, and Node's packages
	Site    *site.Site
	Work    Work
}

// Clients are the rows: those of Python, of Node.js, wrk, and those of Go.
func Clients() []Client {
	return []Client{
		{Name: "python-sequential", NoWait: true, Alone: true, Command: inPython("threads_client.py", "--sequential")},
		{Name: "python-threads", Command: inPython("threads_client.py")},
		{Name: "asyncio-executor", Command: inPython("threads_client.py", "--executor")},
		{Name: "asyncio-aiohttp", Parses: true, Command: inPython("aiohttp_client.py")},
		{Name: "asyncio-aiohttp-uvloop", Parses: true, Command: inPython("aiohttp_client.py", "--uvloop")},
		{Name: "asyncio-aiohttp-lean", NoWait: true, Command: inPython("aiohttp_client.py", "--lean")},
		{Name: "asyncio-aiohttp-lean-uvloop", NoWait: true, Command: inPython("aiohttp_client.py", "--lean", "--uvloop")},
		{Name: "asyncio-streams", Command: inPython("streams_client.py")},
		{Name: "asyncio-streams-uvloop", Command: inPython("streams_client.py", "--uvloop")},
		{Name: "asyncio-protocol", Command: inPython("protocol_client.py")},
		{Name: "asyncio-protocol-uvloop", Command: inPython("protocol_client.py", "--uvloop")},
		{Name: "node-fetch", Command: inNode("undici_client.mjs", "--fetch")},
		{Name: "node-undici", Parses: true, Command: inNode("undici_client.mjs")},
		{Name: "wrk", Timed: true, Command: wrk},
		{Name: "go-sequential", Parses: true, NoWait: true, Alone: true, Command: inGo("nethttp", "--model=sequential")},
		{Name: "go-goroutines-limit", Command: inGo("nethttp", "--model=goroutines-limit")},
		{Name: "go-pool", Parses: true, Command: inGo("nethttp")},
		{Name: "go-pool-default-client", NoWait: true, Command: inGo("nethttp", "--transport=default")},
		{Name: "go-pool-direct", Command: inGo("nethttp", "--transport=direct")},
		{Name: "go-pool-fasthttp", Parses: true, Command: inGo("fasthttp")},
		{Name: "go-conn", Command: inGo("conn")},
	}
}

// inGo is one of the commands in client.
func inGo(name string, flags ...string) func(context.Context, Task) (*exec.Cmd, error) {
	return func(ctx context.Context, t Task) (*exec.Cmd, error) {
		path, err := t.Machine.Go(name)
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, path, append(flags, t.arguments()...)...)
		// Of -test.cpu nothing else would know. GOGC and its like are what they are at home.
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(runtime.GOMAXPROCS(0)), "GOGC=", "GOMEMLIMIT=", "GODEBUG=")
		return cmd, nil
	}
}

func inPython(script string, flags ...string) func(context.Context, Task) (*exec.Cmd, error) {
	return func(ctx context.Context, t Task) (*exec.Cmd, error) {
		p, err := t.Machine.Python()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(script, "aiohttp") {
			err = p.needs("aiohttp")
		}
		if err == nil && slices.Contains(flags, "--uvloop") {
			err = p.needs("uvloop")
		}
		if err != nil {
			return nil, err
		}
		// -E: what the environment sets, such as asyncio's debug mode, would be measured too.
		args := append([]string{"-E", "-B", filepath.Join(t.Dir, script)}, flags...)
		return exec.CommandContext(ctx, p.Path, append(args, t.arguments()...)...), nil
	}
}

func inNode(script string, flags ...string) func(context.Context, Task) (*exec.Cmd, error) {
	return func(ctx context.Context, t Task) (*exec.Cmd, error) {
		n, err := t.Machine.Node()
		if err != nil {
			return nil, err
		}
		if n.Undici == "" {
			return nil, missing("undici is not installed: npm ci --prefix bench/peers/runtimes (it was looked for in %s)", n.modules)
		}
		// Packages are looked for where a script is, and above.
		if err := os.Symlink(n.modules, filepath.Join(t.Dir, "node_modules")); err != nil {
			return nil, err
		}
		return n.command(ctx, t.Dir, script, append(flags, t.arguments()...)...), nil
	}
}

// wrk runs on one thread: on two cores, with the server on one of them, a second thread made
// it no faster.
func wrk(ctx context.Context, t Task) (*exec.Cmd, error) {
	w, err := t.Machine.Wrk()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, w.Path,
		"-t", "1", "-c", strconv.Itoa(t.Work.InFlight), "-d", strconv.Itoa(t.Work.seconds())+"s", "-s", filepath.Join(t.Dir, "wrk.lua"),
		t.Site.URL, "--", strconv.Itoa(t.Site.Settings.Pages), t.Work.query()), nil
}

// seconds is how long a client fetches that counts no pages: fifty waits at least, as it may
// be wrong by half a wait at the end.
func (w Work) seconds() int {
	return int((max(time.Second, 50*w.Wait) + time.Second - 1) / time.Second)
}

// arguments are those of the protocol.
func (t Task) arguments() []string {
	args := []string{
		"--url", t.Site.URL,
		"--pages", strconv.Itoa(t.Work.Pages),
		"--in-flight", strconv.Itoa(t.Work.InFlight),
		"--warm", strconv.Itoa(t.Work.Warm),
		"--site", strconv.Itoa(t.Site.Settings.Pages),
		"--query", t.Work.query(),
	}
	if t.Work.Parse {
		args = append(args, "--parse")
	}
	return args
}

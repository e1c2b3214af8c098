package runtimes_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
)

// small is a site for tests.
func small(t *testing.T) *site.Site {
	t.Helper()
	s, err := site.Start(mockserver.Settings{Seed: 1, Pages: 20, PageSize: 1024, Links: 5})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// skipIfMissing skips the test by what the machine lacks.
func skipIfMissing(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*runtimes.MissingError](err); ok {
		t.Skip(err)
	}
}

// runtimeOf are what the rows say they are, which their numbers do not tell.
func runtimeOf() map[string]string {
	const python, aiohttp, uvloop, node, golang = `^CPython 3\.\S+`, `, aiohttp \S+`, `, uvloop \S+`, `^Node \S+`, `^go1\.\S+, `
	return map[string]string{
		"python-sequential":           python + "$",
		"python-threads":              python + "$",
		"asyncio-executor":            python + "$",
		"asyncio-aiohttp":             python + aiohttp + "$",
		"asyncio-aiohttp-uvloop":      python + aiohttp + uvloop + "$",
		"asyncio-aiohttp-lean":        python + aiohttp + "$",
		"asyncio-aiohttp-lean-uvloop": python + aiohttp + uvloop + "$",
		"asyncio-streams":             python + "$",
		"asyncio-streams-uvloop":      python + uvloop + "$",
		"asyncio-protocol":            python + "$",
		"asyncio-protocol-uvloop":     python + uvloop + "$",
		"node-fetch":                  node + `, fetch of undici \S+$`,
		"node-undici":                 node + `, undici \S+$`,
		"wrk":                         "^wrk$",
		"go-sequential":               golang + "net/http, transport pages, model sequential$",
		"go-goroutines-limit":         golang + "net/http, transport pages, model goroutines-limit$",
		"go-pool":                     golang + "net/http, transport pages, model pool$",
		"go-pool-default-client":      golang + "net/http, transport default, model pool$",
		"go-pool-direct":              golang + "net/http, transport direct, model pool$",
		"go-pool-fasthttp":            golang + `fasthttp v1\.\S+, model pool$`,
		"go-conn":                     golang + "net$",
	}
}

// A client fetches what it is told to, and has as many pages in flight as it may, by the
// word of the server. What its pages say has the digest of what Go reads.
func TestClients(t *testing.T) {
	s := small(t)
	for _, c := range runtimes.Clients() {
		t.Run(c.Name, func(t *testing.T) {
			w := runtimes.Work{Pages: 50, InFlight: 8, Warm: 16, Wait: 20 * time.Millisecond}
			f, err := runtimes.Run(t.Context(), machine(), c, s, w)
			skipIfMissing(t, err)
			require.NoError(t, err)
			require.Regexp(t, runtimeOf()[c.Name], f.Runtime)
			require.Contains(t, runtimeOf(), c.Name)
			require.EqualValues(t, 50, f.Pages)
			require.EqualValues(t, 50*1024, f.Bytes)
			require.Positive(t, f.CPUNS)
			require.Empty(t, f.Digest)
			if runtime.GOOS == "linux" {
				require.Greater(t, f.RSS, int64(1<<20))
			}
			if c.Alone {
				require.EqualValues(t, 1, f.Peak)
			} else {
				require.EqualValues(t, 8, f.Peak)
			}
			if !c.Parses {
				return
			}
			f, err = runtimes.Run(t.Context(), machine(), c, s, runtimes.Work{Pages: 50, InFlight: 8, Warm: 8, Parse: true})
			require.NoError(t, err)
			require.Len(t, f.Digest, 64)
		})
	}
}

// A page that fails ends any client, which says which page it was.
func TestClientsSayWhatFails(t *testing.T) {
	s := small(t)
	for _, c := range runtimes.Clients() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Timed {
				t.Skip("wrk goes on")
			}
			command := c.Command
			c.Command = func(ctx context.Context, task runtimes.Task) (*exec.Cmd, error) {
				cmd, err := command(ctx, task)
				if err == nil {
					cmd.Args = append(cmd.Args, "--query", "fault=status&status=404")
				}
				return cmd, err
			}
			_, err := runtimes.Run(t.Context(), machine(), c, s, runtimes.Work{Pages: 10, InFlight: 2, Warm: 2})
			skipIfMissing(t, err)
			require.ErrorContains(t, err, c.Name+": ")
			require.ErrorContains(t, err, "exit status 1")
			require.ErrorContains(t, err, s.URL+"/page/")
			require.ErrorContains(t, err, "404")
		})
	}
}

// report is what a client says of ten pages, with one field changed.
func report(field, value string) string {
	fields := map[string]string{"runtime": `"R"`, "pages": "10", "bytes": "10240", "ns": "5", "cpu_ns": "5"}
	if field != "" {
		fields[field] = value
	}
	var all []string
	for name, value := range fields {
		all = append(all, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(all, ",") + "}\n"
}

func TestClientsThatAreWrong(t *testing.T) {
	s := small(t)
	for _, c := range []struct {
		name string
		fake fake
		wait time.Duration
		want string
	}{
		{"no JSON", fake{Says: "hello\n", Stays: true}, 0, `fake: it printed "hello": invalid character`},
		{"JSON of something else", fake{Says: `{"ops": 3}` + "\n", Stays: true}, 0, `unknown field "ops"`},
		{"two values in the line", fake{Says: `{} {}` + "\n", Stays: true}, 0, "there is more behind it"},
		{"nothing", fake{}, 0, `fake: it printed "": EOF`},
		{"half a line", fake{Says: `{"runtime":`}, 0, `fake: it printed "{\"runtime\":"`},
		{"a second line", fake{Says: report("", ""), Stays: true, Then: "done\n"}, 0, `fake: it went on to print "done\n"`},
		{"far too much", fake{Says: strings.Repeat("x", 1000), Much: true}, 0, "fake: it printed 1000000 bytes: \"xxx"},
		{"a page that failed", fake{Stderr: "get http://site.example/page/3: status 500\n", Status: 1}, 0, "fake: exit status 1\nget http://site.example/page/3: status 500"},
		{"a failure after the report", fake{Says: report("", ""), Stays: true, Stderr: "too late", Status: 3}, 0, "fake: exit status 3\ntoo late"},
		{"too few pages", fake{Says: report("pages", "9"), Stays: true}, 0, "fake: it fetched 9 pages, want 10"},
		{"too few bytes", fake{Says: report("bytes", "10239"), Stays: true}, 0, "fake: it read 10239 bytes, want 10240 of 10 pages"},
		{"a clock that stands", fake{Says: report("ns", "0"), Stays: true}, 0, "fake: it measured 0 ns"},
		{"CPU time that runs back", fake{Says: report("cpu_ns", "-1"), Stays: true}, 0, "and -1 ns of CPU time"},
		{"faster than anybody can be", fake{Says: report("ns", "4999999999"), Stays: true}, time.Second, "fake: it fetched 10 pages in 4.999999999s, which nothing can do in less than 5s"},
		{"a digest that nobody asked for", fake{Says: report("digest", `"abc"`), Stays: true}, 0, `fake: its pages have the digest "abc", want ""`},
		{"no page was fetched", fake{Says: report("", ""), Stays: true}, 0, "fake: the server saw 0 requests, want 12 to 14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runtimes.Run(t.Context(), machine(), c.fake.client(), s, runtimes.Work{Pages: 10, InFlight: 2, Warm: 2, Wait: c.wait})
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := runtimes.Run(t.Context(), machine(), fake{Says: report("digest", `"abc"`), Stays: true}.client(), s, runtimes.Work{Pages: 10, InFlight: 2, Warm: 2, Parse: true})
	require.ErrorContains(t, err, `fake: its pages have the digest "abc", want "`)
	require.NotContains(t, err.Error(), `want ""`)
}

// Told twice, a flag of the clients in Go has its last value.
func TestTheServerSeesWhatAClientDoes(t *testing.T) {
	s := small(t)
	for _, c := range []struct {
		name  string
		alone bool
		more  []string
		want  string
	}{
		{"not alone", true, []string{"--in-flight=2", "--query=latency=30ms"}, "the server saw 2 requests in flight, the limit is 1"},
		{"too much in flight", false, []string{"--in-flight=6", "--query=latency=30ms"}, "the server saw 6 requests in flight, the limit is 2"},
		{"a larger warm-up", false, []string{"--warm=13"}, "the server saw 25 requests, want 16 to 18"},
	} {
		t.Run(c.name, func(t *testing.T) {
			greedy := named(t, "go-pool")
			greedy.Alone = c.alone
			command := greedy.Command
			greedy.Command = func(ctx context.Context, task runtimes.Task) (*exec.Cmd, error) {
				cmd, err := command(ctx, task)
				if err == nil {
					cmd.Args = append(cmd.Args, c.more...)
				}
				return cmd, err
			}
			_, err := runtimes.Run(t.Context(), machine(), greedy, s, runtimes.Work{Pages: 10, InFlight: 2, Warm: 6})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func named(t *testing.T, name string) runtimes.Client {
	for _, c := range runtimes.Clients() {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no client "+name)
	return runtimes.Client{}
}

func TestTimedClientsThatAreWrong(t *testing.T) {
	s := small(t)
	for _, c := range []struct {
		name string
		fake fake
		work runtimes.Work
		want string
	}{
		{"no JSON", fake{Says: "Requests/sec: 12\n"}, runtimes.Work{}, `fake: it printed "Requests/sec: 12": invalid character`},
		{"nothing", fake{}, runtimes.Work{}, `fake: it printed "": unexpected end`},
		{"it fails", fake{Stderr: "unable to connect", Status: 1}, runtimes.Work{}, "fake: exit status 1\nunable to connect"},
		{"failed requests", fake{Says: "\n" + `{"requests":9,"errors":2,"bytes":99999,"us":7}`}, runtimes.Work{}, "fake: 2 of its requests failed"},
		{"no requests", fake{Says: `{"requests":0,"errors":0,"bytes":0,"us":7}`}, runtimes.Work{}, "fake: it measured nothing: {"},
		{"no time", fake{Says: `{"requests":9,"errors":0,"bytes":99999,"us":0}`}, runtimes.Work{}, "fake: it measured nothing: {"},
		{"too few bytes", fake{Says: `{"requests":9,"errors":0,"bytes":9215,"us":7}`}, runtimes.Work{}, "fake: it read 9215 bytes, want at least 9216 of 9 pages"},
		{"requests that nobody saw", fake{Says: `{"requests":9,"errors":0,"bytes":9216,"us":7}`}, runtimes.Work{}, "fake: the server saw 0 requests, want 9 to 11"},
		{"pages to be parsed", fake{}, runtimes.Work{Parse: true}, "fake: it cannot parse pages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := c.fake.client()
			client.Timed = true
			c.work.Pages, c.work.InFlight, c.work.Warm = 10, 2, 2
			_, err := runtimes.Run(t.Context(), machine(), client, s, c.work)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWorkIsChecked(t *testing.T) {
	for _, c := range []struct {
		work runtimes.Work
		want string
	}{
		{runtimes.Work{Pages: 0, InFlight: 1, Warm: 1}, "work: Pages is 0, want at least 1"},
		{runtimes.Work{Pages: 1, InFlight: 0, Warm: 1}, "work: InFlight is 0, want at least 1"},
		{runtimes.Work{Pages: 1, InFlight: 3, Warm: 2}, "work: Warm is 2, want at least 3"},
		{runtimes.Work{Pages: 1, InFlight: 1, Warm: 1, Wait: -1}, "work: Wait is -1, want at least 0"},
	} {
		_, err := runtimes.Run(t.Context(), machine(), fake{}.client(), nil, c.work)
		require.EqualError(t, err, c.want)
	}
}

func TestWorkIdeal(t *testing.T) {
	w := runtimes.Work{Pages: 5_000, InFlight: 100, Wait: 10 * time.Millisecond}
	require.Equal(t, 500*time.Millisecond, w.Ideal())
	w.Pages++
	require.Equal(t, 510*time.Millisecond, w.Ideal())
	w.Wait = 0
	require.Zero(t, w.Ideal())
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	none := runtimes.NewMachine(runtimes.Commands{Python: "no-such-python", Node: "no-such-node", Wrk: "no-such-wrk"})
	bare := runtimes.NewMachine(runtimes.Commands{Packages: t.TempDir(), Wrk: "git"})
	bare.Python = func() (runtimes.Python, error) {
		p := runtimes.Python{}
		p.Path = "/bin/python9"
		return p, nil
	}
	s := small(t)
	for _, c := range []struct {
		name    string
		machine *runtimes.Machine
		client  string
		want    string
	}{
		{"no Python", none, "python-threads", "python-threads: no-such-python (3.11 or newer) is not installed: "},
		{"no Node", none, "node-undici", "node-undici: no-such-node is not installed: "},
		{"no wrk", none, "wrk", "wrk: no-such-wrk is not installed: "},
		{"no aiohttp", bare, "asyncio-aiohttp", "asyncio-aiohttp: aiohttp is not installed for /bin/python9"},
		{"no uvloop", bare, "asyncio-streams-uvloop", "asyncio-streams-uvloop: uvloop is not installed for /bin/python9"},
		{"something else than wrk", bare, "wrk", `wrk: git is no wrk: it says "git version`},
		{"no undici", bare, "node-undici", "node-undici: undici is not installed: npm ci --prefix bench/peers/runtimes (it was looked for in "},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.machine.Node(); c.client == "node-undici" && c.machine == bare && err != nil {
				t.Skip(err)
			}
			_, err := runtimes.Run(t.Context(), c.machine, named(t, c.client), s, runtimes.Work{Pages: 1, InFlight: 1, Warm: 1})
			require.ErrorContains(t, err, c.want)
			require.ErrorAs(t, err, new(*runtimes.MissingError))
		})
	}
	require.NoError(t, runtimes.Commands{}.Missing(none), "nothing was asked for")
	err := runtimes.Commands{Python: "no-such-python", Wrk: "no-such-wrk"}.Missing(none)
	require.ErrorContains(t, err, "-python: no-such-python (3.11 or newer) is not installed: ")
	require.ErrorContains(t, err, "-wrk: no-such-wrk is not installed: ")
	require.NotContains(t, err.Error(), "-node")
	for _, line := range none.Versions()[:3] {
		require.Regexp(t, "^(python|node|wrk): none$", line)
	}
	_, err = runtimes.NodeSwitches(1)[0].Run(t.Context(), none, 0)
	require.ErrorAs(t, err, new(*runtimes.MissingError))
}

func TestVersions(t *testing.T) {
	lines := machine().Versions()
	require.Len(t, lines, 4)
	for i, name := range []string{"python", "node", "wrk", "fasthttp"} {
		require.Regexp(t, "^"+name+`: (none|\S*.*[0-9]\.[0-9].*)$`, lines[i])
	}
	require.Regexp(t, `^fasthttp: v[0-9]+\.`, lines[3], "it is part of this module")
}

func TestScriptsForNode(t *testing.T) {
	scripts := append(runtimes.NodeSwitches(7), runtimes.NodeSleepers(asyncio.Sleepers{Tasks: 50, Sleep: 100 * time.Millisecond}))
	for _, script := range scripts {
		t.Run(script.Model, func(t *testing.T) {
			atLeast := time.Millisecond
			if script.Model == "node" {
				atLeast = 0
			}
			f, err := script.Run(t.Context(), machine(), atLeast)
			skipIfMissing(t, err)
			require.NoError(t, err)
			require.GreaterOrEqual(t, f.NS, int64(time.Millisecond))
			if script.Model == "node" {
				require.Equal(t, 50, f.Ops)
				return
			}
			require.Zero(t, f.Ops%7, "turns are whole rounds")
		})
	}
	script := runtimes.NodeScript{Model: "node", File: "switch.mjs", Args: []string{"seven"}}
	_, err := script.Run(t.Context(), machine(), 0)
	skipIfMissing(t, err)
	require.ErrorContains(t, err, "switch.mjs: exit status 2")
	require.ErrorContains(t, err, `"seven"`)
}

// wrk leaves in the midst of its requests, which would count as the next client's.
func TestAClientBeginsWhenTheSiteIsIdle(t *testing.T) {
	s := small(t)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.PageURL(0)+"?latency=1h", nil)
	require.NoError(t, err)
	var left sync.WaitGroup
	left.Go(func() { _, _ = http.DefaultClient.Do(request) })
	for {
		record, err := s.Record()
		require.NoError(t, err)
		if record.InFlight == 1 {
			break
		}
	}
	w := runtimes.Work{Pages: 10, InFlight: 1, Warm: 1}
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = runtimes.Run(ended, machine(), fake{}.client(), s, w)
	require.EqualError(t, err, "context canceled", "it waited, and began nothing")

	leave()
	left.Wait()
	_, err = runtimes.Run(t.Context(), machine(), named(t, "go-pool"), s, w)
	require.NoError(t, err)
}

func TestAClientEndsWithItsContext(t *testing.T) {
	s := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	hangs := fake{Hangs: true}.client()
	command := hangs.Command
	held, hold, err := os.Pipe()
	require.NoError(t, err)
	defer held.Close()
	hangs.Command = func(ctx context.Context, task runtimes.Task) (*exec.Cmd, error) {
		cmd, err := command(ctx, task)
		cmd.ExtraFiles = []*os.File{hold}
		return cmd, err
	}
	go func() {
		_, _ = held.Read(make([]byte, 1)) // it is there
		cancel()
	}()
	_, err = runtimes.Run(ctx, machine(), hangs, s, runtimes.Work{Pages: 1, InFlight: 1, Warm: 1})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, hold.Close())
	_, err = io.Copy(io.Discard, held) // ends when nobody holds the other end
	require.NoError(t, err)
}

// What an interrupted benchmark leaves behind would hold the pipe's other end: its client,
// which heeds no interrupt, and its site.
func TestAnInterruptLeavesNothingBehind(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("here are no interrupts of another process")
	}
	held, hold, err := os.Pipe()
	require.NoError(t, err)
	defer held.Close()
	cmd := fake{Outer: true}.command(t.Context())
	cmd.ExtraFiles = []*os.File{hold}
	require.NoError(t, cmd.Start())
	require.NoError(t, hold.Close())
	lines := bufio.NewReader(held)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "here\n", line)

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_, err = io.Copy(io.Discard, lines)
	require.NoError(t, err)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 130, exit.ExitCode())
}

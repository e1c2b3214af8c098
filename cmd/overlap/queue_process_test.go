package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/queue"
)

// A process is an overlap command in a process of its own, which is this test's program. It ends
// with the test, also when that is killed: a worker with -stdin drains then.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	lines  chan string // of its standard error
	stdout strings.Builder
}

func overlapProcess(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{t: t, cmd: exec.Command(self, args...), lines: make(chan string, 1000)}
	p.cmd.Env = append(os.Environ(), asCommand+"=1")
	p.cmd.Stdout = together(&p.stdout)
	p.cmd.Stderr = writer(func(line string) { p.lines <- line })
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.stdin = stdin
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already, or the test failed
		_ = p.cmd.Wait()
	})
	return p
}

// worker starts a worker, and returns when it does jobs.
func worker(t *testing.T, flags ...string) *process {
	t.Helper()
	p := overlapProcess(t, append([]string{"queue", "work", "-stdin"}, flags...)...)
	p.says("overlap queue work: doing pages, ")
	return p
}

// says waits until it says a line that begins so.
func (p *process) says(prefix string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-p.lines:
			if strings.HasPrefix(line, prefix) {
				return
			}
		case <-late:
			require.FailNow(p.t, "it does not say: "+prefix)
		}
	}
}

// ends waits for its end, and returns what it printed.
func (p *process) ends(status int) string {
	p.t.Helper()
	_ = p.cmd.Wait()
	require.Equal(p.t, status, p.cmd.ProcessState.ExitCode())
	return p.stdout.String()
}

// An outcome is a line of results.
type outcome struct {
	Key    string
	Result *pageResult
	Error  string
	Code   string
	Tries  int
	Worker string
}

func outcomesOf(t *testing.T, text string) (all []outcome) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		var o outcome
		decoder := json.NewDecoder(strings.NewReader(lines.Text()))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&o), lines.Text())
		all = append(all, o)
	}
	require.NoError(t, lines.Err())
	return all
}

func statusOf(t *testing.T, dir string) (s queue.Status) {
	t.Helper()
	said := overlapCommand(t, "queue", "status", "-json", "-dir", dir)
	require.Equal(t, 0, said.status, said.stderr)
	require.NoError(t, json.Unmarshal([]byte(said.stdout), &s))
	return s
}

func TestQueueFromEndToEnd(t *testing.T) {
	alone(t)
	const n = 300
	site, err := mockserver.Start("", mockserver.Settings{Pages: n})
	require.NoError(t, err)
	defer site.Close()
	dir := filepath.Join(t.TempDir(), "q")
	list := "# pages\n\n"
	for i := range n {
		list += site.PageURL(i) + "\n"
	}
	file := filepath.Join(t.TempDir(), "urls.txt")
	require.NoError(t, os.WriteFile(file, []byte(list), 0o600))

	require.Equal(t, said{0, "300 keys: 300 new, 0 known, in batch default\n", ""}, overlapCommand(t, "queue", "add", "-dir", dir, file))
	require.Equal(t, said{0, "300 keys: 0 new, 300 known, in batch default\n", ""}, overlapWith(t.Context(), list, "queue", "add", "-dir", dir), "idempotent")
	require.Equal(t, queue.Status{Pending: n, Workers: []queue.Worker{}}, statusOf(t, dir))

	workers := []*process{worker(t, "-dir", dir), worker(t, "-dir", dir, "-limit", "7")}
	s := overlapCommand(t, "queue", "results", "-dir", dir, file)
	require.Equal(t, 0, s.status, s.stderr)
	require.Empty(t, s.stderr)
	for i, o := range outcomesOf(t, s.stdout) {
		require.Equal(t, site.PageURL(i), o.Key)
		require.Equal(t, site.PageURL(i), o.Result.URL)
		require.Equal(t, fmt.Sprintf("Page %d", i), o.Result.Title)
		require.NotEmpty(t, o.Result.Links)
		require.Positive(t, o.Result.Words)
		require.Len(t, o.Result.Hash, 64)
	}
	require.Equal(t, n, strings.Count(s.stdout, "\n"))
	require.EqualValues(t, n, site.Record().Requests)
	require.Equal(t, s, overlapWith(t.Context(), list, "queue", "results", "-dir", dir), "they stay")
	require.Equal(t, said{0, "300 keys: 0 new, 300 known, in batch default\n", ""}, overlapCommand(t, "queue", "add", "-dir", dir, file), "idempotent when done, too")

	status := statusOf(t, dir)
	require.Equal(t, n, status.Done)
	require.Len(t, status.Workers, 2)
	require.Equal(t, n, status.Workers[0].Done+status.Workers[1].Done)
	require.ElementsMatch(t, []int{20, 7}, []int{status.Workers[0].Limit, status.Workers[1].Limit})
	s = overlapCommand(t, "queue", "status", "-dir", dir)
	require.Equal(t, 0, s.status, s.stderr)
	require.Regexp(t, `^job          pages\npending      0\nin flight    0\nredelivered  \d+\ndone         300\ndead         0\nworkers      2\n\n`+
		`worker +running  limit  done +failed  again  known\n(\S+/\d+ +0 +(20|7) +\d+ +0 +0 +0\n){2}$`, s.stdout)

	done := 0
	for _, w := range workers {
		require.NoError(t, w.stdin.Close())
		w.says("overlap queue work: draining: ")
		account := regexp.MustCompile(`^(\d+) done, 0 given up, 0 handed back for another try, 0 recorded by others already\n$`)
		match := account.FindStringSubmatch(w.ends(0))
		require.NotNil(t, match)
		some, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		done += some
	}
	require.Equal(t, n, done)
	require.Empty(t, statusOf(t, dir).Workers)
}

// A gate is a site whose pages are answered when somebody lets them.
type gate struct {
	*httptest.Server
	came chan string   // paths, as requests come
	open chan struct{} // one for each answer
}

func newGate(t *testing.T) *gate {
	g := &gate{came: make(chan string, 100), open: make(chan struct{}, 100)}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.came <- r.URL.Path
		select {
		case <-g.open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// The first signal lets the jobs that run be finished, and takes no other.
func TestQueueWorkDrains(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			alone(t)
			g := newGate(t)
			dir := t.TempDir()
			list := g.URL + "/1\n" + g.URL + "/2\n"
			require.Equal(t, 0, overlapWith(t.Context(), list, "queue", "add", "-dir", dir).status)
			w := worker(t, "-dir", dir, "-limit", "1")
			require.Equal(t, "/1", <-g.came)
			require.NoError(t, w.cmd.Process.Signal(signal))
			w.says("overlap queue work: draining: no more jobs are taken")
			g.open <- struct{}{}
			require.Equal(t, "1 done, 0 given up, 0 handed back for another try, 0 recorded by others already\n", w.ends(0))
			require.Empty(t, g.came, "the other was not begun")
			status := statusOf(t, dir)
			require.Equal(t, 1, status.Pending)
			require.Equal(t, 1, status.Done)
		})
	}
}

// The second signal ends it at once, and its job is done by another.
func TestQueueWorkEndsAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	alone(t)
	g := newGate(t)
	dir := t.TempDir()
	require.Equal(t, 0, overlapWith(t.Context(), g.URL+"/1\n", "queue", "add", "-dir", dir).status)
	w := worker(t, "-dir", dir, "-ack-wait", "1h")
	require.Equal(t, "/1", <-g.came)
	require.NoError(t, w.cmd.Process.Signal(syscall.SIGTERM))
	w.says("overlap queue work: draining: ")
	again := every(t.Context(), 50*time.Millisecond, func(context.Context) { // one may come before it is ready for a second
		_ = w.cmd.Process.Signal(syscall.SIGTERM)
	})
	_ = w.cmd.Wait()
	again()
	require.Equal(t, -1, w.cmd.ProcessState.ExitCode(), "a signal ended it")

	other := worker(t, "-dir", dir, "-ack-wait", "500ms")
	for range 5 { // also for a request whose end the site did not see, and for further tries
		g.open <- struct{}{}
	}
	s := overlapWith(t.Context(), g.URL+"/1\n", "queue", "results", "-dir", dir)
	require.Equal(t, 0, s.status, s.stderr)
	require.NoError(t, other.stdin.Close())
	require.Regexp(t, `^1 done, `, other.ends(0))
}

func TestQueueDeadLettersAndTheirRevival(t *testing.T) {
	alone(t)
	var mended atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case mended.Load():
		case r.URL.Path == "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer site.Close()
	dir := t.TempDir()
	list := site.URL + "/busy\n" + site.URL + "/good\n" + site.URL + "/gone\n"
	require.Equal(t, 0, overlapWith(t.Context(), list, "queue", "add", "-dir", dir, "-batch", "b").status)
	w := worker(t, "-dir", dir, "-tries", "3", "-backoff", "1ms")

	s := overlapWith(t.Context(), list, "queue", "results", "-dir", dir, "-batch", "b")
	require.Equal(t, failed, s.status)
	require.Equal(t, "overlap queue results: 2 of 3 jobs given up\n", s.stderr)
	outcomes := outcomesOf(t, s.stdout)
	require.Len(t, outcomes, 3)
	busy, good, gone := outcomes[0], outcomes[1], outcomes[2]
	require.NotNil(t, good.Result)
	require.Equal(t, outcome{
		Key: site.URL + "/busy", Error: "get " + site.URL + "/busy: status 503 Service Unavailable",
		Code: queue.CodeFailed, Tries: 3, Worker: busy.Worker,
	}, busy, "it might have been answered")
	require.Equal(t, 1, gone.Tries, "which is known to stay so")

	s = overlapCommand(t, "queue", "dead", "-dir", dir)
	require.Equal(t, 0, s.status, s.stderr)
	require.Regexp(t, `(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  b  `+site.URL+`/busy: get .*: status 503 Service Unavailable \(after 3 tries, at .*\)$`, s.stdout)
	require.Equal(t, 2, strings.Count(s.stdout, "\n"))
	s = overlapCommand(t, "queue", "dead", "-json", "-dir", dir)
	require.Equal(t, 0, s.status, s.stderr)
	tries := map[string]int{}
	for line := range strings.Lines(s.stdout) {
		var letter deadLine
		require.NoError(t, json.Unmarshal([]byte(line), &letter))
		require.Equal(t, "b", letter.Batch)
		require.Equal(t, queue.CodeFailed, letter.Code)
		require.False(t, letter.Time.IsZero())
		tries[letter.Key] = letter.Tries
	}
	require.Equal(t, map[string]int{site.URL + "/busy": 3, site.URL + "/gone": 1}, tries)
	require.Equal(t, 2, statusOf(t, dir).Dead)

	mended.Store(true)
	require.Equal(t, said{0, "2 jobs revived\n", ""}, overlapCommand(t, "queue", "revive", "-dir", dir))
	s = overlapWith(t.Context(), list, "queue", "results", "-dir", dir, "-batch", "b")
	require.Equal(t, 0, s.status, s.stderr)
	require.Equal(t, 3, strings.Count(s.stdout, `"result":{`))
	require.Equal(t, said{0, "0 jobs revived\n", ""}, overlapCommand(t, "queue", "revive", "-dir", dir))
	require.Equal(t, said{0, "no job of pages is dead\n", ""}, overlapCommand(t, "queue", "dead", "-dir", dir))
	require.Equal(t, said{}, overlapCommand(t, "queue", "dead", "-json", "-dir", dir))
	require.NoError(t, w.stdin.Close())
	w.says("overlap queue work: a job is dead: " + site.URL + "/")
	require.Equal(t, "3 done, 2 given up, 2 handed back for another try, 0 recorded by others already\n", w.ends(0))
}

// What is there is printed, and told apart from what is not.
func TestQueueResultsInterrupted(t *testing.T) {
	alone(t)
	g := newGate(t)
	dir := t.TempDir()
	first, both := g.URL+"/1\n", g.URL+"/1\n"+g.URL+"/2\n"
	require.Equal(t, 0, overlapWith(t.Context(), both, "queue", "add", "-dir", dir).status)
	worker(t, "-dir", dir, "-limit", "1")
	require.Equal(t, "/1", <-g.came)
	g.open <- struct{}{}
	require.Equal(t, 0, overlapWith(t.Context(), first, "queue", "results", "-dir", dir).status)
	var s said
	for wait := time.Second; s.stdout == "" && wait < patience; wait *= 2 { // what stands for Ctrl-C may come before it has read
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		s = overlapWith(ctx, both, "queue", "results", "-dir", dir)
		cancel()
		require.Equal(t, interrupted, s.status)
	}
	outcomes := outcomesOf(t, s.stdout)
	require.Len(t, outcomes, 1)
	require.Equal(t, g.URL+"/1", outcomes[0].Key)
	require.Equal(t, "overlap queue results: 1 of 2 keys have no result yet\noverlap queue results: interrupted\n", s.stderr)

	ended, end := context.WithCancel(t.Context())
	end()
	for verb, want := range map[string]int{"add": interrupted, "results": interrupted, "dead": interrupted, "revive": interrupted, "status": interrupted, "work": 0} {
		s := overlapWith(ended, both, "queue", verb, "-dir", dir)
		require.Equal(t, said{want, "", "overlap queue " + verb + ": interrupted\n"}, s)
	}
}

// Each second a line, until it is ended, which is no failure.
func TestQueueStatusWatch(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	require.Equal(t, 0, overlapWith(t.Context(), "http://site.example/\n", "queue", "add", "-dir", dir).status)
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{nil, `^\d\d:\d\d:\d\d  1 pending, 0 in flight, 0 redelivered, 0 done, 0 dead, 0 workers\n$`},
		{[]string{"-json"}, `^{"pending":1,.*}\n$`},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		out := writerFunc(func(p []byte) (int, error) {
			require.Regexp(t, c.want, string(p))
			if n++; n == 2 {
				cancel()
			}
			return len(p), nil
		})
		var stderr strings.Builder
		status := console{stdout: out, stderr: &stderr}.main(ctx, append([]string{"queue", "status", "-watch", "-dir", dir}, c.flags...))
		require.Equal(t, 0, status)
		require.Empty(t, stderr.String())
		require.Equal(t, 2, n)
	}
	status := console{stdout: writerFunc(func([]byte) (int, error) { return 0, errors.New("nobody reads") }), stderr: io.Discard}.
		main(t.Context(), []string{"queue", "status", "-watch", "-dir", dir})
	require.Equal(t, failed, status)
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestQueueDemo(t *testing.T) {
	alone(t)
	t.Setenv(asCommand, "1") // its workers are this program
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("TMP", temporary)
	nothingIsLeft := func(said string) {
		t.Helper()
		entries, err := os.ReadDir(temporary)
		require.NoError(t, err)
		require.Empty(t, entries)
		for _, match := range regexp.MustCompile(`process (\d+)`).FindAllStringSubmatch(said, -1) {
			pid, err := strconv.Atoi(match[1])
			require.NoError(t, err)
			if process, err := os.FindProcess(pid); err == nil && runtime.GOOS != "windows" {
				require.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
			}
		}
	}
	args := []string{"queue", "demo", "-n", "300", "-workers", "2", "-limit", "4", "-latency", "50ms", "-kill", "300ms", "-ack-wait", "1s"}
	s := overlapCommand(t, args...)
	require.Equal(t, 0, s.status, s.stderr)
	for _, line := range []string{
		`^ +\d+\.\ds  a site of 300 pages, each after about 50ms; a queue in a directory of its own`,
		`^ +\d+\.\ds  300 keys added$`,
		`^ +\d+\.\ds  worker 2 has come: process \d+$`,
		`^ +\d+\.\ds  the server is gone`,
		`^ +\d+\.\ds  worker 3 has come: process \d+$`,
		`^ +\d+\.\ds  \d+ pending, \d+ in flight, \d+ redelivered, \d+ done, 0 dead, \d workers?$`,
		`^results      300 of 300 keys have theirs; 300 are recorded, one for each$`,
		`^killed       \d+ workers? by SIGKILL, and the server \d+ times? with them; as many came in their places$`,
		`^redelivered  \d+ times?, by the server's own count`,
		`^requests     \d+ at the site: \d+ requests? for a page that was fetched before`,
	} {
		require.Regexp(t, `(?m)`+line, s.stdout)
	}
	require.Regexp(t, `SIGKILL for worker 1$`, regexp.MustCompile(`SIGKILL for worker \d+`).FindString(s.stdout), "the one that runs the server")
	require.Empty(t, s.stderr)
	nothingIsLeft(s.stdout)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr strings.Builder
	out := writerFunc(func(p []byte) (int, error) {
		if strings.Contains(string(p), "SIGKILL") {
			cancel()
		}
		return stdout.Write(p)
	})
	status := console{stdout: out, stderr: &stderr}.main(ctx, args)
	require.Equal(t, interrupted, status, stderr.String())
	require.Equal(t, "overlap queue demo: interrupted; the workers have ended, and their files are removed\n", stderr.String())
	nothingIsLeft(stdout.String())
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/overlap"
	"example.com/overlap/internal/spell"
	"example.com/overlap/mockserver"
	"example.com/overlap/queue"
)

const queueDemoManual = `
Usage: overlap queue demo [flags]

Demo shows what a queue is for, on this machine alone. It serves a site of pages, puts their
URLs into a queue in a directory of its own, and starts workers: this program again, as
` + "`overlap queue work`" + `. Each second it tells how the queue stands. Meanwhile it kills a worker
every few seconds, by SIGKILL, and starts another in its place; the first that dies is the one
whose process also runs the queue's server. In the end it gives the account: whether each key
has its one result, and what the killing has cost in work that was done again.

Ctrl-C ends it at any time; no process and no file is left.

Exit status: 1 if a result is missing or something else failed, 2 for bad usage, 130 after
Ctrl-C or SIGTERM.

Examples:
  overlap queue demo
  overlap queue demo -n 1000 -workers 5 -kill 1s
`

type demoTask struct {
	n       int
	workers int
	limit   int
	latency time.Duration
	kill    time.Duration
	ackWait time.Duration
}

func (t *demoTask) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag, and queue demo takes no arguments", flags.Arg(0))
	}
	return cmp.Or(
		atLeast("n", t.n, 1),
		atLeast("workers", t.workers, 2), // one is killed, and the others go on
		atLeast("limit", t.limit, 1),
		atLeast("latency", t.latency, 0),
		atLeast("kill", t.kill, 100*time.Millisecond),
		atLeast("ack-wait", t.ackWait, time.Second),
		checkSite(t.site()),
	)
}

func (t *demoTask) site() mockserver.Settings {
	return mockserver.Settings{Seed: 1, Pages: t.n, PageSize: 2048, Latency: mockserver.Latency{Mean: t.latency, Profile: mockserver.LogNormal}}
}

func (c console) queueDemo(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var t demoTask
	flags.IntVar(&t.n, "n", 4000, "`pages`")
	flags.IntVar(&t.workers, "workers", 3, "worker `processes` at a time")
	flags.IntVar(&t.limit, "limit", 20, "`jobs` that each does at once")
	flags.DurationVar(&t.latency, "latency", 200*time.Millisecond, "mean `wait` before the site answers")
	flags.DurationVar(&t.kill, "kill", 4*time.Second, "`time` between two that are killed")
	flags.DurationVar(&t.ackWait, "ack-wait", 5*time.Second, "`time` after which the jobs of one that died are handed to another")
	if status, ok := c.ready(flags, args, t.check); !ok {
		return status
	}
	c.stdout = together(c.stdout)
	err := c.demo(ctx, t)
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(c.stderr, "overlap queue demo: interrupted; the workers have ended, and their files are removed")
		return interrupted
	case err != nil:
		return c.broken(flags, err)
	}
	return 0
}

func (c console) demo(ctx context.Context, t demoTask) (err error) {
	if err := mockserver.CheckFiles(t.workers * t.limit); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "overlap-queue-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	site, err := mockserver.Start("", t.site())
	if err != nil {
		return err
	}
	defer site.Close()
	keys := make([]string, t.n)
	for i := range keys {
		keys[i] = site.PageURL(i)
	}

	d := &demo{task: t, dir: dir, began: time.Now(), w: c.stdout, failed: make(chan error, 1)}
	defer d.end()
	d.sayf("a site of %s, each after about %v; a queue in a directory of its own", spell.Count(t.n, "page"), t.latency)
	// The first worker is there before us, and so its process runs the server.
	if err := d.start(ctx); err != nil {
		return err
	}
	q, err := queue.Open(ctx, queue.Settings{Dir: dir, Log: humanLog(together(writer(d.log)), "")})
	if err != nil {
		return err
	}
	defer q.Close()
	job := namedPages(noPages())
	added, err := queue.Add(ctx, q, job, demoBatch, slices.Values(keys))
	if err != nil {
		return err
	}
	d.sayf("%s added", spell.Count(added.New, "key"))
	for range t.workers - 1 {
		if err := d.start(ctx); err != nil {
			return err
		}
	}
	results, err := d.watch(ctx, q, job, keys)
	if err != nil {
		return err
	}
	return d.account(ctx, q, site, keys, results)
}

const demoBatch = "demo"

// A demo is one that runs.
type demo struct {
	task   demoTask
	dir    string
	began  time.Time
	w      io.Writer
	failed chan error // of a worker that ended by itself

	workers []*demoWorker // those that are alive; for one goroutine
	started int
	killed  int

	mu     sync.Mutex
	gone   int  // how often the server died with its process
	ending bool // what is said of it now does not matter
}

// A demoWorker is a worker's process.
type demoWorker struct {
	n     int
	cmd   *exec.Cmd
	stdin io.Closer     // it drains when this closes, also because we have died
	ready chan struct{} // closed when it does jobs
	ended chan struct{} // closed when its process has ended

	mu     sync.Mutex
	last   string // what it said
	wanted bool   // that it ends
}

func (d *demo) sayf(format string, args ...any) {
	fmt.Fprintf(d.w, "%5.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// start starts a worker, and returns when it does jobs.
func (d *demo) start(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	d.started++
	w := &demoWorker{n: d.started, ready: make(chan struct{}), ended: make(chan struct{})}
	w.cmd = exec.Command(self, "queue", "work", "-stdin", "-dir", d.dir,
		"-limit", fmt.Sprint(d.task.limit), "-ack-wait", d.task.ackWait.String())
	ready := sync.OnceFunc(func() { close(w.ready) })
	w.cmd.Stderr = writer(func(line string) {
		if strings.HasPrefix(line, "overlap queue work: doing ") {
			ready()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.last = line
	})
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := w.cmd.Start(); err != nil {
		return err
	}
	d.workers = append(d.workers, w)
	go func() {
		err := w.cmd.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.wanted {
			select {
			case d.failed <- fmt.Errorf("worker %d ended by itself: %v: %s", w.n, err, w.last):
			default: // one is enough
			}
		}
		close(w.ended)
	}()
	select {
	case <-w.ready:
		d.sayf("worker %d has come: process %d", w.n, w.cmd.Process.Pid)
		return nil
	case <-w.ended:
		return <-d.failed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// log takes what the queue tells of the server.
func (d *demo) log(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ending {
		return
	}
	if strings.HasPrefix(line, "the server is gone") {
		d.gone++
	}
	d.sayf("%s", line)
}

// watch tells how the queue stands, and kills workers, until the results are there.
func (d *demo) watch(ctx context.Context, q *queue.Queue, job namedJob, keys []string) ([]overlap.Result[pageResult], error) {
	ctx, cancel := context.WithCancel(ctx)
	collected := make(chan []overlap.Result[pageResult], 1)
	var collecting sync.WaitGroup
	defer collecting.Wait()
	defer cancel()
	collecting.Go(func() { collected <- queue.Collect(ctx, q, job, demoBatch, keys) })
	tick, kill := time.NewTicker(glance), time.NewTicker(d.task.kill)
	defer tick.Stop()
	defer kill.Stop()
	for pending := len(keys); ; {
		select {
		case results := <-collected:
			return results, ctx.Err()
		case err := <-d.failed:
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
			asked, cancel := context.WithTimeout(ctx, answerTime)
			status, err := q.Status(asked, job.Name)
			cancel()
			if err != nil {
				continue // the server is away, and the log has said it
			}
			pending = status.Pending
			d.sayf("%s", statusLine(status))
		case <-kill.C:
			if pending == 0 {
				continue // the rest needs no more trouble
			}
			if err := d.killOne(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// killOne kills a worker, the first one first, and starts another.
func (d *demo) killOne(ctx context.Context) error {
	i := 0
	if d.killed > 0 {
		i = rand.IntN(len(d.workers))
	}
	w := d.workers[i]
	d.sayf("SIGKILL for worker %d", w.n)
	d.workers = slices.Delete(d.workers, i, i+1)
	d.killed++
	w.end()
	if err := w.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-w.ended
	_ = w.stdin.Close()
	return d.start(ctx)
}

// end says that the worker is meant to end.
func (w *demoWorker) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = true
}

// drainTime is how long workers have to end the jobs that they do.
const drainTime = 10 * time.Second

// end ends all workers, and waits for them.
func (d *demo) end() {
	d.mu.Lock()
	d.ending = true
	d.mu.Unlock()
	for _, w := range d.workers {
		w.end()
		_ = w.stdin.Close()
	}
	late := time.After(drainTime)
	for _, w := range d.workers {
		select {
		case <-w.ended:
		case <-late:
			for _, w := range d.workers {
				_ = w.cmd.Process.Kill()
			}
			<-w.ended
		}
	}
	d.workers = nil
}

// account says what came of it; the error is that a key has no result, or not its own.
func (d *demo) account(ctx context.Context, q *queue.Queue, site *mockserver.Server, keys []string, results []overlap.Result[pageResult]) error {
	own := 0
	var wrong error
	for i, r := range results {
		switch {
		case r.Err != nil:
			wrong = fmt.Errorf("%s: %w", keys[i], r.Err)
		case r.Value.URL != keys[i]:
			wrong = fmt.Errorf("%s has the result of %s", keys[i], r.Value.URL)
		default:
			own++
		}
	}
	status, err := q.Status(ctx, pagesJob)
	if err != nil {
		return err
	}
	took := time.Since(d.began)
	d.end()
	record := site.Record()
	fmt.Fprintf(d.w, `
results      %d of %d keys have theirs; %d are recorded, one for each
killed       %s by SIGKILL, and the server %s with them; as many came in their places
redelivered  %s, by the server's own count, of which it loses a little when it is killed
requests     %d at the site: %s for a page that was fetched before, as nobody can know
             whether a worker that died had done its job
time         %s
`, own, len(keys), status.Done, spell.Count(d.killed, "worker"), spell.Count(d.gone, "time"), // nobody counts any more
		spell.Count(status.Redelivered, "time"), record.Requests, spell.Count(int(record.Duplicates), "request"), spell.Duration(took))
	if wrong == nil && status.Done != len(keys) {
		wrong = fmt.Errorf("%d results are recorded for %s", status.Done, spell.Count(len(keys), "key"))
	}
	return wrong
}

// A writer is called with each line that is written, however it comes. It is for one goroutine.
func writer(take func(line string)) io.Writer { return &lineWriter{take: take} }

type lineWriter struct {
	take func(line string)
	rest []byte
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		l.take(string(line))
	}
}

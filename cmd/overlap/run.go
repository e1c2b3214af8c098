package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/trace"
	"slices"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/internal/spell"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/files"
	"example.com/overlap/workload/live"
)

const runManual = `
Usage: overlap run [flags]

Run does the jobs of one workload under one model, and reports how that went. The parts
are real:

  pages  fetches web pages over HTTP and parses them: those of a mock server that it
         starts itself, or, with -url-file, of the URLs in a file, one a line
  crawl  follows the links of the mock server's pages from the first on, to a -depth,
         each page once
  rows   asks a database for the readings of a sensor, and sums them up; with -write it
         books on accounts, a transaction a job. The database is SQLite, or the
         PostgreSQL that OVERLAP_POSTGRES names (postgres://user:password@host/name);
         what it makes there begins with overlap_ and is removed in the end
  files  reads files, compresses or hashes each, and writes the result whole or not at
         all. With -in and -out a run that was ended is finished by the next one
  live   is so many clients of a chat room over WebSocket, each until it has got its
         messages

The makespan is the time from the call of the model to its return; ideal is what it
would be if waiting took exactly as long as asked for and nothing else took any time.
Latency is from a job's start to its end, of jobs that succeeded.

A flag that not all workloads heed names those that do, in parentheses; with another it is
refused.

-client says what HTTP is spoken by: nethttp is net/http; direct is net/http too, but
without the two goroutines that it has for each connection; fasthttp is the library of
that name. The pages are the same.

-timeline shows when each job waited and when it worked. A name ending in .svg is a
picture, and takes the place of one that is there. A name ending in .json is the
recording, which ` + "`overlap report -timeline`" + ` draws; like all results it is never
overwritten. Nor is the file of -trace, a runtime trace for ` + "`go tool trace`" + `: each job
is a task by its name there, with the regions fetch and process. Recording costs well
under a microsecond a job, tracing some more.

Exit status: 1 if a job failed, 2 for bad usage, 130 after Ctrl-C or SIGTERM,
which end the jobs in flight, report what was done and draw it.

Examples:
  overlap run -model pool -workers 20 -n 1000 -latency 20ms
  overlap run -model goroutines -n 200 -latency 50ms -profile lognormal -json
  overlap run -model pipeline -workers 50 -processors 2 -buffer 10 -n 500 -latency 10ms
  overlap run -model goroutines-limit -workers 8 -url-file urls.txt
  overlap run -client fasthttp -workers 100 -n 5000
  overlap run -model pipeline -workers 8 -processors 2 -n 40 -latency 50ms -timeline out.svg
  overlap run -model pool -n 200 -latency 5ms -timeline out.json -trace out.trace
  overlap run -workload crawl -depth 3 -n 500 -latency 10ms
  overlap run -workload rows -n 1000 -conns 4
  overlap run -workload rows -write -model goroutines -n 200
  overlap run -workload files -in logs -out results -work hash
  overlap run -workload live -model goroutines -n 100 -gate 100 -posts 2
`

// A task is what run was asked to do.
type task struct {
	workload string
	model    string
	limit    bench.Limit
	n        int
	json     bool
	timeline string // file; empty: none
	trace    string // file; empty: none

	// What some workloads have.
	site     mockserver.Settings
	client   string
	urlFile  string
	timeout  time.Duration
	maxBytes int64
	depth    int
	levels   bool
	database string
	conns    int
	write    bool
	in, out  string
	size     int
	work     files.Work
	maxOpen  int
	room     live.Settings
}

// A workload is what -workload names: real parts, and a job on them.
type workload struct {
	name  string
	heeds []string                                 // the flags that not all workloads have
	check func(t *task, flags *flag.FlagSet) error // what these say
	run   func(c console, ctx context.Context, t task) (*report, error)
}

func workloads() []workload {
	return []workload{pagesWorkload(), crawlWorkload(), rowsWorkload(), filesWorkload(), liveWorkload()}
}

func workloadOf(name string) (workload, bool) {
	all := workloads()
	i := slices.IndexFunc(all, func(w workload) bool { return w.name == name })
	if i < 0 {
		return workload{}, false
	}
	return all[i], true
}

func workloadNames() string {
	var names []string
	for _, w := range workloads() {
		names = append(names, w.name)
	}
	return strings.Join(names, ", ")
}

func modelNames() string {
	var names []string
	for _, m := range bench.Models[int, int, int](bench.Limit{InFlight: 1}) {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}

func (c console) run(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var t task
	flags.StringVar(&t.workload, "workload", "pages", "the `workload`: "+workloadNames())
	flags.StringVar(&t.model, "model", "pool", "the `model`: "+modelNames())
	flags.IntVar(&t.limit.InFlight, "workers", 20, "`jobs` in flight at most; the pipeline's fetchers. sequential, goroutines, eventloop and eventloop-to-thread have no such limit")
	flags.IntVar(&t.limit.Process, "processors", runtime.GOMAXPROCS(0), "the pipeline's `workers` that process, and eventloop-to-thread's threads (the cores)")
	flags.IntVar(&t.limit.Buffer, "buffer", 0, "fetched `bodies` that the pipeline holds")
	flags.IntVar(&t.n, "n", 100, "`jobs`; with crawl the pages of the site")
	flags.BoolVar(&t.json, "json", false, "print the report as JSON")
	flags.StringVar(&t.timeline, "timeline", "", "`file` for the timeline: .svg for a picture, .json for the recording")
	flags.StringVar(&t.trace, "trace", "", "`file` for a runtime trace")
	t.webFlags(flags)
	flags.StringVar(&t.urlFile, "url-file", "", "`file` of URLs to fetch in place of the mock server's; - is standard input")
	t.crawlFlags(flags)
	t.rowsFlags(flags)
	t.filesFlags(flags)
	t.roomFlags(flags)
	nameWorkloads(flags)
	if status, ok := c.ready(flags, args, t.check); !ok {
		return status
	}
	what, _ := workloadOf(t.workload)
	r, err := what.run(c, ctx, t)
	if use, ok := errors.AsType[misuse](err); ok {
		return c.misused(flags, use.error)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintf(c.stderr, "overlap run: interrupted before a job began: %v\n", err)
		return interrupted
	case err != nil:
		return c.broken(flags, err)
	}
	if err := errors.Join(c.print(r, t.json), r.unsaved); err != nil {
		return c.broken(flags, err)
	}
	switch {
	case r.Interrupted:
		return interrupted
	case r.Failed > 0:
		return failed
	}
	return 0
}

// A misuse is an error of what was asked for, found before anything was done.
type misuse struct{ error }

func (t *task) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag, and run takes no arguments", flags.Arg(0))
	}
	what, ok := workloadOf(t.workload)
	if !ok {
		return fmt.Errorf("-workload is %q, want one of %s", t.workload, workloadNames())
	}
	if err := what.heedsAll(flags); err != nil {
		return err
	}
	if err := atLeast("workers", t.limit.InFlight, 1); err != nil {
		return err
	}
	if err := atLeast("processors", t.limit.Process, 1); err != nil {
		return err
	}
	if err := atLeast("buffer", t.limit.Buffer, 0); err != nil {
		return err
	}
	if err := atLeast("n", t.n, 1); err != nil {
		return err
	}
	if _, ok := modelOf[int, int, int](*t); !ok {
		return fmt.Errorf("-model is %q, want one of %s", t.model, modelNames())
	}
	return what.check(t, flags)
}

func atLeast[N cmp.Ordered](flag string, value, least N) error {
	if value < least {
		return fmt.Errorf("-%s is %v, want at least %v", flag, value, least)
	}
	return nil
}

// heedsAll refuses a flag that would change nothing: it is a mistake.
func (w workload) heedsAll(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if slices.Contains(w.heeds, f.Name) {
			return
		}
		if with := heedersOf(f.Name); len(with) > 0 && err == nil {
			err = fmt.Errorf("-%s is for -workload %s, and nothing to %s", f.Name, strings.Join(with, " or "), w.name)
		}
	})
	return err
}

// heedersOf names the workloads that heed a flag; none are named of one that all heed.
func heedersOf(flag string) (names []string) {
	for _, w := range workloads() {
		if slices.Contains(w.heeds, flag) {
			names = append(names, w.name)
		}
	}
	return names
}

// nameWorkloads has the text of each flag say which workloads heed it, if not all do.
func nameWorkloads(flags *flag.FlagSet) {
	flags.VisitAll(func(f *flag.Flag) {
		if with := heedersOf(f.Name); len(with) > 0 {
			f.Usage += " (" + strings.Join(with, ", ") + ")"
		}
	})
}

// modelOf returns the task's model with its limits bound.
func modelOf[K, B, R any](t task) (bench.Model[K, B, R], bool) {
	models := bench.Models[K, B, R](t.limit)
	i := slices.IndexFunc(models, func(m bench.Model[K, B, R]) bool { return m.Name == t.model })
	if i < 0 {
		return bench.Model[K, B, R]{}, false
	}
	return models[i], true
}

// inFlight is how many jobs the model may have in flight.
func (t task) inFlight() int {
	model, _ := modelOf[int, int, int](t)
	if model.Peak > 0 {
		return min(t.n, model.Peak)
	}
	return t.n
}

// A material is what a workload gives a model to work on.
type material[K, B, R any] struct {
	job   overlap.Job[K, B, R]
	keys  []K
	label func(numbered[K]) string // of a job in the timeline
	about string                   // what the jobs are on, for the timeline's title
	costs []schedule.Job           // of the jobs, if they are known

	client string // that HTTP is spoken by

	// peak is how many were in flight at the other side; nil if that does not count.
	peak func() int
	// peaked is what these were; empty is a request.
	peaked string
	// sum is what the results come to, also in words.
	sum func(results []overlap.Result[R]) (totals, string)
	// walk runs the model on keys that turn out while working; nil for those that are
	// known.
	walk func(ctx context.Context, model watchedModel[K, B, R], job watchedJob[K, B, R]) []overlap.Result[R]
}

// What a model runs is measured and recorded.
type (
	watchedBody[B any]        = timeline.Body[timed[B]]
	watchedJob[K, B, R any]   = overlap.Job[numbered[K], watchedBody[B], R]
	watchedModel[K, B, R any] = bench.Model[numbered[K], watchedBody[B], R]
)

// do runs the model and returns the report.
func do[K, B, R any](ctx context.Context, c console, t task, on material[K, B, R]) (*report, error) {
	model, _ := modelOf[numbered[K], watchedBody[B], R](t)
	stop, err := t.startTrace()
	if err != nil {
		return nil, err
	}
	recorder := recorderOf(t, on.label)
	total := len(on.keys)
	if on.walk != nil {
		total = unknown
	}
	m := newMeasured(on.job, total, newMeter(c.stderr, total))
	job := timeline.Record(m.job(), recorder)
	began := time.Now()
	var results []overlap.Result[R]
	if on.walk != nil {
		results = on.walk(ctx, model, job)
	} else {
		results = model.Run(ctx, job, number(on.keys))
	}
	r := m.report(results, time.Since(began))
	r.unsaved = stop()
	r.Workload, r.Model, r.Client, r.Interrupted = t.workload, t.model, on.client, ctx.Err() != nil
	if model.Peak > 0 {
		r.Limit = model.Peak
	}
	if ideal := idealOf(model, on.costs); ideal > 0 {
		r.IdealSeconds = ideal.Seconds()
		if !r.Interrupted {
			r.TimesIdeal = r.MakespanSeconds / r.IdealSeconds
		}
	}
	if on.peak != nil {
		r.ServerPeakInFlight, r.atServer = on.peak(), cmp.Or(on.peaked, "request")
	}
	r.Totals, r.sum = on.sum(results)
	if t.timeline != "" {
		r.unsaved = errors.Join(r.unsaved, t.save(recorder.Timeline(), r, on.about))
	}
	return r, nil
}

// idealOf is the makespan if nothing but the costs took time; 0 if it cannot be told.
func idealOf[K, B, R any](model bench.Model[K, B, R], costs []schedule.Job) time.Duration {
	equal := !slices.ContainsFunc(costs, func(c schedule.Job) bool { return c != costs[0] })
	if len(costs) == 0 || model.AnyOrder && !equal {
		return 0
	}
	return model.Ideal(costs).Makespan
}

func (c console) print(r *report, asJSON bool) error {
	if !asJSON {
		return r.write(c.stdout)
	}
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// checkFiles finds out, before any work is done, whether the timeline and the trace
// can be written.
func (t task) checkFiles() error {
	switch {
	case t.timeline == "":
	case !isPicture(t.timeline) && !isRecording(t.timeline):
		return fmt.Errorf("-timeline is %q, want a name that ends in .svg, for a picture, or .json, for the recording", t.timeline)
	case t.timeline == t.trace:
		return fmt.Errorf("-timeline and -trace are the same file, %s", t.trace)
	}
	for _, path := range []string{t.timeline, t.trace} {
		if path == "" {
			continue
		}
		if err := checkWritable(path, isPicture(path) && path == t.timeline); err != nil {
			return err
		}
	}
	return nil
}

func isPicture(path string) bool   { return strings.EqualFold(filepath.Ext(path), ".svg") }
func isRecording(path string) bool { return strings.EqualFold(filepath.Ext(path), ".json") }

// checkWritable tries it, and leaves things as they were.
func checkWritable(path string, mayBeThere bool) error {
	_, err := os.Lstat(path)
	there := err == nil
	if there && !mayBeThere {
		return fmt.Errorf("%s is there already: results are never overwritten", path)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	err = file.Close()
	if !there {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// recorderOf returns nil if nobody asked for what it records.
func recorderOf[K any](t task, label func(numbered[K]) string) *timeline.Recorder[numbered[K]] {
	if t.timeline == "" && t.trace == "" {
		return nil
	}
	return timeline.NewRecorder(label)
}

// save writes the timeline of what ended as r says.
func (t task) save(recording timeline.Timeline, r *report, about string) error {
	recording.Title = title(r, about)
	recording.Model = t.model
	recording.Caption = fmt.Sprintf("%s/%s, %s, %s", runtime.GOOS, runtime.GOARCH, spell.Count(runtime.GOMAXPROCS(0), "core"), runtime.Version())
	var data bytes.Buffer
	if isPicture(t.timeline) {
		if err := timeline.Draw(&data, recording, timeline.Drawing{}); err != nil {
			return err
		}
		return os.WriteFile(t.timeline, data.Bytes(), 0o666)
	}
	if err := timeline.Write(&data, recording); err != nil {
		return err
	}
	file, err := os.OpenFile(t.timeline, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data.Bytes())
	return errors.Join(err, file.Close())
}

// title says what ran, so that a picture that lies about can be made again.
func title(r *report, about string) string {
	title := r.Model + ": " + spell.Count(r.Jobs, "job")
	if r.Limit > 0 {
		title += fmt.Sprintf(", at most %d in flight", r.Limit)
	}
	if about != "" {
		title += ", " + about
	}
	if r.Interrupted {
		title += fmt.Sprintf(", interrupted when %d were done", r.Succeeded)
	}
	return title
}

// startTrace starts the runtime trace, if one is wanted; stop ends it and returns
// what went wrong with the file.
func (t task) startTrace() (stop func() error, err error) {
	if t.trace == "" {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(t.trace, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	if err := trace.Start(file); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(t.trace))
	}
	return func() error {
		trace.Stop()
		return file.Close()
	}, nil
}

package main

import (
	"bytes"
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

	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/internal/spell"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

const runManual = `
Usage: overlap run [flags]

Run fetches pages and processes them under one model, and reports how that went:
from a mock server that it starts itself, or, with -url-file, from the URLs in a
file, one a line.

The makespan is the time from the call of the model to its return; ideal is what it
would be if waiting took exactly as long as asked for and nothing else took any time.
Latency is from a job's start to its end, of jobs that succeeded.

-client says what HTTP is spoken by: nethttp is net/http; direct is net/http too, but
without the two goroutines that it has for each connection; fasthttp is the library of
that name. The pages are the same.

-timeline shows when each job waited and when it worked. A name ending in .svg is a
picture, and takes the place of one that is there. A name ending in .json is the
recording, which ` + "`overlap report -timeline`" + ` draws; like all results it is never
overwritten. Nor is the file of -trace, a runtime trace for ` + "`go tool trace`" + `: each job
is a task by its path there, with the regions fetch and process. Recording costs well
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
`

// A task is what run was asked to do.
type task struct {
	model    string
	client   string
	limit    bench.Limit
	n        int
	site     mockserver.Settings
	urlFile  string
	timeout  time.Duration
	maxBytes int64
	json     bool
	timeline string // file; empty: none
	trace    string // file; empty: none
}

type (
	recorded   = timeline.Body[body]
	pagesModel = bench.Model[key, recorded, pages.Page]
)

func modelNames() string {
	var names []string
	for _, m := range bench.Models[key, recorded, pages.Page](bench.Limit{InFlight: 1}) {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}

func (c console) run(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var t task
	siteFlags(flags, &t.site)
	flags.StringVar(&t.model, "model", "pool", "the `model`: "+modelNames())
	flags.StringVar(&t.client, "client", clients.Default, "the HTTP `client`: "+strings.Join(clients.Names(), ", "))
	flags.IntVar(&t.limit.InFlight, "workers", 20, "`jobs` in flight at most; the pipeline's fetchers. sequential, goroutines, eventloop and eventloop-to-thread have no such limit")
	flags.IntVar(&t.limit.Process, "processors", runtime.GOMAXPROCS(0), "the pipeline's `workers` that process, and eventloop-to-thread's threads (the cores)")
	flags.IntVar(&t.limit.Buffer, "buffer", 0, "fetched `pages` that the pipeline holds")
	flags.IntVar(&t.n, "n", 100, "`pages` to fetch from the mock server")
	flags.StringVar(&t.urlFile, "url-file", "", "`file` of URLs to fetch in place of the mock server's; - is standard input")
	flags.DurationVar(&t.timeout, "timeout", 30*time.Second, "`time` after which a request fails; 0 is never")
	flags.Int64Var(&t.maxBytes, "max-bytes", pages.MaxBytes, "`bytes` of a body at most; a larger one is an error")
	flags.BoolVar(&t.json, "json", false, "print the report as JSON")
	flags.StringVar(&t.timeline, "timeline", "", "`file` for the timeline: .svg for a picture, .json for the recording")
	flags.StringVar(&t.trace, "trace", "", "`file` for a runtime trace")
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	if err := t.check(flags); err != nil {
		return c.misused(flags, err)
	}
	if c.dry {
		return 0
	}
	urls := []string(nil)
	if t.urlFile != "" {
		var err error
		if urls, err = c.readURLs(t.urlFile); err != nil {
			return c.misused(flags, err)
		}
		t.n = len(urls)
	}
	if err := t.checkFiles(); err != nil {
		return c.misused(flags, err)
	}
	r, err := c.do(ctx, t, urls)
	if err != nil {
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

func (t task) check(flags *flag.FlagSet) error {
	for _, f := range []struct {
		name        string
		value, most int64
	}{
		{"workers", int64(t.limit.InFlight), 1},
		{"processors", int64(t.limit.Process), 1},
		{"buffer", int64(t.limit.Buffer), 0},
		{"n", int64(t.n), 1},
		{"max-bytes", t.maxBytes, 1},
	} {
		if f.value < f.most {
			return fmt.Errorf("-%s is %d, want at least %d", f.name, f.value, f.most)
		}
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag, and run takes no arguments", flags.Arg(0))
	}
	if t.timeout < 0 {
		return fmt.Errorf("-timeout is %v, want 0s or more", t.timeout)
	}
	if _, ok := t.find(); !ok {
		return fmt.Errorf("-model is %q, want one of %s", t.model, modelNames())
	}
	if err := clients.Check(t.client); err != nil {
		return fmt.Errorf("-client: %w", err)
	}
	if t.urlFile == "" {
		return checkSite(t.site)
	}
	// Flags that would change nothing are a mistake.
	own := flag.NewFlagSet("", flag.ContinueOnError)
	siteFlags(own, new(mockserver.Settings))
	var err error
	flags.Visit(func(f *flag.Flag) {
		if own.Lookup(f.Name) != nil || f.Name == "n" {
			err = fmt.Errorf("-%s is for the mock server, which -url-file does not use", f.Name)
		}
	})
	return err
}

// find returns the model with its limits bound.
func (t task) find() (pagesModel, bool) {
	models := bench.Models[key, recorded, pages.Page](t.limit)
	i := slices.IndexFunc(models, func(m pagesModel) bool { return m.Name == t.model })
	if i < 0 {
		return pagesModel{}, false
	}
	return models[i], true
}

// do starts what is needed, runs the model and returns the report. Without urls
// the pages are those of a mock server.
func (c console) do(ctx context.Context, t task, urls []string) (*report, error) {
	model, _ := t.find()
	inFlight := t.n // of a model without a limit
	if model.Peak > 0 {
		inFlight = min(t.n, model.Peak)
	}
	files := inFlight
	if urls == nil {
		files *= 2 // both ends of each connection are in this process
	}
	if err := mockserver.CheckFiles(files); err != nil {
		return nil, err
	}
	var site *mockserver.Server
	var ideal time.Duration
	if urls == nil {
		t.site.Pages = t.n
		var err error
		if site, err = mockserver.Start("", t.site); err != nil {
			return nil, err
		}
		defer site.Close()
		for i := range t.n {
			urls = append(urls, site.PageURL(i))
		}
		ideal = t.ideal(model)
	}
	client, err := clients.New(t.client, inFlight, t.timeout)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()

	stop, err := t.startTrace()
	if err != nil {
		return nil, err
	}
	recorder := t.recorder()
	m := newMeasured(client.Job(t.maxBytes), len(urls), newMeter(c.stderr, len(urls)))
	began := time.Now()
	results := model.Run(ctx, timeline.Record(m.job(), recorder), keysOf(urls))
	r := m.report(results, time.Since(began))
	r.unsaved = stop()
	r.Client = t.client
	r.Model, r.IdealSeconds, r.Interrupted = t.model, ideal.Seconds(), ctx.Err() != nil
	if model.Peak > 0 {
		r.Limit = model.Peak
	}
	if ideal > 0 && !r.Interrupted {
		r.TimesIdeal = r.MakespanSeconds / r.IdealSeconds
	}
	if site != nil {
		r.ServerPeakInFlight = int(site.Record().PeakInFlight)
	}
	if t.timeline != "" {
		r.unsaved = errors.Join(r.unsaved, t.save(recorder.Timeline(), r))
	}
	return r, nil
}

// ideal is the makespan if nothing but waiting took time; 0 if it cannot be told.
func (t task) ideal(model pagesModel) time.Duration {
	waits := make([]schedule.Job, t.n)
	equal := true
	for i := range waits {
		waits[i].Wait = t.site.Latency.For(t.site.Seed, mockserver.PagePath(i))
		equal = equal && waits[i] == waits[0]
	}
	if model.AnyOrder && !equal {
		return 0
	}
	return model.Ideal(waits).Makespan
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

// recorder returns nil if nobody asked for what it records.
func (t task) recorder() *timeline.Recorder[key] {
	if t.timeline == "" && t.trace == "" {
		return nil
	}
	return timeline.NewRecorder(func(k key) string {
		if t.urlFile != "" {
			return k.url
		}
		return mockserver.PagePath(k.i)
	})
}

// save writes the timeline of what ended as r says.
func (t task) save(recording timeline.Timeline, r *report) error {
	recording.Title = t.title(r)
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
func (t task) title(r *report) string {
	title := t.model + ": " + spell.Count(r.Jobs, "job")
	if r.Limit > 0 {
		title += fmt.Sprintf(", at most %d in flight", r.Limit)
	}
	if r.Client != clients.Default {
		title += ", on " + r.Client
	}
	switch {
	case t.urlFile != "":
		from := filepath.Base(t.urlFile)
		if t.urlFile == "-" {
			from = "standard input"
		}
		title += ", URLs of " + from
	case t.site.Latency.Profile == mockserver.Constant:
		title += fmt.Sprintf(", latency %v", t.site.Latency.Mean)
	default:
		title += fmt.Sprintf(", latency %v %s", t.site.Latency.Mean, t.site.Latency.Profile)
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

// Night fetches 24 pages, four at a time, from a server on a bad night: some requests
// get an error status, and some no answer at all. All of it must be done within two
// seconds. It runs once as it is, and once with guards around the job.
//
// -timeline names a file for a recording of the second run; -bare records the first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/docs/code/guards"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

const (
	count   = 24
	workers = 4
)

func main() {
	file := flag.String("timeline", "", "`file` for the recording")
	first := flag.Bool("bare", false, "record the run without guards")
	flag.Parse()

	bare, err := night("bare", func(job guards.Job) guards.Job { return job })
	if err == nil {
		var guarded timeline.Timeline
		guarded, err = night("guarded", guards.Guarded)
		if !*first {
			bare = guarded
		}
	}
	if err == nil && *file != "" {
		err = save(*file, bare)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "night:", err)
		os.Exit(1)
	}
}

// night fetches all pages, and says what came of them.
func night(name string, around func(guards.Job) guards.Job) (timeline.Timeline, error) {
	server, err := mockserver.Start("", mockserver.Settings{
		Seed:    5,
		Pages:   count,
		Latency: mockserver.Latency{Mean: 50 * time.Millisecond},
		Faults:  mockserver.Faults{Status: 0.15, Hang: 0.1},
	})
	if err != nil {
		return timeline.Timeline{}, err
	}
	defer server.Close()
	client := pages.NewClient(workers, 0)
	defer client.CloseIdleConnections()
	urls := make([]string, count)
	for i := range urls {
		urls[i] = server.PageURL(i)
	}
	recorder := timeline.NewRecorder[string](nil)
	job := timeline.Record(around(pages.Job(client, 0)), recorder)
	morning := errors.New("it is morning")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 2*time.Second, morning)
	defer cancel()

	began := time.Now()
	results := pool.Run(ctx, job, urls, workers)
	took := time.Since(began)

	fmt.Printf("%-8s %2d of %d pages, %d requests, %v\n", name,
		count-overlap.Failures(results), count, server.Record().Requests, took.Round(10*time.Millisecond))
	recorded := recorder.Timeline()
	recorded.Title = fmt.Sprintf("%s: %d pages of 50 ms, at most %d in flight", name, count, workers)
	recorded.Model = "pool"
	recorded.Caption = fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return recorded, nil
}

func save(name string, recorded timeline.Timeline) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return timeline.Write(file, recorded)
}

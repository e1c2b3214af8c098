// Faulty fetches a page whose first request meets a fault of the mock server's, and whose
// second one does not: once without guards, and once with the guards of the chapter. It
// prints what came of it, and how many requests that took.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/overlap/bench/faults"
	"example.com/overlap/docs/code/guards"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// A trial is a server on which half of the requests meet a fault.
type trial struct {
	fault mockserver.Fault
	does  string
	site  mockserver.Faults
}

func trials() []trial {
	return []trial{
		{mockserver.Status, "answers 503", mockserver.Faults{Status: 0.5}},
		{mockserver.Reset, "resets the connection", mockserver.Faults{Reset: 0.5}},
		{mockserver.Truncate, "sends half of the body", mockserver.Faults{Truncate: 0.5}},
		{mockserver.Hang, "never answers", mockserver.Faults{Hang: 0.5}},
		{mockserver.Slow, "takes two seconds", mockserver.Faults{Slow: 0.5, SlowPause: 220 * time.Millisecond}},
		{mockserver.Malformed, "sends broken HTML", mockserver.Faults{Malformed: 0.5}},
	}
}

func main() {
	if err := table(); err != nil {
		fmt.Fprintln(os.Stderr, "faulty:", err)
		os.Exit(1)
	}
}

func table() error {
	fmt.Printf("%-23s %-12s %-12s requests\n", "the server", "bare", "guarded")
	for _, t := range trials() {
		bare, _, err := t.fetch(func(job guards.Job) guards.Job { return job })
		if err != nil {
			return err
		}
		guarded, requests, err := t.fetch(guards.Guarded)
		if err != nil {
			return err
		}
		fmt.Printf("%-23s %-12s %-12s %d\n", t.does, bare, guarded, requests)
	}
	return nil
}

// fetch gets the page within a second. The other pages of the run, which nothing happens to,
// give the retry its budget.
func (t trial) fetch(around func(guards.Job) guards.Job) (faults.Kind, int64, error) {
	server, err := mockserver.Start("", mockserver.Settings{Faults: t.site})
	if err != nil {
		return "", 0, err
	}
	defer server.Close()
	client := pages.NewClient(1, 0)
	defer client.CloseIdleConnections()
	job := around(pages.Job(client, 0))
	for range 2 {
		if result := job.Do(context.Background(), server.PageURL(t.page(mockserver.NoFault))); result.Err != nil {
			return "", 0, result.Err
		}
	}
	before := server.Record().Requests

	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	result := job.Do(ctx, server.PageURL(t.page(t.fault)))
	return faults.KindOf(result.Err), server.Record().Requests - before, nil
}

// page is the number of one whose first request meets fault, and whose second meets none.
func (t trial) page(fault mockserver.Fault) int {
	for i := 0; ; i++ {
		path := mockserver.PagePath(i)
		if t.site.For(0, path, 0) == fault && t.site.For(0, path, 1) == mockserver.NoFault {
			return i
		}
	}
}

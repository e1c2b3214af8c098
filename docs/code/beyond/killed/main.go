// Killed fetches 60 pages through a queue, with three worker processes, and kills two of them
// meanwhile, with SIGKILL. The workers are this program once more.
//
// -timeline names a file for a recording of what the server of the pages saw.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"

	"example.com/overlap"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/docs/code/beyond"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
)

const (
	count   = 60
	workers = 3
	atOnce  = 2 // of each worker
)

// killAfter are the requests at which a worker dies.
var killAfter = []int{20, 40}

func main() {
	dir := flag.String("work", "", "be a worker of the queue in this `directory`")
	file := flag.String("timeline", "", "`file` for the recording")
	flag.Parse()

	err := error(nil)
	if *dir != "" {
		err = work(*dir)
	} else {
		err = call(*file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "killed:", err)
		os.Exit(1)
	}
}

//region work

// work is what a worker process does, until its caller is gone.
func work(dir string) error {
	client := pages.NewClient(atOnce, 0)
	return beyond.Work(untilLeft(), dir, beyond.Pages(client), atOnce)
}

//endregion

// call is what the other one does: it wants the pages.
func call(file string) (err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "queue-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	site, err := startSite()
	if err != nil {
		return err
	}
	defer site.Close()
	urls := site.urls()

	//region call
	q, err := queue.Open(ctx, queue.Settings{Dir: dir})
	if err != nil {
		return err
	}
	defer q.Close()

	crew := &crew{dir: dir}
	defer crew.dismiss()
	for range workers {
		if err := crew.start(); err != nil {
			return err
		}
	}
	failed := make(chan error, 1)
	go func() {
		for range killAfter {
			<-site.enough
			if err := errors.Join(crew.kill(), crew.start()); err != nil {
				failed <- err
			}
		}
	}()

	results := beyond.There(ctx, q, beyond.Pages(http.DefaultClient), urls)
	//endregion

	select {
	case err := <-failed:
		return err
	default:
	}
	saw := site.Record()
	fmt.Printf("pages     %d, each worker %d at once\n", count, atOnce)
	fmt.Printf("workers   %d at the beginning, %d killed, as many started in their place\n", workers, crew.killed)
	fmt.Printf("results   %d, of which %d failed\n", len(results), overlap.Failures(results))
	fmt.Printf("requests  %d, %d of them for a page once more\n", saw.Requests, saw.Duplicates)
	if file == "" {
		return nil
	}
	return save(file, site.timeline())
}

func save(name string, recorded timeline.Timeline) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(timeline.Write(file, recorded), file.Close())
}

// Package beyond is the code that the chapter on work in other processes shows, beside
// package queue's own.
package beyond

import (
	"context"
	"net/http"
	"time"

	"example.com/overlap"
	"example.com/overlap/pool"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
)

// A Job fetches a page in whatever process has this package.
type Job = queue.Job[string, pages.Body, pages.Page]

// Pages is the job of the workload, with what a queue has to know of it besides.
func Pages(client *http.Client) Job {
	return Job{
		Name:      "pages",
		Job:       pages.Job(client, 0),
		Temporary: pages.Temporary,
		AckWait:   500 * time.Millisecond, // far longer than a page takes here
	}
}

// Here does the job in this process, eight at once.
func Here(ctx context.Context, job Job, urls []string) []overlap.Result[pages.Page] {
	return pool.Run(ctx, job.Job, urls, 8)
}

// There has the job done by the workers of a queue, wherever they are.
func There(ctx context.Context, q *queue.Queue, job Job, urls []string) []overlap.Result[pages.Page] {
	return queue.Run(ctx, q, job, urls)
}

// Work is all that a worker is: it does jobs of the queue in a directory, some at once, until
// ctx ends.
func Work(ctx context.Context, dir string, job Job, atOnce int) error {
	q, err := queue.Open(ctx, queue.Settings{Dir: dir})
	if err != nil {
		return err
	}
	defer q.Close()
	_, err = queue.Work(ctx, q, job, atOnce)
	return err
}

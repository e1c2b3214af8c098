package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

const queueWorkManual = `
Usage: overlap queue work [flags]

Work is a worker: it takes jobs from the queue, -limit of them at a time, and does them, until
it is told to end. Start as many as you like, wherever the queue can be reached.

Ctrl-C or SIGTERM drains it: it takes no more jobs, ends those that it has, and exits with 0.
A second one ends it at once. Nothing is lost by that, nor by SIGKILL: when -ack-wait is over,
the jobs that it had are handed to another worker.

A job is a page: a GET of the URL that is its key. An answer that may be another the next time
(the server is away or busy, the connection breaks, status 429, 503 and the like) is tried
again, -tries times in all, with waits from -backoff on that double. Then, or if an error will
stay, the job is a dead letter, with that error. A request fails when three quarters of
-ack-wait are over, so that this is known before the job goes to another worker.

What becomes of a server, and each dead letter, is told on standard error; on standard output,
in the end, what this worker has done.

Exit status: 0 once it has drained, 1 if it cannot go on (the queue cannot be reached, its disk
is full), 2 for bad usage.

Examples:
  overlap queue work
  overlap queue work -limit 100 -tries 3 -backoff 5s
  overlap queue work -dir jobs -sync
  overlap queue work -nats nats://127.0.0.1:4222
  overlap queue work -nats tls://nats.example:4222 -creds worker.creds -tlsca ca.pem
`

// A pageResult is a pages.Page as it stands in the queue.
type pageResult struct {
	URL   string   `json:"url"`
	Title string   `json:"title"`
	Links []string `json:"links"`
	Words int      `json:"words"`
	Hash  string   `json:"hash"` // SHA-256 of the body, in hex
}

// A namedJob is the workload pages as others know it by name. Where it is not done, the zero
// overlap.Job will do.
type namedJob = queue.Job[string, pages.Body, pageResult]

func namedPages(job overlap.Job[string, pages.Body, pages.Page]) namedJob {
	return namedJob{
		Name: pagesJob,
		Keys: queue.Text(),
		Job: overlap.Job[string, pages.Body, pageResult]{
			Fetch: job.Fetch,
			Process: func(ctx context.Context, body pages.Body) (pageResult, error) {
				p, err := job.Process(ctx, body)
				if err != nil {
					return pageResult{}, err
				}
				return pageResult{p.URL, p.Title, p.Links, p.Words, hex.EncodeToString(p.Hash[:])}, nil
			},
		},
		Temporary: func(err error) bool { return errors.Is(err, queue.ErrAckWait) || pages.Temporary(err) },
	}
}

type workTask struct {
	queueTask
	limit    int
	tries    int
	ackWait  time.Duration
	backoff  time.Duration
	client   string
	maxBytes int64
	stdin    bool
}

func (t *workTask) flags(flags *flag.FlagSet) {
	t.queueTask.flags(flags)
	flags.IntVar(&t.limit, "limit", 20, "`jobs` that this worker does at once, at most")
	flags.IntVar(&t.tries, "tries", 5, "`times` that a job is handed to a worker before it is given up; one that dies has used up a try")
	flags.DurationVar(&t.ackWait, "ack-wait", 30*time.Second, "`time` that a worker may take for a job; then it is handed to another. The same for all workers: the last one started says it")
	flags.DurationVar(&t.backoff, "backoff", time.Second, "`time` until a job that failed is tried again, doubled for each further try")
	flags.StringVar(&t.client, "client", clients.Default, "the HTTP `client`: "+strings.Join(clients.Names(), ", "))
	flags.Int64Var(&t.maxBytes, "max-bytes", pages.MaxBytes, "`bytes` of a body at most; a larger one is an error")
	flags.BoolVar(&t.stdin, "stdin", false, "drain, too, when standard input ends: so that no worker outlives the program that started it")
}

func (t *workTask) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag, and queue work takes no arguments", flags.Arg(0))
	}
	if err := cmp.Or(
		t.queueTask.check(flags),
		atLeast("limit", t.limit, 1),
		atLeast("tries", t.tries, 1),
		atLeast("ack-wait", t.ackWait, 100*time.Millisecond),
		atLeast("backoff", t.backoff, time.Millisecond),
		atLeast("max-bytes", t.maxBytes, 1),
	); err != nil {
		return err
	}
	if err := clients.Check(t.client); err != nil {
		return fmt.Errorf("-client: %w", err)
	}
	return nil
}

// named is the job as the flags want it done; done is to be called in the end.
func (t *workTask) named() (job namedJob, done func(), err error) {
	client, err := clients.New(t.client, t.limit, t.ackWait/4*3)
	if err != nil {
		return job, nil, err
	}
	job = namedPages(client.Job(t.maxBytes))
	job.Tries, job.AckWait, job.Backoff = t.tries, t.ackWait, t.backoff
	return job, client.CloseIdleConnections, nil
}

func (c console) queueWork(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var t workTask
	t.flags(flags)
	if status, ok := c.ready(flags, args, t.check); !ok {
		return status
	}
	if err := mockserver.CheckFiles(t.limit); err != nil {
		return c.broken(flags, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if t.stdin {
		go func() {
			_, _ = io.Copy(io.Discard, c.stdin)
			cancel()
		}()
	}
	c.stderr = together(c.stderr)
	status := c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error { return c.work(ctx, q, t) })
	if status == interrupted { // before it began
		return 0
	}
	return status
}

func (c console) work(ctx context.Context, q *queue.Queue, t workTask) error {
	job, done, err := t.named()
	if err != nil {
		return err
	}
	defer done()
	fmt.Fprintf(c.stderr, "overlap queue work: doing %s, %d at once; Ctrl-C or SIGTERM ends it\n", t.job, t.limit)
	told := make(chan struct{})
	tell := context.AfterFunc(ctx, func() {
		defer close(told)
		fmt.Fprintf(c.stderr, "overlap queue work: draining: no more jobs are taken, and those that run are ended, in %v at most; a second signal ends at once, and others do them again\n", t.ackWait)
	})
	worked, err := queue.Work(ctx, q, job, t.limit)
	if !tell() {
		<-told
	}
	_, writeErr := fmt.Fprintf(c.stdout, "%d done, %d given up, %d handed back for another try, %d recorded by others already\n",
		worked.Done, worked.Failed, worked.Again, worked.Known)
	return errors.Join(err, writeErr)
}

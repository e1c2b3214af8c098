package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"example.com/overlap"
	"example.com/overlap/internal/spell"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
)

const queueAddManual = `
Usage: overlap queue add [flags] [FILE]

Add puts the URLs of a file, or of standard input, into the queue, a line each. Blank lines and
those that begin with # are left out. All are read first: if one is no URL, its file and line
are named, and nothing is added.

Within a batch a URL is one job, however often it is added, for as long as its result is kept,
a week: so an add that was interrupted is simply done again. To have a page fetched anew, take
another -batch, such as one named by the day.

Exit status: 1 if not all could be added, 2 for bad usage and for a line that is no URL, 130
after Ctrl-C or SIGTERM. What it says was added is stored.

Examples:
  overlap queue add urls.txt
  overlap queue add -batch monday urls.txt
  overlap queue add -dir jobs -sync -
`

const queueResultsManual = `
Usage: overlap queue results [flags] [FILE]

Results waits until each URL of a file, or of standard input, has its result, and prints these
in the order of the lines, as JSON, a line each: {"key": …, "result": …}, or, of a job that was
given up, {"key": …, "error": …, "code": …, "tries": …, "worker": …}. The file is as for add, and
so is -batch. It takes nothing out of the queue, and may be called again.

If it has waited for long, it says on standard error what the queue is doing. Ctrl-C or SIGTERM
ends the wait: what is there by then is printed.

Exit status: 1 if a job was given up, or the queue failed; 2 for bad usage and for a line that
is no URL; 130 after Ctrl-C or SIGTERM, if some have no result.

Examples:
  overlap queue results urls.txt
  overlap queue results -batch monday urls.txt
`

// A batchTask is a file of keys, and the batch that they belong to.
type batchTask struct {
	queueTask
	batch string
	file  string
}

func (t *batchTask) flags(flags *flag.FlagSet) {
	t.queueTask.flags(flags)
	flags.StringVar(&t.batch, "batch", "default", "`name` of the batch that the keys belong to")
}

func (t *batchTask) check(flags *flag.FlagSet) error {
	switch flags.NArg() {
	case 0:
		t.file = "-"
	case 1:
		t.file = flags.Arg(0)
	default:
		return fmt.Errorf("%q is one file too many; flags come first", flags.Arg(1))
	}
	if !isQueueName(t.batch) {
		return fmt.Errorf("-batch is %q, want %s", t.batch, queueNames)
	}
	return t.queueTask.check(flags)
}

// batchOf parses the flags and reads the keys. If ok is false, the command ends with the status.
func (c console) batchOf(flags *flag.FlagSet, args []string) (t batchTask, keys []string, status int, ok bool) {
	t.flags(flags)
	if status, ok := c.ready(flags, args, t.check); !ok {
		return t, nil, status, false
	}
	keys, err := c.readURLs(t.file)
	if err != nil {
		return t, nil, c.misused(flags, err), false
	}
	return t, keys, 0, true
}

func (c console) queueAdd(ctx context.Context, flags *flag.FlagSet, args []string) int {
	t, keys, status, ok := c.batchOf(flags, args)
	if !ok {
		return status
	}
	c.stderr = together(c.stderr)
	return c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error {
		progress := newMeter(c.stderr, len(keys))
		began := time.Now()
		added, err := queue.Add(ctx, q, namedPages(noPages()), t.batch, func(yield func(string) bool) {
			for i, key := range keys {
				if !yield(key) {
					return
				}
				if taken := time.Since(began); taken > time.Second {
					progress.show(i+1, "being added", taken/time.Duration(i+1)*time.Duration(len(keys)-i-1))
				}
			}
		})
		progress.end()
		what := fmt.Sprintf("%d new, %d known", added.New, added.Known)
		if err != nil {
			fmt.Fprintf(c.stderr, "overlap queue add: %s of %s in batch %s; the same again adds the others\n", what, spell.Count(len(keys), "key"), t.batch)
			return err
		}
		_, err = fmt.Fprintf(c.stdout, "%s: %s, in batch %s\n", spell.Count(len(keys), "key"), what, t.batch)
		return err
	})
}

// noPages is the job where it is not done, but named.
func noPages() (job overlap.Job[string, pages.Body, pages.Page]) { return job }

// An outcomeLine is what results prints for a key.
type outcomeLine struct {
	Key    string          `json:"key"`
	Result json.RawMessage `json:"result,omitempty"`
	*failureLine
}

// A failureLine is a *queue.RemoteError in JSON.
type failureLine struct {
	Error  string `json:"error"`
	Code   string `json:"code"`
	Tries  int    `json:"tries"`
	Worker string `json:"worker"`
}

func failureOf(e *queue.RemoteError) *failureLine {
	return &failureLine{e.Message, e.Code, e.Tries, e.Worker}
}

// impatience is after how long a wait for results says what it waits for, each time.
const impatience = 10 * time.Second

func (c console) queueResults(ctx context.Context, flags *flag.FlagSet, args []string) int {
	t, keys, status, ok := c.batchOf(flags, args)
	if !ok {
		return status
	}
	t.reads = true
	c.stderr = together(c.stderr)
	return c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error {
		// The results are printed as they were stored.
		job := queue.Job[string, int, json.RawMessage]{Name: t.job, Keys: queue.Text()}
		stop := every(ctx, impatience, func(ctx context.Context) {
			if status, err := q.Status(ctx, t.job); err == nil {
				fmt.Fprintf(c.stderr, "overlap queue results: waiting: %s\n", waitingFor(status, t.batch))
			}
		})
		results := queue.Collect(ctx, q, job, t.batch, keys)
		stop()
		return c.printResults(ctx, keys, results)
	})
}

// waitingFor says what is to be waited for.
func waitingFor(s queue.Status, batch string) string {
	switch {
	case s.Pending+s.InFlight == 0:
		return fmt.Sprintf("the queue is empty: some keys have not been added to batch %s, or their results are no longer kept", batch)
	case len(s.Workers) == 0:
		return fmt.Sprintf("%s, and no worker is there", spell.Count(s.Pending+s.InFlight, "job"))
	}
	return statusLine(s)
}

func (c console) printResults(ctx context.Context, keys []string, results []overlap.Result[json.RawMessage]) error {
	var givenUp, missing int
	var why error
	encoder := lineEncoder(c.stdout)
	for i, result := range results {
		line := outcomeLine{Key: keys[i], Result: result.Value}
		if failure, ok := errors.AsType[*queue.RemoteError](result.Err); ok {
			givenUp++
			line.failureLine = failureOf(failure)
		} else if result.Err != nil {
			missing++
			why = result.Err
			continue
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	switch {
	case missing > 0 && ctx.Err() != nil:
		fmt.Fprintf(c.stderr, "overlap queue results: %d of %s have no result yet\n", missing, spell.Count(len(keys), "key"))
		return why
	case missing > 0:
		return fmt.Errorf("%d of %s have no result: %w", missing, spell.Count(len(keys), "key"), why)
	case givenUp > 0:
		fmt.Fprintf(c.stderr, "overlap queue results: %d of %s given up\n", givenUp, spell.Count(len(keys), "job"))
		return errSaid
	}
	return nil
}

// every calls do each time that so much time has passed, until ctx ends or stop is called. That
// ends do's context too, and waits for it to return.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if ctx.Err() == nil { // both may have been ready
				do(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"example.com/overlap/internal/spell"
	"example.com/overlap/queue"
)

const queueStatusManual = `
Usage: overlap queue status [flags]

Status tells how the queue stands:

  pending      jobs that no worker has
  in flight    jobs that a worker has, or that wait for their next try
  redelivered  how often a job was handed out again, in all: its worker died, hung or failed
  done         outcomes that are kept, also those of dead jobs
  dead         jobs that were given up; ` + "`overlap queue dead`" + ` lists them
  workers      who is there, with the jobs that each does now and has done

-watch tells it anew each second, in place on a terminal, else in a line each, until Ctrl-C.

Exit status: 1 if the queue cannot be reached, 2 for bad usage. Ctrl-C is how -watch ends,
with 0.

Examples:
  overlap queue status
  overlap queue status -json
  overlap queue status -watch
  overlap queue status -job mine -dir jobs
`

// glance is how often -watch looks.
const glance = time.Second

// answerTime is how long -watch waits for an answer until it says that there is none.
const answerTime = 3 * time.Second

func (c console) queueStatus(ctx context.Context, flags *flag.FlagSet, args []string) int {
	t := queueTask{place: place{reads: true}}
	t.flags(flags)
	watch := flags.Bool("watch", false, "tell it each second, until Ctrl-C")
	asJSON := flags.Bool("json", false, "print JSON, an object a line")
	if status, ok := c.ready(flags, args, t.checkNamed); !ok {
		return status
	}
	c.stderr = together(c.stderr)
	if !*watch {
		return c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error {
			status, err := q.Status(ctx, t.job)
			if err != nil {
				return err
			}
			if *asJSON {
				return lineEncoder(c.stdout).Encode(ofStatus(status))
			}
			_, err = io.WriteString(c.stdout, statusTable(t.job, status))
			return err
		})
	}
	var to watcher = &lineWatcher{w: c.stdout, now: time.Now}
	log := c.stderr
	if *asJSON {
		to = jsonWatcher{lineEncoder(c.stdout)}
	} else if file, ok := c.stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		frame := &frame{w: c.stdout, size: func() (int, int, error) { return term.GetSize(int(file.Fd())) }}
		to, log = &frameWatcher{job: t.job, frame: frame}, frame
	}
	status := c.atQueue(ctx, flags, &t.place, log, func(q *queue.Queue) error { return watchStatus(ctx, q, t.job, to) })
	if status == interrupted { // before it began
		return 0
	}
	return status
}

// A watcher shows how a queue stands, each second.
type watcher interface {
	show(s queue.Status) error
	silent(err error) error // the server does not answer
}

func watchStatus(ctx context.Context, q *queue.Queue, job string, to watcher) error {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for {
		asked, cancel := context.WithTimeout(ctx, answerTime)
		status, err := q.Status(asked, job)
		late := asked.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil: // that is how it ends
			return nil
		case err == nil:
			err = to.show(status)
		case late:
			err = to.silent(fmt.Errorf("the server has not answered for %v", answerTime))
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ofStatus has an empty list in JSON for no workers, not null.
func ofStatus(s queue.Status) queue.Status {
	if s.Workers == nil {
		s.Workers = []queue.Worker{}
	}
	return s
}

// lineEncoder writes values as JSON, a line each, with URLs as they are.
func lineEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// statusLine is a status in a line.
func statusLine(s queue.Status) string {
	return fmt.Sprintf("%d pending, %d in flight, %d redelivered, %d done, %d dead, %s",
		s.Pending, s.InFlight, s.Redelivered, s.Done, s.Dead, spell.Count(len(s.Workers), "worker"))
}

// statusTable is a status in full.
func statusTable(job string, s queue.Status) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "job\t%s\n", job)
	for _, row := range []struct {
		name string
		n    int
	}{
		{"pending", s.Pending}, {"in flight", s.InFlight}, {"redelivered", s.Redelivered},
		{"done", s.Done}, {"dead", s.Dead}, {"workers", len(s.Workers)},
	} {
		fmt.Fprintf(table, "%s\t%d\n", row.name, row.n)
	}
	_ = table.Flush() // to a strings.Builder
	if len(s.Workers) == 0 {
		return text.String()
	}
	text.WriteByte('\n')
	fmt.Fprint(table, "worker\trunning\tlimit\tdone\tfailed\tagain\tknown\n")
	for _, w := range s.Workers {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", printable(w.Name), w.Running, w.Limit, w.Done, w.Failed, w.Again, w.Known)
	}
	_ = table.Flush()
	return text.String()
}

// A lineWatcher writes a line each time.
type lineWatcher struct {
	w   io.Writer
	now func() time.Time
}

func (l *lineWatcher) show(s queue.Status) error { return l.line(statusLine(s)) }

func (l *lineWatcher) silent(err error) error { return l.line(err.Error()) }

func (l *lineWatcher) line(text string) error {
	_, err := fmt.Fprintf(l.w, "%s  %s\n", l.now().Format(time.TimeOnly), text)
	return err
}

// A jsonWatcher writes an object each time.
type jsonWatcher struct{ *json.Encoder }

func (j jsonWatcher) show(s queue.Status) error { return j.Encode(ofStatus(s)) }

// silent leaves a hole: it is in the log.
func (jsonWatcher) silent(error) error { return nil }

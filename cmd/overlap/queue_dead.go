package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"example.com/overlap/internal/spell"
	"example.com/overlap/queue"
)

const queueDeadManual = `
Usage: overlap queue dead [flags]

Dead lists the jobs that were given up, the oldest first: when, their batch, their key, and the
error of the last try. They are kept for a week, or until ` + "`overlap queue revive`" + `.

Exit status: 1 if the queue cannot be reached, 2 for bad usage, 130 after Ctrl-C or SIGTERM.
That there are dead jobs is no failure of this command.

Examples:
  overlap queue dead
  overlap queue dead -json
`

const queueReviveManual = `
Usage: overlap queue revive [flags]

Revive puts the jobs that were given up back into the queue, with all their tries, once what
made them fail is mended. ` + "`overlap queue dead`" + ` lists them. If it is interrupted, the same again
revives the others.

Exit status: 1 if not all could be revived, 2 for bad usage, 130 after Ctrl-C or SIGTERM.

Examples:
  overlap queue revive
  overlap queue revive -job mine -dir jobs
`

// A deadLine is a dead letter in JSON.
type deadLine struct {
	Batch string    `json:"batch"`
	Key   string    `json:"key"` // as the job encodes it, which is text for pages
	Time  time.Time `json:"time"`
	failureLine
}

func (c console) queueDead(ctx context.Context, flags *flag.FlagSet, args []string) int {
	t := queueTask{place: place{reads: true}}
	t.flags(flags)
	asJSON := flags.Bool("json", false, "print JSON, an object a line")
	if status, ok := c.ready(flags, args, t.checkNamed); !ok {
		return status
	}
	c.stderr = together(c.stderr)
	return c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error {
		none := true
		encoder := lineEncoder(c.stdout)
		for letter, err := range q.Dead(ctx, t.job) {
			if err != nil {
				return err
			}
			none = false
			if *asJSON {
				line := deadLine{Batch: letter.Batch, Key: string(letter.Key), Time: letter.Time}
				if failure, ok := errors.AsType[*queue.RemoteError](letter.Err); ok {
					line.failureLine = *failureOf(failure)
				}
				err = encoder.Encode(line)
			} else {
				_, err = fmt.Fprintf(c.stdout, "%s  %s  %s: %s\n", letter.Time.Local().Format(time.DateTime),
					letter.Batch, printable(string(letter.Key)), printable(letter.Err.Error()))
			}
			if err != nil {
				return err
			}
		}
		if none && !*asJSON {
			_, err := fmt.Fprintf(c.stdout, "no job of %s is dead\n", t.job)
			return err
		}
		return nil
	})
}

func (c console) queueRevive(ctx context.Context, flags *flag.FlagSet, args []string) int {
	t := queueTask{place: place{reads: true}}
	t.flags(flags)
	if status, ok := c.ready(flags, args, t.checkNamed); !ok {
		return status
	}
	c.stderr = together(c.stderr)
	return c.atQueue(ctx, flags, &t.place, c.stderr, func(q *queue.Queue) error {
		n, err := q.Revive(ctx, t.job)
		what := spell.Count(n, "job") + " revived"
		if err != nil {
			fmt.Fprintf(c.stderr, "overlap queue revive: %s; the same again revives the others\n", what)
			return err
		}
		_, err = fmt.Fprintln(c.stdout, what)
		return err
	})
}

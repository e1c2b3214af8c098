// Soak holds many jobs in flight for as long as it is told, with faults on, and says whether
// memory, goroutines and descriptors stay flat, and whether every result is accounted for.
//
//	go run ./bench/faults/soak -minutes 10
//
// `go run ./bench/faults/soak -h` is its manual.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"example.com/overlap/bench/faults"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages/clients"
)

const manual = `
Usage: soak [flags]

Soak holds many jobs in flight, with faults on, under one model after another, and
says whether memory, goroutines and descriptors stay flat. A job fetches a page from a
mock server, which is a process of its own, and parses it; when one ends, the next
begins. The models are those that can do that for any time: with a Stream and a limit.

-minutes is what is measured, over all models. Beside it each needs some time to get its
jobs into flight, and to end them: half a minute with the standard settings.

A measure is flat if it does not grow and if nothing is left. It grows if its slope is
up, surely (Mann-Kendall over twelve parts of the time, once in a hundred by chance),
and by more than half a goroutine or descriptor for 1,000 jobs and 64 beside, 50 bytes of live
heap a job and 4 MiB, or 100 bytes of resident memory a job and 64 MiB. Nothing is left if, once all has ended,
goroutines and descriptors are as many as before the start, and the live heap is larger
by no more than 50 bytes a job and 4 MiB.

A result is accounted for if it is the value that a run without faults gives, or an error
of the type that one of the faults makes; and there may be no more of those than the
server made such faults.

Ctrl-C ends it early, and reports what was seen.

Exit status: 1 if something is not flat, a result is not accounted for, or fewer jobs
were in flight than asked for (by the server's record, at the median, less 5 %), 2 for bad
usage, 130 after Ctrl-C or SIGTERM.

Examples:
  soak -minutes 10
  soak -minutes 1 -models pool -in-flight 1000 -latency 500ms -timeout 5s
  soak -minutes 60 -client fasthttp
  soak -minutes 5 -faults reset=0.02,truncate=0.02
  soak -minutes 5 -faults none
`

func main() {
	site.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(soak(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses, beside 0.
const (
	failed      = 1
	badUsage    = 2
	interrupted = 130
)

func soak(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s := faults.Standard()
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	minutes := flags.Int("minutes", int(s.Measured/time.Minute), "`minutes` to measure, over all models, 1 to 1440")
	flags.Func("models", "comma-separated `models`, in turn (default "+strings.Join(s.Models, ",")+")", func(list string) error {
		s.Models = strings.Split(list, ",")
		return nil
	})
	flags.IntVar(&s.InFlight, "in-flight", s.InFlight, "`jobs` in flight")
	flags.StringVar(&s.Client, "client", s.Client, "the HTTP `client`: "+strings.Join(clients.Names(), ", "))
	flags.DurationVar(&s.Latency, "latency", s.Latency, "mean `wait` before an answer; it is between half of that and half as much again")
	flags.DurationVar(&s.Timeout, "timeout", s.Timeout, "`time` after which a request fails; more than any answer takes")
	flags.DurationVar(&s.Every, "every", s.Every, "`time` between two samples")
	flags.Uint64Var(&s.Seed, "seed", s.Seed, "`seed` of pages, waits and faults")
	flags.Var(&s.Faults, "faults", "comma-separated `faults` and how probable they are, of status, reset, slow, hang, truncate, malformed; or none")
	misused := func(err error) int {
		fmt.Fprintf(stderr, "soak: %v\n`soak -h` lists the flags\n", err)
		return badUsage
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		fmt.Fprint(stdout, strings.TrimLeft(manual, "\n"), "\nFlags:\n")
		flags.PrintDefaults()
		return 0
	case err != nil:
		return misused(err)
	case flags.NArg() > 0:
		return misused(fmt.Errorf("%q is no flag, and soak takes no arguments", flags.Arg(0)))
	case *minutes < 1 || *minutes > 1440:
		return misused(fmt.Errorf("-minutes is %d, want 1 to 1440", *minutes))
	}
	s.Measured = time.Duration(*minutes) * time.Minute
	if err := s.Validate(); err != nil {
		return misused(named(err))
	}
	fmt.Fprintf(stderr, "soak: about %v, %d jobs in flight, %s\n", s.Takes().Round(time.Second), s.InFlight, strings.Join(s.Models, ", "))
	show := &line{w: stderr, last: time.Now()}
	report, err := faults.Soak(ctx, s, show.progress)
	show.end()
	if err == nil || len(report.Turns) > 0 {
		err = errors.Join(err, report.Write(stdout))
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "soak: %v\n", err)
		return failed
	case report.Interrupted:
		return interrupted
	case !report.Passed():
		return failed
	}
	return 0
}

// named gives a setting's error the name of its flag.
func named(err error) error {
	name, problem := "", ""
	if setting, ok := errors.AsType[*faults.SettingError](err); ok {
		name, problem = setting.Setting, setting.Problem
	}
	if field, ok := errors.AsType[*mockserver.FieldError](err); ok {
		name, problem = strings.SplitN(field.Field, ".", 2)[0], field.Error()
	}
	flag := map[string]string{
		"Measured": "minutes", "Models": "models", "InFlight": "in-flight", "Client": "client",
		"Latency": "latency", "Timeout": "timeout", "Every": "every", "Faults": "faults",
	}[name]
	if flag == "" {
		return err
	}
	return fmt.Errorf("-%s: %s", flag, problem)
}

// A line is the progress: one that is written over on a terminal, else one a minute.
type line struct {
	w     io.Writer
	last  time.Time
	drawn bool
}

func (l *line) progress(p faults.Progress) {
	file, ok := l.w.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	if !terminal && time.Since(l.last) < time.Minute {
		return
	}
	l.last = time.Now()
	text := fmt.Sprintf("~%v left, %s: %v", p.Left.Round(time.Second), p.Model, p.Sample)
	if terminal {
		l.drawn = true
		// A line that wraps would be drawn again and again.
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 && len(text) >= width {
			text = text[:width-1]
		}
		fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(l.w, text)
}

func (l *line) end() {
	if l.drawn {
		fmt.Fprint(l.w, "\r\x1b[K")
	}
}

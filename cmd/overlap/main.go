// Overlap compares concurrency models in Go: it runs one, measures all of them,
// serves the pages that they fetch, or has jobs done by workers in other processes.
//
//	overlap run -model pool -workers 20 -n 1000 -latency 20ms
//	overlap bench -rounds 20 -bench Pages
//	overlap compare before.txt after.txt
//	overlap serve -latency 50ms -profile lognormal
//	overlap queue demo
//
// `overlap help COMMAND` is the manual of each command.
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
)

// Exit statuses, beside 0.
const (
	failed      = 1   // a job failed, or the command did
	badUsage    = 2   // flags or arguments make no sense; nothing was done
	interrupted = 130 // Ctrl-C or another signal to end; a shell's 128 + SIGINT
)

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unread := make(chan os.Signal, 1) // what reads our output has ended: clean up, as after Ctrl-C
	signal.Notify(unread, syscall.SIGPIPE)
	go func() {
		<-unread
		cancel()
	}()
	c := console{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(c.main(ctx, os.Args[1:]))
}

// A console is what a command reads and writes.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	dry            bool // commands check their flags and do nothing else
}

// A command is one verb of the program.
type command struct {
	name    string
	summary string
	manual  string // begins with the usage line and ends with examples
	run     func(c console, ctx context.Context, flags *flag.FlagSet, args []string) int
}

func commands() []command {
	return []command{
		{"run", "run one workload under one model: pages, crawl, rows, files, live", runManual, console.run},
		{"bench", "compare the models, in rounds", benchManual, console.bench},
		{"compare", "judge what bench wrote: which model is better, what changed", compareManual, console.compare},
		{"report", "draw what bench wrote: a page, Markdown, tables, charts", reportManual, console.report},
		{"serve", "serve the pages of the mock server", serveManual, console.serve},
		{"queue", "do jobs in other processes, and on other machines", queueManual, console.queue},
		{"docs", "make the course's pages from code and recorded runs, or check them", docsManual, console.docs},
	}
}

func (c console) main(ctx context.Context, args []string) int {
	if len(args) == 0 {
		c.overview(c.stderr)
		return badUsage
	}
	name, rest := args[0], args[1:]
	switch {
	case name == "help" && (len(rest) == 1 || len(rest) == 2 && rest[0] == "queue"):
		name, rest = rest[0], append(rest[1:], "-h")
	case name == "help" || name == "-h" || name == "-help" || name == "--help":
		c.overview(c.stdout)
		return 0
	}
	for _, command := range commands() {
		if command.name == name {
			return command.run(c, ctx, c.flags(command), rest)
		}
	}
	fmt.Fprintf(c.stderr, "overlap: no command is called %q; `overlap help` lists them\n", name)
	return badUsage
}

func (c console) overview(w io.Writer) {
	fmt.Fprint(w, "Overlap compares concurrency models.\n\nUsage: overlap COMMAND [flags]\n\n")
	for _, command := range commands() {
		fmt.Fprintf(w, "  %-8s %s\n", command.name, command.summary)
	}
	fmt.Fprint(w, "\n`overlap help COMMAND` tells more.\n")
}

// flags returns a flag set whose -h prints the command's manual.
func (c console) flags(command command) *flag.FlagSet {
	flags := flag.NewFlagSet(command.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed by parse
	flags.Usage = func() {
		flags.SetOutput(c.stdout)
		fmt.Fprint(c.stdout, strings.TrimLeft(command.manual, "\n"), "\nFlags:\n")
		flags.PrintDefaults()
	}
	return flags
}

// parse reads the flags and says whether to go on; if not, with which status the
// program ends. Arguments that are no flags are left in flags.Args.
func (c console) parse(flags *flag.FlagSet, args []string) (status int, ok bool) {
	usage := flags.Usage
	flags.Usage = func() {} // not for a mistake: the mistake would scroll away
	switch err := flags.Parse(args); {
	case err == nil:
		return 0, true
	case errors.Is(err, flag.ErrHelp):
		usage()
		return 0, false
	default:
		return c.misused(flags, err), false
	}
}

// ready reads the flags, has check judge what they say, and says whether to go on as parse does.
// A dry run ends here.
func (c console) ready(flags *flag.FlagSet, args []string, check func(*flag.FlagSet) error) (status int, ok bool) {
	if status, ok := c.parse(flags, args); !ok {
		return status, false
	}
	if err := check(flags); err != nil {
		return c.misused(flags, err), false
	}
	return 0, !c.dry
}

// misused reports bad usage.
func (c console) misused(flags *flag.FlagSet, err error) int {
	fmt.Fprintf(c.stderr, "overlap %s: %v\n`overlap help %s` lists the flags\n", flags.Name(), err, flags.Name())
	return badUsage
}

// broken reports that a command could not do what it was asked.
func (c console) broken(flags *flag.FlagSet, err error) int {
	fmt.Fprintf(c.stderr, "overlap %s: %v\n", flags.Name(), err)
	return failed
}

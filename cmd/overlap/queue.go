package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"example.com/overlap/queue"
)

const queueManual = `
Usage: overlap queue COMMAND [flags] [FILE]

Queue does jobs in other processes, on this machine or on many: workers take them from a
queue that outlives them all. A worker may die at any moment, by SIGKILL too: its jobs are
handed to another. So a job may run more than once; its result is recorded once.

  work     is a worker; any number of them may run
  add      puts keys into the queue, a line each; a second time changes nothing
  status   tells how the queue stands; -watch each second
  results  waits for the results of keys, and prints them
  dead     lists the jobs that were given up, with their errors
  revive   puts these back into the queue
  demo     shows it all on this machine, in half a minute: workers are killed meanwhile

The job is pages: a key is a URL, the result what its page says. Programs of your own have
other jobs, by package queue (` + "`go doc ./queue`" + `); status, dead and revive know them by -job.

The queue is in a directory of this machine (-dir). Whichever command comes first runs a
NATS server there, in its own process, and when that ends another takes over: nothing has to
be installed or started. Without -dir it is in the user's data directory, for a cache may be
emptied by others and the working directory is another one in the next terminal:
$XDG_DATA_HOME/overlap/queue or ~/.local/share/overlap/queue, on macOS and Windows
overlap/queue in Library/Application Support and in %LocalAppData%. It must be on a disk of
this machine, not of the network. Workers on other machines need a server that all can reach:
-nats, or NATS_URL, which keeps a password off the command line.

Exit status: 1 if a command failed, 2 for bad usage, 130 after Ctrl-C or SIGTERM, which end
every command cleanly; ` + "`overlap help queue COMMAND`" + ` is its manual.

Examples:
  overlap queue demo
  overlap queue add urls.txt
  overlap queue work -limit 50
  overlap queue status -watch
  overlap queue results urls.txt
`

// queueCommands are the verbs of overlap queue; their names begin with it, as that is how they
// are called.
func queueCommands() []command {
	return []command{
		{"queue work", "be a worker", queueWorkManual, console.queueWork},
		{"queue add", "put keys into the queue", queueAddManual, console.queueAdd},
		{"queue status", "tell how the queue stands", queueStatusManual, console.queueStatus},
		{"queue results", "wait for results, and print them", queueResultsManual, console.queueResults},
		{"queue dead", "list the jobs that were given up", queueDeadManual, console.queueDead},
		{"queue revive", "put these back into the queue", queueReviveManual, console.queueRevive},
		{"queue demo", "show it all, in half a minute", queueDemoManual, console.queueDemo},
	}
}

func (c console) queue(ctx context.Context, flags *flag.FlagSet, args []string) int {
	new(place).flags(flags) // for -h, which tells of what all commands have
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		for _, command := range queueCommands() {
			if command.name == "queue "+args[0] {
				return command.run(c, ctx, c.flags(command), args[1:])
			}
		}
		fmt.Fprintf(c.stderr, "overlap queue: no command is called %q; `overlap help queue` lists them\n", args[0])
		return badUsage
	}
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	return c.misused(flags, errors.New("a command is missing, such as add or work: flags come after it"))
}

// A queueTask is what all commands of overlap queue are asked: where the queue is, and of which
// job.
type queueTask struct {
	place
	job string
}

// pagesJob is the job that this program can do.
const pagesJob = "pages"

func (t *queueTask) flags(flags *flag.FlagSet) {
	t.place.flags(flags)
	flags.StringVar(&t.job, "job", pagesJob, "`name` of the job")
}

// check is for a command that does, or encodes and decodes, the job.
func (t *queueTask) check(flags *flag.FlagSet) error {
	if t.job != pagesJob {
		return fmt.Errorf("-job is %q, want %s: others are done by programs of your own, see `go doc ./queue`", t.job, pagesJob)
	}
	return t.place.check(flags)
}

// checkNamed is for a command that needs no more of the job than its name.
func (t *queueTask) checkNamed(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag, and %s takes no arguments", flags.Arg(0), flags.Name())
	}
	if !isQueueName(t.job) {
		return fmt.Errorf("-job is %q, want %s", t.job, queueNames)
	}
	return t.place.check(flags)
}

const queueNames = "1 to 64 letters, digits, '-' or '_'"

// isQueueName says whether package queue takes a name of a job or a batch.
func isQueueName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(name)
}

// atQueue opens the queue, does what is wanted, and says what became of it as an exit status.
// What the queue has to say meanwhile goes to log.
func (c console) atQueue(ctx context.Context, flags *flag.FlagSet, p *place, log io.Writer, do func(q *queue.Queue) error) int {
	settings, err := p.settings()
	if err != nil {
		return c.misused(flags, err)
	}
	settings.Log = humanLog(log, "overlap "+flags.Name()+": ")
	err = func() error {
		if err := p.mustBeThere(settings); err != nil {
			return err
		}
		q, err := queue.Open(ctx, settings)
		if err != nil {
			return err
		}
		return errors.Join(do(q), q.Close())
	}()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return failed
	case ctx.Err() == nil:
		return c.broken(flags, err)
	case errors.Is(err, context.Cause(ctx)):
		fmt.Fprintf(c.stderr, "overlap %s: interrupted\n", flags.Name())
	default:
		fmt.Fprintf(c.stderr, "overlap %s: interrupted: %v\n", flags.Name(), err)
	}
	return interrupted
}

// errSaid is the error of what failed and has been told of.
var errSaid = errors.New("told already")

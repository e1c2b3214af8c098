package runtimes_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/site"
)

// flags are globals because go test gives benchmarks no other way to their flags.
var flags struct {
	commands runtimes.Commands
	million  bool
	sleep    time.Duration
}

var machine = sync.OnceValue(func() *runtimes.Machine { return runtimes.NewMachine(flags.commands) })

func TestMain(m *testing.M) {
	site.Main()
	fakeMain()
	flag.StringVar(&flags.commands.Python, "python", "", "`command` of the Python to measure; empty is the first of python3 and /usr/bin/python3 that can import aiohttp")
	flag.StringVar(&flags.commands.Node, "node", "", "`command` of the Node.js to measure; empty is node")
	flag.StringVar(&flags.commands.Wrk, "wrk", "", "`command` of the wrk to measure; empty is wrk")
	flag.BoolVar(&flags.million, "million", false, "run BenchmarkWaiting with a million tasks in place of 100,000: up to 4 GiB of memory and a minute a row")
	flag.DurationVar(&flags.sleep, "sleep", 0, "how long each task of BenchmarkWaiting sleeps, a `time`; 0s is 2s for each 100,000 tasks")
	flag.Parse()
	// Configuration lines of the benchmark format. Who runs one cell alone has them already.
	if f := flag.Lookup("test.bench"); f.Value.String() != "" && os.Getenv(rounds.LatenciesEnv) == "" {
		for _, line := range machine().Versions() {
			fmt.Println(line)
		}
	}
	os.Exit(m.Run())
}

// watchInterrupts ends this process at an interrupt, but ends what it runs before: a client
// is in a process group of its own, which a terminal's Ctrl-C does not reach.
var watchInterrupts = sync.OnceValue(func() *interrupts {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	i := &interrupts{ctx: ctx}
	go func() {
		<-ctx.Done()
		i.running.Lock()
		os.Exit(130)
	}()
	return i
})

type interrupts struct {
	ctx     context.Context
	running sync.RWMutex // held for reading by what runs
}

// run runs f with a context that ends with an interrupt; or after five minutes, as what takes
// so long hangs. After an interrupt it does not return.
func (i *interrupts) run(f func(context.Context) error) error {
	i.running.RLock()
	ctx, cancel := context.WithTimeout(i.ctx, 5*time.Minute)
	defer cancel()
	err := f(ctx)
	i.running.RUnlock()
	if i.ctx.Err() != nil {
		select {}
	}
	return err
}

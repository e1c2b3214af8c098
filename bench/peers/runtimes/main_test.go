package runtimes_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/site"
	"example.com/overlap/internal/process"
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
		if err := flags.commands.Missing(machine()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, line := range machine().Versions() {
			fmt.Println(line)
		}
	}
	os.Exit(m.Run())
}

// watched are the interrupts of this process, once it runs a client.
var watched = sync.OnceValue(process.WatchInterrupts)

// bounded runs a client, which ends with an interrupt, and after five minutes at the latest.
func bounded(run func(context.Context) error) error { return watched().Run(5*time.Minute, run) }

package runtimes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
)

// fakeEnv is the environment variable that makes of the test binary a program that does
// what its value says.
const fakeEnv = "OVERLAP_RUNTIMES_FAKE"

// A fake is a program that fetches nothing, whatever it says.
type fake struct {
	Says   string // on standard output
	Much   bool   // a thousand times
	Stays  bool   // until its standard input ends, as the protocol wants it
	Then   string // what it says after that
	Stderr string
	Status int

	Hangs bool // says on file 3 that it is there, and heeds neither interrupts nor the end of its input
	Outer bool // runs one that hangs, as a benchmark does
}

func (f fake) run() {
	switch {
	case f.Outer:
		s, err := site.Start(mockserver.Settings{Pages: 1})
		if err == nil {
			err = bounded(func(ctx context.Context) error {
				_, err := runtimes.Run(ctx, machine(), fake{Hangs: true}.client(), s, runtimes.Work{Pages: 1, InFlight: 1, Warm: 1})
				return err
			})
		}
		fmt.Fprintln(os.Stderr, "it ended by itself:", err)
		os.Exit(1)
	case f.Hangs:
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		fmt.Fprintln(os.NewFile(3, "held"), "here")
		time.Sleep(time.Hour)
	}
	if f.Much {
		f.Says = strings.Repeat(f.Says, 1000)
	}
	fmt.Print(f.Says)
	fmt.Fprint(os.Stderr, f.Stderr)
	if f.Stays {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	fmt.Print(f.Then)
	os.Exit(f.Status)
}

func fakeMain() {
	text, ok := os.LookupEnv(fakeEnv)
	if !ok {
		return
	}
	var f fake
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		panic(err)
	}
	f.run()
}

func (f fake) command(ctx context.Context) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), fakeEnv+"="+string(text), "GORACE=atexit_sleep_ms=0") // else it ends a second later
	return cmd
}

func (f fake) client() runtimes.Client {
	return runtimes.Client{Name: "fake", Command: func(ctx context.Context, _ runtimes.Task) (*exec.Cmd, error) {
		return f.command(ctx), nil
	}}
}

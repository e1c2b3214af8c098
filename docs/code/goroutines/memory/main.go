// Memory says what a waiting goroutine takes, and an asyncio task, if a python3 is
// on the PATH: resident memory, as the operating system counts it. Each row is
// measured in a process of its own.
//
//	go run ./docs/code/goroutines/memory
package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"example.com/overlap/bench/cost"
)

//go:embed tasks.py
var tasks string

// kinds are the ways to wait, in the order of the rows.
func kinds() []kind {
	return []kind{
		{"goroutine", func(wait func()) { wait() }},
		{"goroutine that holds 3 KB", func(wait func()) { hold(wait) }},
	}
}

// A kind is a function that calls wait from within itself.
type kind struct {
	name string
	body func(wait func())
}

// hold has 3,000 bytes on its stack while it waits, as a function with a few large
// variables does.
func hold(wait func()) byte {
	var frame [3000]byte
	for i := range frame {
		frame[i] = byte(i)
	}
	wait()
	return frame[len(os.Args)]
}

//region measure

// measure starts n goroutines and returns the bytes for each while all of them wait.
func measure(n int, body func(wait func())) (int64, error) {
	memory := cost.WatchRSS()
	before, err := memory.Peak()
	if err != nil {
		return 0, err
	}
	gate := make(chan struct{})
	var here, gone sync.WaitGroup
	here.Add(n)
	for range n {
		gone.Go(func() {
			body(func() {
				here.Done()
				<-gate
			})
		})
	}
	here.Wait() // all of them are at the gate, or one step before
	after, err := memory.Peak()
	close(gate)
	gone.Wait()
	return (after.Peak - before.Peak) / int64(n), err
}

//endregion

func main() {
	if err := run(os.Stdout, os.Args[1:], 100_000); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run prints the table for n that wait, or, given the number of a row, measures that
// one: this is how the process starts itself anew.
func run(w io.Writer, args []string, n int) error {
	if len(args) == 1 {
		i, err := strconv.Atoi(args[0])
		if err != nil || i < 0 || i >= len(kinds()) {
			return fmt.Errorf("memory: %q is no row", args[0])
		}
		each, err := measure(n, kinds()[i].body)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w, each)
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%-26s bytes each, %d of them\n", "waiting", n)
	for i, k := range kinds() {
		each, err := exec.Command(self, strconv.Itoa(i)).Output()
		if err != nil {
			return fmt.Errorf("memory: %s: %w", k.name, err)
		}
		fmt.Fprintf(w, "%-26s %s", k.name, each)
	}
	text, err := python(n)
	if err != nil {
		text = "left out, there is no python3 that runs it"
	}
	_, err = fmt.Fprintf(w, "%-26s %s\n", "asyncio task", text)
	return err
}

// python measures n asyncio tasks.
func python(n int) (string, error) {
	out, err := exec.Command("python3", "-c", tasks, strconv.Itoa(n)).Output()
	if err != nil {
		return "", err
	}
	each, version, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !ok {
		return "", fmt.Errorf("memory: python3 printed %q", out)
	}
	return fmt.Sprintf("%s (Python %s)", each, version), nil
}

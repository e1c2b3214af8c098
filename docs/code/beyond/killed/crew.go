package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
)

// A crew is the worker processes, the oldest first.
type crew struct {
	dir    string
	all    []worker
	killed int
}

type worker struct {
	*exec.Cmd
	stdin io.Closer
}

// start starts one more: this program, told to be a worker.
func (c *crew) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w := worker{Cmd: exec.Command(self, "-work", c.dir)}
	w.Stderr = os.Stderr
	if w.stdin, err = w.StdinPipe(); err != nil {
		return err
	}
	c.all = append(c.all, w)
	return w.Start()
}

// kill ends the oldest at once (SIGKILL): it cannot say or do anything any more.
func (c *crew) kill() error {
	w := c.all[0]
	c.all = c.all[1:]
	if err := w.Process.Kill(); err != nil {
		return err
	}
	_ = w.Wait() // says that it was killed
	c.killed++
	return nil
}

// dismiss lets all of them end, and waits.
func (c *crew) dismiss() {
	var ended sync.WaitGroup
	for _, w := range c.all {
		_ = w.stdin.Close()
		ended.Go(func() { _ = w.Wait() })
	}
	ended.Wait()
}

// untilLeft is a context that ends when the process that started this one is gone, however it
// ended: then nobody holds the other end of our standard input any more.
func untilLeft() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

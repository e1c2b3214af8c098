package process

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Interrupts ends this process at an interrupt or SIGTERM, with status 130, but what it runs
// first: a command of Run is in a process group of its own, which a terminal's Ctrl-C does
// not reach. It is safe for concurrent use.
type Interrupts struct {
	ctx     context.Context
	running sync.RWMutex // held for reading by what runs
}

// WatchInterrupts begins to watch, for as long as the process lives.
func WatchInterrupts() *Interrupts {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	i := &Interrupts{ctx: ctx}
	go func() {
		<-ctx.Done()
		i.running.Lock()
		os.Exit(130)
	}()
	return i
}

// Run runs f with a context that ends with an interrupt, or after the time that is given:
// what takes so long hangs. It returns f's error; after an interrupt it does not return.
func (i *Interrupts) Run(within time.Duration, f func(context.Context) error) error {
	i.running.RLock()
	ctx, cancel := context.WithTimeout(i.ctx, within)
	defer cancel()
	err := f(ctx)
	i.running.RUnlock()
	if i.ctx.Err() != nil {
		select {}
	}
	return err
}

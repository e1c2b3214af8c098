package loop

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/overlap/eventloop"
)

func SignalHandler(co *eventloop.Co) error {
	var stop eventloop.Event
	source := co.Loop().NewSource()
	defer source.Close()
	ctx, ignore := signal.NotifyContext(co.Context(), syscall.SIGTERM)
	defer ignore()
	context.AfterFunc(ctx, func() { _ = source.Post(stop.Set) })
	if err := signalSelf(syscall.SIGTERM); err != nil {
		return err
	}
	if err := stop.Wait(co); err != nil {
		return err
	}
	fmt.Println("asked to stop")
	return nil
}

func Interrupt(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (none, error) {
		defer fmt.Println("cleaned up")
		if err := signalSelf(os.Interrupt); err != nil { // as Ctrl-C does
			return none{}, err
		}
		return none{}, co.Sleep(time.Minute)
	})
	if ctx.Err() != nil {
		fmt.Println("interrupted")
		return nil
	}
	return err
}

// signalSelf sends a signal to this process.
func signalSelf(which os.Signal) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(which)
}

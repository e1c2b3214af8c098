package plain

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func SignalHandler(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	if err := signalSelf(syscall.SIGTERM); err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Println("asked to stop")
	return nil
}

func Interrupt(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if err := signalSelf(os.Interrupt); err != nil { // as Ctrl-C does
		return err
	}
	if _, err := fetchContext(ctx, "a", time.Minute); err != nil {
		fmt.Println("cleaned up")
		fmt.Println("interrupted")
	}
	return nil
}

// signalSelf sends a signal to this process.
func signalSelf(which os.Signal) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(which)
}

package plain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

func Cancel(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := fetchContext(ctx, "a", 5*time.Second)
		ended <- err
	}()
	time.Sleep(time.Second)
	cancel()
	if err := <-ended; errors.Is(err, context.Canceled) {
		fmt.Println("cancelled")
	}
}

func Cleanup(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var job sync.WaitGroup
	job.Go(func() {
		defer func() {
			text, _ := fetchContext(context.WithoutCancel(ctx), "saved", time.Second)
			fmt.Println(text)
		}()
		_, _ = fetchContext(ctx, "a", 5*time.Second)
	})
	time.Sleep(time.Second)
	cancel()
	job.Wait()
}

func CancelMessage(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := fetchContext(ctx, "a", 5*time.Second)
		ended <- err // it is context.Cause(ctx)
	}()
	time.Sleep(time.Second)
	cancel(errors.New("the server stops"))
	fmt.Println(<-ended)
}

func Uncancel(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	answer := make(chan string, 1)
	go func() {
		if _, err := fetchContext(ctx, "a", 5*time.Second); err != nil {
			ctx = context.WithoutCancel(ctx) // a context that has ended stays so
		}
		text, _ := fetchContext(ctx, "a later answer", time.Second)
		answer <- text
	}()
	time.Sleep(time.Second)
	cancel()
	fmt.Println(<-answer)
}

func Shield(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	save := make(chan string, 1)
	go func() { save <- fetch("saved", 2*time.Second) }() // without ctx
	select {
	case text := <-save:
		fmt.Println(text)
	case <-ctx.Done():
		fmt.Println("not waiting any more")
		fmt.Println(<-save)
	}
}

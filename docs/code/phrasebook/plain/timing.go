package plain

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func Sleep(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for n := range 3 {
		select {
		case <-ticker.C:
			fmt.Println("tick", n)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func Timeout(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	text, err := fetchContext(ctx, "a", 5*time.Second)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("too late")
		return nil
	} else if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}

func TimeoutAt(ctx context.Context) error {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(3*time.Second))
	defer cancel()
	for _, name := range []string{"a", "b"} {
		text, err := fetchContext(ctx, name, 2*time.Second)
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println(name, "is too late")
			continue
		} else if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return nil
}

func Reschedule(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadline := time.AfterFunc(time.Second, func() { cancel(context.DeadlineExceeded) })
	deadline.Reset(3 * time.Second)
	text, err := fetchContext(ctx, "a", 2*time.Second)
	if err != nil {
		return err
	}
	fmt.Println(text)
	if deadline.Stop() {
		fmt.Println("in time")
	}
	return nil
}

func WaitFor() {
	text := make(chan string, 1) // it answers, wanted or not
	go func() { text <- fetch("a", 5*time.Second) }()
	select {
	case text := <-text:
		fmt.Println(text)
	case <-time.After(time.Second):
		fmt.Println("too late")
	}
}

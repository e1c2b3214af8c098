package loop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"example.com/overlap/eventloop"
)

func SubprocessExec(co *eventloop.Co) error {
	out, err := eventloop.Offload(co, func(ctx context.Context) ([]byte, error) {
		return exec.CommandContext(ctx, "echo", "hello").Output()
	}).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(string(out)), 0)
	return nil
}

func SubprocessKill(co *eventloop.Co) error {
	process := eventloop.Offload(co, func(ctx context.Context) (none, error) {
		return none{}, exec.CommandContext(ctx, "sleep", "60").Run()
	})
	_, err := eventloop.WaitFor(co, process, 50*time.Millisecond) // a timeout ends ctx
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("killed")
		return nil
	}
	return err
}

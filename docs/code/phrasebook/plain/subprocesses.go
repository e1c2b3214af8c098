package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

func SubprocessExec(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "echo", "hello")
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode())
	return nil
}

func SubprocessShell(ctx context.Context) {
	err := exec.CommandContext(ctx, "sh", "-c", "exit 3").Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		fmt.Println(failed.ExitCode())
	}
}

func SubprocessInput(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "tr", "a-z", "A-Z")
	cmd.Stdin = strings.NewReader("hello\n")
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(string(out)))
	return nil
}

func SubprocessLines(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", "echo one; echo two")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Println(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	fmt.Println(cmd.ProcessState.ExitCode())
	return nil
}

func SubprocessKill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	err := exec.CommandContext(ctx, "sleep", "60").Run() // kills it when ctx ends
	if err != nil && ctx.Err() != nil {
		fmt.Println("killed")
	}
}

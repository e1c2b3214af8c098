// Clauses finds out which clause of the contract each library keeps, and in which form: it runs
// bench/conform on them, in processes of their own, and writes a table.
//
// Usage, in the directory bench/peers:
//
//	go run ./clauses [-o FILE]
//
// It takes a minute or two. The exit status is 1 if the table could not be made, and 2 for
// bad usage; that libraries break clauses is what the table says, and no failure.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"example.com/overlap/bench/peers"
	"example.com/overlap/internal/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("clauses", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("o", "", "`file` for the table (standard output)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "clauses: %q is no flag\n", flags.Arg(0))
		return 2
	}
	table, err := judge(ctx, stderr)
	if err == nil && *out != "" {
		err = os.WriteFile(*out, table, 0o644)
	} else if err == nil {
		_, err = stdout.Write(table)
	}
	if err != nil {
		fmt.Fprintln(stderr, "clauses:", err)
		return 1
	}
	return 0
}

// judge builds the tests of package peers and lets them judge all libraries.
func judge(ctx context.Context, progress io.Writer) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "overlap-clauses-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	binary := filepath.Join(tmp, "peers.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "example.com/overlap/bench/peers")
	var said bytes.Buffer
	build.Stdout, build.Stderr = &said, &said
	if err := process.Run(build); err != nil {
		return nil, fmt.Errorf("build the tests of bench/peers: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	court := peers.Court{Binary: binary, Dir: tmp, Timeout: time.Minute, Tries: 10}
	verdicts, err := court.JudgeAll(ctx, func(library string) { fmt.Fprintln(progress, library) })
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = peers.WriteVerdicts(&text, time.Now(), verdicts)
	return text.Bytes(), err
}

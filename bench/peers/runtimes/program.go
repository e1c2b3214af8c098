package runtimes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"example.com/overlap/bench/cost"
	"example.com/overlap/internal/process"
)

// mostSaid is how much a program may print before it is taken for one that does not
// know the protocol.
const mostSaid = 64 << 10

// converse runs a program that knows the protocol: it prints one line, and ends when its
// standard input does. In between its memory is read.
func converse(ctx context.Context, cmd *exec.Cmd) (Figures, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return Figures{}, err
	}
	defer in.Close()
	defer out.Close()
	answer := &answer{cmd: cmd, asked: out}
	cmd.Stdin, cmd.Stdout = in, answer
	if err := run(ctx, cmd); err != nil {
		return Figures{}, err
	}
	if answer.size > mostSaid {
		return Figures{}, fmt.Errorf("it printed %d bytes: %q", answer.size, shorten(answer.text))
	}
	line, rest, _ := bytes.Cut(answer.text, []byte("\n"))
	if len(bytes.TrimSpace(rest)) > 0 {
		return Figures{}, fmt.Errorf("it went on to print %q", shorten(rest))
	}
	var f Figures
	if err := strictly(line, &f.Report); err != nil {
		return Figures{}, fmt.Errorf("it printed %q: %w", shorten(line), err)
	}
	f.RSS = answer.peak
	return f, nil
}

// strictly decodes JSON that has nothing but the fields of v.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more behind it")
	}
	return nil
}

// An answer is a program's standard output. When its first line is whole, it reads the
// program's memory and ends its standard input. (Something is written only when the
// program runs: os/exec sets its Process before.)
type answer struct {
	cmd   *exec.Cmd
	asked io.Closer
	text  []byte // the begin of it
	size  int
	whole bool
	peak  int64
}

func (a *answer) Write(p []byte) (int, error) {
	a.size += len(p)
	if a.size <= mostSaid {
		a.text = append(a.text, p...)
	}
	if !a.whole && bytes.IndexByte(p, '\n') >= 0 {
		a.whole = true
		a.peak, _ = cost.PeakRSSOf(a.cmd.Process.Pid) // 0 where it is not known
		if err := a.asked.Close(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// watched runs a program that knows nothing of the protocol, and returns what it prints
// and the peak of its memory.
func watched(ctx context.Context, cmd *exec.Cmd) (text []byte, peak int64, err error) {
	var out bytes.Buffer
	w := &watch{cmd: cmd}
	cmd.Stdin, cmd.Stdout = w, &out
	err = run(ctx, cmd)
	return out.Bytes(), w.peak, err
}

// A watch is the standard input of a program that reads none: os/exec reads it from when
// the program runs, on a goroutine for which it waits in the end. It holds no bytes, but
// looks at the program's memory until the program has ended. A peak never falls, so
// what is missed are the last 20 ms.
type watch struct {
	cmd  *exec.Cmd
	peak int64
}

func (w *watch) Read([]byte) (int, error) {
	for {
		peak, err := cost.PeakRSSOf(w.cmd.Process.Pid)
		if err != nil { // it has ended, or nothing is known of any
			return 0, io.EOF
		}
		w.peak = max(w.peak, peak)
		time.Sleep(20 * time.Millisecond)
	}
}

// run runs a command of ctx, of which nothing stays behind. The error has what it said, and,
// if that has ended it, the cause of ctx.
func run(ctx context.Context, cmd *exec.Cmd) error {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := process.Run(cmd)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if said := bytes.TrimSpace(stderr.Bytes()); err != nil && len(said) > 0 {
		err = fmt.Errorf("%w\n%s", err, said)
	}
	return err
}

func shorten(text []byte) []byte { return text[:min(len(text), 200)] }

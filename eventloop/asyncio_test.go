package eventloop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
	"example.com/overlap/internal/process"
	"example.com/overlap/internal/python"
)

// The table of traces. Each program of testdata/asyncio is written twice, for asyncio
// (NAME.py) and for this package (a twin in asyncio_*_test.go), and both must print
// NAME.txt, which was recorded with CPython: python3 NAME.py >NAME.txt. The first line of
// NAME.py says what the program decides. A twin reads as its program line by line, so it
// is not always the Go that one would write.

// A program is a twin. It prints by print and not to the standard output, and the error
// is one that would end the program in Python with a traceback.
type program func(print printer) error

// twins are all of them, from the files by theme.
func twins() map[string]program {
	all := map[string]program{}
	for _, some := range []map[string]program{
		awaitTwins(),
		barrierTwins(),
		callbackTwins(),
		cancelTwins(),
		completedTwins(),
		conditionTwins(),
		eventTwins(),
		executorTwins(),
		futureTwins(),
		gatherTwins(),
		groupTwins(),
		iterTwins(),
		lockTwins(),
		loopTwins(),
		queueTwins(),
		runTwins(),
		semaphoreTwins(),
		shieldTwins(),
		threadTwins(),
		timeoutTwins(),
		waitTwins(),
		waitForTwins(),
		withTwins(),
	} {
		for name, twin := range some {
			if all[name] != nil {
				panic("two twins of " + name)
			}
			all[name] = twin
		}
	}
	return all
}

const traces = "testdata/asyncio"

// tracesWith are the names of the files that end so.
func tracesWith(t *testing.T, suffix string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(traces, "*"+suffix))
	require.NoError(t, err)
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), suffix)
	}
	slices.Sort(files)
	return files
}

// trace is what a program must print.
func trace(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(traces, name+".txt"))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestAsyncioTableIsWhole(t *testing.T) {
	programs := tracesWith(t, ".py")
	require.GreaterOrEqual(t, len(programs), 40)
	require.Equal(t, programs, tracesWith(t, ".txt"), "each NAME.py has its NAME.txt")
	require.Equal(t, programs, slices.Sorted(maps.Keys(twins())), "each NAME.py has its twin in Go")
}

func TestAsyncioInGo(t *testing.T) {
	all := twins()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out output
				require.NoError(t, all[name](out.print))
				require.Equal(t, trace(t, name), out.text.String())
			})
		})
	}
}

func TestAsyncioInPython(t *testing.T) {
	found, err := python.Find(t.Context(), "python3")
	if err != nil {
		t.Skip(err)
	}
	// Python's clock is the real one: most of the time these sleep.
	const processes = 4
	names := tracesWith(t, ".py")
	shares := make([][]string, processes)
	for i, name := range names {
		shares[i%processes] = append(shares[i%processes], name)
	}
	printed := make([]map[string]pythonPrinted, processes)
	errs := make([]error, processes)
	var wg sync.WaitGroup
	for i, share := range shares {
		wg.Go(func() { printed[i], errs[i] = runPython(t.Context(), found.Path, share) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			p, ok := printed[i%processes][name]
			require.True(t, ok)
			require.Empty(t, p.Err, "the standard error")
			require.Zero(t, p.Status, "the status")
			require.Equal(t, trace(t, name), p.Out)
		})
	}
}

// pythonPrinted is what one program did, as the driver tells it.
type pythonPrinted struct {
	Out, Err string
	Status   int
}

func runPython(ctx context.Context, path string, names []string) (map[string]pythonPrinted, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-I", filepath.Join("driver", "driver.py")}, names...)...)
	cmd.Dir = traces
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := process.Run(cmd); err != nil {
		return nil, fmt.Errorf("%w: %s", err, &errs)
	}
	printed := map[string]pythonPrinted{}
	return printed, json.Unmarshal(out.Bytes(), &printed)
}

// A printer is Python's print.
type printer func(args ...any)

// with is a print of these as a callback: call_soon(print, args).
func (print printer) with(args ...any) func() { return func() { print(args...) } }

// output is what a program has printed. Functions off the loop print as well.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) print(args ...any) {
	words := make([]any, len(args))
	for i, arg := range args {
		words[i] = word(arg)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintln(&o.text, words...)
}

// word is a value as Python prints it.
func word(v any) string {
	switch v {
	case true:
		return "True"
	case false:
		return "False"
	case nil:
		return "None"
	}
	return fmt.Sprint(v)
}

// each is print's *[f(a) for a in as].
func each[A, B any](as []A, f func(A) B) string {
	words := make([]string, len(as))
	for i, a := range as {
		words[i] = word(f(a))
	}
	return strings.Join(words, " ")
}

// asyncioRun is asyncio.run for a main without a result. What the loop reports is printed,
// and so makes the trace another: what asyncio reports goes to the standard error, which
// must be empty. A program that is about reports has an [exceptionHandler].
func asyncioRun(print printer, main func(co *Co) error, options ...eventloop.Option) error {
	report := eventloop.Logger(slog.New(reports(func(message string, exception any) {
		print("reported:", message, exception)
	})))
	_, err := eventloop.Main(context.Background(), proc(main), append([]eventloop.Option{report}, options...)...)
	return err
}

// exceptionHandler is loop.set_exception_handler with a lambda loop, context that looks at
// context["exception"].
func exceptionHandler(handler func(exception any)) eventloop.Option {
	return eventloop.Logger(slog.New(reports(func(_ string, exception any) { handler(exception) })))
}

// reports is a slog.Handler that takes from a record its message and what went wrong.
type reports func(message string, exception any)

func (reports) Enabled(context.Context, slog.Level) bool { return true }
func (r reports) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r reports) WithGroup(string) slog.Handler          { return r }

func (r reports) Handle(_ context.Context, record slog.Record) error {
	var exception any
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" || a.Key == "panic" {
			exception = a.Value.Any()
		}
		return exception == nil
	})
	r(record.Message, exception)
	return nil
}

// A proc is a coroutine that returns nothing, as most here do.
func proc(f func(co *Co) error) eventloop.Coroutine[nothing] {
	return func(co *Co) (nothing, error) { return nothing{}, f(co) }
}

// createTask is create_task of a coroutine that returns nothing.
func createTask(s eventloop.Scope, f func(co *Co) error) *eventloop.Task[nothing] {
	return eventloop.CreateTask(s, proc(f))
}

// must raises an error where a program catches none: it ends the task, and main.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// value is must for what has a value as well.
func value[T any](v T, err error) T {
	must(err)
	return v
}

// cancelled is "except asyncio.CancelledError".
func cancelled(err error) bool { return errors.Is(err, eventloop.ErrCancelled) }

// timedOut is "except TimeoutError".
func timedOut(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// isDone and isCancelled are for [each].
func isDone[F interface{ Done() bool }](f F) bool           { return f.Done() }
func isCancelled[F interface{ Cancelled() bool }](f F) bool { return f.Cancelled() }

// wait is "await asyncio.wait(tasks)", whose sets nobody looks at.
func wait[T any, A interface {
	eventloop.Awaitable[T]
	Done() bool
}](co *Co, tasks ...A) error {
	_, _, err := eventloop.Wait[T](co, tasks, eventloop.AllCompleted, eventloop.Forever)
	return err
}

// forever is asyncio.Event().wait(): it ends by a cancel only.
func forever(co *Co) error { return new(eventloop.Event).Wait(co) }

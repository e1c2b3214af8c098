package eventloop

import (
	"cmp"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"time"

	"example.com/overlap"
)

// An Option changes how [Main] runs its loop (asyncio.run's debug, asyncio.Runner).
type Option func(*settings)

type settings struct {
	debug   bool
	slow    time.Duration
	threads int
	logger  *slog.Logger
}

// newSettings has asyncio's defaults.
func newSettings(options []Option) settings {
	s := settings{threads: min(32, runtime.GOMAXPROCS(0)+4), slow: 100 * time.Millisecond}
	for _, set := range options {
		set(&s)
	}
	return s
}

// Debug turns on what costs time (asyncio's debug mode). A task or a callback that holds
// the loop for slow or longer, 100 ms if slow is zero, is reported to the logger, with
// the place where a task gave the loop back. Reports and [Loop.Tasks] say where tasks
// were made and where they wait. Tasks that nobody awaited are reported when the loop
// ends.
func Debug(slow time.Duration) Option {
	return func(s *settings) {
		s.debug = true
		s.slow = cmp.Or(max(slow, 0), s.slow)
	}
}

// Logger is where the loop reports (loop.set_exception_handler) what nobody else would
// hear of: errors that were never asked for, panics in callbacks, and what [Debug] finds.
// Unless it is set that is slog.Default().
func Logger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}

// Threads is how many functions [ToThread] runs at once (loop.set_default_executor).
// Unless it is set they are as many as asyncio's default: four more than there are
// processors, 32 at most. It panics if n is below one.
func Threads(n int) Option {
	overlap.MustLimit("n", n)
	return func(s *settings) { s.threads = n }
}

func (l *Loop) logger() *slog.Logger {
	if l.settings.logger != nil {
		return l.settings.logger
	}
	return slog.Default()
}

// watchedTurn runs n entries of the ready queue and reports the slow ones.
func (l *Loop) watchedTurn(n int) {
	for range n {
		r := l.ready.pop()
		what := describe(r)
		begun := time.Now()
		l.running = nil
		r.run()
		took := time.Since(begun)
		if took < l.settings.slow {
			continue
		}
		args := []any{"took", took, what.key, what.name}
		if co, ok := r.(*Co); ok {
			args = append(args, "made", co.more.made)
			if co.done() {
				args = append(args, "until", "its end")
			} else {
				args = append(args, "until", co.more.place)
			}
		}
		l.logger().Warn("the loop was held", args...)
	}
	l.running = nil
}

// describe says what an entry of the ready queue is, before it has run.
func describe(r runnable) (what struct{ key, name string }) {
	what.key, what.name = "callback", "of the loop itself"
	switch r := r.(type) {
	case *Co:
		what.key, what.name = "task", r.Name()
	case *Handle:
		if r.f != nil {
			what.name = runtime.FuncForPC(reflect.ValueOf(r.f).Pointer()).Name()
		}
	case *timer:
		return describe(r.target)
	}
	return what
}

// place is the line that calls into this package: file:line.
func place() string {
	within := reflect.TypeFor[Loop]().PkgPath() + "."
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, within) {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// A TaskInfo says what a task is about (Task.get_name, Task.get_stack).
type TaskInfo struct {
	Name  string // Task-N, if it was given no other
	Waits string // for what; empty if it is ready or running
	At    string // file:line where it waits, in debug mode
	Made  string // file:line where it was made, in debug mode
}

// String is the task in a line (repr of a Task).
func (t TaskInfo) String() string {
	var b strings.Builder
	b.WriteString(t.Name)
	if t.Waits == "" {
		b.WriteString(" is ready")
	} else {
		b.WriteString(" waits for " + t.Waits)
	}
	if t.At != "" {
		b.WriteString(" at " + t.At)
	}
	if t.Made != "" {
		b.WriteString(", made at " + t.Made)
	}
	return b.String()
}

// Tasks are all tasks that are not done, oldest first (asyncio.all_tasks).
func (l *Loop) Tasks() []TaskInfo {
	var infos []TaskInfo
	for co := range l.tasks.all() {
		info := TaskInfo{Name: co.Name()}
		if co.waitsFor != nil && co.waitsFor.waits() {
			info.Waits = co.waitsFor.describe()
		}
		if co.more != nil {
			info.At, info.Made = co.more.place, co.more.made
		}
		infos = append(infos, info)
	}
	return infos
}

// A DeadlockError says that a loop could not go on (nothing in asyncio, which hangs): its
// main task waited, nothing was ready, no timer was set, and nothing outside could post
// to it.
type DeadlockError struct{ Tasks []TaskInfo }

// Error lists the tasks, and what each waits for (nothing in asyncio).
func (e *DeadlockError) Error() string {
	var b strings.Builder
	b.WriteString("eventloop: deadlock: nothing is ready, no timer is set, and nothing off the loop will wake it")
	for _, t := range e.Tasks {
		b.WriteString("\n\t" + t.String())
	}
	return b.String()
}

package eventloop

import (
	"fmt"
	"slices"
	"weak"
)

// A failure is the error of a future that nobody has asked for so far. It does not keep
// the future: when that is garbage, nobody can ask for it any more.
type failure struct {
	future weak.Pointer[future]
	err    error
	asked  bool

	isTask bool
	id     uint64 // the task's
	more   *details
}

// run makes a failure fit where the callbacks of its future were.
func (*failure) run() {}

// failures are those of a loop. As in asyncio, an error is reported when its future is
// garbage; here that is seen when the list is looked through, or at the end of the loop.
type failures struct {
	loop *Loop
	memory[*failure]
}

func (fs *failures) add(f *future) *failure {
	failed := &failure{future: weak.Make(f), err: f.err}
	if co, ok := f.owner.(*Co); ok {
		failed.isTask, failed.id, failed.more = true, co.id, co.more
	}
	fs.remember(failed, func(f *failure) bool {
		lost := !f.asked && f.future.Value() == nil
		if lost {
			fs.report(f)
		}
		return f.asked || lost
	})
	return failed
}

// flush reports what is left, at the end of the loop.
func (fs *failures) flush() {
	for _, f := range fs.list {
		if !f.asked {
			fs.report(f)
		}
	}
	fs.list = nil
}

func (fs *failures) report(f *failure) {
	args := []any{"error", f.err}
	if f.isTask {
		args = append(args, taskArgs(f.id, f.more)...)
	}
	fs.loop.logger().Error("an error was never asked for", args...)
}

// unawaited are tasks that ended well and that nobody has awaited so far, kept in debug
// mode.
type unawaited struct {
	loop *Loop
	memory[*future]
}

func (u *unawaited) add(f *future) {
	u.remember(f, func(f *future) bool { return f.asked })
}

func (u *unawaited) flush() {
	for _, f := range u.list {
		if co := f.owner.(*Co); !f.asked {
			args := append([]any{"cancelled", f.state == cancelled}, taskArgs(co.id, co.more)...)
			u.loop.logger().Error("a task was never awaited", args...)
		}
	}
	u.list = nil
}

// A memory keeps what may have to be reported. It is looked through when it has doubled,
// so a loop that runs for ever keeps no more than twice what it must.
type memory[E any] struct {
	list  []E
	limit int // how long the list may become before it is looked through
}

// remember adds e, after having dropped what is settled, if it is time for that.
func (m *memory[E]) remember(e E, settled func(E) bool) {
	if len(m.list) >= max(m.limit, 64) {
		m.list = slices.DeleteFunc(m.list, settled)
		m.limit = 2 * len(m.list)
	}
	m.list = append(m.list, e)
}

// taskArgs say in a report which task it is about.
func taskArgs(id uint64, more *details) []any {
	args := []any{"task", taskName(id, more)}
	if more != nil && more.made != "" {
		args = append(args, "made", more.made)
	}
	return args
}

func taskName(id uint64, more *details) string {
	if more != nil && more.name != "" {
		return more.name
	}
	return fmt.Sprintf("Task-%d", id)
}

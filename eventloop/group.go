package eventloop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A TaskGroup owns tasks (asyncio.TaskGroup): none of them outlives it, and one that fails
// ends them all. It is a [Scope]: what is made in it with [CreateTask] is its own, also
// if another of its tasks makes it. See [WithTaskGroup].
//
// Its idea is that a failure reaches the task that waits for the group as a cancel, which
// the group takes back at its end ([Co.Uncancel]): so the body is interrupted where it
// awaits, and a cancel from outside, which is not taken back, still tells itself from
// that.
type TaskGroup struct {
	parent      *Co
	members     list[member, *member] // the tasks that are not done
	empty       *future               // what the parent waits for at the end
	errors      []error               // in the order in which they came
	exiting     bool                  // the body has ended
	aborting    bool                  // the tasks are cancelled
	interrupted bool                  // the parent was cancelled by the group itself
}

// A member is a task of a group, and the callback of its end.
type member struct {
	group *TaskGroup
	co    *Co
	links[member]
}

// A GroupError is the error of a [TaskGroup] (ExceptionGroup): those of its tasks, in the
// order in which they failed, and last that of the body. errors.Is and errors.As look
// into all of them.
type GroupError struct{ Errors []error }

// Error lists the errors, one a line (str of an ExceptionGroup, with what is in it).
func (e *GroupError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "eventloop: %d of a group failed", len(e.Errors))
	for _, err := range e.Errors {
		b.WriteString("\n\t" + strings.ReplaceAll(err.Error(), "\n", "\n\t"))
	}
	return b.String()
}

// Unwrap gives the errors (ExceptionGroup.exceptions).
func (e *GroupError) Unwrap() []error { return e.Errors }

// WithTaskGroup runs body (async with asyncio.TaskGroup) and waits for all the tasks that
// were made in the group, also by each other.
//
// If one fails, or body does, all others are cancelled and waited for, and body too, where
// it awaits. The error is then a [*GroupError] with all that failed; who ended by the
// cancel is not among them. A task that is cancelled alone is no error.
//
// A cancel of the task that calls cancels those of the group, waits for them, and is
// returned as [ErrCancelled], unless one of them failed over it: errors come before
// cancels, and the cancel is then delivered at the next wait.
//
// A group that is over, or whose tasks are being cancelled, takes no more: CreateTask then
// returns a task that is done, with an error that says so, where asyncio raises
// RuntimeError.
//
// If body panics, or calls runtime.Goexit, the tasks are cancelled and waited for as
// well, on the way of the panic; what failed among them goes to the logger. WithTaskGroup
// panics if body is nil.
func WithTaskGroup(co *Co, body func(g *TaskGroup) error) error {
	if body == nil {
		panic("eventloop: the body is nil")
	}
	co.mustRun()
	g := &TaskGroup{parent: co}
	returned := false
	defer func() {
		if returned {
			return
		}
		_ = g.exit(errUnwound)
		for _, err := range g.errors {
			if err != errUnwound {
				co.loop.logger().Error("an error in a task group whose body panicked or called runtime.Goexit", "task", co.Name(), "error", err)
			}
		}
	}()
	err := body(g)
	returned = true
	return g.exit(err)
}

func (g *TaskGroup) scope() (*Loop, *TaskGroup) { return g.parent.loop, g }

// refusal is why the group takes no tasks, if it does not.
func (g *TaskGroup) refusal() error {
	switch {
	case g.exiting && g.members.first == nil:
		return errors.New("eventloop: the task group is over")
	case g.aborting:
		return errors.New("eventloop: the task group is being cancelled")
	}
	return nil
}

// add makes a task the group's. One that is refused is done with the reason.
func (g *TaskGroup) add(co *Co) {
	if err := g.refusal(); err != nil {
		co.fut.settle(finished, err)
		return
	}
	m := &member{group: g, co: co}
	g.members.add(m)
	co.fut.addCallback(m)
}

// run hears that the task is done.
func (m *member) run() {
	g, f := m.group, m.co.fut
	g.members.remove(m)
	f.ask()
	if g.members.first == nil && g.empty != nil && !g.empty.done() {
		g.empty.settle(finished, nil)
	}
	if f.state == cancelled || f.err == nil {
		return
	}
	g.errors = append(g.errors, f.err)
	if !g.aborting && !g.interrupted {
		g.abort()
		g.interrupted = true
		g.parent.Cancel()
	}
}

// abort cancels what is not done.
func (g *TaskGroup) abort() {
	g.aborting = true
	for m := range g.members.all() {
		m.co.Cancel()
	}
}

// exit waits for the tasks and makes of the body's error that of the whole.
func (g *TaskGroup) exit(err error) error {
	g.exiting = true
	co := g.parent
	var cancel error // to be returned, if nothing comes before it
	if errors.Is(err, ErrCancelled) {
		cancel = err
	}
	if err != nil && !g.aborting {
		g.abort()
	}
	for g.members.first != nil && !co.dropped {
		g.empty = &future{loop: co.loop, kind: kindTaskGroup}
		// Each cancel of the parent ends one of these waits. The first is passed on, if
		// the group is not being cancelled as it is.
		if err := co.await(g.empty); err != nil && !g.aborting {
			cancel = err
			g.abort()
		}
	}
	g.empty = nil
	if g.interrupted {
		co.Uncancel() // that was the group's own; a cancel that is left is from outside
	}
	if cancel != nil && len(g.errors) == 0 {
		return cancel
	}
	if err != nil && !errors.Is(err, ErrCancelled) {
		g.errors = append(g.errors, err)
	}
	if len(g.errors) == 0 {
		return nil
	}
	if co.Cancelling() > 0 {
		// The errors go before a cancel from outside: it is to be delivered again.
		co.Uncancel()
		co.Cancel()
	}
	return &GroupError{slices.Clip(g.errors)}
}

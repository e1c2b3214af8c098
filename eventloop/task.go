package eventloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"

	"example.com/overlap"
)

// ErrCancelled (asyncio.CancelledError) is what a task's Await returns when the task is
// cancelled. A task may clean up, even wait while it does, and should then return it; a
// task that returns it, wrapped or not, counts as cancelled. To go on instead is to
// refuse the cancel, which is rarely right.
var ErrCancelled error = cancelledError{}

type cancelledError struct{}

func (cancelledError) Error() string { return "eventloop: cancelled" }

// A Coroutine is a function that may suspend (an async def): it runs on the loop and
// gives way to others where it awaits, nowhere else. Like a coroutine object of Python's
// it does nothing until it is awaited or made a task; unlike one, it may be run more
// than once.
type Coroutine[T any] func(co *Co) (T, error)

// Await runs the coroutine in the task that calls, as part of it (await coroutine). It
// is a call: nothing is scheduled, and no other task runs until the coroutine suspends.
func (c Coroutine[T]) Await(co *Co) (T, error) {
	co.mustRun()
	return c(co)
}

func (c Coroutine[T]) ensure(s Scope) *Future[T] { return &CreateTask(s, c).Future }

// A Scope is where tasks and futures are made (a loop or a TaskGroup): a task's [*Co],
// the [*Loop] itself, for callbacks, or a [*TaskGroup], which waits for the tasks made in
// it.
type Scope interface {
	// scope gives the loop, and the group that the task is to join, if any.
	scope() (*Loop, *TaskGroup)
}

// A Co is the running task as its own coroutine sees it (asyncio.current_task). It is
// handed to a coroutine as its first argument and goes down the calls like a context:
// a function that takes a Co may suspend, one that does not cannot, so it stands where
// Python writes async and await. It is the task's own: used by another task, or
// when the task does not run, it panics.
type Co struct {
	loop       *Loop
	next       func() (bool, bool) // resumes its coroutine; nil before its first step
	yield      func(bool) bool     // suspends it
	mustCancel bool                // a cancel is to be delivered at the next step
	special    bool                // a wait is more than a switch: in debug mode, and when dropped
	dropped    bool                // the loop has given the task up: it can wait no more
	asked      bool                // a cancel is on its way along what it awaits
	cancelling int32
	waitsFor   waitable // what the task awaits; nil if it is ready or runs
	fut        *future
	task       executor
	coro       *coroutine
	links[Co]  // in the list of all tasks
	id         uint64
	more       *details
}

// details are what few tasks have.
type details struct {
	name  string
	place string // in debug mode: where it was suspended last
	made  string // in debug mode: where it was made
}

// A Task is a coroutine that runs by itself, beside the others (asyncio.Task), and the
// future of its result.
type Task[T any] struct {
	Future[T]
	co        Co
	coroutine Coroutine[T]
}

// CreateTask makes a task of a coroutine (asyncio.create_task). It takes its first step
// in the next turn, in the order of making. In a [*TaskGroup] the group waits for it;
// else the loop cancels it when Main's coroutine has ended. It panics if the coroutine
// is nil.
func CreateTask[T any](s Scope, c Coroutine[T]) *Task[T] {
	t := newTask(s, c)
	if !t.done() {
		t.co.loop.soon(&t.co)
	}
	return t
}

// EagerTask (asyncio.eager_task_factory) is [CreateTask], but the task takes its first
// step at once, before EagerTask returns. One that needs not wait is done then, and has
// cost no turn of the loop. It begins before whoever is ready already.
func EagerTask[T any](s Scope, c Coroutine[T]) *Task[T] {
	t := newTask(s, c)
	if l := t.co.loop; !t.done() {
		outer := l.running
		l.step(&t.co)
		l.running = outer
	}
	return t
}

func newTask[T any](s Scope, c Coroutine[T]) *Task[T] {
	if c == nil {
		panic("eventloop: the coroutine is nil")
	}
	l, group := s.scope()
	t := &Task[T]{coroutine: c}
	t.co.loop, t.co.fut, t.co.task = l, &t.future, t
	t.future.loop, t.future.owner, t.future.kind = l, &t.co, kindTask
	l.lastTask++
	t.co.id = l.lastTask
	if l.settings.debug {
		t.co.details().made = place()
		t.co.special = true
	}
	if group != nil {
		group.add(&t.co)
	}
	if l.closed && !t.done() {
		t.settle(cancelled, ErrCancelled)
	}
	if t.done() { // refused
		return t
	}
	l.tasks.add(&t.co)
	return t
}

// Name is what the task is called in reports (Task.get_name): Task-N, if it was not
// given another.
func (t *Task[T]) Name() string { return t.co.Name() }

// SetName names the task (Task.set_name), and returns it.
func (t *Task[T]) SetName(name string) *Task[T] {
	t.co.SetName(name)
	return t
}

// Cancel asks the task to end (Task.cancel): what it awaits is cancelled, or, if it
// awaits nothing, [ErrCancelled] is delivered at its next step; before its first step, it
// will not run at all. It reports whether the task was not done yet. To know when it
// has ended, await it.
func (t *Task[T]) Cancel() bool { return t.co.Cancel() }

// Cancelling is how many cancels were asked for (Task.cancelling), less those taken back
// by [Task.Uncancel].
func (t *Task[T]) Cancelling() int { return t.co.Cancelling() }

// Uncancel says that one cancel has been dealt with (Task.uncancel), and returns how many
// are left.
func (t *Task[T]) Uncancel() int { return t.co.Uncancel() }

// exec runs the coroutine, on a stack of its own, to its end.
func (t *Task[T]) exec() {
	returned := false
	defer func() {
		if returned {
			return
		}
		err := unreturned(recover())
		if err == overlap.ErrGoexit && t.co.dropped { // by its own unwind
			err = ErrCancelled
		}
		var none T
		t.conclude(none, err, false)
	}()
	value, err := t.coroutine(&t.co)
	returned = true
	t.conclude(value, err, t.co.mustCancel)
}

// An executor is a task, whatever its type.
type executor interface{ exec() }

// Loop is the loop that the task runs on (asyncio.get_running_loop).
func (co *Co) Loop() *Loop { return co.loop }

// Context is Main's, with its values (contextvars). It ends with the loop, and not when
// the task is cancelled: what takes a Co returns [ErrCancelled] then.
func (co *Co) Context() context.Context { return co.loop.ctx }

// Name is the task's (Task.get_name).
func (co *Co) Name() string {
	return taskName(co.id, co.more)
}

// SetName names the task (Task.set_name).
func (co *Co) SetName(name string) { co.details().name = name }

// Cancel asks the task itself to end (Task.cancel), at its next wait: see [Task.Cancel].
func (co *Co) Cancel() bool {
	if co.done() {
		co.fut.ask() // as in asyncio: who cancels has given up on the result
		return false
	}
	if co.asked { // tasks that wait for each other: the circle is broken here, once
		if co.waitsFor != nil {
			co.waitsFor.forget(co)
			co.waitsFor = nil
			co.mustCancel = true
			co.loop.soon(co)
		}
		return true
	}
	co.cancelling++
	co.interrupt()
	return true
}

// cancel makes a Co the owner of its task's future.
func (co *Co) cancel() bool { return co.Cancel() }

// interrupt cancels what the task waits for, or, failing that, its next step.
func (co *Co) interrupt() {
	co.asked = true
	defer func() { co.asked = false }()
	if co.waitsFor == nil || !co.waitsFor.cancel() {
		co.mustCancel = true
	}
}

// Cancelling is how many cancels are not taken back (Task.cancelling): see
// [Task.Cancelling].
func (co *Co) Cancelling() int { return int(co.cancelling) }

// Uncancel says that one cancel has been dealt with (Task.uncancel): see [Task.Uncancel].
func (co *Co) Uncancel() int {
	if co.cancelling > 0 {
		co.cancelling--
		if co.cancelling == 0 {
			co.mustCancel = false
		}
	}
	return int(co.cancelling)
}

// Yield lets everything run that is ready, and then the task again (asyncio.sleep(0)).
//
// It switches by itself, as [Co.wait] does, for the sake of speed: the processor foresees
// where a call returns to, and is wrong for each one that returns on a stack just switched
// to.
func (co *Co) Yield() error {
	co.mustRun()
	co.loop.soon(co)
	if co.special {
		if err := co.mayWait(); err != nil {
			return err
		}
	}
	if !co.yield(suspended) {
		co.unwind()
	}
	return co.resume()
}

// Sleep suspends the task for d (asyncio.sleep), and with d of zero or less for one
// turn, like [Co.Yield]. It returns [ErrCancelled] at once if the task is cancelled.
func (co *Co) Sleep(d time.Duration) error {
	if d <= 0 {
		return co.Yield()
	}
	co.mustRun()
	s := &co.coro.sleeper
	if s.due { // left in the ready queue by a sleep that was cancelled
		s = &sleeper{}
	}
	s.target, s.co, s.woken, s.cancelled = s, co, false, false
	l := co.loop
	l.timers.add(&s.timer, l.in(d))
	err := co.wait(s)
	l.timers.cancel(&s.timer)
	if err == nil && s.cancelled {
		err = ErrCancelled
	}
	return err
}

// A sleeper is what a task sleeps with: the future of asyncio.sleep, without what it
// does not need of one. The timer wakes the task by way of the ready queue.
type sleeper struct {
	timer
	co        *Co
	woken     bool
	cancelled bool
	dead      bool // the coroutine's, for which it would be 8 bytes more: a task ended it by runtime.Goexit
}

func (s *sleeper) run() {
	if !s.woken {
		s.woken = true
		s.co.loop.soon(s.co)
	}
}

func (s *sleeper) cancel() bool {
	if s.woken {
		return false
	}
	s.woken, s.cancelled = true, true
	s.co.loop.soon(s.co)
	return true
}

func (s *sleeper) forget(*Co)       {}
func (s *sleeper) waits() bool      { return !s.woken }
func (s *sleeper) describe() string { return "Sleep" }

// A waitable is what a task that is suspended waits for.
type waitable interface {
	canceller
	forget(co *Co) // do not wake it
	waits() bool   // it is still to come
	describe() string
}

// await suspends the task until f is done.
func (co *Co) await(f *future) error {
	co.mustRun()
	if !f.done() {
		if f.owner == canceller(co) {
			if err := co.Yield(); err != nil { // asyncio too tells it a turn later
				return err
			}
			return fmt.Errorf("eventloop: %s awaits itself", co.Name())
		}
		if f.loop != co.loop {
			return errors.New("eventloop: awaited a future of another loop")
		}
		f.addCallback(co)
		if err := co.wait(f); err != nil {
			if f.done() {
				f.ask() // it was to be told, had the cancel not come between
			}
			return err
		}
	}
	f.ask()
	return f.err
}

// wait gives the loop to others until w wakes the task. It returns when the loop takes the
// next step of the task: ErrCancelled, if that step delivers a cancel.
func (co *Co) wait(w waitable) error {
	co.waitsFor = w
	if co.mustCancel && w.cancel() {
		co.mustCancel = false
	}
	if co.special {
		if err := co.mayWait(); err != nil {
			co.waitsFor = nil
			return err
		}
	}
	if !co.yield(suspended) {
		co.unwind()
	}
	co.waitsFor = nil
	return co.resume()
}

// mayWait is what special tasks do before they wait. One that is dropped may not.
func (co *Co) mayWait() error {
	if co.dropped {
		return ErrCancelled
	}
	co.details().place = place()
	return nil
}

// unwind ends the task by force: its deferred calls run, and they can wait for nothing.
func (co *Co) unwind() {
	co.dropped, co.special = true, true
	runtime.Goexit() // nothing else can end it for sure
}

// resume is the beginning of a step.
func (co *Co) resume() error {
	if !co.mustCancel {
		return nil
	}
	co.mustCancel = false
	return ErrCancelled
}

// mustRun panics if the task does not run: then the Co is in the wrong hands.
func (co *Co) mustRun() {
	if co.loop.running != co {
		co.wrongHands()
	}
}

func (co *Co) wrongHands() {
	panic(fmt.Sprintf("eventloop: the Co of %s is used while that task does not run: a Co belongs to one task, and to no other goroutine", co.Name()))
}

func (co *Co) done() bool { return co.fut.done() }

// run makes a Co an entry of the ready queue: a step of its task.
func (co *Co) run() { co.loop.step(co) }

func (co *Co) scope() (*Loop, *TaskGroup) { return co.loop, nil }

func (l *Loop) scope() (*Loop, *TaskGroup) { return l, nil }

func (co *Co) details() *details {
	if co.more == nil {
		co.more = &details{}
	}
	return co.more
}

// A coroutine is a stack that can be left and returned to. It is iter.Pull's: next
// hands the processor to it directly, past the scheduler, and its yield hands it back;
// that is the fastest switch that Go has. A coroutine runs one task after another, as
// making one costs more than the rest of a short task.
type coroutine struct {
	next  func() (bool, bool)
	stop  func()
	yield func(bool) bool

	waiter  *waiter // the last one that a task waited with, to be used again
	sleeper         // here, as only who has a stack can sleep; its co is the task that is run
}

// What a coroutine yields: whether its task goes on.
const suspended, ended = true, false

// begin gives a task a coroutine to run on. It reports false if the task was cancelled
// before its first step, and has ended by that.
func (l *Loop) begin(co *Co) bool {
	if co.mustCancel {
		co.mustCancel = false
		co.fut.settle(cancelled, ErrCancelled)
		l.tasks.remove(co)
		return false
	}
	var c *coroutine
	if n := len(l.idle); n > 0 {
		c = l.idle[n-1]
		l.idle[n-1] = nil
		l.idle = l.idle[:n-1]
	} else {
		c = &coroutine{}
		c.next, c.stop = iter.Pull(c.live)
	}
	c.co = co
	co.coro, co.next, co.yield = c, c.next, c.yield
	return true
}

// live runs the bodies of tasks, one each time that it is resumed with one.
func (c *coroutine) live(yield func(bool) bool) {
	c.yield = yield
	c.co.yield = yield
	defer func() {
		if c.co != nil { // a Goexit, from exec: stay until the loop has seen it
			c.dead = true
			yield(ended)
		}
	}()
	for {
		c.co.task.exec()
		c.co = nil
		if !yield(ended) {
			return
		}
	}
}

// retire forgets a task that has ended, and takes its coroutine back.
func (l *Loop) retire(co *Co) {
	l.tasks.remove(co)
	c := co.coro
	co.coro, co.next, co.yield = nil, nil, nil
	if c.dead {
		l.bury(c)
		return
	}
	l.idle = append(l.idle, c)
}

// bury ends a coroutine by force. The Goexit in it goes on into whoever stops it, so
// that is a goroutine for this alone.
func (l *Loop) bury(c *coroutine) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.stop()
	}()
	<-done
}

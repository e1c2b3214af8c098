package eventloop

import (
	"context"
	"errors"
	"time"
)

// ErrClosed says that the loop has ended (RuntimeError: Event loop is closed).
var ErrClosed = errors.New("eventloop: the loop has ended")

// Main runs a coroutine on a loop of its own, to its end (asyncio.run), and returns
// what it returned. Then the tasks that are left are cancelled and waited for, in the
// order of their making, and so are the functions that run off the loop. When Main
// returns, nothing that was begun in it is running.
//
// When ctx ends, the coroutine is cancelled, as asyncio's is by Ctrl-C, and Main returns
// context.Cause(ctx) if that ended it. If nothing is ready, no timer is set and nothing
// off the loop can post to it, while the coroutine waits, it never would go on: Main
// returns a [*DeadlockError]. A panic in the coroutine is returned as an
// [*overlap.PanicError]. Errors that nobody asked for go to the logger.
//
// Main may be called from any goroutine, also from a task of another loop, which it
// blocks. The loop has a goroutine of its own.
func Main[T any](ctx context.Context, main Coroutine[T], options ...Option) (T, error) {
	if main == nil {
		panic("eventloop: the coroutine is nil")
	}
	l := newLoop(ctx, options)
	task := CreateTask(l, main)
	err := l.main(ctx, &task.co)
	if err != nil {
		var none T
		return none, err
	}
	value, err := task.Result()
	if task.Cancelled() && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return value, err
}

func newLoop(ctx context.Context, options []Option) *Loop {
	l := &Loop{start: time.Now(), settings: newSettings(options)}
	l.failures.loop, l.unawaited.loop = l, l
	l.mail.wake = make(chan struct{}, 1)
	l.ctx, l.ended = context.WithCancelCause(ctx)
	l.threads = NewExecutor(l.settings.threads)
	return l
}

// main runs the loop until the main task is done and all that is left is ended.
func (l *Loop) main(ctx context.Context, task *Co) (err error) {
	told := make(chan struct{})
	untell := func() bool { return true }
	if ctx.Err() != nil {
		task.Cancel() // it is not to begin
	} else {
		untell = context.AfterFunc(ctx, func() {
			defer close(told)
			_ = l.mail.post(callback(func() { task.Cancel() }))
		})
	}
	left := 1 // tasks to be waited for: the main task, then all others
	ended := callback(func() { left-- })
	task.fut.addCallback(ended)
	cancelled := false
	l.thread(func() {
		if !cancelled {
			err = l.turnUntil(&left)
			if !untell() {
				<-told
			}
			cancelled, left = true, 0
			for co := range l.tasks.all() {
				left++
				co.fut.addCallback(ended)
				co.Cancel()
			}
		}
		_ = l.turnUntil(&left)
		l.end()
	})
	task.fut.ask()
	l.failures.flush()
	if err == nil { // after a deadlock they are in the error
		l.unawaited.flush()
	}
	return err
}

// thread calls f on a goroutine of its own, as a coroutine cannot be resumed from one that
// is locked to its thread, and the caller's may be. If a callback ends that goroutine by
// runtime.Goexit, f is called again on another.
func (l *Loop) thread(f func()) {
	for ended := false; !ended; {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
			ended = true
		}()
		<-done
	}
}

// turnUntil turns until left is zero, and to the end of that turn.
func (l *Loop) turnUntil(left *int) error {
	for *left > 0 {
		if !l.turn() {
			return &DeadlockError{l.Tasks()}
		}
	}
	return nil
}

// end ends what the loop has begun, when no task is waited for any more.
func (l *Loop) end() {
	l.ending = true
	l.ended(ErrClosed)
	// What comes back has its callbacks, and these have some turns: as many as asyncio's
	// shutdown of generators and executors takes.
	_ = l.turnUntil(&l.away)
	for l.lastTurns < 4 {
		l.lastTurns++ // before, as a callback may end this goroutine
		l.soon(callback(func() {}))
		l.turn()
	}
	l.closed = true
	for co := range l.tasks.all() { // that would not end, or began only now
		l.drop(co)
	}
	l.workers.Wait()
	l.mail.close()
	for _, c := range l.idle {
		c.stop()
	}
}

// drop ends a task by force: its deferred calls run, and can wait for nothing.
func (l *Loop) drop(co *Co) {
	l.tasks.remove(co)
	if co.coro == nil {
		co.fut.settle(cancelled, ErrCancelled)
		return
	}
	l.running = co
	co.dropped = true
	l.bury(co.coro)
	l.running = nil
}

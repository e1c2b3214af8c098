package eventloop

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// ReturnWhen is what [Wait] waits for (return_when).
type ReturnWhen int

const (
	AllCompleted   ReturnWhen = iota // all are done (asyncio.ALL_COMPLETED)
	FirstCompleted                   // one is done (asyncio.FIRST_COMPLETED)
	FirstException                   // one has an error, or all are done (asyncio.FIRST_EXCEPTION); a cancel is no error here
)

// Forever stands for no timeout, or no deadline (timeout=None). Any other duration below
// zero is a time that has passed.
const Forever time.Duration = -1

// Wait (asyncio.wait) suspends the task until those that it waits for are done, or as
// many of them as when says, or timeout has passed. It returns those that are done and
// those that are not, each in the order in which they were given, and once if they were
// given twice.
//
// It takes their results no more than it cancels them: an error is in who has it, and the
// timeout is none. With timeout zero it looks what is done a turn later, with [Forever]
// it waits for as long as it takes. Also if all are done already, it suspends: others
// have a turn.
//
// The error is [ErrCancelled] if the task is cancelled meanwhile; those that it waited for
// are not, and go on. To wait for nothing is an error, as it is in asyncio.
func Wait[T any, A interface {
	Awaitable[T]
	Done() bool
}](co *Co, as []A, when ReturnWhen, timeout time.Duration) (done, pending []A, err error) {
	co.mustRun()
	if len(as) == 0 {
		return nil, nil, errors.New("eventloop: Wait for nothing")
	}
	if when < AllCompleted || when > FirstException {
		return nil, nil, fmt.Errorf("eventloop: Wait: when is %d, want AllCompleted, FirstCompleted or FirstException", when)
	}
	w := &waiting{when: when, awaited: make([]awaited, 0, len(as))}
	w.loop, w.kind = co.loop, kindWait
	seen := make(map[*future]bool, len(as))
	for i, a := range as {
		f := &a.ensure(co).future
		if f.loop != co.loop {
			return nil, nil, errOtherLoop
		}
		if !seen[f] {
			seen[f] = true
			w.awaited = append(w.awaited, awaited{w, f, i})
		}
	}
	if err := w.wait(co, timeout); err != nil {
		return nil, nil, err
	}
	for _, a := range w.awaited {
		if !a.future.done() {
			pending = append(pending, as[a.at])
			continue
		}
		if a.future.state == cancelled || a.future.err == nil { // an error is still to be asked for
			a.future.ask()
		}
		done = append(done, as[a.at])
	}
	return done, pending, nil
}

// waiting is the future of a Wait, which its timer makes done as well.
type waiting struct {
	future
	timer   timer
	when    ReturnWhen
	awaited []awaited
	left    int
}

// awaited is one of those that a Wait waits for, and the callback of its end.
type awaited struct {
	by     *waiting
	future *future
	at     int // which it is of those given
}

func (w *waiting) wait(co *Co, timeout time.Duration) error {
	w.timer.target = w
	if timeout != Forever {
		co.loop.timers.add(&w.timer, co.loop.in(timeout))
	}
	w.left = len(w.awaited)
	for i := range w.awaited {
		w.awaited[i].future.addCallback(&w.awaited[i])
	}
	err := co.await(&w.future)
	w.loop.timers.cancel(&w.timer)
	for i := range w.awaited {
		w.awaited[i].future.removeCallback(&w.awaited[i])
	}
	return err
}

// run hears that one is done.
func (a *awaited) run() {
	w, f := a.by, a.future
	w.left--
	if w.left > 0 && w.when != FirstCompleted {
		if w.when != FirstException || f.state != finished || f.err == nil {
			return
		}
		f.ask() // it is why the wait ends
	}
	w.loop.timers.cancel(&w.timer)
	w.run()
}

// run ends the wait, for the timer and for those awaited.
func (w *waiting) run() {
	if !w.done() {
		w.settle(finished, nil)
	}
}

// AsCompleted gives the results of several as they are there (asyncio.as_completed).
// Coroutines become tasks at once, not only when the loop over the sequence begins. What
// is given twice is given back once. Each step of the loop suspends the task until one
// more is done:
//
//	for page, err := range eventloop.AsCompleted(co, tasks...) {
//
// The error is that of the one that is done; the others go on, and so may the loop. If it
// is the task that is cancelled, the last pair has [ErrCancelled] and the sequence ends:
// [Co.Cancelling] tells that from one that was cancelled alone. Neither this nor leaving
// the loop ends those that are not done; another loop over the same sequence goes on with
// them. A timeout for the whole is [WithTimeout] around the loop.
func AsCompleted[T any, A Awaitable[T]](co *Co, as ...A) iter.Seq2[T, error] {
	co.mustRun()
	c := &completing[T]{}
	c.loop, c.kind, c.state = co.loop, kindAsCompleted, finished
	seen := make(map[*Future[T]]bool, len(as))
	var todo []completed[T]
	for _, a := range as {
		f := a.ensure(co)
		if f.loop != co.loop {
			panic(errOtherLoop.Error())
		}
		if !seen[f] {
			seen[f] = true
			todo = append(todo, completed[T]{c, f})
		}
	}
	// All are begun before any is heard: those that are done already come after the first
	// steps of the others.
	c.left = len(todo)
	for i := range todo {
		todo[i].future.addCallback(&todo[i])
	}
	return func(yield func(T, error) bool) {
		for c.left > 0 {
			f, err := c.next(co)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			c.left--
			if !yield(f.Result()) {
				return
			}
		}
	}
}

// completing is a queue of those that are done, and the future of whoever waits for the
// next of them: it is pending only while somebody does.
type completing[T any] struct {
	future
	queue []*Future[T]
	left  int // not given back yet
}

// completed is one of those, and the callback of its end.
type completed[T any] struct {
	in     *completing[T]
	future *Future[T]
}

func (c *completed[T]) run() {
	c.in.queue = append(c.in.queue, c.future)
	if !c.in.done() {
		c.in.settle(finished, nil)
	}
}

func (c *completing[T]) next(co *Co) (*Future[T], error) {
	if len(c.queue) == 0 {
		c.state, c.err = pending, nil
		if err := co.await(&c.future); err != nil {
			return nil, err
		}
	}
	f := c.queue[0]
	c.queue[0] = nil
	c.queue = c.queue[1:]
	return f, nil
}

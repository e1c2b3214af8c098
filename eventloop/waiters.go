package eventloop

import "fmt"

// waiters are the tasks that wait at a primitive, first come first. All primitives wait
// by it: a waiter is a future of its own, linked into the list, so that one can be woken
// or cancelled by itself. It is kept with the coroutine for the next wait, which then
// allocates nothing. A waiter that is woken or cancelled stays in the list until its
// task takes its next step: until then it has its place, and whoever comes is behind it.
type waiters struct {
	list[waiter, *waiter]
	asleep *waiter // no waiter before it is pending; nil: none is
}

type waiter struct {
	future
	links[waiter]
}

// wait suspends the task at the end of the list until it is woken. The error says that
// it was cancelled. It may have been woken all the same, if the cancel came after: then
// the wake-up is to be passed on.
func (ws *waiters) wait(co *Co, k kind) (woken bool, err error) {
	if ws.first != nil && ws.first.loop != co.loop {
		panic(fmt.Sprintf("eventloop: %s: tasks of another loop wait there", k))
	}
	w := co.coro.waiter
	if w == nil {
		w = &waiter{}
		w.loop = co.loop
	}
	co.coro.waiter = nil
	w.kind, w.state = k, pending
	ws.add(w)
	defer ws.remove(w) // also when the loop gives the task up
	err = co.await(&w.future)
	if w.done() {
		co.coro.waiter = w
	}
	return w.state == finished, err
}

// wake wakes the first that is neither woken nor cancelled, and reports whether there
// was one.
func (ws *waiters) wake() bool {
	for w := ws.asleep; w != nil; w = w.later {
		if !w.done() {
			ws.asleep = w.later
			w.settle(finished, nil)
			return true
		}
	}
	ws.asleep = nil
	return false
}

// wakeFirst wakes the first of all, unless that is woken or cancelled already.
func (ws *waiters) wakeFirst() {
	if ws.first != nil && !ws.first.done() {
		ws.wake()
	}
}

// any reports whether there is one that is not cancelled.
func (ws *waiters) any() bool {
	for w := range ws.all() {
		if w.state != cancelled {
			return true
		}
	}
	return false
}

func (ws *waiters) add(w *waiter) {
	ws.list.add(w)
	if ws.asleep == nil {
		ws.asleep = w
	}
}

func (ws *waiters) remove(w *waiter) {
	if ws.asleep == w {
		ws.asleep = w.later
	}
	ws.list.remove(w)
}

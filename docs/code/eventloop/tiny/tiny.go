// Package tiny is an event loop to hold in the head, for docs/07-event-loop.md: a queue
// of functions, timers, and tasks that give way. Package eventloop is the one to use.
package tiny

import (
	"iter"
	"slices"
	"time"
)

//region loop

// A Loop runs one function at a time.
type Loop struct {
	ready  []func() // to be run, in this order
	timers []timer  // to be ready later, the earliest first
}

type timer struct {
	when time.Time
	f    func()
}

// Soon puts f at the end of the queue.
func (l *Loop) Soon(f func()) { l.ready = append(l.ready, f) }

// Later puts f into the queue after d.
func (l *Loop) Later(d time.Duration, f func()) {
	l.timers = append(l.timers, timer{time.Now().Add(d), f})
	slices.SortStableFunc(l.timers, func(a, b timer) int { return a.when.Compare(b.when) })
}

// Run runs until nothing is left to do.
func (l *Loop) Run() {
	for len(l.ready) > 0 || len(l.timers) > 0 {
		if len(l.ready) == 0 {
			time.Sleep(time.Until(l.timers[0].when))
		}
		for len(l.timers) > 0 && !l.timers[0].when.After(time.Now()) {
			l.Soon(l.timers[0].f)
			l.timers = l.timers[1:]
		}
		turn := l.ready
		l.ready = nil // what they add waits for the next turn
		for _, f := range turn {
			f()
		}
	}
}

//endregion

// Go begins a task: a function that gives way where it calls wait, for as long as it
// says. It must return in the end.
func (l *Loop) Go(f func(wait func(time.Duration))) {
	next, _ := iter.Pull(func(yield func(time.Duration) bool) {
		f(func(d time.Duration) { yield(d) })
	})
	var step func()
	step = func() {
		if d, ok := next(); ok { // runs f up to its next wait
			l.Later(d, step)
		}
	}
	l.Soon(step)
}

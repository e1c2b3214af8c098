package eventloop

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A Loop runs one thing at a time: steps of tasks, and callbacks (asyncio's event loop).
// It lives as long as its [Main]. Its methods must be called on the loop, from a task of
// its own or from a callback: all but CallSoonThreadsafe and Time.
//
// One turn of it is asyncio's: take in what was posted from outside, move the timers
// that are due to the ready queue, and run as many entries of that queue as were in it
// then. What they add waits for the next turn, behind what was there before.
type Loop struct {
	ready   ring[runnable]
	timers  timerHeap
	running *Co          // whose step runs; nil in a callback
	idle    []*coroutine // coroutines whose task has ended, ready for another
	start   time.Time

	mail    mail
	sources int // what may still post: functions off the loop, and open Sources
	away    int // functions off the loop

	ctx       context.Context
	ended     context.CancelCauseFunc
	workers   sync.WaitGroup // goroutines off the loop
	threads   *Executor      // of ToThread
	tasks     list[Co, *Co]  // that are not done, oldest first
	lastTask  uint64
	failures  failures
	unawaited unawaited
	settings  settings
	lastTurns int  // of the end
	ending    bool // nothing may go off the loop any more
	closed    bool // nothing may begin any more
}

// A runnable is an entry of the ready queue.
type runnable interface{ run() }

// Time is how long the loop has been running (loop.time), by a clock that never goes
// back. It is the clock of [Loop.CallAt].
func (l *Loop) Time() time.Duration { return time.Since(l.start) }

// CallSoon puts f at the end of the ready queue (loop.call_soon). A panic in f is
// reported to the logger, and the loop goes on.
func (l *Loop) CallSoon(f func()) *Handle {
	mustCallback(f)
	h := &Handle{loop: l, f: f}
	l.soon(h)
	return h
}

// CallSoonThreadsafe (loop.call_soon_threadsafe) is [Loop.CallSoon] for other goroutines.
// It returns [ErrClosed] if the loop has ended. A loop that has nothing left to do but to
// wait for such a call does not know it, and takes itself for deadlocked: see
// [Loop.NewSource].
func (l *Loop) CallSoonThreadsafe(f func()) error {
	mustCallback(f)
	return l.mail.post(&Handle{loop: l, f: f})
}

func mustCallback(f func()) {
	if f == nil {
		panic("eventloop: the callback is nil")
	}
}

// soon puts an entry at the end of the ready queue, behind what was posted before.
func (l *Loop) soon(r runnable) {
	l.mail.take(&l.ready)
	l.ready.push(r)
}

// A Handle is a callback that waits in the ready queue (asyncio.Handle).
type Handle struct {
	loop      *Loop
	f         func()
	cancelled bool
}

// Cancel takes the callback back if it has not begun (Handle.cancel).
func (h *Handle) Cancel() { h.f, h.cancelled = nil, true }

// Cancelled reports whether Cancel was called (Handle.cancelled).
func (h *Handle) Cancelled() bool { return h.cancelled }

func (h *Handle) run() {
	f := h.f
	if f == nil {
		return
	}
	h.f = nil
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			h.loop.logger().Error("a callback panicked", "panic", v, "stack", string(debug.Stack()))
		} else {
			h.loop.logger().Error("a callback called runtime.Goexit")
		}
	}()
	f()
	returned = true
}

// turn does one turn of the loop. It reports false, having done nothing, if there is
// nothing to do and nothing that could bring any: a deadlock, if somebody waits.
func (l *Loop) turn() bool {
	if !l.gather() {
		return false
	}
	if l.settings.debug {
		l.watchedTurn(l.ready.len())
		return true
	}
	for range l.ready.len() {
		switch r := l.ready.pop().(type) {
		case *Co: // by far the most frequent, so this is step by hand: see Co.Yield
			if r.next == nil && !l.begin(r) {
				continue
			}
			l.running = r
			if goesOn, _ := r.next(); !goesOn {
				l.retire(r)
			}
		default:
			l.running = nil
			r.run()
		}
	}
	l.running = nil
	return true
}

// gather fills the ready queue with what is posted and what is due, and waits for
// either if the queue is empty.
func (l *Loop) gather() bool {
	for {
		l.mail.take(&l.ready)
		var now time.Duration
		if l.timers.len() > 0 {
			now = l.Time()
			l.timers.due(now, &l.ready)
		}
		if l.ready.len() > 0 {
			return true
		}
		wait := time.Duration(-1)
		if l.timers.len() > 0 {
			wait = l.timers.first() - now
		} else if l.sources == 0 && !l.mail.any.Load() {
			return false
		}
		l.mail.wait(wait)
	}
}

// step gives the loop to a task until it awaits something or ends.
func (l *Loop) step(co *Co) {
	if co.next == nil && !l.begin(co) {
		return
	}
	l.running = co
	if goesOn, _ := co.next(); !goesOn {
		l.retire(co)
	}
}

// callback is a function as an entry of the ready queue, for the package's own use.
type callback func()

func (f callback) run() { f() }

// mail is where other goroutines leave entries for the ready queue.
type mail struct {
	any    atomic.Bool // whether posted has any: read without the lock
	mu     sync.Mutex
	posted []runnable
	spare  []runnable // the slice before, to be filled again
	asleep bool
	closed bool
	wake   chan struct{}
	clock  *time.Timer
}

func (m *mail) post(r runnable) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrClosed
	}
	m.posted = append(m.posted, r)
	m.any.Store(true)
	wake := m.asleep
	m.asleep = false
	m.mu.Unlock()
	if wake {
		m.wake <- struct{}{} // has one place, and asleep is true once for it
	}
	return nil
}

// take moves what was posted to the ready queue.
func (m *mail) take(ready *ring[runnable]) {
	if m.any.Load() {
		m.takeAll(ready)
	}
}

func (m *mail) takeAll(ready *ring[runnable]) {
	m.mu.Lock()
	m.any.Store(false)
	posted := m.posted
	m.posted, m.spare = m.spare, nil
	m.mu.Unlock()
	for _, r := range posted {
		ready.push(r)
	}
	clear(posted)
	m.spare = posted[:0]
}

// wait returns when something is posted, or after d if that is not negative.
func (m *mail) wait(d time.Duration) {
	m.mu.Lock()
	if len(m.posted) > 0 {
		m.mu.Unlock()
		return
	}
	m.asleep = true
	m.mu.Unlock()
	if d < 0 {
		<-m.wake
		return
	}
	if m.clock == nil {
		m.clock = time.NewTimer(d)
	} else {
		m.clock.Reset(d)
	}
	select {
	case <-m.wake:
		m.clock.Stop()
	case <-m.clock.C:
		m.mu.Lock()
		posted := !m.asleep // somebody sends, or has sent, to wake
		m.asleep = false
		m.mu.Unlock()
		if posted {
			<-m.wake
		}
	}
}

// close refuses what is posted from now on.
func (m *mail) close() {
	m.mu.Lock()
	m.closed = true
	m.posted, m.spare = nil, nil
	m.mu.Unlock()
}

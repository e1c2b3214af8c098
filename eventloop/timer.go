package eventloop

import "time"

// A Timer is a callback that waits for its time (asyncio.TimerHandle).
type Timer struct {
	timer
	handle Handle
	when   time.Duration
}

// CallLater calls f after d, no earlier (loop.call_later). With d zero or below that
// is in the next turn.
func (l *Loop) CallLater(d time.Duration, f func()) *Timer {
	return l.CallAt(l.in(d), f)
}

// CallAt calls f at a time of the loop's own clock, no earlier (loop.call_at). Timers
// of the same time are called in the order in which they were set.
func (l *Loop) CallAt(when time.Duration, f func()) *Timer {
	mustCallback(f)
	t := &Timer{handle: Handle{loop: l, f: f}, when: when}
	t.target = &t.handle
	l.timers.add(&t.timer, when)
	return t
}

// When is the time at which the timer is due, by [Loop.Time] (TimerHandle.when).
func (t *Timer) When() time.Duration { return t.when }

// Cancel takes the timer back if its callback has not begun (TimerHandle.cancel).
func (t *Timer) Cancel() {
	t.handle.loop.timers.cancel(&t.timer)
}

// Cancelled reports whether Cancel was called (TimerHandle.cancelled).
func (t *Timer) Cancelled() bool { return t.off }

// A timer is an entry of the heap of timers, and of the ready queue when it is due.
type timer struct {
	target runnable
	seq    uint64 // timers of one time go in the order of their making
	at     int32  // its place in the heap, counted from 1; 0 if it is not there
	due    bool   // in the ready queue
	off    bool   // cancelled
}

func (t *timer) run() {
	t.due = false
	if !t.off {
		t.target.run()
	}
}

// timerHeap is a heap of four children a node: half as deep as one of two. The times
// lie in the heap itself, so that most comparisons touch no timer.
type timerHeap struct {
	slots []slot
	seq   uint64
}

type slot struct {
	when  time.Duration
	timer *timer
}

func (s slot) before(o slot) bool {
	return s.when < o.when || s.when == o.when && s.timer.seq < o.timer.seq
}

func (h *timerHeap) len() int             { return len(h.slots) }
func (h *timerHeap) first() time.Duration { return h.slots[0].when }

func (h *timerHeap) add(t *timer, when time.Duration) {
	h.seq++
	t.seq, t.off = h.seq, false
	if len(h.slots) == cap(h.slots) { // append would leave five times as much behind
		h.slots = append(make([]slot, 0, max(16, 2*len(h.slots))), h.slots...)
	}
	h.slots = append(h.slots, slot{when, t})
	h.up(len(h.slots) - 1)
}

// due moves the timers that are due to the ready queue.
func (h *timerHeap) due(now time.Duration, ready *ring[runnable]) {
	for len(h.slots) > 0 && h.slots[0].when <= now {
		t := h.slots[0].timer
		h.remove(t)
		t.due = true
		ready.push(t)
	}
}

// cancel keeps a timer from running, wherever it is.
func (h *timerHeap) cancel(t *timer) {
	t.off = true
	if t.at > 0 {
		h.remove(t)
	}
}

func (h *timerHeap) remove(t *timer) {
	i := int(t.at) - 1
	last := len(h.slots) - 1
	moved := h.slots[last]
	h.slots[last] = slot{}
	h.slots = h.slots[:last]
	t.at = 0
	if i == last {
		return
	}
	h.put(i, moved)
	h.down(i)
	h.up(int(moved.timer.at) - 1)
}

func (h *timerHeap) put(i int, s slot) {
	h.slots[i] = s
	s.timer.at = int32(i + 1)
}

func (h *timerHeap) up(i int) {
	s := h.slots[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !s.before(h.slots[parent]) {
			break
		}
		h.put(i, h.slots[parent])
		i = parent
	}
	h.put(i, s)
}

func (h *timerHeap) down(i int) {
	s := h.slots[i]
	for {
		child := 4*i + 1
		if child >= len(h.slots) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(h.slots)); c++ {
			if h.slots[c].before(h.slots[least]) {
				least = c
			}
		}
		if !h.slots[least].before(s) {
			break
		}
		h.put(i, h.slots[least])
		i = least
	}
	h.put(i, s)
}

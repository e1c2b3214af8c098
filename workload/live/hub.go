package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A hub gives each message to everyone who is in, in one order, and says something itself
// each interval as long as anybody is in: the first time an interval after somebody came into
// the empty hub, or the gate opened. The chat room is one hub, the live metrics are another.
//
// It does not catch up: a message that had to wait for the slow delays those after it.
type hub struct {
	every       time.Duration
	say         func(seq int64, at time.Time) []byte // the hub's own message
	owed        int                                  // messages to a member before it is out; below zero: no end
	queue       int                                  // of them wait for a member, before slow decides
	slow        Slow
	gate        int
	gateTimeout time.Duration

	// turn is held by whoever reads or changes what follows: a channel, and not a Mutex, as it
	// is held while a message waits for a slow member, and others must be able to give up
	// waiting for it. (A bubble of virtual time does not stand still for a Mutex, either.)
	turn    chan struct{}
	members []*member     // in the order in which they came
	seq     int64         // of the last message
	next    time.Time     // when pace has something to do, if anybody is in
	open    chan struct{} // closed when the gate has opened, or never will
	shut    error         // why it never will

	woken chan struct{} // tells pace of a new next
	ended chan struct{} // closed by end
	pacer sync.WaitGroup
	count counts
}

// counts are what a hub knows of its members and messages. They are read at any time, by anyone.
type counts struct {
	joined, in, peak                              atomic.Int64
	published, posts, offered, delivered, dropped atomic.Int64
}

// A member is a client in a hub.
type member struct {
	queue chan sent               // closed when it has been offered all that it is owed
	gone  context.Context         // ends when it takes no more
	leave context.CancelCauseFunc // ends it

	// Under the hub's turn, until the member is out.
	in               bool
	owed             int
	offered, dropped int64
}

// sent is a message on its way to everyone.
type sent struct {
	data []byte
	at   time.Time
}

var (
	errEnded = errors.New("the server is shutting down")
	errOut   = errors.New("not in any more")
	errGate  = errors.New("the gate did not open")
)

// start begins the hub's own messages; end, which must be called once, ends them and releases
// whoever waits in the hub.
func (h *hub) start() {
	h.turn = make(chan struct{}, 1)
	h.woken = make(chan struct{}, 1)
	h.ended = make(chan struct{})
	h.open = make(chan struct{})
	if h.gate < 2 {
		close(h.open)
	}
	h.pacer.Go(h.pace)
}

func (h *hub) end() {
	close(h.ended)
	h.pacer.Wait()
}

// take takes the turn, unless ctx or the hub ends first.
func (h *hub) take(ctx context.Context) error {
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.ended:
		return errEnded
	}
	if isClosed(h.ended) { // a select takes any case that is ready
		h.release()
		return errEnded
	}
	return nil
}

func (h *hub) release() { <-h.turn }

// join lets a member in, until gone ends, and says which message is the first that it is owed.
func (h *hub) join(gone context.Context) (m *member, first int64, err error) {
	m = &member{queue: make(chan sent, h.queue), in: true, owed: h.owed}
	if err := h.take(gone); err != nil {
		return nil, 0, err
	}
	defer h.release()
	if h.shut != nil {
		return nil, 0, h.shut
	}
	m.gone, m.leave = context.WithCancelCause(gone)
	h.members = append(h.members, m)
	h.count.joined.Add(1)
	h.counted()
	opens := !isClosed(h.open) && len(h.members) >= h.gate
	if opens {
		close(h.open)
	}
	if opens || len(h.members) == 1 {
		wait := h.every
		if !isClosed(h.open) {
			wait = h.gateTimeout
		}
		h.next = time.Now().Add(wait)
		select {
		case h.woken <- struct{}{}:
		default: // pace has yet to look
		}
	}
	return m, h.seq + 1, nil
}

// remove has a member take no more, and lets it out if it is still in. It returns how many
// messages the member was offered, and how many of them were dropped. (Of one whose queue is
// closed, the member itself tells, and its turn need not be waited for.)
func (h *hub) remove(m *member) (offered, dropped int64) {
	m.leave(errOut)
	h.turn <- struct{}{} // soon: no message waits for whoever has left, nor when the hub has ended
	defer h.release()
	if m.in {
		m.in = false
		h.members = slices.DeleteFunc(h.members, func(other *member) bool { return other == m })
		h.counted()
	}
	return m.offered, m.dropped
}

func (h *hub) counted() {
	now := int64(len(h.members))
	h.count.in.Store(now)
	h.count.peak.Store(max(now, h.count.peak.Load()))
}

// post publishes what say makes for a member that is in. It waits until the gate is open,
// and for its turn.
func (h *hub) post(m *member, say func(seq int64, at time.Time) []byte) error {
	for {
		if err := h.take(m.gone); err != nil {
			return err
		}
		open := h.open
		if isClosed(open) {
			break
		}
		h.release()
		select {
		case <-open:
		case <-m.gone.Done():
			return context.Cause(m.gone)
		case <-h.ended:
			return errEnded
		}
	}
	defer h.release()
	switch {
	case h.shut != nil:
		return h.shut
	case !m.in:
		return errOut
	}
	h.count.posts.Add(1)
	h.publish(say)
	return nil
}

// publish offers a message to all members. Once begun it ends, whatever becomes of who posted
// it: a message is for all, and only the end of the hub leaves some out.
func (h *hub) publish(say func(seq int64, at time.Time) []byte) {
	h.seq++
	at := time.Now()
	message := sent{say(h.seq, at), at}
	h.count.published.Add(1)
	stay := h.members[:0]
	for _, m := range h.members {
		h.offer(m, message)
		if m.owed--; m.owed == 0 {
			m.in = false
			close(m.queue)
		} else {
			stay = append(stay, m)
		}
	}
	clear(h.members[len(stay):])
	h.members = stay
	h.counted()
}

func (h *hub) offer(m *member, message sent) {
	if h.slow == Drop {
		select {
		case m.queue <- message:
		default:
			m.dropped++
			h.count.dropped.Add(1)
		}
	} else {
		select {
		case m.queue <- message:
		case <-m.gone.Done():
			return // it is as good as out
		case <-h.ended:
			return
		}
	}
	m.offered++
	h.count.offered.Add(1)
}

// pace says the hub's own messages, until the hub ends.
func (h *hub) pace() {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-h.woken:
		case <-timer.C:
		case <-h.ended:
			return
		}
		if h.take(context.Background()) != nil {
			return
		}
		wait, more := h.step(time.Now())
		h.release()
		if more {
			timer.Reset(wait)
		}
	}
}

// step does what is due, and says when to come again; else somebody wakes pace.
func (h *hub) step(now time.Time) (wait time.Duration, more bool) {
	switch {
	case len(h.members) == 0 || h.shut != nil:
		return 0, false
	case now.Before(h.next):
		return h.next.Sub(now), true
	case !isClosed(h.open):
		h.shut = fmt.Errorf("%w: it waits for %d clients, and within %v only %d were in", errGate, h.gate, h.gateTimeout, len(h.members))
		close(h.open)
		for _, m := range h.members {
			m.leave(h.shut)
		}
		return 0, false
	}
	h.publish(h.say)
	now = time.Now()
	if h.next = h.next.Add(h.every); h.next.Before(now) {
		h.next = now
	}
	return h.next.Sub(now), len(h.members) > 0
}

// reset forgets the counts. If nobody is in, the gate waits anew.
func (h *hub) reset() {
	if h.take(context.Background()) != nil {
		return
	}
	defer h.release()
	c := &h.count
	for _, n := range []*atomic.Int64{&c.peak, &c.published, &c.posts, &c.offered, &c.delivered, &c.dropped} {
		n.Store(0)
	}
	c.joined.Store(int64(len(h.members)))
	h.counted()
	if len(h.members) == 0 {
		h.shut = nil
		if h.gate > 1 && isClosed(h.open) {
			h.open = make(chan struct{})
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

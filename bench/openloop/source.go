package openloop

import (
	"context"
	"fmt"
	"iter"
	"time"

	"example.com/overlap"
)

// A Config says what comes, how long it may wait, and where latencies go.
type Config struct {
	Schedule Schedule

	// N is how many arrivals there are at most, and arrivals are meant for before For
	// has passed. 0 is no bound: then keys alone ends them, or ctx.
	N   int
	For time.Duration

	// Backlog is how many arrivals wait, at most, for the model to take them; 0
	// stands for DefaultBacklog. NoBacklog drops each that comes while the model is not
	// waiting for one. The streams of this module hold one key more than their
	// limit, in the hand that passes it on; sequential holds none.
	Backlog int

	// Tolerance is how much after its intended start a job may be sent and not be late;
	// 0 stands for DefaultTolerance.
	Tolerance time.Duration

	// FromSend and FromIntended are given each job's two latencies, up to the end of
	// Process: from the begin of Fetch, and from the intended start. Only jobs that
	// succeed have latencies. They are called from many goroutines at once, and cost
	// what they cost each job. Nil records nothing.
	FromSend, FromIntended func(time.Duration)
}

const (
	// DefaultBacklog is room for the arrivals of a second at 1,000 a second. A bound
	// at all is what matters: past it a longer queue only makes everybody's wait longer.
	DefaultBacklog = 1000

	// NoBacklog is a Config's Backlog of no places at all.
	NoBacklog = -1

	// DefaultTolerance is about twice what a timer overshoots: the runtime waits for the
	// network and for timers in one call that counts whole milliseconds, so a wait takes
	// up to 1 ms more than asked for (golang/go#44343). What is sent later than this was
	// kept waiting by the model, or by a machine too busy to measure on: jobs that
	// a model without a limit has late, or dropped, tell of the machine.
	DefaultTolerance = 2 * time.Millisecond
)

func (c Config) check() error {
	if err := c.Schedule.check(); err != nil {
		return err
	}
	switch {
	case c.N < 0:
		return fmt.Errorf("openloop: N is %d, want 0 (no bound) or more", c.N)
	case c.For < 0:
		return fmt.Errorf("openloop: For is %v, want 0s (no bound) or more", c.For)
	case c.Backlog < 0 && c.Backlog != NoBacklog:
		return fmt.Errorf("openloop: Backlog is %d, want NoBacklog, 0 (which is %d) or more", c.Backlog, DefaultBacklog)
	case c.Tolerance < 0:
		return fmt.Errorf("openloop: Tolerance is %v, want 0s (which is %v) or more", c.Tolerance, DefaultTolerance)
	}
	return nil
}

func (c Config) room() int {
	switch c.Backlog {
	case 0:
		return DefaultBacklog
	case NoBacklog:
		return 0
	}
	return c.Backlog
}

func (c Config) tolerance() time.Duration {
	if c.Tolerance == 0 {
		return DefaultTolerance
	}
	return c.Tolerance
}

// starts are those of the schedule that N and For let through.
func (c Config) starts() func() (time.Duration, bool) {
	next, n := c.Schedule.starts(), 0
	return func() (time.Duration, bool) {
		if c.N > 0 && n == c.N {
			return 0, false
		}
		n++
		start, ok := next()
		return start, ok && (c.For == 0 || start < c.For)
	}
}

// An Arrival is a key that has come.
type Arrival[K any] struct {
	Key      K
	Number   int       // from 0, in the order of arrival; the dropped ones have theirs too
	Intended time.Time // when its job is meant to start
}

// Counts say what became of the arrivals. Offered = Handed + Dropped + Left.
type Counts struct {
	Offered int           // those that came
	Handed  int           // those that the model took
	Dropped int           // those that found the backlog full
	Left    int           // those in the backlog when ctx ended or the consumer broke off
	Last    time.Duration // the intended start of the last that came
}

// A Source gives keys on time.
type Source[K any] struct {
	keys   iter.Seq[K]
	config Config
	counts Counts
	ended  bool // every arrival of the last loop was handed over or dropped
}

// NewSource returns a source of keys that come as c says. Key i is for arrival i,
// taken or dropped, and is asked for when the arrival before it has been dealt with;
// keys should have it ready. Nil keys panic; the error names the field of c that
// cannot be.
func NewSource[K any](keys iter.Seq[K], c Config) (*Source[K], error) {
	overlap.MustKeys(keys)
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Source[K]{keys: keys, config: c}, nil
}

// Counts tells what became of the arrivals of the last loop over Arrivals. Call it
// when that is over.
func (s *Source[K]) Counts() Counts { return s.counts }

// Arrivals gives each key when it is due, or as soon after that as it is pulled. The
// clock starts when the loop does. It ends after the last of keys, after N arrivals,
// after For, or when ctx ends, also while it waits. It is not for two loops at once.
//
// # How it can be exact without a goroutine
//
// Nobody is there to put arrivals into the backlog at the moment they come. But who
// pulls is the only one who takes from the backlog, so between two pulls it can only
// fill: when the consumer comes back, all that happened while it was away
// follows from the schedule. Each arrival meant for a moment before that found the
// backlog as those before had left it, and took a place or was dropped. An arrival
// meant for the very moment of the pull comes after it.
//
// Besides the waiting it costs some 60 ns an arrival, and 10 for one that is dropped. How
// late a timer wakes it is part of the latency from the intended start, and of no other.
func (s *Source[K]) Arrivals(ctx context.Context) iter.Seq[Arrival[K]] {
	return func(yield func(Arrival[K]) bool) {
		s.counts, s.ended = Counts{}, false
		d := desk[K]{ctx: ctx, yield: yield, counts: &s.counts, room: s.config.room(), opened: time.Now()}
		d.closed = ctx.Err() != nil
		defer d.close()
		next := s.config.starts()
		start, ok := next() // asked before keys is, which may have no more to give in time
		if ok && d.expects(start) {
			for key := range s.keys {
				if !d.arrive(key, start) {
					return
				}
				if start, ok = next(); !ok || !d.expects(start) {
					break
				}
			}
		}
		for !d.closed && d.backlog.len() > 0 {
			d.hand(d.backlog.pop())
		}
		s.ended = d.backlog.len() == 0 && (!ok || !d.closed)
	}
}

// A desk is where arrivals meet the consumer that pulls them.
type desk[K any] struct {
	ctx     context.Context
	yield   func(Arrival[K]) bool
	opened  time.Time
	counts  *Counts
	room    int
	backlog queue[Arrival[K]]
	timer   *time.Timer

	back   time.Duration // when the consumer came back last: to pull, or, if closed, to say that it pulls no more
	closed bool          // nothing is handed over any more
}

// expects tells if an arrival meant for start can still be one: a desk that has
// closed counts only those that came before.
func (d *desk[K]) expects(start time.Duration) bool { return !d.closed || start < d.back }

// arrive deals with one arrival. All those before it have been dealt with. It returns false
// if ctx ended before the arrival came.
func (d *desk[K]) arrive(key K, start time.Duration) bool {
	for !d.closed && d.back <= start && d.backlog.len() > 0 {
		d.hand(d.backlog.pop()) // pulled before this one comes
	}
	if !d.expects(start) {
		return false
	}
	away := start < d.back
	if !away && !d.wait(start) {
		return false
	}
	arrival := Arrival[K]{Key: key, Number: d.counts.Offered, Intended: d.opened.Add(start)}
	d.counts.Offered++
	d.counts.Last = start
	switch {
	case !away:
		d.hand(arrival)
	case d.backlog.len() < d.room:
		d.backlog.push(arrival)
	default:
		d.counts.Dropped++
	}
	return true
}

// wait waits until start, and tells if ctx has not ended before.
func (d *desk[K]) wait(start time.Duration) bool {
	left := start - time.Since(d.opened)
	if left > 0 {
		if d.timer == nil {
			d.timer = time.NewTimer(left)
		} else {
			d.timer.Reset(left)
		}
		select {
		case <-d.timer.C:
		case <-d.ctx.Done():
		}
	}
	return d.ctx.Err() == nil // asked last: a select picks any ready case
}

// hand gives an arrival to the consumer, and returns when it is back.
func (d *desk[K]) hand(a Arrival[K]) {
	d.counts.Handed++
	d.closed = !d.yield(a) || d.ctx.Err() != nil
	d.back = time.Since(d.opened)
}

func (d *desk[K]) close() {
	d.counts.Left = d.backlog.len()
	if d.timer != nil {
		d.timer.Stop()
	}
}

// A queue is first in, first out, in memory for twice what it holds at most.
type queue[T any] struct {
	items []T
	head  int // those before it are out
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

func (q *queue[T]) push(item T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

func (q *queue[T]) pop() T {
	var none T
	item := q.items[q.head]
	q.items[q.head] = none // what it points to is free
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return item
}

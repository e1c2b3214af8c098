package live

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A Record is what a room has seen since it began, or since the last [Server.Reset]. The
// numbers are read one after another: while messages flow, they may be one apart. Once every
// client has got its close frame, they are exact. What was written to a connection counts as
// delivered: if the client left before it read that, the server does not know.
//
// Offered is Delivered + Dropped + Lost, and what is in the queues.
type Record struct {
	Joined   int64 `json:"joined"`    // clients that were let in
	In       int64 `json:"in"`        // and are in now
	PeakIn   int64 `json:"peak_in"`   // at one time, at most
	Finished int64 `json:"finished"`  // got all that was not dropped
	TimedOut int64 `json:"timed_out"` // were cut off, as they took nothing for Settings.WriteTimeout
	Left     int64 `json:"left"`      // left before that, or were sent away
	Refused  int64 `json:"refused"`   // did not get in at all

	Published int64 `json:"published"` // messages
	Posts     int64 `json:"posts"`     // of them, those that clients posted
	Offered   int64 `json:"offered"`   // published messages times clients that were in
	Delivered int64 `json:"delivered"` // written to a client's connection
	Dropped   int64 `json:"dropped"`   // left out for a client that was too slow
	Lost      int64 `json:"lost"`      // were on their way to a client that left, or was cut off

	DroppedOf map[int]int64 `json:"dropped_of,omitempty"` // Dropped, by client; of the first 10,000 that had any
}

const maxNamed = 10_000

// outcomes are what became of the clients.
type outcomes struct {
	finished, timedOut, left, refused, lost atomic.Int64

	mu        sync.Mutex
	droppedOf map[int]int64
}

func (o *outcomes) dropped(client int, n int64) {
	if n == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, named := o.droppedOf[client]; !named && len(o.droppedOf) >= maxNamed {
		return
	}
	if o.droppedOf == nil {
		o.droppedOf = map[int]int64{}
	}
	o.droppedOf[client] += n
}

func (o *outcomes) reset() {
	for _, n := range []*atomic.Int64{&o.finished, &o.timedOut, &o.left, &o.refused, &o.lost} {
		n.Store(0)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.droppedOf = nil
}

func (o *outcomes) named() map[int]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.droppedOf)
}

// Record returns what the room has seen.
func (s *Server) Record() Record {
	c, o := &s.room.count, &s.outcomes
	return Record{
		Joined: c.joined.Load(), In: c.in.Load(), PeakIn: c.peak.Load(),
		Finished: o.finished.Load(), TimedOut: o.timedOut.Load(), Left: o.left.Load(), Refused: o.refused.Load(),
		Published: c.published.Load(), Posts: c.posts.Load(), Offered: c.offered.Load(),
		Delivered: c.delivered.Load(), Dropped: c.dropped.Load(), Lost: o.lost.Load(),
		DroppedOf: o.named(),
	}
}

// Reset clears the record, for another run. If nobody is in the room its gate waits anew,
// also one that did not open. The numbers of the messages go on.
func (s *Server) Reset() {
	s.room.reset()
	s.outcomes.reset()
}

package queue

import (
	"context"
	"time"
)

// An ahead counts the jobs that a worker holds or has asked for, and says how many more it may.
type ahead struct {
	freed chan struct{} // has room for one: release was called

	// Guarded by labour.mu.
	held  int
	ended int       // jobs since...
	since time.Time // ...then
	extra int       // how many more than hands
}

const (
	// farthest is the most that is asked for ahead, as much as NATS's own client asks for.
	farthest = 500
	// soon is the time within which what is asked for ahead is begun, at the pace of late.
	soon = 20 * time.Millisecond
	// stuck is for how long no job may end before those that lie here are given to others.
	stuck = time.Second
)

// room waits until it is worth to ask for more jobs, and takes the room for them. It returns 0 when
// ctx has ended.
func (w *labour) room(ctx context.Context) int {
	for {
		if ctx.Err() != nil {
			return 0
		}
		if n := w.more(time.Now()); n > 0 {
			return n
		}
		timer := time.NewTimer(stuck)
		select {
		case <-w.freed:
		case <-ctx.Done():
		case <-timer.C:
			w.giveBack()
		}
		timer.Stop()
	}
}

// more is how many more jobs may be asked for now. It is 0 also while more than half of what was
// asked for ahead is still here: few large questions are cheaper than many small ones.
func (w *labour) more(now time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if passed := now.Sub(w.since); passed >= soon && w.tries > 1 {
		w.extra = min(int(int64(w.ended)*int64(soon)/int64(passed)), farthest)
		w.ended, w.since = 0, now
	}
	n := w.limit + w.extra - w.held
	if n <= w.extra/2 {
		return 0
	}
	w.held += n
	return n
}

// release gives room back: n jobs are not here any more, or were never, and some of them ended.
func (w *labour) release(n, ended int) {
	w.mu.Lock()
	w.held -= n
	w.ended += ended
	w.mu.Unlock()
	select {
	case w.freed <- struct{}{}:
	default:
	}
}

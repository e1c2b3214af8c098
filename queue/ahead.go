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
	slow  time.Time // since when too many lie here
	extra int       // how many more than hands
}

const (
	// farthest is the most that is asked for ahead, as much as NATS's own client asks for.
	farthest = 500
	// soon is the time within which what is asked for ahead is begun, at the pace of late.
	soon = 20 * time.Millisecond
	// spareTries is how many tries a job must have for one to be spent on asking ahead.
	spareTries = 2
	// stuck is how often a worker that has nothing to ask for looks whether jobs lie here that
	// it does not get to.
	stuck = time.Second
)

// room waits until it is worth to ask for more jobs, and takes the room for them. It returns 0 when
// ctx has ended.
func (w *labour) room(ctx context.Context) int {
	for {
		if ctx.Err() != nil {
			return 0
		}
		n, surplus := w.more(time.Now())
		if surplus > 0 {
			w.giveBack(len(w.taken) - surplus)
			continue
		}
		if n > 0 {
			return n
		}
		timer := time.NewTimer(stuck)
		select {
		case <-w.freed:
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// more is how many more jobs may be asked for now. It is 0 also while more than half of what was
// asked for ahead is still here: few large questions are cheaper than many small ones. If jobs have
// become so slow that far more lie here than would be asked for, and that for half a second, which
// is no mere pause of the machine's, surplus is how many.
func (w *labour) more(now time.Time) (n, surplus int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if passed := now.Sub(w.since); passed >= soon && w.tries > spareTries {
		w.extra = min(int(int64(w.ended)*int64(soon)/int64(passed)), farthest)
		w.ended, w.since = 0, now
	}
	switch lie := len(w.taken); {
	case lie <= 2*w.extra:
		w.slow = time.Time{}
	case w.slow.IsZero():
		w.slow = now
	case now.Sub(w.slow) >= stuck/2:
		w.slow = time.Time{}
		return 0, lie - w.extra
	}
	if n = w.limit + w.extra - w.held; n <= w.extra/2 {
		return 0, 0
	}
	w.held += n
	return n, 0
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

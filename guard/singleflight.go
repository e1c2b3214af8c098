package guard

import (
	"context"
	"sync"

	"example.com/overlap"
)

// SingleFlight lets Fetches of the same key that would be in flight at once share one: the
// first begins it, the others wait for what it brings. When a popular entry of a cache
// expires, the database behind it is asked once, and not by everybody (a cache stampede, or
// thundering herd). It is no cache: the next Fetch after the end begins anew.
//
// All who share get the same body, and each does its own Process with it: body must not
// be altered. They get the same error, too; a panic and a Goexit come to each of
// them as an error, *overlap.PanicError and overlap.ErrGoexit; so under sequential, too, a Goexit
// does not end the caller.
//
// The shared Fetch has the values of the first caller's context, but not its end. A caller whose
// context ends leaves with the cause of that. When the last one leaves, the context of the
// Fetch ends with the same cause, and he waits for it, and returns what it comes to. So
// there is always somebody waiting, and what is begun is never abandoned. A deadline does not go
// with it: the guards inside cannot tell that there would be no time.
//
// Alters clause 8: a Fetch ends when the one that it shares does; and of 1, 3 and 4 what is said
// above: equal keys share, a Goexit ends no caller, a deadline is not seen. It belongs outside
// all that asks the server, so that one retries for all, and inside [Deadline] and [FailFast],
// which are each caller's own. It costs a goroutine, a context and two locks of one mutex for
// each Fetch. In asyncio it is a dict of Futures that callers await through asyncio.shield.
//
// golang.org/x/sync/singleflight is not beneath: its keys are strings, so others would have to
// be printed, and some print alike; it has no cancel; and on the channel that it offers to
// those who may leave, a panic ends the program and a Goexit is never heard of.
func SingleFlight[K comparable, B, R any](job overlap.Job[K, B, R]) overlap.Job[K, B, R] {
	job.MustValid()
	flights := flights[K, B]{inFlight: map[K]*flight[B]{}}
	fetch := job.TryFetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		if key != key { // NaN, for one, has nothing to share
			return fetch(ctx, key)
		}
		f := flights.join(ctx, key, fetch)
		select {
		case <-f.landed:
			return f.body, f.err
		case <-ctx.Done():
		}
		if last := flights.leave(key, f); last {
			f.cancel(context.Cause(ctx))
			<-f.landed
			return f.body, f.err
		}
		var none B
		return none, context.Cause(ctx)
	}
	return job
}

// A flight is a Fetch that callers share. Its body and its error may be read once landed is
// closed.
type flight[B any] struct {
	cancel context.CancelCauseFunc
	landed chan struct{}
	body   B
	err    error

	waiting int // callers; guarded by flights.mu
}

type flights[K comparable, B any] struct {
	mu       sync.Mutex
	inFlight map[K]*flight[B]
}

// join returns the flight for key, which it begins if there is none.
func (fs *flights[K, B]) join(ctx context.Context, key K, fetch func(context.Context, K) (B, error)) *flight[B] {
	fs.mu.Lock()
	defer fs.mu.Unlock() // deferred: a key that cannot be compared panics
	f := fs.inFlight[key]
	if f == nil {
		shared, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		f = &flight[B]{cancel: cancel, landed: make(chan struct{}), err: overlap.ErrGoexit}
		fs.inFlight[key] = f
		go func() {
			defer close(f.landed) // last: who waits for it may be the last of the run
			defer cancel(nil)
			defer fs.remove(key, f)
			f.body, f.err = fetch(shared, key)
		}()
	}
	f.waiting++
	return f
}

// leave says whether the caller was the last who waited. Then nobody joins any more: it
// would be a Fetch that is about to end.
func (fs *flights[K, B]) leave(key K, f *flight[B]) (last bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return false
	}
	fs.drop(key, f)
	return true
}

func (fs *flights[K, B]) remove(key K, f *flight[B]) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.drop(key, f)
}

// drop lets the next caller begin anew, unless one has already.
func (fs *flights[K, B]) drop(key K, f *flight[B]) {
	if fs.inFlight[key] == f {
		delete(fs.inFlight, key)
	}
}

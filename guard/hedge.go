package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"example.com/overlap"
)

// A HedgePolicy says when a second request is sent. Its zero value is a policy.
type HedgePolicy struct {
	// Percentile of the times seen, after which the second request is sent; above 0 and
	// below 100; 0 stands for 95.
	Percentile float64

	// MinSamples is how many times are seen before the first hedge; 0 stands for 100. The
	// percentile is taken anew after each so many more, over the last 10 to 20 times as
	// many, so that it follows a service that becomes slower or quicker.
	MinSamples int

	// Budget bounds the second requests to a share of the first ones. Nil stands for one
	// of this job's own, with a little more than the percentile lets expect: 5.9 % for the
	// 95th. One with exactly that is empty again and again just as a slow request needs it.
	Budget *Budget
}

// Hedge sends a second request when the first takes longer than most did: longer than the
// 95th percentile of the times seen. The first answer of the two that is a success wins; the
// other request is cancelled, and waited for. Where slowness is by chance, two requests are
// rarely both slow, so few more requests take the tail away. (Jeffrey Dean and Luiz André
// Barroso, "The Tail at Scale", CACM 56(2), 2013, hedged requests.) Where a key is slow every
// time, the second request is as slow as the first.
//
// The budget is hard: when a service becomes slow as a whole, every request would be hedged,
// and double the load of a service that is in trouble; with the standard policy the second
// requests are never more than 5.9 % of the first ones.
//
// A first request that fails before the hedge is sent is just an error: trying again is
// [Retry]'s work. After that its error waits for the hedge's answer; if both fail, the error
// is both joined, the first request's first. A panic or a Goexit of the first request goes its
// way when the hedge has ended; in the hedge it is a failure.
//
// What is asked must be safe to ask twice at once, such as a GET. A body that the loser
// still brings is dropped, so a body that must be closed does not fit; nor does one that needs
// its context, which ends as Fetch returns. A Fetch that does not heed its context wins nothing
// by a hedge: it is waited for.
//
// Times seen are those of first requests that succeeded, and of those that lost, up to
// when they were cancelled: without these the slow ones would never be seen, the percentile
// would sink, and hedges become ever more.
//
// Alters clauses 6 and 8: up to twice the limit is in flight, as counted at the server,
// though seldom; and a Fetch ends when the quicker of two does. It belongs inside [Retry] and
// outside [PerHost], [RateLimit] and [Timeout], so that both requests heed them; the times
// that it sees include the waits there. It costs two contexts and a timer for each Fetch, a
// goroutine for each hedge, a lock, and 80 KB for the histograms. In asyncio it is asyncio.wait
// with timeout and FIRST_COMPLETED.
func Hedge[K, B, R any](job overlap.Job[K, B, R], policy HedgePolicy) overlap.Job[K, B, R] {
	job.MustValid()
	policy = policy.filled()
	seen := newSeen(policy)
	original := job
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		policy.Budget.first()
		after, known := seen.percentile()
		if known {
			return hedged(ctx, original, key, after, policy.Budget, seen)
		}
		begun := time.Now()
		body, err := original.Fetch(ctx, key)
		if err == nil {
			seen.add(time.Since(begun))
		}
		return body, err
	}
	return job
}

func (p HedgePolicy) filled() HedgePolicy {
	if p.Percentile == 0 {
		p.Percentile = 95
	}
	if !(p.Percentile > 0 && p.Percentile < 100) { // so that NaN panics, too
		panic(fmt.Sprintf("guard: policy.Percentile is %v, want above 0 and below 100", p.Percentile))
	}
	if p.MinSamples < 0 {
		panic(fmt.Sprintf("guard: policy.MinSamples is %d, want at least 0", p.MinSamples))
	}
	if p.MinSamples == 0 {
		p.MinSamples = 100
	}
	if p.Budget == nil {
		const room = 1.18
		p.Budget = NewBudget(min(1, room*(100-p.Percentile)/100))
	}
	return p
}

// errLost is why the slower request is cancelled.
var errLost = errors.New("the other request was quicker")

// hedged does one Fetch. The first request is made on the caller's goroutine, as without a
// guard: it is waited for in any case.
func hedged[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], key K, after time.Duration, budget *Budget, seen *seen) (B, error) {
	first, cancelFirst := context.WithCancelCause(ctx)
	defer cancelFirst(nil)
	second, cancelSecond := context.WithCancelCause(ctx)

	var (
		won   atomic.Bool // by whoever brings a body first
		sent  bool        // and these are the hedge's, until it has ended
		other B
		lost  = overlap.ErrGoexit
	)
	ended := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		defer close(ended)
		if !budget.take() {
			return
		}
		sent = true
		other, lost = job.TryFetch(second, key)
		if lost == nil && won.CompareAndSwap(false, true) {
			cancelFirst(errLost)
		}
	})
	wait := sync.OnceFunc(func() {
		if !timer.Stop() {
			<-ended
		}
	})
	defer wait() // also when the first request panics
	defer cancelSecond(errLost)

	begun := time.Now()
	body, err := job.Fetch(first, key)
	cut := errors.Is(context.Cause(first), errLost)
	if err == nil || cut {
		seen.add(time.Since(begun))
	}
	if err == nil && won.CompareAndSwap(false, true) {
		return body, nil
	}
	wait()
	switch {
	case sent && lost == nil:
		return other, nil
	case sent && ctx.Err() == nil:
		return body, errors.Join(err, lost)
	}
	return body, err
}

// seen is the times that were seen lately: those of two windows, of which the older is
// forgotten when the newer is full.
type seen struct {
	at    float64
	every int64
	known atomic.Int64 // the percentile, or 0

	mu         sync.Mutex
	older, now *hdrhistogram.Histogram // in microseconds
	both       *hdrhistogram.Histogram
}

const (
	longest = time.Hour // what is seen at most
	window  = 10        // times MinSamples
)

func newSeen(policy HedgePolicy) *seen {
	// Two figures: the percentile is at most 1 % too high.
	histogram := func() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest.Microseconds(), 2) }
	return &seen{
		at:    policy.Percentile,
		every: int64(policy.MinSamples),
		older: histogram(),
		now:   histogram(),
		both:  histogram(),
	}
}

func (s *seen) percentile() (time.Duration, bool) {
	d := time.Duration(s.known.Load())
	return d, d > 0
}

func (s *seen) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.now.RecordValue(min(d, longest).Microseconds()) // it fails beyond longest only
	n := s.now.TotalCount()
	if n%s.every != 0 {
		return
	}
	s.both.Reset()
	s.both.Merge(s.older)
	s.both.Merge(s.now)
	// One more: microseconds are cut off.
	s.known.Store(int64(time.Duration(s.both.ValueAtPercentile(s.at)+1) * time.Microsecond))
	if n == window*s.every {
		s.older, s.now = s.now, s.older
		s.now.Reset()
	}
}

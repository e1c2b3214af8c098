package pool

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/overlap"
)

// RunSteal is RunCounter for many workers: each owns a range of the keys and
// takes from its front; a worker whose range is empty steals the back half of
// another's, as in Cilk (Blumofe and Leiserson, Scheduling Multithreaded
// Computations by Work Stealing, 1999).
//
// Bought: a claim is one atomic addition to a word that hardly any other worker
// touches, so its cost does not grow with the workers; and still no job waits while
// a worker is idle, whatever the lengths of the jobs. Paid: owner and thieves race
// for a range, so both its bounds must change as one, and the ranges that are not
// empty are counted, so that a worker knows when to go home. Read RunCounter
// first: for few workers it does as well with a third of the thought.
func RunSteal[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, workers int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	if len(keys) > math.MaxInt32 {
		return RunCounter(ctx, job, keys, workers) // a span's bounds have 32 bits each
	}
	results := overlap.Pending[R](len(keys))
	spans := deal(len(keys), min(workers, len(keys)))
	var wg sync.WaitGroup
	for own := range spans.all {
		overlap.Go(&wg, func() {
			job.DoEach(ctx, keys, results, func() int { return spans.claim(own) })
		})
	}
	wg.Wait()
	return results
}

// A span is a range of keys that belongs to a worker: the first in the upper half
// of a word, the end in the lower, so that owner and thief see both or neither.
type span struct {
	bounds atomic.Uint64
	_      [120]byte // a cache line of its own, and the one that is fetched along
}

const first = 1 << 32 // adds one to the first

func pack(from, to int) uint64            { return uint64(from)<<32 | uint64(to) }
func unpack(bounds uint64) (from, to int) { return int(bounds >> 32), int(uint32(bounds)) }

type spans struct {
	all []span
	// full is how many spans are not empty, counting what a thief carries. At 0
	// there is no job left to claim.
	full atomic.Int64
}

// deal gives n keys to so many workers, in ranges as equal as can be.
func deal(n, workers int) *spans {
	s := &spans{all: make([]span, workers)}
	for i := range s.all {
		s.all[i].bounds.Store(pack(share(i, n, workers), share(i+1, n, workers)))
	}
	s.full.Store(int64(workers))
	return s
}

// none is beyond every key: DoEach ends.
const none = math.MaxInt

// claim takes the next key of the worker's own span, or else of another's.
func (s *spans) claim(own int) int {
	from, to := unpack(s.all[own].bounds.Add(first))
	switch from--; { // as it was
	case from < to-1:
		return from
	case from == to-1: // the last one
		s.full.Add(-1)
		return from
	}
	for s.full.Load() > 0 {
		for i := range s.all {
			if key, ok := s.steal(own, (own+1+i)%len(s.all)); ok {
				return key
			}
		}
		runtime.Gosched() // a thief is on its way home with what there is
	}
	return none
}

// steal moves the back half of a victim's span into the worker's own, which is
// empty, and takes the first key of it.
func (s *spans) steal(own, victim int) (key int, ok bool) {
	bounds := s.all[victim].bounds.Load()
	from, to := unpack(bounds)
	if from >= to {
		return 0, false
	}
	middle := from + (to-from)/2
	if middle > from {
		s.full.Add(1) // two spans of one; counted first, so that nobody goes home
	}
	if !s.all[victim].bounds.CompareAndSwap(bounds, pack(from, middle)) {
		if middle > from {
			s.full.Add(-1)
		}
		return 0, false
	}
	if middle+1 == to {
		s.full.Add(-1) // nothing is left of it
	} else {
		s.all[own].bounds.Store(pack(middle+1, to))
	}
	return middle, true
}

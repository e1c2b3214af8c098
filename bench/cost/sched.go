package cost

import (
	"math"
	"runtime/metrics"
	"slices"
	"time"
)

// Sched is a distribution of the times that goroutines were ready to run and did not
// yet run (/sched/latencies:seconds), of all goroutines of the process, the runtime's
// own too. The runtime takes one in eight of a goroutine's turns. Its buckets are a
// quarter of a power of two wide (64 ns up to 256 ns), so a quantile is right to
// within 25 %, and too high rather than too low.
type Sched struct {
	counts  []uint64
	buckets []float64 // bounds in seconds, one more than counts; the outermost are infinite
}

// between returns what was counted after from until to. Nil stands for nothing.
func between(from, to *metrics.Float64Histogram) Sched {
	if from == nil || to == nil || len(from.Counts) != len(to.Counts) {
		return Sched{}
	}
	s := Sched{counts: make([]uint64, len(to.Counts)), buckets: to.Buckets}
	for i := range s.counts {
		// Counts only grow; a bound for readings given in the wrong order.
		s.counts[i] = to.Counts[i] - min(from.Counts[i], to.Counts[i])
	}
	return s
}

func (s *Sched) add(t Sched) {
	switch {
	case t.counts == nil:
	case s.counts == nil:
		*s = Sched{counts: slices.Clone(t.counts), buckets: t.buckets}
	default:
		for i := range t.counts {
			s.counts[i] += t.counts[i]
		}
	}
}

// Count returns how many times are in the distribution.
func (s Sched) Count() uint64 {
	var n uint64
	for _, c := range s.counts {
		n += c
	}
	return n
}

// Quantile returns a time that the share q (0 to 1) of the measured times did not
// exceed: the upper bound of the bucket in which the time of that rank lies. The last
// bucket has none, there it is the lower bound (39 hours). It is absent if nothing
// was measured. A q outside 0 to 1 is taken as 0 or 1.
func (s Sched) Quantile(q float64) (latency time.Duration, ok bool) {
	n := s.Count()
	if n == 0 {
		return 0, false
	}
	rank := uint64(1)
	// Less a hair: 0.07 times 100 is 7.000000000000001.
	if at := math.Ceil(q*float64(n) - 1e-9); at >= float64(n) {
		rank = n
	} else if at > 1 {
		rank = uint64(at)
	}
	for i, c := range s.counts {
		if c < rank {
			rank -= c
			continue
		}
		bound := s.buckets[i+1]
		if math.IsInf(bound, 1) {
			bound = s.buckets[i]
		}
		if math.IsInf(bound, 0) { // one bucket for everything: nothing is known
			return 0, false
		}
		return time.Duration(math.Round(bound * 1e9)), true
	}
	return 0, false
}

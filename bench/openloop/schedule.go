package openloop

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// A Schedule says when jobs are meant to start. It is a plan, made before anything
// runs: nothing that happens during the run moves it.
type Schedule struct {
	Rate    float64 // arrivals a second on average: above 0, at most 1e9
	Poisson bool    // gaps are exponential and independent; else all alike
	Seed    uint64  // of the gaps: the same seed gives the same arrivals
}

// Constant is an arrival every 1/rate seconds, the first at once.
func Constant(rate float64) Schedule { return Schedule{Rate: rate} }

// Poisson is rate arrivals a second on average, each as likely now as at any other
// time, whatever came before. Two runs with one seed see the same arrivals, so
// models can be compared on them.
func Poisson(rate float64, seed uint64) Schedule {
	return Schedule{Rate: rate, Poisson: true, Seed: seed}
}

// maxRate is one arrival a nanosecond, the finest that a time.Duration tells apart.
const maxRate = 1e9

func (s Schedule) check() error {
	if !(s.Rate > 0 && s.Rate <= maxRate) { // NaN is neither
		return fmt.Errorf("openloop: Schedule.Rate is %v, want above 0 and at most %v arrivals a second", s.Rate, float64(maxRate))
	}
	return nil
}

func (s Schedule) String() string {
	if s.Poisson {
		return fmt.Sprintf("%v/s, Poisson, seed %d", s.Rate, s.Seed)
	}
	return fmt.Sprintf("%v/s, constant", s.Rate)
}

// Starts gives the intended starts, from the beginning of the run, in ascending
// order. There is no end to them but that of time.Duration, 292 years. A rate that
// [Run] would refuse gives none.
func (s Schedule) Starts() iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		if s.check() != nil {
			return
		}
		for next := s.starts(); ; {
			if start, ok := next(); !ok || !yield(start) {
				return
			}
		}
	}
}

// starts returns a function that gives one start after the other.
func (s Schedule) starts() func() (start time.Duration, ok bool) {
	nanoseconds := func(t float64) (time.Duration, bool) {
		t = math.Round(t)
		return time.Duration(t), t < math.MaxInt64
	}
	if !s.Poisson {
		i := 0.0 // not a sum of gaps, whose rounding would add up
		return func() (time.Duration, bool) {
			start, ok := nanoseconds(i * 1e9 / s.Rate)
			i++
			return start, ok
		}
	}
	random := rand.New(rand.NewPCG(s.Seed, 0))
	at := 0.0
	return func() (time.Duration, bool) {
		at += random.ExpFloat64() * 1e9 / s.Rate
		return nanoseconds(at)
	}
}

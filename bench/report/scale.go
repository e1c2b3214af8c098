package report

import (
	"math"

	"gonum.org/v1/plot"
)

// A scale maps values to where they stand on an axis. The numbers that gonum sees are
// those, always tame: a measurement may be 1e-300 or 1e308.
type scale struct {
	log  bool
	unit float64 // of a linear scale: what comes to 1
	lo   float64 // the values at its ends
	hi   float64
}

// newScale makes a scale for values from lo to hi, none negative. It is logarithmic if
// the values allow it and their ends are at least ratio apart; a linear one begins
// at zero if zero says so.
func newScale(lo, hi, ratio float64, zero bool) scale {
	if lo > 0 && hi/lo >= ratio {
		return scale{log: true, unit: 1, lo: lo, hi: hi}
	}
	if zero {
		lo = 0
	}
	if hi == lo {
		if lo == 0 {
			hi = 1
		} else {
			lo = 0
		}
	}
	return scale{unit: hi, lo: lo, hi: hi}
}

func (s scale) at(v float64) float64 {
	if s.log {
		return math.Log10(v)
	}
	return v / s.unit
}

// clamp keeps an end of an interval on the axis.
func (s scale) clamp(v float64) float64 { return min(max(v, s.lo), s.hi) }

// ends are those of the axis, with room beside the values.
func (s scale) ends() (lo, hi float64) {
	lo, hi = s.at(s.lo), s.at(s.hi)
	room := 0.04 * (hi - lo)
	if s.log || s.lo > 0 {
		lo -= room
	}
	return lo, hi + room
}

// ticks are at most most round values on the axis.
func (s scale) ticks(most int, label func(float64) string) []plot.Tick {
	var values []float64
	if s.log {
		values = roundLog(s.lo, s.hi, most)
	} else {
		values = roundLinear(s.lo, s.hi, most)
	}
	lo, hi := s.ends()
	var ticks []plot.Tick
	for _, v := range values {
		if at := s.at(v); at >= lo && at <= hi { // the smallest floats are not exact
			ticks = append(ticks, plot.Tick{Value: at, Label: label(v)})
		}
	}
	return ticks
}

// roundLog finds the finest steps that give no more than most values.
func roundLog(lo, hi float64, most int) []float64 {
	first, last := int(math.Floor(math.Log10(lo))), int(math.Floor(math.Log10(hi)))
	var best []float64
	for _, steps := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}} {
		var values []float64
		for d := first; d <= last; d++ {
			for _, m := range steps {
				if v := m * math.Pow10(d); v >= lo*(1-1e-9) && v <= hi*(1+1e-9) && v > 0 && finite(v) {
					values = append(values, v)
				}
			}
		}
		if len(values) > most {
			break
		}
		best = values
	}
	if len(best) >= 2 {
		return best
	}
	if last-first < 2 {
		return roundLinear(lo, hi, most)
	}
	every := (last-first)/most + 1 // decades by the dozen
	for d := first + 1; d <= last; d += every {
		if v := math.Pow10(d); v > 0 && finite(v) {
			best = append(best, v)
		}
	}
	return best
}

func roundLinear(lo, hi float64, most int) []float64 {
	raw := (hi - lo) / float64(most)
	if !(raw > 0) {
		return []float64{lo, hi}
	}
	power := math.Pow10(int(math.Floor(math.Log10(raw))))
	step := 10 * power
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= raw*(1-1e-9) {
			step = m * power
			break
		}
	}
	if !(step > 0) || !finite(step) {
		return []float64{lo, hi}
	}
	var values []float64
	for i := math.Ceil(lo/step - 1e-9); len(values) <= most; i++ {
		v := i * step
		if v > hi*(1+1e-9) || !finite(v) {
			break
		}
		values = append(values, v)
	}
	return values
}

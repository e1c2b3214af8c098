package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"example.com/overlap/bench/results"
)

// A stat is what the samples of one unit in one cell come to.
type stat struct {
	n        int
	center   float64 // the median
	lo, hi   float64 // its 95 % interval
	interval bool    // whether there are samples enough for one: six
	min, max float64
}

// ok says whether the median can be drawn.
func (s stat) ok() bool { return s.n > 0 && finite(s.center) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// summarize leaves values as they are: the set is not ours to sort.
func summarize(values []float64) stat {
	if len(values) == 0 {
		return stat{}
	}
	sorted := slices.Clone(values)
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(sorted, &benchmath.DefaultThresholds), 0.95)
	return stat{
		n: len(values), center: s.Center, lo: s.Lo, hi: s.Hi,
		interval: finite(s.Lo) && finite(s.Hi) && finite(s.Center),
		min:      sorted[0], max: sorted[len(sorted)-1],
	}
}

// text is the median with the wider half of its interval in percent, as benchstat
// prints it; the interval itself where that half is larger than the median.
func (s stat) text(unit string) string {
	if s.n == 0 {
		return "–"
	}
	text := format(s.center, unit)
	if s.interval && s.center > 0 && s.lo < s.hi {
		half := max(s.hi/s.center-1, 1-s.lo/s.center)
		if half > 1 {
			return fmt.Sprintf("%s (%s)", text, s.bounds(unit))
		}
		text += fmt.Sprintf(" ± %s %%", whole(math.Round(100*half)))
	}
	return text
}

// bounds is the interval in words.
func (s stat) bounds(unit string) string {
	if !s.interval {
		return "needs 6 samples"
	}
	return format(s.lo, unit) + " to " + format(s.hi, unit)
}

// stat of a cell's unit; zero for no cell.
func statOf(c *results.Cell, unit string) stat {
	if c == nil {
		return stat{}
	}
	return summarize(c.Samples[unit])
}

// ideal is the least that a cell's makespan could be, in seconds: the model's schedule in
// virtual time, or what the cores need for the work if that is more; ok
// is false where nobody computed it.
func ideal(c *results.Cell) (seconds float64, ok bool) {
	times, factors := c.Samples["sec/op"], c.Samples["x-ideal"]
	if len(factors) == 0 || len(times) != len(factors) {
		return 0, false
	}
	ideals := make([]float64, len(times))
	for i := range times {
		ideals[i] = times[i] / factors[i]
	}
	slices.Sort(ideals)
	seconds = ideals[len(ideals)/2]
	if !finite(seconds) || seconds <= 0 {
		return 0, false
	}
	return seconds, true
}

// byCenter sorts by median, what is saturated last, then by name.
func byCenter(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.stat.center, b.stat.center), cmp.Compare(a.name, b.name))
	})
}

func rank(r row) int {
	if r.saturated != "" {
		return 1
	}
	return 0
}

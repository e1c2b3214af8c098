// Package measuring is the code of the chapter on measuring: a judge that is tried on
// models whose difference is known, and a latency that hides.
package measuring

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"golang.org/x/perf/benchmath"
)

// A Machine measures models. It can only delay them, never speed them up, and it
// delays each run by another time.
type Machine struct {
	rand  *rand.Rand
	drift float64 // by which share it becomes slower with each run
	runs  int
}

// Measure returns what a run of a model took that needs so many milliseconds.
func (m *Machine) Measure(needs float64) float64 {
	m.runs++
	delay := 0.05 * m.rand.ExpFloat64() // 5 % on average
	return needs * (1 + delay) * (1 + m.drift*float64(m.runs))
}

// pair measures two models, rounds times each, in rounds whose order changes.
func (m *Machine) pair(rounds int, a, b float64) (as, bs []float64) {
	for range rounds {
		if m.rand.IntN(2) == 0 {
			as = append(as, m.Measure(a))
			bs = append(bs, m.Measure(b))
		} else {
			bs = append(bs, m.Measure(b))
			as = append(as, m.Measure(a))
		}
	}
	return as, bs
}

// oneAfterTheOther measures the first model to the end, and then the second.
func (m *Machine) oneAfterTheOther(rounds int, a, b float64) (as, bs []float64) {
	for range rounds {
		as = append(as, m.Measure(a))
	}
	for range rounds {
		bs = append(bs, m.Measure(b))
	}
	return as, bs
}

// p is how likely a difference as large as this is between two models that are the
// same: the Mann-Whitney test, as benchstat does it.
func p(as, bs []float64) float64 {
	t := &benchmath.DefaultThresholds
	return benchmath.AssumeNothing.Compare(benchmath.NewSample(as, t), benchmath.NewSample(bs, t)).P
}

// apart says whether two times differ by over 3 %.
func apart(a, b float64) bool { return max(a, b) > 1.03*min(a, b) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// holm says whether any of some tests proves a difference, when each is asked to
// prove it against all of them. For the least p that is the correction of Bonferroni;
// Holm's is milder for the next ones.
func holm(ps []float64) bool { return slices.Min(ps)*float64(len(ps)) < 0.05 }

// A line is a way to measure two models, on a machine that drifts or does not.
type line struct {
	title  string
	claims func(m *Machine) bool
	drift  float64
}

const (
	times = 2000
	tests = 20 // in a table there are many comparisons
)

var same = []line{
	{"a run of each, more than 3 % apart", func(m *Machine) bool { return apart(m.Measure(100), m.Measure(100)) }, 0},
	{"medians of 10 runs, more than 3 % apart", func(m *Machine) bool {
		as, bs := m.pair(10, 100, 100)
		return apart(median(as), median(bs))
	}, 0},
	{"10 runs each, p below 0.05", func(m *Machine) bool { return p(m.pair(10, 100, 100)) < 0.05 }, 0},
	{"20 comparisons, one p below 0.05", func(m *Machine) bool { return slices.Min(many(m)) < 0.05 }, 0},
	{"20 comparisons, with Holm's correction", func(m *Machine) bool { return holm(many(m)) }, 0},
}

func many(m *Machine) []float64 {
	ps := make([]float64, tests)
	for i := range ps {
		ps[i] = p(m.pair(10, 100, 100))
	}
	return ps
}

// A machine that becomes 0.5 % slower with each run.
const drift = 0.005

var drifting = []line{
	{"all of the one, then all of the other", func(m *Machine) bool { return p(m.oneAfterTheOther(10, 100, 100)) < 0.05 }, drift},
	{"in rounds, in changing order", func(m *Machine) bool { return p(m.pair(10, 100, 100)) < 0.05 }, drift},
}

var slower = []line{
	{"10 runs each, p below 0.05", func(m *Machine) bool { return p(m.pair(10, 100, 104)) < 0.05 }, 0},
	{"40 runs each, p below 0.05", func(m *Machine) bool { return p(m.pair(40, 100, 104)) < 0.05 }, 0},
}

// Alike writes how often a difference is claimed, of models whose difference is known.
func Alike(w io.Writer) {
	for _, part := range []struct {
		title string
		lines []line
	}{
		{"Two models that are the same: a difference is claimed", same},
		{"The same, and the machine becomes slower with each run", drifting},
		{"One needs 4 % more than the other: that is found", slower},
	} {
		fmt.Fprintf(w, "%s\n", part.title)
		for _, l := range part.lines {
			fmt.Fprintf(w, "  %-40s %3.0f %%\n", l.title, 100*l.share(times))
		}
	}
}

// share is how often of times it claims a difference.
func (l line) share(times uint64) float64 {
	claimed := 0
	for seed := range times {
		if l.claims(&Machine{rand: rand.New(rand.NewPCG(seed, 1)), drift: l.drift}) {
			claimed++
		}
	}
	return float64(claimed) / float64(times)
}

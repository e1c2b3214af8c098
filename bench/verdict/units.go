package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchunit"

	"example.com/overlap/bench/results"
	"example.com/overlap/internal/spell"
)

// A Direction says which of two values of a unit is the better one.
type Direction int

const (
	Lower  Direction = iota // time, memory
	Higher                  // jobs a second
)

// directions are the units that can be judged. What is not here has no better end
// that is known: nobody is praised for few jobs in flight.
func directions() map[string]Direction {
	return map[string]Direction{
		"sec/op":          Lower,
		"sec/job":         Lower, // written as ns/job
		"cpu-sec/job":     Lower, // written as cpu-ns/job
		"x-ideal":         Lower,
		"first-result-ms": Lower,
		"cancel-ms":       Lower,

		"p50-ms": Lower, "p95-ms": Lower, "p99-ms": Lower, "p99.9-ms": Lower,
		"intended-p50-ms": Lower, "intended-p95-ms": Lower, "intended-p99-ms": Lower, "intended-p99.9-ms": Lower,

		"B/op":            Lower,
		"allocs/op":       Lower,
		"B/job":           Lower,
		"us/job":          Lower,
		"peak-goroutines": Lower,
		"peak-heap-B":     Lower,
		"peak-stack-B":    Lower,
		"peak-rss-B":      Lower,
		"gc-share":        Lower,
		"sched-p99-us":    Lower,
		"late-jobs/op":    Lower,
		"dropped-jobs/op": Lower,

		"requests/job":     Lower,
		"conn-waits/job":   Lower,
		"conn-wait-us/job": Lower,
		"max-ms":           Lower,
		"dropped/op":       Lower,

		"client-cpu-sec/job": Lower, "worker-cpu-sec/job": Lower, "server-cpu-sec/job": Lower,

		"jobs/s": Higher,
		"msgs/s": Higher,
		"B/s":    Higher, // written as MB/s
	}
}

// DirectionOf says which end of a unit is the better one. A unit of which that is
// not known is an error, which names those of which it is.
func DirectionOf(unit string) (Direction, error) {
	d, ok := directions()[unit]
	if !ok {
		return 0, fmt.Errorf("whether more or less %s is better is not known, so nothing is judged by it; it is known of %s",
			unit, strings.Join(slices.Sorted(maps.Keys(directions())), ", "))
	}
	return d, nil
}

// Tidy returns the name under which a unit stands in a results.Set: benchstat's, where
// ns/op is sec/op and MB/s is B/s.
func Tidy(unit string) string {
	_, tidied := benchunit.Tidy(1, unit)
	return tidied
}

// check says whether the set can be judged by the unit.
func check(set *results.Set, unit string) (Direction, error) {
	if tidied := Tidy(unit); tidied != unit && set.MustHave(unit) != nil && set.MustHave(tidied) == nil {
		return 0, fmt.Errorf("the unit %s is called %s here, as benchstat has it", unit, tidied)
	}
	if err := set.MustHave(unit); err != nil {
		return 0, err
	}
	return DirectionOf(unit)
}

// OwnUnit is the unit by which a benchmark is judged if nobody names one: the time of an
// operation or, as an open loop has none that is its own, the latency from when jobs
// were due.
func OwnUnit(g *results.Group) string {
	const closed, open = "sec/op", "intended-p99-ms"
	has := func(unit string) bool {
		return slices.ContainsFunc(g.Cells, func(c results.Cell) bool { return len(c.Samples[unit]) > 0 })
	}
	if !has(closed) && has(open) {
		return open
	}
	return closed
}

// speed says whether a unit tells how fast a model is, so that one may be called
// so many times as fast as another.
func speed(unit string) bool { return unit == "sec/op" || unit == "sec/job" || unit == "jobs/s" }

// Format writes a value with three digits and its unit: 20.2ms an operation, 34.6Mi B/op.
func Format(value float64, unit string) string {
	switch {
	case unit == "sec/op":
		return seconds(value) + " an operation"
	case unit == "sec/job":
		return seconds(value) + " a job"
	case unit == "cpu-sec/job":
		return seconds(value) + " of CPU a job"
	case value < 1000 || value > 1e15 || benchunit.ClassOf(unit) == benchunit.Decimal && value < 10_000:
		return digits(value) + " " + unit
	}
	return benchunit.Scale(value, benchunit.ClassOf(unit)) + " " + unit
}

// seconds keeps three digits of a time.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if s < 1e-6 || d < 0 || s > 1e9 { // a duration holds no parts of a nanosecond, and no 300 years
		return digits(s*1e9) + "ns"
	}
	return spell.Duration(d)
}

// digits keeps three digits of a number.
func digits(v float64) string {
	if v >= 1000 && v < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Times writes a factor with three digits: 1.90, 13.5, 135.
func Times(factor float64) string {
	switch {
	case factor < 0.0995:
		return strconv.FormatFloat(factor, 'g', 3, 64)
	case factor < 9.995:
		return fmt.Sprintf("%.2f", factor)
	case factor < 99.95:
		return fmt.Sprintf("%.1f", factor)
	case factor < 1e6:
		return fmt.Sprintf("%.0f", factor)
	default:
		return strconv.FormatFloat(factor, 'g', 3, 64)
	}
}

// String writes the estimate and its interval: 1.90 (1.85 to 1.96).
func (r Ratio) String() string { return Times(r.Estimate) + " " + r.interval() }

func (r Ratio) interval() string {
	if !r.HasInterval() {
		return "(too few samples for an interval)"
	}
	return fmt.Sprintf("(%s to %s)", Times(r.Lo), Times(r.Hi))
}

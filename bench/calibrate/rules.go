package calibrate

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"example.com/overlap/internal/spell"
)

// The limits of what is trusted. They are rough on purpose: a cell near one of them is
// as doubtful as one beyond it, and a cell worth ranking is far from all.
const (
	// RateShare is how much of Loopback a cell may ask for. At the ceiling all cores
	// are busy, so this is also how busy the cell's own requests make them; the rest
	// is left for the models, which are what is compared, and for bursts, as jobs
	// begin together and end together. Seen on two cores: 100 in flight at 1 ms ask for five
	// times the ceiling and wait 5 ms in the median (p99 14 to 38 ms); at 10 ms, for
	// half of it, and it is 11.8 ms (p99 18 to 33 ms).
	RateShare = 1.0 / 4

	// WaitFactor is how many times the overshoot a wait must be: then a tenth of a
	// result, at most, is the timer's and not the model's.
	WaitFactor = 10

	// CostShare is how much of a job counting it may cost, for the same reason.
	CostShare = 1.0 / 10

	// CoresShare is how much of the cores that it may use a process must get. On two cores
	// with nothing else to do it got 0.95 to 0.99 of them.
	CoresShare = 0.9
)

// ShortOfCores says that a process which may use so many cores does not get them, or
// "". It is no reason to leave a cell out: all of them are slower and noisier.
func (c Calibration) ShortOfCores(cores int) string {
	if c.Cores <= 0 || !(c.Cores < CoresShare*float64(cores)) {
		return ""
	}
	return fmt.Sprintf("only %s of %d cores are to be had: something else runs, or a quota holds; results will be noisy", digits(c.Cores), cores)
}

// SaturatedRate says why a cell that asks for so many requests a second cannot be
// measured here, or "". What a cell asks for is what it would get of a machine
// without limits: its jobs over their ideal makespan.
func (c Calibration) SaturatedRate(perSecond float64) string {
	if c.Loopback <= 0 || !(perSecond > c.Loopback*RateShare) {
		return ""
	}
	return fmt.Sprintf("asks for %s requests/s, over a quarter of the %s/s that this machine's loopback carries", count(perSecond), count(c.Loopback))
}

// SaturatedWait says why jobs that wait so long cannot be measured here, or "". A
// cell whose jobs do not wait, with a wait of zero, is none of its business.
func (c Calibration) SaturatedWait(wait time.Duration) string {
	late := c.Late(wait)
	if wait <= 0 || !(float64(wait) < WaitFactor*float64(late)) {
		return ""
	}
	return fmt.Sprintf("waits %s, under ten times the %s that a timer is late on this machine", millis(wait), millis(late))
}

// SaturatedCost says why jobs that take so long, waiting and working, cannot be
// counted here, or "". A job of no time at all is not counted while it is timed: "".
func (c Calibration) SaturatedCost(perJob time.Duration) string {
	if perJob <= 0 || !(float64(c.Harness) > CostShare*float64(perJob)) {
		return ""
	}
	return fmt.Sprintf("takes %s a job, and counting one costs %s of this machine: over a tenth", short(perJob), short(c.Harness))
}

// Late is how much longer than asked a wait takes here.
//
// At the calibrated waits it is what was measured, below the shortest the shortest's,
// above the longest the longest's. Between two it lies on the straight line, in time
// and not in its logarithm: a coarse timer ends every short wait at the same tick, so
// by what a wait is longer it is less late. (With a tick of 1 ms a wait of 0.1 ms was
// 0.98 ms late, of 0.5 ms 0.59, of 0.8 ms 0.29, of 1 ms 0.09.)
//
// The line knows only waits that end on a tick. One that does not is later, at most
// by as much as the shortest (1.3 ms: 0.88 ms late, 2.5 ms: 0.67, 3 ms: 0.16). So a
// wait of over a millisecond that is not a whole number of them is taken to be late
// by no less than the shortest. Where timers are fine, that adds nothing.
func (c Calibration) Late(wait time.Duration) time.Duration {
	last := len(waits) - 1
	switch {
	case wait <= waits[0]:
		return c.Overshoot[0]
	case wait >= waits[last]:
		return c.Overshoot[last]
	}
	i := 1
	for wait > waits[i] {
		i++
	}
	before, after := c.Overshoot[i-1], c.Overshoot[i]
	if wait == waits[i] {
		return after
	}
	part := float64(wait-waits[i-1]) / float64(waits[i]-waits[i-1])
	late := before + time.Duration(math.Round(part*float64(after-before)))
	if wait > time.Millisecond && wait%time.Millisecond != 0 {
		late = max(late, c.Overshoot[0])
	}
	return late
}

// millis is d in milliseconds, to three digits: 0.13 ms.
func millis(d time.Duration) string { return digits(float64(d)/1e6) + " ms" }

// short is d in a unit that suits it, to three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return digits(float64(d)/1e3) + " us"
	}
	return millis(d)
}

func digits(x float64) string {
	if x >= 100 {
		return count(x)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// count is x as a whole number, with commas between thousands: 17,850. Below 100
// it has three digits: 12.5.
func count(x float64) string {
	if x < 100 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	if math.IsInf(x, 0) {
		return "endlessly many"
	}
	return spell.Thousands(strconv.FormatFloat(x, 'f', 0, 64))
}

// Package measure calibrates the machine that it runs on: it makes a
// calibrate.Calibration. It is apart from package calibrate because it brings a web
// server and a client with it, which those that only read a calibration do not need.
//
// Everything is measured several times after a warm-up and the median is taken, one
// thing after the other, so that nothing of ours disturbs it.
package measure

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/calibrate"
)

// A Wrapper is a harness that counts jobs: it returns a function that does one of job's
// jobs, counted.
type Wrapper func(job overlap.Job[int, int, int]) func(ctx context.Context, key int)

// Machine calibrates this machine, in about three seconds. It wants it to itself.
//
// It tells progress, unless that is nil, what it measures next, in a few words. The
// cost of the harness is that of wrap; without one it is 0, which no rule refuses.
//
// When ctx ends, it returns context.Cause(ctx) at once; other errors are those of the
// server and the requests to it. When it has returned, nothing that it started is
// left: no server, no connection, no goroutine but those that net/http is ending.
// The numbers are rounded to what is worth telling: three digits, or four.
func Machine(ctx context.Context, progress func(string), wrap Wrapper) (calibrate.Calibration, error) {
	if progress == nil {
		progress = func(string) {}
	}
	c, err := machine(ctx, progress, wrap)
	if ctx.Err() != nil {
		return calibrate.Calibration{}, context.Cause(ctx)
	}
	if err != nil {
		return calibrate.Calibration{}, fmt.Errorf("calibration: %w", err)
	}
	return c, nil
}

func machine(ctx context.Context, progress func(string), wrap Wrapper) (c calibrate.Calibration, err error) {
	for i, wait := range calibrate.Waits() {
		progress(fmt.Sprintf("how late a timer of %v is", wait))
		c.Overshoot[i] = rounded(overshoot(ctx, wait), 3)
	}
	if wrap != nil {
		progress("what counting a job costs")
		c.Harness = rounded(harness(ctx, wrap), 3)
	}
	progress("how many cores there are to work with")
	c.Cores = round(cores(ctx, spin), 3)
	if ctx.Err() != nil {
		return c, ctx.Err() // before a server is started for nothing
	}
	progress("how many pages a second loopback carries")
	carried, err := loopback(ctx)
	c.Loopback = round(carried, 4)
	return c, err
}

// median is the middle of samples, the lower one of two; 0 of none. It sorts them.
func median[T cmp.Ordered](samples []T) (middle T) {
	if len(samples) == 0 {
		return middle
	}
	slices.Sort(samples)
	return samples[(len(samples)-1)/2]
}

// round leaves x so many significant digits.
func round(x float64, digits int) float64 {
	if x == 0 {
		return 0
	}
	above := int(math.Floor(math.Log10(math.Abs(x)))) + 1 // digits before the point
	if above >= digits {
		unit := math.Pow10(above - digits)
		return math.Round(x/unit) * unit
	}
	unit := math.Pow10(digits - above) // a whole number: the quotient is the float nearest to the decimal
	return math.Round(x*unit) / unit
}

func rounded(d time.Duration, digits int) time.Duration {
	return time.Duration(math.Round(round(float64(d), digits)))
}

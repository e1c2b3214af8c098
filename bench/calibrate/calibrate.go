// Package calibrate says what a machine can measure at all, and which cells of a
// benchmark lie beyond that.
//
// A benchmark of waiting jobs asks a machine for two things besides the model's own
// work: that a wait ends when it should, and that requests are carried while they
// are in flight. Neither is free. A timer is late, by a tenth of a millisecond or by
// ten, and a model looks slow for it. And a hundred jobs in flight that wait 1 ms each
// ask for 100,000 requests a second, where two cores carried 16,000 to 18,000: then
// nobody waits, everybody queues for a processor, and what is compared is who gets it.
//
// So a run measures its machine first, a few seconds long (package measure, beside
// this one), and keeps four numbers:
//
//   - Overshoot: how late a timer is;
//   - Loopback: how many pages a second the machine carries when no page is waited for;
//   - Harness: what counting a job adds to it;
//   - Cores: how many cores the process really gets, which a container's quota or a
//     neighbour makes fewer than it sees.
//
// From these follow the rules: [Calibration.SaturatedRate], [Calibration.SaturatedWait]
// and [Calibration.SaturatedCost] give a reason not to trust a cell, or "". A cell with
// a reason is still run and shown, but never ranked.
//
// A [Calibration] travels as one line of text, in a raw file or in an environment
// variable: String writes it, [Parse] reads it. This package needs the standard library
// only, so that the harness, and a module that uses it, gets no server with it.
package calibrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Calibration is what a machine can measure. The zero value knows nothing, and so
// its rules refuse nothing.
type Calibration struct {
	// Overshoot is how much longer than asked a wait takes, at each of Waits: the
	// median of single waits in an idle process. Many waits that begin at different
	// moments may each be later, by up to a tick of the timer (one wait of 10 ms:
	// 0.18 ms, a hundred at a time: 0.97 ms).
	Overshoot [len(waits)]time.Duration

	// Loopback is how many pages a second the machine fetches and parses with client
	// and server on it and a request always ready: all cores are busy then.
	Loopback float64

	// Harness is what the harness's counting adds to a job, with all cores counting.
	Harness time.Duration

	// Cores is how many cores the process gets when it wants all of them.
	Cores float64
}

var waits = [...]time.Duration{100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond}

// Waits are the waits at which Overshoot is measured, from short to long.
func Waits() [len(waits)]time.Duration { return waits }

// A field is one of the line's, in the line's order: overshoot/1ms=130us.
type field struct {
	name, form string
	get        func(Calibration) string
	set        func(*Calibration, string) error
}

var fields = makeFields()

func makeFields() (fs []field) {
	for i, wait := range waits {
		fs = append(fs, durationField("overshoot/"+ascii(wait), func(c *Calibration) *time.Duration { return &c.Overshoot[i] }))
	}
	return append(fs,
		numberField("loopback", "/s", func(c *Calibration) *float64 { return &c.Loopback }),
		durationField("harness", func(c *Calibration) *time.Duration { return &c.Harness }),
		numberField("cores", "", func(c *Calibration) *float64 { return &c.Cores }),
	)
}

// String gives the calibration in one line of ASCII, all of it and exactly:
//
//	overshoot/100us=1.05ms overshoot/1ms=130us overshoot/10ms=251us overshoot/50ms=310us loopback=17850/s harness=210ns cores=1.98
func (c Calibration) String() string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.name + "=" + f.get(c)
	}
	return strings.Join(parts, " ")
}

// Parse reads what String wrote, its fields in any order. All of them must be there, once, and
// none may be negative or infinite or no number; the error names the field.
func Parse(line string) (Calibration, error) {
	var c Calibration
	have := make([]bool, len(fields))
parts:
	for part := range strings.FieldsSeq(line) {
		name, value, _ := strings.Cut(part, "=")
		for i, f := range fields {
			if f.name != name {
				continue
			}
			if have[i] {
				return Calibration{}, fmt.Errorf("calibrate: %s is given twice", name)
			}
			have[i] = true
			if err := f.set(&c, value); err != nil {
				return Calibration{}, fmt.Errorf("calibrate: %s is %q, want %s", name, shorten(value), f.form)
			}
			continue parts
		}
		return Calibration{}, fmt.Errorf("calibrate: unknown field %q", shorten(name))
	}
	for i, f := range fields {
		if !have[i] {
			return Calibration{}, fmt.Errorf("calibrate: %s is missing", f.name)
		}
	}
	return c, nil
}

// shorten cuts what is too long for an error, most likely because it is no calibration.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

func durationField(name string, at func(*Calibration) *time.Duration) field {
	return field{
		name: name, form: "a time such as 130us",
		get: func(c Calibration) string { return ascii(*at(&c)) },
		set: func(c *Calibration, text string) error {
			d, err := time.ParseDuration(text)
			if err == nil && d < 0 {
				err = strconv.ErrRange
			}
			*at(c) = d
			return err
		},
	}
}

func numberField(name, unit string, at func(*Calibration) *float64) field {
	return field{
		name: name, form: "a number such as 1.98" + unit,
		get: func(c Calibration) string { return strconv.FormatFloat(*at(&c), 'f', -1, 64) + unit },
		set: func(c *Calibration, text string) error {
			digits, ok := strings.CutSuffix(text, unit)
			if !ok {
				return strconv.ErrSyntax
			}
			x, err := strconv.ParseFloat(digits, 64)
			if err == nil && (math.Signbit(x) || math.IsInf(x, 0) || math.IsNaN(x)) {
				err = strconv.ErrRange
			}
			*at(c) = x
			return err
		},
	}
}

// ascii is d as Go prints it, with us for its µs, which ParseDuration takes as well.
func ascii(d time.Duration) string { return strings.Replace(d.String(), "µ", "u", 1) }

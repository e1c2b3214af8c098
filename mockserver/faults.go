package mockserver

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Fault is what goes wrong with a request.
type Fault string

// The faults. NoFault is the empty string; a query calls it none.
const (
	NoFault   Fault = ""
	Status    Fault = "status"    // an error status
	Reset     Fault = "reset"     // at most half of the body arrives, then the connection is reset (RST)
	Slow      Fault = "slow"      // the body comes in ten pieces with a pause between
	Hang      Fault = "hang"      // no answer, until the client gives up or the server stops
	Truncate  Fault = "truncate"  // half of the body, then the connection ends
	Malformed Fault = "malformed" // a page that is not valid HTML, with status 200
)

// Faults are probabilities, from 0 to 1, that a request for a page goes wrong. At
// most one fault meets a request, so their sum is at most 1. A fault comes after
// the latency.
//
// Which requests meet one depends on the seed, the path and the number of
// requests for that path before it, so a retry draws anew and may succeed.
type Faults struct {
	Status    float64
	Reset     float64
	Slow      float64
	Hang      float64
	Truncate  float64
	Malformed float64

	StatusCode int           // of Status, and refused without it; 0 stands for 503; from 400 to 599
	SlowPause  time.Duration // of Slow; 0 stands for 20 ms; at most a minute
}

type chance struct {
	fault  Fault
	field  string
	chance float64
}

func (f Faults) chances() [6]chance {
	return [...]chance{
		{Status, "Faults.Status", f.Status},
		{Reset, "Faults.Reset", f.Reset},
		{Slow, "Faults.Slow", f.Slow},
		{Hang, "Faults.Hang", f.Hang},
		{Truncate, "Faults.Truncate", f.Truncate},
		{Malformed, "Faults.Malformed", f.Malformed},
	}
}

// chanceOf is where the chance of fault stands; nil if it is none of the faults.
func (f *Faults) chanceOf(fault Fault) *float64 {
	switch fault {
	case Status:
		return &f.Status
	case Reset:
		return &f.Reset
	case Slow:
		return &f.Slow
	case Hang:
		return &f.Hang
	case Truncate:
		return &f.Truncate
	case Malformed:
		return &f.Malformed
	}
	return nil
}

// only is f with fault at the given chance, and no other.
func (f Faults) only(fault Fault, chance float64) Faults {
	f = Faults{StatusCode: f.StatusCode, SlowPause: f.SlowPause}
	if at := f.chanceOf(fault); at != nil {
		*at = chance
	}
	return f
}

// Set reads a list of faults and how probable each is, status=0.1,reset=0.01; a fault that is
// not in it has the probability 0, and the list none has no fault at all. StatusCode and
// SlowPause stay. Set and String make of a *Faults a [flag.Value].
//
// The error names the fault that is unknown, is there twice or has no number; then nothing is
// changed. Whether the numbers are probabilities, and go together, Settings.Validate says.
func (f *Faults) Set(list string) error {
	set := Faults{StatusCode: f.StatusCode, SlowPause: f.SlowPause}
	if list == "none" {
		*f = set
		return nil
	}
	seen := map[string]bool{}
	for field := range strings.SplitSeq(list, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		chance := set.chanceOf(Fault(name))
		if chance == nil {
			return fmt.Errorf("%q is no fault; want status, reset, slow, hang, truncate or malformed", name)
		}
		if seen[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
		var err error
		if *chance, err = strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%q is no probability for %s, such as %s=0.1", value, name, name)
		}
	}
	*f = set
	return nil
}

// String is the list that Set reads, of the faults whose probability is not 0.
func (f *Faults) String() string {
	var list []string
	for _, c := range f.chances() {
		if c.chance != 0 {
			list = append(list, string(c.fault)+"="+strconv.FormatFloat(c.chance, 'g', -1, 64))
		}
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ",")
}

// For returns the fault that the server gives to a request for path, which is
// [PagePath] of a page. Requests for a path are counted from 0 in order of
// arrival, from the start or the last reset of the record.
func (f Faults) For(seed uint64, path string, request int) Fault {
	if f.Status+f.Reset+f.Slow+f.Hang+f.Truncate+f.Malformed == 0 {
		return NoFault
	}
	draw := newDraws(seed, "fault", request, path)
	x := draw.float()
	for _, c := range f.chances() {
		if x -= c.chance; x < 0 {
			return c.fault
		}
	}
	return NoFault
}

package mockserver

import "time"

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

// only is f with fault at the given chance, and no other.
func (f Faults) only(fault Fault, chance float64) Faults {
	f = Faults{StatusCode: f.StatusCode, SlowPause: f.SlowPause}
	switch fault {
	case Status:
		f.Status = chance
	case Reset:
		f.Reset = chance
	case Slow:
		f.Slow = chance
	case Hang:
		f.Hang = chance
	case Truncate:
		f.Truncate = chance
	case Malformed:
		f.Malformed = chance
	}
	return f
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

package mockserver

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// Settings say what site a server has and how it behaves. The zero value is a
// site of 1,000 pages of 2 KiB that answers at once and never fails.
type Settings struct {
	Seed     uint64 // of pages, latencies and faults: same seed, same behaviour
	Pages    int    // pages in the site, /page/0 and up; 0 stands for 1,000
	PageSize int    // bytes of a page; 0 stands for 2,048; at least 512 and at most 16 MiB
	Links    int    // links to other pages on each page; 0 stands for 8; -1 for none

	Latency   Latency   // how long an answer waits
	Faults    Faults    // how often which answer goes wrong
	RateLimit RateLimit // requests a second that are let through

	Order int // paths whose order of arrival the record keeps, the latest; 0 stands for 1,024
}

// A Profile is the shape of a latency's distribution.
type Profile string

const (
	Constant  Profile = "constant"   // always Mean; the default
	Uniform   Profile = "uniform"    // evenly between Mean-Spread and Mean+Spread
	LogNormal Profile = "lognormal"  // median Mean, Sigma of the logarithm: most near it, some far above
	HeavyTail Profile = "heavy-tail" // Mean, but one in a hundred takes 20 times as long
)

// Latency is how long the server waits before it answers. A path's latency
// depends on the seed and the path only: the second request for a path waits as
// long as the first.
type Latency struct {
	Profile Profile
	Mean    time.Duration // the centre; see the profiles
	Spread  time.Duration // of Uniform; at most Mean
	Sigma   float64       // of LogNormal; 0 stands for 0.5
}

// maxLatency ends the tail of a distribution: nobody waits for hours.
const maxLatency = time.Hour

// For returns how long path waits.
func (l Latency) For(seed uint64, path string) time.Duration {
	draw := newDraws(seed, path, "latency")
	switch l.Profile {
	case Uniform:
		return l.Mean + time.Duration((2*draw.float()-1)*float64(l.Spread))
	case LogNormal:
		sigma := l.Sigma
		if sigma == 0 {
			sigma = 0.5
		}
		// Box and Muller, 1958: two even draws make a normal one.
		normal := math.Sqrt(-2*math.Log(1-draw.float())) * math.Cos(2*math.Pi*draw.float())
		return time.Duration(min(float64(l.Mean)*math.Exp(sigma*normal), float64(maxLatency)))
	case HeavyTail:
		if draw.float() < 0.01 {
			return min(20*l.Mean, maxLatency)
		}
	}
	return l.Mean
}

// Faults are probabilities, from 0 to 1, that a request goes wrong; at most one
// fault meets a request, so their sum is at most 1. Which requests fail depends on the seed, the path
// and how often the path was asked for before: a retry may succeed.
type Faults struct {
	Status    float64 // an error status: StatusCode
	Reset     float64 // the connection is reset
	Slow      float64 // the body comes in ten pieces, SlowPause apart
	Hang      float64 // no answer ever comes; the client must give up
	Truncate  float64 // half of the body comes, then the connection ends
	Malformed float64 // the page is cut and mixed up: not valid HTML

	StatusCode int           // 0 stands for 503; from 400 to 599
	SlowPause  time.Duration // 0 stands for 20 ms
}

// A Fault is what goes wrong with a request.
type Fault string

const (
	NoFault   Fault = ""
	Status    Fault = "status"
	Reset     Fault = "reset"
	Slow      Fault = "slow"
	Hang      Fault = "hang"
	Truncate  Fault = "truncate"
	Malformed Fault = "malformed"
)

func (f Faults) chances() []struct {
	fault  Fault
	field  string
	chance float64
} {
	return []struct {
		fault  Fault
		field  string
		chance float64
	}{
		{Status, "Faults.Status", f.Status},
		{Reset, "Faults.Reset", f.Reset},
		{Slow, "Faults.Slow", f.Slow},
		{Hang, "Faults.Hang", f.Hang},
		{Truncate, "Faults.Truncate", f.Truncate},
		{Malformed, "Faults.Malformed", f.Malformed},
	}
}

func (f Faults) none() bool {
	f.StatusCode, f.SlowPause = 0, 0
	return f == Faults{}
}

// For returns the fault of the given request for path, counted from 0.
func (f Faults) For(seed uint64, path string, request int) Fault {
	if f.none() {
		return NoFault
	}
	x := newDraws(seed, path, fmt.Sprintf("fault %d", request)).float()
	for _, c := range f.chances() {
		if x -= c.chance; x < 0 {
			return c.fault
		}
	}
	return NoFault
}

// RateLimit is a token bucket. A request that finds it empty is answered with
// 429 Too Many Requests and a Retry-After in whole seconds.
type RateLimit struct {
	PerSecond float64 // tokens a second; 0 is no limit
	Burst     int     // tokens at most; 0 stands for 1
}

// A FieldError says which setting is wrong.
type FieldError struct {
	Field   string // as in Settings: Latency.Mean
	Problem string
}

func (e *FieldError) Error() string { return fmt.Sprintf("mockserver: %s is %s", e.Field, e.Problem) }

// Validate returns a *FieldError for the first setting that makes no sense.
func (s Settings) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	l, f := s.Latency, s.Faults
	switch {
	case s.Pages < 0 || s.Pages > 10_000_000:
		return bad("Pages", "%d, want 0 to 10000000", s.Pages)
	case s.PageSize != 0 && (s.PageSize < 512 || s.PageSize > 16<<20):
		return bad("PageSize", "%d, want 512 to 16777216 bytes, or 0", s.PageSize)
	case s.Links < -1 || s.Links > 1000:
		return bad("Links", "%d, want -1 to 1000", s.Links)
	case s.Order < 0 || s.Order > 10_000_000:
		return bad("Order", "%d, want 0 to 10000000", s.Order)
	case l.Mean < 0 || l.Mean > maxLatency:
		return bad("Latency.Mean", "%v, want 0 to %v", l.Mean, maxLatency)
	case l.Spread < 0 || l.Spread > l.Mean:
		return bad("Latency.Spread", "%v, want 0 to Latency.Mean (%v)", l.Spread, l.Mean)
	case !(l.Sigma >= 0 && l.Sigma <= 5):
		return bad("Latency.Sigma", "%v, want 0 to 5", l.Sigma)
	case f.StatusCode != 0 && (f.StatusCode < 400 || f.StatusCode > 599):
		return bad("Faults.StatusCode", "%d (%s), want 400 to 599", f.StatusCode, http.StatusText(f.StatusCode))
	case f.SlowPause < 0 || f.SlowPause > time.Minute:
		return bad("Faults.SlowPause", "%v, want 0 to 1m", f.SlowPause)
	case !(s.RateLimit.PerSecond >= 0) || math.IsInf(s.RateLimit.PerSecond, 0):
		return bad("RateLimit.PerSecond", "%v, want 0 or more", s.RateLimit.PerSecond)
	case s.RateLimit.Burst < 0:
		return bad("RateLimit.Burst", "%d, want 0 or more", s.RateLimit.Burst)
	}
	switch l.Profile {
	case "", Constant, Uniform, LogNormal, HeavyTail:
	default:
		return bad("Latency.Profile", "%q, want %s, %s, %s or %s", l.Profile, Constant, Uniform, LogNormal, HeavyTail)
	}
	sum := 0.0
	for _, c := range f.chances() {
		if !(c.chance >= 0 && c.chance <= 1) { // NaN too
			return bad(c.field, "%v, want a probability from 0 to 1", c.chance)
		}
		sum += c.chance
	}
	if sum > 1+1e-9 {
		return bad("Faults", "probabilities that add up to %v, want at most 1", sum)
	}
	return nil
}

func (s Settings) withDefaults() Settings {
	set := func(field *int, standard int) {
		if *field == 0 {
			*field = standard
		}
	}
	set(&s.Pages, 1000)
	set(&s.PageSize, 2048)
	set(&s.Links, 8)
	set(&s.Order, 1024)
	set(&s.Faults.StatusCode, http.StatusServiceUnavailable)
	set(&s.RateLimit.Burst, 1)
	if s.Faults.SlowPause == 0 {
		s.Faults.SlowPause = 20 * time.Millisecond
	}
	return s
}

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
	Pages    int    // pages in the site, /page/0 and up; 0 stands for 1,000, at most 10 million
	PageSize int    // bytes of a page; 0 stands for 2,048; at least 512 and at most 16 MiB
	Links    int    // links to other pages on each page; 0 stands for 8; -1 for none

	Latency   Latency   // how long an answer waits
	Faults    Faults    // how often which answer goes wrong
	RateLimit RateLimit // requests a second that are let through

	Order int // pages whose order of arrival the record keeps, the latest; 0 stands for 1,024

	// MaxConnections is how many connections at once a server that Start makes holds;
	// one more is answered 503. 0 stands for as many as the process may have: see
	// the function of that name. Other forms of a site have no connections to count.
	MaxConnections int
}

// A RateLimit is a token bucket, full at the start. A request for a page that
// finds it empty is answered at once with 429 Too Many Requests, and with a
// Retry-After in whole seconds, rounded up.
type RateLimit struct {
	PerSecond float64 // tokens a second; 0 is no limit
	Burst     int     // tokens at most; 0 stands for 1; refused without PerSecond
}

// A FieldError says which setting is wrong.
type FieldError struct {
	Field   string // as in Settings: Latency.Mean
	Problem string // what it is and what it, or another setting, should be: -1ms, want 0 to 1h0m0s
}

// Error gives field and problem in one line.
func (e *FieldError) Error() string { return fmt.Sprintf("mockserver: %s is %s", e.Field, e.Problem) }

// Validate returns a *FieldError for the first setting that makes no sense: one
// out of its bounds, or one that would do nothing, such as Latency.Sigma for a
// profile other than LogNormal.
func (s Settings) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	switch {
	case s.Pages < 0 || s.Pages > 10_000_000:
		return bad("Pages", "%d, want 0 to 10000000", s.Pages)
	case s.PageSize != 0 && (s.PageSize < 512 || s.PageSize > 16<<20):
		return bad("PageSize", "%d, want 512 to 16777216 bytes, or 0", s.PageSize)
	case s.Links < -1 || s.Links > 1000:
		return bad("Links", "%d, want -1 to 1000", s.Links)
	case s.Order < 0 || s.Order > 10_000_000:
		return bad("Order", "%d, want 0 to 10000000", s.Order)
	case s.MaxConnections < 0:
		return bad("MaxConnections", "%d, want 0 or more", s.MaxConnections)
	}
	r := rule{s.Latency, s.Faults, s.RateLimit}
	if err := r.validate(bad); err != nil {
		return err
	}
	for _, n := range r.needs() {
		if n.set && !n.met {
			return bad(n.field, "%v, want %s beside it", n.value, n.want)
		}
	}
	return nil
}

// A rule is that part of the settings which a request may change for itself.
type rule struct {
	latency Latency
	faults  Faults
	limit   RateLimit
}

// A need is a setting that without another one would do nothing, which nobody
// who gives it means.
type need struct {
	field    string
	value    any
	set, met bool
	want     string
}

func (r rule) needs() [6]need {
	l, f := r.latency, r.faults
	return [...]need{
		{"Latency.Spread", l.Spread, l.Spread != 0, l.Profile == Uniform, "Latency.Profile " + string(Uniform)},
		{"Latency.Sigma", l.Sigma, l.Sigma != 0, l.Profile == LogNormal, "Latency.Profile " + string(LogNormal)},
		{"Latency.Alpha", l.Alpha, l.Alpha != 0, l.Profile == HeavyTail, "Latency.Profile " + string(HeavyTail)},
		{"Latency.PerRequest", l.PerRequest, l.PerRequest, l.Profile != "" && l.Profile != Constant, fmt.Sprintf("Latency.Profile %s, %s or %s", Uniform, LogNormal, HeavyTail)},
		{"Faults.StatusCode", f.StatusCode, f.StatusCode != 0, f.Status > 0, "a chance in Faults.Status"},
		{"RateLimit.Burst", r.limit.Burst, r.limit.Burst != 0, r.limit.PerSecond > 0, "a RateLimit.PerSecond"},
	}
}

// validate returns bad's error for the first setting that is out of bounds.
func (r rule) validate(bad func(field, format string, args ...any) error) error {
	l, f := r.latency, r.faults
	switch l.Profile {
	case "", Constant, Uniform, LogNormal, HeavyTail:
	default:
		return bad("Latency.Profile", "%q, want %s, %s, %s or %s", l.Profile, Constant, Uniform, LogNormal, HeavyTail)
	}
	switch { // a condition is written so that NaN fails it
	case l.Mean < 0 || l.Mean > maxLatency:
		return bad("Latency.Mean", "%v, want 0 to %v", l.Mean, maxLatency)
	case l.Spread < 0 || l.Spread > l.Mean:
		return bad("Latency.Spread", "%v, want 0 to Latency.Mean (%v)", l.Spread, l.Mean)
	case !(l.Sigma >= 0 && l.Sigma <= 2):
		return bad("Latency.Sigma", "%v, want 0 to 2", l.Sigma)
	case l.Alpha != 0 && !(l.Alpha > 1 && l.Alpha <= 100):
		return bad("Latency.Alpha", "%v, want more than 1 and at most 100, or 0", l.Alpha)
	case f.StatusCode != 0 && (f.StatusCode < 400 || f.StatusCode > 599):
		return bad("Faults.StatusCode", "%d, want 400 to 599", f.StatusCode)
	case f.SlowPause < 0 || f.SlowPause > time.Minute:
		return bad("Faults.SlowPause", "%v, want 0 to %v", f.SlowPause, time.Minute)
	case !(r.limit.PerSecond >= 0) || math.IsInf(r.limit.PerSecond, 0):
		return bad("RateLimit.PerSecond", "%v, want 0 or more", r.limit.PerSecond)
	case r.limit.Burst < 0:
		return bad("RateLimit.Burst", "%d, want 0 or more", r.limit.Burst)
	}
	sum := 0.0
	for _, c := range f.chances() {
		if !(c.chance >= 0 && c.chance <= 1) {
			return bad(c.field, "%v, want a probability from 0 to 1", c.chance)
		}
		sum += c.chance
	}
	if sum > 1+1e-9 { // a sum of decimal fractions may miss 1 by a hair
		return bad("Faults", "a set of probabilities with the sum %v, want at most 1", sum)
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

package mockserver

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// site decides what to answer; Server and Transport only carry it out.
type site struct {
	settings Settings
	record   *recorder
	limiter  *rate.Limiter // nil without a limit

	pages []atomic.Pointer[[]byte] // made once each, while room lasts
	room  atomic.Int64             // bytes that may still be kept
}

// cacheBytes bounds the pages kept in memory; those beyond are made anew for
// each request.
const cacheBytes = 64 << 20

func newSite(s Settings) (*site, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s = s.withDefaults()
	site := &site{settings: s, record: newRecorder(s), pages: make([]atomic.Pointer[[]byte], s.Pages)}
	site.room.Store(cacheBytes)
	if s.RateLimit.PerSecond > 0 {
		site.limiter = rate.NewLimiter(rate.Limit(s.RateLimit.PerSecond), s.RateLimit.Burst)
	}
	return site, nil
}

func (s *site) page(i int) []byte {
	if p := s.pages[i].Load(); p != nil {
		return *p
	}
	page := s.settings.Page(i)
	if s.room.Add(-int64(len(page))) >= 0 {
		s.pages[i].Store(&page)
	}
	return page
}

// An answer is what a request gets: after wait, status and body, unless fault
// does otherwise.
type answer struct {
	wait   time.Duration
	fault  Fault
	pause  time.Duration // between the pieces of a slow body
	status int
	header http.Header // beyond the usual; may be nil
	body   []byte
}

func plain(status int, format string, args ...any) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		body:   fmt.Appendf(nil, format+"\n", args...),
	}
}

// decide records the request and says what becomes of it.
func (s *site) decide(method string, u *url.URL) answer {
	i, ok := pageIndex(u.Path, s.settings.Pages)
	if !ok {
		s.record.other.Add(1)
		return plain(http.StatusNotFound, "%s is no page of this site: /page/0 to /page/%d are", u.Path, s.settings.Pages-1)
	}
	before := s.record.page(i)
	if method != http.MethodGet && method != http.MethodHead {
		a := plain(http.StatusMethodNotAllowed, "%s is not for pages: GET and HEAD are", method)
		a.header.Set("Allow", "GET, HEAD")
		return a
	}
	latency, faults := s.settings.Latency, s.settings.Faults
	var forced *Fault
	if u.RawQuery != "" {
		var err error
		if forced, err = override(u.RawQuery, &latency, &faults); err != nil {
			return plain(http.StatusBadRequest, "%v", err)
		}
	}
	if s.limiter != nil {
		if r := s.limiter.Reserve(); r.Delay() > 0 {
			wait := r.Delay()
			r.Cancel()
			a := plain(http.StatusTooManyRequests, "over %v requests a second", s.settings.RateLimit.PerSecond)
			retryAfter(a.header, wait.Seconds())
			return a
		}
	}
	a := answer{
		wait:   latency.For(s.settings.Seed, u.Path),
		pause:  faults.SlowPause,
		status: http.StatusOK,
		body:   s.page(i),
	}
	if forced != nil {
		a.fault = *forced
	} else {
		a.fault = faults.For(s.settings.Seed, u.Path, before)
	}
	if a.fault != NoFault {
		s.record.fault(a.fault)
	}
	switch a.fault {
	case Status:
		wait := a.wait
		a = plain(faults.StatusCode, "%s", http.StatusText(faults.StatusCode))
		a.wait, a.fault = wait, Status
	case Malformed:
		a.body = malformed(a.body)
	}
	return a
}

// override lays a request's query over the server's settings; the package
// comment has the table.
func override(query string, latency *Latency, faults *Faults) (forced *Fault, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	force := func(f Fault) { forced = &f }
	for name, all := range values {
		value := all[len(all)-1]
		switch name {
		case "latency":
			latency.Mean, err = time.ParseDuration(value)
		case "profile":
			latency.Profile = Profile(value)
		case "spread":
			latency.Spread, err = time.ParseDuration(value)
		case "sigma":
			latency.Sigma, err = strconv.ParseFloat(value, 64)
		case "pause":
			faults.SlowPause, err = time.ParseDuration(value)
		case "status":
			faults.StatusCode, err = strconv.Atoi(value)
			if forced == nil {
				force(Status)
			}
		case "fault":
			switch f := Fault(value); f {
			case Status, Reset, Slow, Hang, Truncate, Malformed:
				force(f)
			case "none":
				force(NoFault)
			default:
				err = fmt.Errorf("%q, want none, status, reset, slow, hang, truncate or malformed", value)
			}
		default:
			err = fmt.Errorf("not known: latency, profile, spread, sigma, fault, status and pause are")
		}
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
	}
	if latency.Spread > latency.Mean && !values.Has("spread") {
		latency.Spread = latency.Mean // the server's spread around a smaller mean
	}
	if err := (Settings{Latency: *latency, Faults: *faults}).Validate(); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return forced, nil
}

package runtimes

import (
	"errors"
	"fmt"
	"time"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/mockserver"
)

// Work is what a client is to do: the cell of a benchmark.
type Work struct {
	Pages    int           // to fetch, measured
	InFlight int           // at most; just as many, as long as there are pages
	Warm     int           // pages to fetch before, not measured; InFlight or more
	Wait     time.Duration // of the server before each answer
	Parse    bool          // pages are parsed; else their bytes are counted and thrown away
}

// Ideal is the makespan that nothing can beat: the waits of as many waves as there must
// be. It is 0 where the server does not wait.
func (w Work) Ideal() time.Duration {
	return time.Duration((w.Pages+w.InFlight-1)/max(1, w.InFlight)) * w.Wait
}

func (w Work) validate() error {
	var errs []error
	for _, field := range []struct {
		name       string
		value, min int
	}{{"Pages", w.Pages, 1}, {"InFlight", w.InFlight, 1}, {"Warm", w.Warm, w.InFlight}, {"Wait", int(w.Wait), 0}} {
		if field.value < field.min {
			errs = append(errs, fmt.Errorf("work: %s is %d, want at least %d", field.name, field.value, field.min))
		}
	}
	return errors.Join(errs...)
}

// query is that of every page.
func (w Work) query() string {
	if w.Wait == 0 {
		return ""
	}
	return "latency=" + w.Wait.String()
}

// Figures are what a client measured of itself, and what was seen of it from outside.
type Figures struct {
	client.Report
	RSS  int64 // peak of the resident memory, in bytes; 0 where it is not known
	Peak int64 // requests that the server saw in flight, at most
}

// check holds a client that counts to what it was to do.
func (f Figures) check(w Work, s mockserver.Settings, digest string) error {
	switch want := int64(w.Pages) * int64(s.PageSize); {
	case f.Pages != int64(w.Pages):
		return fmt.Errorf("it fetched %d pages, want %d", f.Pages, w.Pages)
	case f.Bytes != want:
		return fmt.Errorf("it read %d bytes, want %d of %d pages", f.Bytes, want, w.Pages)
	case f.NS <= 0 || f.CPUNS < 0:
		return fmt.Errorf("it measured %d ns, and %d ns of CPU time", f.NS, f.CPUNS)
	case f.NS < int64(w.Ideal()):
		return fmt.Errorf("it fetched %d pages in %v, which nothing can do in less than %v", w.Pages, time.Duration(f.NS), w.Ideal())
	case f.Digest != digest:
		return fmt.Errorf("its pages have the digest %q, want %q", f.Digest, digest)
	}
	return nil
}

// checkRecord holds a client to what the server saw of it. There may be one request more
// for each connection: some clients open theirs in that way. requests are those that the
// client knows of.
func checkRecord(r mockserver.Record, w Work, requests int64, cancelled bool) error {
	var status []int
	for code := range r.Status {
		if code != 200 {
			status = append(status, code)
		}
	}
	switch k := int64(w.InFlight); {
	case len(status) > 0:
		return fmt.Errorf("the server answered %v, too", status)
	case r.Other > 0:
		return fmt.Errorf("the server saw %d requests for what is no page", r.Other)
	case r.PeakInFlight > k:
		return fmt.Errorf("the server saw %d requests in flight, the limit is %d", r.PeakInFlight, k)
	case r.Requests < requests || r.Requests > requests+k:
		return fmt.Errorf("the server saw %d requests, want %d to %d", r.Requests, requests, requests+k)
	case r.Cancelled > 0 && !cancelled:
		return fmt.Errorf("%d requests were given up", r.Cancelled)
	}
	return nil
}

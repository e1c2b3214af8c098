package mockserver

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// A Record is what a server saw: the truth about a client's concurrency, since
// no client can talk it out of what arrived.
type Record struct {
	Requests     int64            `json:"requests"`       // for anything but the record itself
	InFlight     int64            `json:"in_flight"`      // being answered now
	PeakInFlight int64            `json:"peak_in_flight"` // being answered at one time, at most
	Cancelled    int64            `json:"cancelled"`      // given up by the client before the answer was whole
	Duplicates   int64            `json:"duplicates"`     // requests for a page beyond its first
	Status       map[int]int64    `json:"status"`         // answers by status code; none for a reset or a hang
	Faults       map[Fault]int64  `json:"faults"`         // requests that were made to go wrong
	Paths        map[string]int64 `json:"paths"`          // requests for each page that was asked for
	Other        int64            `json:"other"`          // requests for paths that are no page
	Order        []string         `json:"order"`          // the latest pages in order of arrival; their number is bounded by Settings.Order
}

// recorder counts without a lock: each request costs a few atomic operations.
// Its size is fixed by the settings, however long the server runs.
type recorder struct {
	requests, inFlight, peak, cancelled, other atomic.Int64

	status [600]atomic.Int64
	faults [7]atomic.Int64
	pages  []atomic.Uint32
	// order is a ring of page numbers plus one; arrived counts all ever written.
	order   []atomic.Int32
	arrived atomic.Int64
}

var faultNames = [7]Fault{NoFault, Status, Reset, Slow, Hang, Truncate, Malformed}

func newRecorder(s Settings) *recorder {
	return &recorder{pages: make([]atomic.Uint32, s.Pages), order: make([]atomic.Int32, s.Order)}
}

func (r *recorder) begin() {
	r.requests.Add(1)
	now := r.inFlight.Add(1)
	for {
		peak := r.peak.Load()
		if now <= peak || r.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

func (r *recorder) end() { r.inFlight.Add(-1) }

// page records a request for page i and returns how many came before it.
func (r *recorder) page(i int) (before int) {
	at := r.arrived.Add(1) - 1
	r.order[at%int64(len(r.order))].Store(int32(i) + 1)
	return int(r.pages[i].Add(1)) - 1
}

func (r *recorder) answered(status int) { r.status[status].Add(1) }

func (r *recorder) fault(f Fault) {
	for i, name := range faultNames {
		if f == name {
			r.faults[i].Add(1)
		}
	}
}

// snapshot reads the counters one after another: while requests arrive, they
// may be a request apart.
func (r *recorder) snapshot() Record {
	rec := Record{
		Requests:     r.requests.Load(),
		InFlight:     r.inFlight.Load(),
		PeakInFlight: r.peak.Load(),
		Cancelled:    r.cancelled.Load(),
		Other:        r.other.Load(),
		Status:       map[int]int64{},
		Faults:       map[Fault]int64{},
		Paths:        map[string]int64{},
		Order:        []string{},
	}
	for code := range r.status {
		if n := r.status[code].Load(); n > 0 {
			rec.Status[code] = n
		}
	}
	for i, name := range faultNames[1:] {
		if n := r.faults[i+1].Load(); n > 0 {
			rec.Faults[name] = n
		}
	}
	for i := range r.pages {
		if n := r.pages[i].Load(); n > 0 {
			rec.Paths[PagePath(i)] = int64(n)
			rec.Duplicates += int64(n) - 1
		}
	}
	arrived, ring := r.arrived.Load(), int64(len(r.order))
	for at := max(0, arrived-ring); at < arrived; at++ {
		if i := r.order[at%ring].Load(); i > 0 {
			rec.Order = append(rec.Order, PagePath(int(i)-1))
		}
	}
	return rec
}

// reset forgets everything but the requests in flight.
func (r *recorder) reset() {
	r.requests.Store(0)
	r.cancelled.Store(0)
	r.other.Store(0)
	r.arrived.Store(0)
	r.peak.Store(r.inFlight.Load())
	for i := range r.status {
		r.status[i].Store(0)
	}
	for i := range r.faults {
		r.faults[i].Store(0)
	}
	for i := range r.pages {
		r.pages[i].Store(0)
	}
	for i := range r.order {
		r.order[i].Store(0)
	}
}

// retryAfter gives whole seconds, rounded up: a client that waits as told finds
// a token.
func retryAfter(h http.Header, seconds float64) {
	whole := int(seconds)
	if float64(whole) < seconds {
		whole++
	}
	h.Set("Retry-After", strconv.Itoa(max(1, whole)))
}

package mockserver

import "sync/atomic"

// A Record is what a server saw: the truth about a client's concurrency, since
// no client can talk it out of what arrived. It holds the requests since the
// start, or since the last reset.
//
// A request is in flight from its header's arrival until the last of its answer
// is about to be sent. So a client that waits for whole answers never seems to
// have more requests in flight than it has; one that gives up seems to, until
// the server notices that it has left.
type Record struct {
	Requests     int64            `json:"requests"`       // for anything but the record itself
	InFlight     int64            `json:"in_flight"`      // being answered now
	PeakInFlight int64            `json:"peak_in_flight"` // being answered at one time, at most
	Cancelled    int64            `json:"cancelled"`      // given up by the client before the answer was whole
	Duplicates   int64            `json:"duplicates"`     // requests for a page beyond its first
	Other        int64            `json:"other"`          // requests for paths that are no page; their names are not kept
	Status       map[int]int64    `json:"status"`         // answers begun, by status code; none for a hang
	Faults       map[Fault]int64  `json:"faults"`         // requests that were made to go wrong
	Paths        map[string]int64 `json:"paths"`          // requests for each page that was asked for
	Refused      int64            `json:"refused"`        // connections that were one too many; see Settings.MaxConnections
	Order        []string         `json:"order"`          // pages in order of arrival, the latest; Settings.Order bounds them
}

// recorder counts without a lock: each request costs a few atomic operations.
// Its size is fixed by the settings, however long the server runs.
type recorder struct {
	requests, inFlight, peak, cancelled, other, refused atomic.Int64

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

// begin counts a request in; the visit counts it out.
func (r *recorder) begin() visit {
	r.requests.Add(1)
	r.raise(r.inFlight.Add(1))
	return visit{record: r}
}

func (r *recorder) raise(now int64) {
	for peak := r.peak.Load(); now > peak; peak = r.peak.Load() {
		if r.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

// A visit is one request in flight. It is for one goroutine.
type visit struct {
	record *recorder
	ended  bool
}

// end counts the request out; only the first call does.
func (v *visit) end() {
	if !v.ended {
		v.ended = true
		v.record.inFlight.Add(-1)
	}
}

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
		Refused:      r.refused.Load(),
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

// reset forgets everything but the requests in flight. An empty ring needs no
// beginning, so arrived counts on.
func (r *recorder) reset() {
	r.peak.Store(0)
	r.raise(r.inFlight.Load()) // second: who arrives between raises it too
	r.requests.Store(0)
	r.cancelled.Store(0)
	r.other.Store(0)
	r.refused.Store(0)
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

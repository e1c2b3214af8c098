package live

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Figures are the room's metrics over a second.
type Figures struct {
	Over      time.Duration `json:"over_ns"` // what time they are of: a second, but the first since somebody watches may be of more
	In        int64         `json:"in"`      // clients in the room at its end
	Published int64         `json:"published"`
	Delivered int64         `json:"delivered"`
	Dropped   int64         `json:"dropped"`

	// From when the room took a message to when it was written to a client's connection: the
	// server's share of the latency. To three significant figures; 0 where nothing was.
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// PerSecond is how many messages were delivered a second, over all clients.
func (f Figures) PerSecond() float64 {
	if f.Over <= 0 {
		return 0
	}
	return float64(f.Delivered) / f.Over.Seconds()
}

// delays are the times from publishing to writing. The zero value is ready.
type delays struct {
	mu sync.Mutex
	h  *hdrhistogram.Histogram
}

// newHistogram is of microseconds, from 1 to an hour, to three figures: 190 KB.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	micros := int64((min(max(d, time.Microsecond), time.Hour) + time.Microsecond/2) / time.Microsecond)
	_ = h.RecordValue(micros) // it is in range
}

func quantile(h *hdrhistogram.Histogram, q float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(100*q)) * time.Microsecond
}

func (d *delays) record(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.h == nil {
		d.h = newHistogram()
	}
	record(d.h, delay)
}

// take returns what was recorded since the last call.
func (d *delays) take() (p50, p99 time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.h == nil || d.h.TotalCount() == 0 {
		return 0, 0
	}
	defer d.h.Reset()
	return quantile(d.h, 0.5), quantile(d.h, 0.99)
}

// A window makes figures, each of what was since the ones before. It is for one goroutine.
type window struct {
	server *Server
	began  time.Time
	before Record
}

func newWindow(s *Server) *window { return &window{server: s, began: time.Now()} }

func (w *window) next(_ int64, now time.Time) []byte {
	r := w.server.Record()
	since := func(now, before int64) int64 {
		if now < before {
			return now // it was reset
		}
		return now - before
	}
	f := Figures{
		Over: now.Sub(w.began), In: r.In,
		Published: since(r.Published, w.before.Published),
		Delivered: since(r.Delivered, w.before.Delivered),
		Dropped:   since(r.Dropped, w.before.Dropped),
	}
	f.P50, f.P99 = w.server.delays.take()
	w.began, w.before = now, r
	text, err := json.Marshal(f)
	if err != nil { // it has nothing but numbers
		panic(err)
	}
	return text
}

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"example.com/overlap"
	"example.com/overlap/internal/spell"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// A key is a URL and its place in the list.
type key struct {
	i   int
	url string
}

func keysOf(urls []string) []key {
	keys := make([]key, len(urls))
	for i, url := range urls {
		keys[i] = key{i, url}
	}
	return keys
}

// A body takes the start of its job along, from Fetch to Process.
type body struct {
	pages.Body
	began time.Time
}

// measured is a job that is watched: what is in flight, how long each takes, how
// far the whole is.
type measured struct {
	inner overlap.Job[string, pages.Body, pages.Page]
	total int
	start time.Time
	begun []bool // each is written by its own job alone, and read at the end

	mu        sync.Mutex
	inFlight  int
	peak      int
	ended     int
	latencies *hdrhistogram.Histogram // of jobs that succeeded, in microseconds
	meter     *meter
}

// longest is the longest latency that the histogram tells apart from others.
const longest = 24 * time.Hour

func newMeasured(job overlap.Job[string, pages.Body, pages.Page], total int, meter *meter) *measured {
	return &measured{
		inner: job, total: total, start: time.Now(), meter: meter,
		begun:     make([]bool, total),
		latencies: hdrhistogram.New(1, longest.Microseconds(), 3),
	}
}

func (m *measured) job() overlap.Job[key, body, pages.Page] {
	return overlap.Job[key, body, pages.Page]{
		Fetch: func(ctx context.Context, k key) (b body, err error) {
			m.begin(k.i)
			fetched := false
			defer func() {
				if !fetched {
					m.end(time.Now(), false)
				}
			}()
			b.began = time.Now()
			b.Body, err = m.inner.Fetch(ctx, k.url)
			fetched = err == nil
			return b, err
		},
		Process: func(ctx context.Context, b body) (page pages.Page, err error) {
			processed := false
			defer func() { m.end(b.began, processed) }()
			page, err = m.inner.Process(ctx, b.Body)
			processed = err == nil
			return page, err
		},
	}
}

func (m *measured) begin(i int) {
	m.begun[i] = true
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight++
	m.peak = max(m.peak, m.inFlight)
}

func (m *measured) end(began time.Time, succeeded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight--
	m.ended++
	if succeeded {
		_ = m.latencies.RecordValue(min(time.Since(began), longest).Microseconds()) // fails only beyond longest
	}
	elapsed := time.Since(m.start)
	left := time.Duration(float64(elapsed) / float64(m.ended) * float64(m.total-m.ended))
	m.meter.show(m.ended, fmt.Sprintf("%d in flight", m.inFlight), left)
}

// A report is what run prints. Times are in seconds.
type report struct {
	Model              string    `json:"model"`
	Client             string    `json:"client"`
	Limit              int       `json:"limit,omitempty"` // jobs in flight at most; 0: none
	Jobs               int       `json:"jobs"`
	Succeeded          int       `json:"succeeded"`
	Failed             int       `json:"failed"`
	Interrupted        bool      `json:"interrupted"`
	MakespanSeconds    float64   `json:"makespan_seconds"`
	IdealSeconds       float64   `json:"ideal_seconds,omitempty"` // 0: not known
	TimesIdeal         float64   `json:"times_ideal,omitempty"`
	JobsPerSecond      float64   `json:"jobs_per_second"` // jobs that succeeded
	LatencySeconds     latencies `json:"latency_seconds"`
	PeakInFlight       int       `json:"peak_in_flight"`
	ServerPeakInFlight int       `json:"server_peak_in_flight,omitempty"`
	Words              int       `json:"words"` // of all pages
	Links              int       `json:"links"`
	Errors             []kind    `json:"errors"`

	unsaved error // why the timeline or the trace could not be written
}

type latencies struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// report sums up. It is called when the model has returned.
func (m *measured) report(results []overlap.Result[pages.Page], makespan time.Duration) *report {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.meter.end()
	seconds := func(microseconds int64) float64 {
		return (time.Duration(microseconds) * time.Microsecond).Seconds()
	}
	r := &report{
		Jobs:            len(results),
		Failed:          overlap.Failures(results),
		MakespanSeconds: makespan.Seconds(),
		LatencySeconds: latencies{
			P50: seconds(m.latencies.ValueAtQuantile(50)),
			P95: seconds(m.latencies.ValueAtQuantile(95)),
			P99: seconds(m.latencies.ValueAtQuantile(99)),
			Max: seconds(m.latencies.Max()),
		},
		PeakInFlight: m.peak,
		Errors:       kinds(results, func(i int) bool { return m.begun[i] }),
	}
	r.Succeeded = r.Jobs - r.Failed
	r.JobsPerSecond = float64(r.Succeeded) / makespan.Seconds()
	for _, result := range results {
		r.Words += result.Value.Words
		r.Links += len(result.Value.Links)
	}
	return r
}

// write prints the report as a table.
func (r *report) write(w io.Writer) error {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, name+"\t"+format+"\n", args...)
	}
	model := r.Model
	if r.Limit > 0 {
		model += fmt.Sprintf(", at most %d in flight", r.Limit)
	}
	row("model", "%s", model)
	if r.Client != clients.Default {
		row("client", "%s", r.Client)
	}
	if r.Interrupted {
		row("interrupted", "%d of %d jobs were done", r.Succeeded, r.Jobs)
	}
	row("jobs", "%d, of which %d failed", r.Jobs, r.Failed)
	row("makespan", "%s", inThree(r.MakespanSeconds))
	if r.TimesIdeal > 0 {
		row("ideal", "%s (makespan is %.2fx)", inThree(r.IdealSeconds), r.TimesIdeal)
	} else if r.IdealSeconds > 0 {
		row("ideal", "%s", inThree(r.IdealSeconds))
	}
	row("jobs/s", "%.1f", r.JobsPerSecond)
	if r.Succeeded > 0 {
		l := r.LatencySeconds
		row("latency", "p50 %s, p95 %s, p99 %s, max %s", inThree(l.P50), inThree(l.P95), inThree(l.P99), inThree(l.Max))
	}
	if r.ServerPeakInFlight > 0 {
		row("peak in flight", "%s, %s at the server", spell.Count(r.PeakInFlight, "job"), spell.Count(r.ServerPeakInFlight, "request"))
	} else {
		row("peak in flight", "%s", spell.Count(r.PeakInFlight, "job"))
	}
	row("pages", "%d words, %d links", r.Words, r.Links)
	if err := table.Flush(); err != nil {
		return err
	}
	if len(r.Errors) > 0 {
		text.WriteString("\nerrors\n")
		for _, k := range r.Errors {
			fmt.Fprintf(&text, "%6d  %s: %s\n", k.Count, k.Kind, k.Example)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// inThree is a number of seconds with three digits.
func inThree(seconds float64) string {
	return spell.Duration(time.Duration(seconds * float64(time.Second)))
}

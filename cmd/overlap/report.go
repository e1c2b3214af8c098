package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/overlap/internal/spell"
	"example.com/overlap/workload/pages/clients"
)

// A report is what run prints. Times are in seconds.
type report struct {
	Workload           string    `json:"workload"`
	Model              string    `json:"model"`
	Client             string    `json:"client,omitempty"` // of what is fetched over HTTP
	Limit              int       `json:"limit,omitempty"`  // jobs in flight at most; 0: none
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
	Totals             totals    `json:"totals"` // of the jobs that succeeded
	Errors             []kind    `json:"errors"`

	atServer string // what ServerPeakInFlight counts: a request
	sum      string // the totals in words
	unsaved  error  // why the timeline or the trace could not be written
}

type latencies struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// totals are what a workload counts over its results, by name and in the unit that the
// name ends with.
type totals map[string]int64

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
	if r.Client != "" && r.Client != clients.Default {
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
		row("peak in flight", "%s, %s at the server", spell.Count(r.PeakInFlight, "job"), spell.Count(r.ServerPeakInFlight, r.atServer))
	} else {
		row("peak in flight", "%s", spell.Count(r.PeakInFlight, "job"))
	}
	row(r.Workload, "%s", r.sum)
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

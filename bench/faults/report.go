package faults

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/overlap/internal/spell"
	"example.com/overlap/mockserver"
)

// A Report is what a soak has seen.
type Report struct {
	Settings    Settings
	Turns       []Turn
	Interrupted bool // not all that was asked for
}

// Jobs is how many have ended.
func (t Turn) Jobs() int64 {
	n := int64(0)
	for _, count := range t.Kinds {
		n += count
	}
	return n
}

// Held is how many requests were in flight, by the server's record: the median of the time
// that was measured, 0 if there were no samples.
func (t Turn) Held() int64 {
	if len(t.Samples) == 0 {
		return 0
	}
	var held []float64
	for _, s := range t.Samples {
		held = append(held, float64(s.Held))
	}
	return int64(median(held))
}

// enough is the part of the jobs that must be in flight at the server, at the median: a job
// is on its way for a moment, before and after.
const enough = 0.95

// Problems are why a turn does not pass, in words; none if it does.
func (t Turn) Problems(interrupted bool) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch {
	case len(t.Samples) >= parts:
		if float64(t.Held()) < enough*float64(t.inFlight) {
			say("%s in flight were asked for, and the server held %s at the median: this machine is too slow, or -latency too short", thousands(int64(t.inFlight)), thousands(t.Held()))
		}
	case !interrupted:
		say("%s: too few to judge", spell.Count(len(t.Samples), "sample"))
	}
	if t.Peak > int64(t.inFlight) {
		say("%s fetches at once, where the limit is %s", thousands(t.Peak), thousands(int64(t.inFlight)))
	}
	for _, trend := range t.Trends {
		if trend.Grew() {
			say("%s: grew by %s while the jobs ran, %s for 1,000 of them", trend.Name, trend.amount(trend.Growth), trend.rate(1000*trend.PerJob))
		}
		if trend.Leaked() {
			say("%s: %s left after the end", trend.Name, trend.amount(trend.Left))
		}
	}
	return append(problems, t.unaccounted(interrupted)...)
}

// unaccounted are the results that are wrong, and those that nothing explains: each error must
// be of a kind that a fault makes, and no more of them than the server made such faults.
func (t Turn) unaccounted(interrupted bool) []string {
	var problems []string
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			problems = append(problems, fmt.Sprintf("%s "+format, append([]any{thousands(n)}, args...)...))
		}
	}
	say(t.Lost, "keys without a result")
	say(t.Twice, "results that no key was waiting for")
	say(t.Wrong, "values that are not those of a run without faults")
	cause := map[Kind]mockserver.Fault{
		Status: mockserver.Status, Broken: mockserver.Reset, Timeout: mockserver.Hang, Truncated: mockserver.Truncate,
	}
	for _, kind := range t.kinds() {
		fault, known := cause[kind]
		switch {
		case kind == Value, kind == Cancelled && interrupted:
		case known:
			say(t.Kinds[kind]-t.Saw.Faults[fault], "errors of the kind %s more than the server made faults of the kind %s (%s)", kind, fault, thousands(t.Saw.Faults[fault]))
		default:
			say(t.Kinds[kind], "errors of the kind %s, which no fault makes", kind)
		}
	}
	return problems
}

func (t Turn) kinds() []Kind {
	var kinds []Kind
	for kind := range t.Kinds {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b Kind) int {
		if t.Kinds[a] != t.Kinds[b] {
			return int(t.Kinds[b] - t.Kinds[a])
		}
		return strings.Compare(string(a), string(b))
	})
	return kinds
}

// Passed says whether every turn did, and none was left out.
func (r Report) Passed() bool {
	if len(r.Turns) == 0 || len(r.Turns) < len(r.Settings.Models) {
		return false
	}
	for _, t := range r.Turns {
		if len(t.Problems(r.Interrupted)) > 0 {
			return false
		}
	}
	return !r.Interrupted
}

// Write writes tables and verdicts.
func (r Report) Write(w io.Writer) error {
	var err error
	print := func(format string, args ...any) {
		if _, e := fmt.Fprintf(w, format, args...); err == nil {
			err = e
		}
	}
	for _, t := range r.Turns {
		print("%s: %s jobs, %s of %s in flight at the server (median)\n", t.Model, thousands(t.Jobs()), thousands(t.Held()), thousands(int64(t.inFlight)))
		var counts []string
		for _, kind := range t.kinds() {
			counts = append(counts, fmt.Sprintf("%s %s", thousands(t.Kinds[kind]), kind))
		}
		print("  results: %s\n", strings.Join(counts, ", "))
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(table, "  \tfirst quarter\tlast quarter\ta 1,000 jobs\tleft\t  verdict\t\n")
		for _, trend := range t.Trends {
			fmt.Fprintf(table, "  %s\t%s\n", trend.Name, trend.row())
		}
		if e := table.Flush(); err == nil {
			err = e
		}
		for _, problem := range t.Problems(r.Interrupted) {
			print("  FAILED: %s\n", problem)
		}
		print("\n")
	}
	switch {
	case r.Interrupted && !slices.ContainsFunc(r.Turns, func(t Turn) bool { return len(t.Problems(true)) > 0 }):
		print("interrupted; nothing was wrong until then\n")
	case r.Interrupted:
		print("interrupted, and not all was well until then\n")
	case r.Passed():
		print("flat: memory, goroutines and descriptors stay as they are, and every result is accounted for\n")
	case len(r.Turns) < len(r.Settings.Models):
		print("NOT PASSED: it did not come to its end\n")
	default:
		print("NOT PASSED: see above\n")
	}
	return err
}

func (t Trend) row() string {
	left := ""
	if t.LeftAllowed > 0 || t.Left > 0 {
		left = t.amount(t.Left)
	}
	first, last, rate, verdict := t.amount(t.First), t.amount(t.Last), t.rate(1000*t.PerJob), "flat"
	if t.Unknown {
		first, last, rate, verdict = "", "", "", "not known"
	}
	switch {
	case t.Leaked():
		verdict = "leaks"
	case t.Grew():
		verdict = "grows"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t  %s\t", first, last, rate, left, verdict)
}

// amount writes so much of it.
func (t Trend) amount(x float64) string {
	if t.Bytes {
		return fmt.Sprintf("%.1f MiB", x/(1<<20))
	}
	return thousands(int64(x))
}

// rate writes how much of it there is for something.
func (t Trend) rate(x float64) string {
	if t.Bytes {
		return fmt.Sprintf("%+.0f B", x)
	}
	return fmt.Sprintf("%+.3f", x)
}

func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	return spell.Thousands(fmt.Sprint(n))
}

// String is a sample in a line of progress.
func (s Sample) String() string {
	text := fmt.Sprintf("%s jobs done, %s in flight", thousands(s.Jobs), thousands(s.Held))
	for m, a := range allowances() {
		if s.Measured[m] >= 0 {
			text += fmt.Sprintf(", %s %s", a.name, Trend{Bytes: a.bytes}.amount(float64(s.Measured[m])))
		}
	}
	return text
}

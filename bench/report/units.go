package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"example.com/overlap/internal/spell"
)

// words are what the units of raw files mean, as benchfmt has them: ns/op is sec/op.
var words = map[string]string{
	"sec/op":      "makespan",
	"sec/job":     "cost per job",
	"cpu-sec/job": "CPU per job",
	"jobs/s":      "jobs per second",

	"client-cpu-sec/job": "CPU per job, the caller's",
	"worker-cpu-sec/job": "CPU per job, the worker's",
	"server-cpu-sec/job": "CPU per job, the server's",

	"x-ideal":           "times the ideal",
	"peak-inflight":     "peak in flight",
	"peak-goroutines":   "peak goroutines",
	"first-result-ms":   "first result",
	"cancel-ms":         "cancel to return",
	"p50-ms":            "p50",
	"p95-ms":            "p95",
	"p99-ms":            "p99",
	"p99.9-ms":          "p99.9",
	"intended-p50-ms":   "p50 from intended start",
	"intended-p95-ms":   "p95 from intended start",
	"intended-p99-ms":   "p99 from intended start",
	"intended-p99.9-ms": "p99.9 from intended start",
	"peak-heap-B":       "peak heap",
	"peak-stack-B":      "peak stacks",
	"peak-rss-B":        "peak RSS",
	"gc-share":          "share of GC",
	"sched-p99-us":      "scheduling latency, p99",
	"late-jobs/op":      "late jobs",
	"dropped-jobs/op":   "dropped jobs",
	"offered-jobs/s":    "offered jobs per second",
	"B/job":             "memory per job",
	"us/job":            "cost per job",
	"requests/job":      "requests per job",
	"requests/s":        "requests per second",
	"conn-waits/job":    "waits for a connection",
	"conn-wait-us/job":  "time waited for a connection",
	"max-ms":            "longest",
	"msgs/s":            "messages per second",
	"dropped/op":        "messages dropped",
	"cores-used":        "cores used",
	"B/op":              "allocated",
	"allocs/op":         "allocations",
}

// meaning is a unit in words, or the unit itself.
func meaning(unit string) string {
	if w, ok := words[unit]; ok {
		return w
	}
	return clean(unit, 40)
}

// Format prints a value of a unit with three digits, in the size of unit that a reader
// expects: 17.4 MB, 57.1 ms, 2,696. It is how the tables of a report have it.
func Format(value float64, unit string) string { return format(value, unit) }

// format prints a value of a unit with three significant digits, in the size of unit
// that a reader expects: 0.0571 of sec/op is 57.1 ms.
func format(v float64, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "out of range"
	}
	base, _, _ := strings.Cut(unit, "/")
	switch {
	case base == "sec" || strings.HasSuffix(base, "-sec"):
		return seconds(v)
	case strings.HasSuffix(unit, "-ms"):
		return seconds(v / 1e3)
	case strings.HasSuffix(unit, "-us"):
		return seconds(v / 1e6)
	case base == "B" || strings.HasSuffix(base, "-B"):
		return scaled(v, "B", 0)
	case unit == "gc-share":
		return digits(100*v) + " %"
	case v == math.Trunc(v) && v < 1e7 && unit != "x-ideal":
		return whole(v)
	}
	return count(v)
}

func seconds(v float64) string {
	if v >= 1000 {
		return count(v) + " s"
	}
	return scaled(v, "s", -3)
}

var prefixes = map[int]string{-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}

// scaled prints a value with a prefix of its unit, of 1000s: least is the smallest,
// -3 for nano.
func scaled(v float64, unit string, least int) string {
	if v == 0 {
		return "0 " + unit
	}
	power := int(math.Floor(math.Log10(v) / 3))
	power = min(max(power, least), 4)
	x := v / math.Pow(1000, float64(power))
	if x >= 999.5 && power < 4 { // 999.9 µs is 1 ms
		power++
		x = v / math.Pow(1000, float64(power))
	}
	return digits(x) + " " + prefixes[power] + unit
}

// digits prints three significant digits, without an exponent where that is readable.
func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 1e-3 || v >= 1e7:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	rounded := strconv.FormatFloat(v, 'e', 2, 64) // 9.996 is 1.00e+01
	power, _ := strconv.Atoi(rounded[strings.IndexByte(rounded, 'e')+1:])
	text := strconv.FormatFloat(v, 'f', max(0, 2-power), 64)
	if strings.Contains(text, ".") {
		return text
	}
	return spell.Thousands(text)
}

// short is format without zeros at the end, for an axis: 3 ms.
func short(v float64, unit string) string {
	number, rest, _ := strings.Cut(format(v, unit), " ")
	if strings.Contains(number, ".") && !strings.Contains(number, "e") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSuffix(number+" "+rest, " ")
}

func count(v float64) string {
	if v >= 1e7 && v < 1e15 {
		return strings.TrimSuffix(scaled(v, "", 0), " ")
	}
	return digits(v)
}

// whole prints a rounded number.
func whole(v float64) string {
	if v >= 1e7 {
		return digits(v)
	}
	return spell.Thousands(strconv.FormatFloat(v, 'f', 0, 64))
}

// percent prints a share: 0.034 is 3.4 %.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.05:
		return "under 0.1 %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	default:
		return digits(p) + " %"
	}
}

// factor prints how many times: 1.05, 61, 1,200.
func factor(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "beyond all bounds"
	}
	return digits(f) + " times"
}

// clean makes foreign text fit for XML, a line and a figure: valid UTF-8 without
// control characters, at most most letters.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF || unicode.Is(unicode.Cf, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}

package results

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// Split takes the model out of a benchmark's name: BenchmarkPages/tasks=100/model=pool-2,
// with or without Benchmark before it, is of the group Pages/tasks=100-2 and the model pool.
func Split(name string) (group, model string) {
	g, model := split(benchfmt.Name(strings.TrimPrefix(name, "Benchmark")))
	return g.Name, model
}

func split(name benchfmt.Name) (g Group, model string) {
	base, parts := name.Parts()
	g = Group{Benchmark: string(base), Procs: 1} // go test prints no -N for one
	procs := ""
	for _, p := range parts {
		part := string(p)
		if m, ok := strings.CutPrefix(part, "/model="); ok {
			model = m
			continue
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(part, "-")); err == nil && part[0] == '-' {
			g.Procs, procs = n, part
			continue
		}
		part = strings.TrimPrefix(part, "/")
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			key, value = "", part
		}
		g.Params = append(g.Params, Param{key, value})
	}
	g.Name = g.Benchmark
	for _, p := range g.Params {
		g.Name += "/" + p.String()
	}
	g.Name += procs
	return g, model
}

// CompareNames puts group names in the order that a reader expects: tasks=100
// before tasks=1000, cpu=50us before cpu=1ms.
func CompareNames(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if c := cmp.Or(compareParts(as[i], bs[i]), cmp.Compare(as[i], bs[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func compareParts(a, b string) int {
	aKey, aValue, _ := strings.Cut(a, "=")
	bKey, bValue, _ := strings.Cut(b, "=")
	if aKey != bKey {
		return cmp.Compare(aKey, bKey)
	}
	aValue, aProcs := CutProcs(aValue)
	bValue, bProcs := CutProcs(bValue)
	aNumber, aKind := number(aValue)
	bNumber, bKind := number(bValue)
	if aKind != NoNumber && bKind != NoNumber {
		return cmp.Or(cmp.Compare(aNumber, bNumber), cmp.Compare(aProcs, bProcs))
	}
	return cmp.Compare(aValue, bValue)
}

// number reads a number, a duration (in nanoseconds) or a percentage.
func number(value string) (float64, Kind) {
	if n, err := strconv.ParseFloat(value, 64); err == nil { // also 0, which is a duration, too
		return n, Plain
	}
	if d, err := time.ParseDuration(value); err == nil {
		return float64(d), Duration
	}
	if percent, ok := strings.CutSuffix(value, "%"); ok {
		if n, err := strconv.ParseFloat(percent, 64); err == nil {
			return n / 100, Share
		}
	}
	return 0, NoNumber
}

// CutProcs takes the -N of GOMAXPROCS off a name; go test prints none for 1.
func CutProcs(name string) (rest string, procs int) {
	i := strings.LastIndexByte(name, '-')
	n, err := strconv.Atoi(name[i+1:])
	if i < 0 || err != nil || n < 1 {
		return name, 1
	}
	return name[:i], n
}

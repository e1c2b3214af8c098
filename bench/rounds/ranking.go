package rounds

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// alpha is how often a ranking may claim, anywhere in it, a difference that is
// not there.
const alpha = 0.05

// A Ranking tells which model was fastest in each group of a result file.
type Ranking []Group

// A Group is the models of one workload at one setting, fastest first.
type Group struct {
	Name   string
	Models []Place
}

// A Place is one model's time and whether it is proven slower than the first.
type Place struct {
	Model   string
	Median  time.Duration // of an operation
	Samples int
	Slower  bool // than the group's first: Mann-Whitney, Holm-corrected over the ranking
	p       float64
}

// Rank reads results in the benchmark format and ranks the models of each group
// by median time. name stands for the input in errors, which give the line.
func Rank(results io.Reader, name string) (Ranking, error) {
	times := map[string]map[string][]float64{} // group -> model -> seconds
	reader := benchfmt.NewReader(results, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, record
		case *benchfmt.Result:
			seconds, ok := record.Value("sec/op")
			group, model := splitName(record.Name)
			if !ok || model == "" {
				continue
			}
			if times[group] == nil {
				times[group] = map[string][]float64{}
			}
			times[group][model] = append(times[group][model], seconds)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("%s: no result has a /model= in its name and a time", name)
	}
	var r Ranking
	for _, group := range slices.Sorted(maps.Keys(times)) {
		r = append(r, rankGroup(group, times[group]))
	}
	r.holm()
	return r, nil
}

// splitName takes the /model= part out of a benchmark's name.
func splitName(name benchfmt.Name) (group, model string) {
	base, parts := name.Parts()
	group = string(base)
	for _, p := range parts {
		if m, ok := strings.CutPrefix(string(p), "/model="); ok {
			model = m
		} else {
			group += string(p)
		}
	}
	return group, model
}

func rankGroup(name string, times map[string][]float64) Group {
	g := Group{Name: name}
	samples := map[string]*benchmath.Sample{}
	for model, values := range times {
		s := benchmath.NewSample(values, &benchmath.DefaultThresholds)
		samples[model] = s
		median := benchmath.AssumeNothing.Summary(s, 0.95).Center
		g.Models = append(g.Models, Place{
			Model:   model,
			Median:  time.Duration(median * float64(time.Second)),
			Samples: len(values),
		})
	}
	slices.SortFunc(g.Models, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Median, b.Median), cmp.Compare(a.Model, b.Model))
	})
	first := samples[g.Models[0].Model]
	for i := range g.Models[1:] {
		p := &g.Models[i+1]
		p.p = benchmath.AssumeNothing.Compare(first, samples[p.Model]).P
	}
	return g
}

// holm marks the places that are slower at level alpha over the whole ranking
// (S. Holm, A simple sequentially rejective multiple test procedure, 1979):
// the smallest of m p-values must be under alpha/m, the next under alpha/(m-1) ...
func (r Ranking) holm() {
	var family []*Place
	for _, g := range r {
		for i := range g.Models[1:] {
			family = append(family, &g.Models[i+1])
		}
	}
	slices.SortFunc(family, func(a, b *Place) int { return cmp.Compare(a.p, b.p) })
	for i, p := range family {
		if p.p >= alpha/float64(len(family)-i) {
			return
		}
		p.Slower = true
	}
}

// Write prints the ranking in words, a paragraph a group. leftOut are the
// benchmarks that were not run, by name, and why.
func (r Ranking) Write(w io.Writer, leftOut map[string]string) error {
	var errs []error
	print := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format, args...)
		errs = append(errs, err)
	}
	for _, g := range r {
		first := g.Models[0]
		print("%s\n  %-18s %10s  fastest median of %d\n", g.Name, first.Model, round(first.Median), first.Samples)
		for _, p := range g.Models[1:] {
			verdict := "no difference shown from " + first.Model
			if p.Slower {
				verdict = fmt.Sprintf("%.2fx", float64(p.Median)/float64(first.Median))
			}
			print("  %-18s %10s  %s\n", p.Model, round(p.Median), verdict)
		}
		for _, name := range slices.Sorted(maps.Keys(leftOut)) {
			if group, model := splitName(benchfmt.Name(strings.TrimPrefix(name, "Benchmark"))); group == trimCPU(g.Name) {
				print("  %-18s %10s  %s\n", model, "not run", leftOut[name])
			}
		}
	}
	return errors.Join(errs...)
}

// trimCPU takes the -N of GOMAXPROCS off a group's name: benchmarks that were left
// out printed none.
func trimCPU(group string) string {
	i := strings.LastIndexByte(group, '-')
	if i < 0 || strings.Trim(group[i+1:], "0123456789") != "" {
		return group
	}
	return group[:i]
}

// round keeps three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

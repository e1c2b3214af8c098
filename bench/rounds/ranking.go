package rounds

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// alpha is how often a ranking may claim, anywhere in it, a difference that is
// not there.
const alpha = 0.05

// A Ranking tells which model was fastest in each group of a result file.
type Ranking struct {
	Groups []Group
	// Control is the model that stood in twice, as name-again; empty if none did.
	Control string
	// Floor is the noise floor: the largest difference, over all groups, between the
	// medians of the control and of its twin, which do the same; 0.03 is 3 %. A model
	// that differs from the fastest by no more is not called slower.
	Floor float64
}

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
	Slower  bool // than the group's first: Mann-Whitney, Holm-corrected over the ranking, and by more than the floor
	p       float64
}

// Rank reads results in the benchmark format and ranks the models of each group
// by median time. name stands for the input in errors, which give the line.
func Rank(results io.Reader, name string) (Ranking, error) {
	twin := ""                                 // the name of the control's twin
	times := map[string]map[string][]float64{} // group -> model -> seconds
	reader := benchfmt.NewReader(results, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return Ranking{}, record
		case *benchfmt.Result:
			if control := record.GetConfig("control"); control != "" {
				twin = control
			}
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
		return Ranking{}, err
	}
	r := Ranking{Control: strings.TrimSuffix(twin, again)}
	for _, name := range slices.SortedFunc(maps.Keys(times), compareNames) {
		same := times[name][twin]
		delete(times[name], twin)
		if len(times[name]) == 0 {
			continue // only the twin is there: somebody cut the file
		}
		r.Groups = append(r.Groups, rankGroup(name, times[name]))
		if values := times[name][r.Control]; same != nil && values != nil {
			a, b := median(values), median(same)
			r.Floor = max(r.Floor, max(a, b)/min(a, b)-1)
		}
	}
	if len(r.Groups) == 0 {
		return Ranking{}, fmt.Errorf("%s: no result has a /model= in its name and a time", name)
	}
	if math.IsNaN(r.Floor) || math.IsInf(r.Floor, 0) {
		return Ranking{}, fmt.Errorf("%s: the times of the control %s are no times", name, r.Control)
	}
	r.holm()
	return r, nil
}

func median(values []float64) float64 {
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95).Center
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

// compareNames puts names in the order that a reader expects: tasks=100 before
// tasks=1000, cpu=50us before cpu=1ms.
func compareNames(a, b string) int {
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
	aValue, aProcs := cutProcs(aValue)
	bValue, bProcs := cutProcs(bValue)
	aSize, aOK := size(aValue)
	bSize, bOK := size(bValue)
	if aOK && bOK {
		return cmp.Or(cmp.Compare(aSize, bSize), cmp.Compare(aProcs, bProcs))
	}
	return cmp.Compare(aValue, bValue)
}

// size reads a number or a duration.
func size(value string) (float64, bool) {
	if d, err := time.ParseDuration(value); err == nil {
		return float64(d), true
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}

// cutProcs takes the -N of GOMAXPROCS off a name.
func cutProcs(name string) (rest string, procs int) {
	i := strings.LastIndexByte(name, '-')
	n, err := strconv.Atoi(name[i+1:])
	if i < 0 || err != nil || n < 1 {
		return name, 1 // as go test prints it
	}
	return name[:i], n
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

// holm marks the places that are slower at level alpha over the whole ranking, and
// by more than the noise floor
// (S. Holm, A simple sequentially rejective multiple test procedure, 1979):
// the smallest of m p-values must be under alpha/m, the next under alpha/(m-1) ...
func (r Ranking) holm() {
	var family []*Place
	for _, g := range r.Groups {
		for i := range g.Models[1:] {
			family = append(family, &g.Models[i+1])
		}
	}
	slices.SortFunc(family, func(a, b *Place) int { return cmp.Compare(a.p, b.p) })
	for i, p := range family {
		if p.p >= alpha/float64(len(family)-i) {
			break
		}
		p.Slower = true
	}
	for _, g := range r.Groups {
		for i := range g.Models[1:] {
			if p := &g.Models[i+1]; float64(p.Median) <= float64(g.Models[0].Median)*(1+r.Floor) {
				p.Slower = false
			}
		}
	}
}

// shortOf returns how many samples of each model it takes to prove anything here,
// or 0 if there are as many. The least p that a Mann-Whitney test of n against n
// values can give is 2/C(2n,n), and it has to be under Holm's first bar.
func (r Ranking) shortOf() int {
	family, fewest := 0, math.MaxInt
	for _, g := range r.Groups {
		family += len(g.Models) - 1
		for _, p := range g.Models {
			fewest = min(fewest, p.Samples)
		}
	}
	least, n := 2.0, 0
	for least >= alpha/float64(family) {
		n++
		least *= float64(n) / float64(2*(2*n-1)) // C(2n,n) = C(2n-2,n-1) * 2(2n-1)/n
	}
	if n <= fewest {
		return 0
	}
	return n
}

// Write prints the ranking in words, a paragraph a group. leftOut are the
// benchmarks that were not run, by name, and why.
func (r Ranking) Write(w io.Writer, leftOut map[string]string) error {
	var text strings.Builder
	procs := map[int]bool{}
	for _, g := range r.Groups {
		_, n := cutProcs(g.Name)
		procs[n] = true
	}
	for _, g := range r.Groups {
		name, n := cutProcs(g.Name)
		title := name
		if len(procs) > 1 {
			title += fmt.Sprintf(", GOMAXPROCS %d", n)
		}
		fmt.Fprintf(&text, "%s\n", title)
		first := g.Models[0]
		fmt.Fprintf(&text, "  fastest: %s, %s an operation (median of %d)\n", first.Model, round(first.Median), first.Samples)
		var level, slower []string
		for _, p := range g.Models[1:] {
			times := fmt.Sprintf("%s %sx", p.Model, times(float64(p.Median)/float64(first.Median)))
			if p.Slower {
				slower = append(slower, times)
			} else {
				level = append(level, times)
			}
		}
		if len(level) > 0 {
			fmt.Fprintf(&text, "  no difference proven: %s\n", strings.Join(level, ", "))
		}
		if len(slower) > 0 {
			fmt.Fprintf(&text, "  slower: %s\n", strings.Join(slower, ", "))
		}
		for _, left := range slices.Sorted(maps.Keys(leftOut)) {
			if group, model := splitName(benchfmt.Name(strings.TrimPrefix(left, "Benchmark"))); group == name {
				fmt.Fprintf(&text, "  not run: %s, %s\n", model, leftOut[left])
			}
		}
	}
	if need := r.shortOf(); need > 0 {
		fmt.Fprintf(&text, "With so few rounds nothing can be proven: %d are the least for this many comparisons.\n", need)
	} else {
		fmt.Fprintf(&text, "Slower is proven at %v over all comparisons together (Mann-Whitney, Holm's correction).\n", alpha)
	}
	if r.Control != "" {
		fmt.Fprintf(&text, "The noise floor is %.1f %%: so much %s differed from itself, run twice under two names. Nothing below it is called slower.\n", 100*r.Floor, r.Control)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// times prints a factor with three digits.
func times(factor float64) string {
	switch {
	case factor < 9.995:
		return fmt.Sprintf("%.2f", factor)
	case factor < 99.95:
		return fmt.Sprintf("%.1f", factor)
	default:
		return fmt.Sprintf("%.0f", factor)
	}
}

// round keeps three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

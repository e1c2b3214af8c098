package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/results"
	"example.com/overlap/internal/spell"
)

// nearIdeal is up to where x-ideal says that the waiting decides: seven eighths of the
// makespan and more are what the schedule takes in virtual time.
const nearIdeal = 1.15

// busy is from where on a share of the cores says that the CPU decides.
const busy = 0.85

// why gives the reasons that the measured numbers hold, a sentence each, as far as they
// are there: the limit, the cores, the price.
func (r *Ranking) why(g *Group) []string {
	if !speed(r.Unit) || len(g.Places) < 2 {
		return nil
	}
	var all []facts
	for _, p := range g.Places {
		all = append(all, r.facts(g, p.Model))
	}
	sentences := held(all, have(r.set, g))
	if s := r.cores(g, all); s != "" {
		sentences = append(sentences, s)
	}
	if s := g.work(); s != "" {
		sentences = append(sentences, s)
	}
	if s := price(all[0], all[1]); s != "" && g.Places[1].Worse {
		sentences = append(sentences, s)
	}
	return sentences
}

// facts are what was measured of a model beside the unit that it is ranked by;
// medians, and NaN for what is missing.
type facts struct {
	model      string
	ideal      float64 // x-ideal
	inFlight   float64
	goroutines float64
	heap       float64 // bytes
	cores      float64 // that it uses
	limit      string  // what bounds it, in words
	everything bool    // all jobs are in flight at once
}

func (r *Ranking) facts(g *Group, model string) facts {
	cell := g.Cell(model)
	value := func(unit string) float64 {
		if v, ok := cell.Median(unit); ok {
			return v
		}
		return math.NaN()
	}
	f := facts{
		model: model, ideal: value("x-ideal"), inFlight: value("peak-inflight"), goroutines: value("peak-goroutines"),
		heap: value("peak-heap-B"), cores: value("cores-used"),
	}
	if math.IsNaN(f.cores) { // files of before it was measured
		f.cores = value(cpuTime) * value("jobs/s")
	}
	limit := limitOf(g)
	tasks := number(g, "tasks")
	switch {
	case f.inFlight == 1:
		f.limit = "one job at a time"
	case f.inFlight >= tasks:
		f.limit, f.everything = fmt.Sprintf("all %.0f jobs wait at the same time", tasks), true
	case f.inFlight == limit:
		f.limit = fmt.Sprintf("the limit of %.0f in flight", limit)
	default:
		f.limit = "its own limit"
	}
	return f
}

// limitOf is the limit that the models of a group were given, or NaN.
func limitOf(g *Group) float64 {
	for _, key := range []string{"limit", "workers", "inflight"} {
		if n := number(g, key); !math.IsNaN(n) {
			return n
		}
	}
	return math.NaN()
}

// number is the value of a parameter of the name, or NaN.
func number(g *Group, key string) float64 {
	for _, p := range g.Params {
		if n, ok := p.Number(); ok && p.Key == key {
			return n
		}
	}
	return math.NaN()
}

// held tells of the models that are as fast as their limit allows.
func held(all []facts, have float64) []string {
	var limits []string
	by := map[string][]facts{}
	for _, f := range all {
		if f.ideal < nearIdeal && f.inFlight > 0 && !(f.cores >= busy*have) { // else the cores decide
			if by[f.limit] == nil {
				limits = append(limits, f.limit)
			}
			by[f.limit] = append(by[f.limit], f)
		}
	}
	var sentences []string
	for _, limit := range limits {
		var models []string
		least, most := math.Inf(1), 0.0
		for _, f := range by[limit] {
			models = append(models, f.model)
			least, most = min(least, f.ideal), max(most, f.ideal)
		}
		ideal := fmt.Sprintf("%.2f", most)
		if low := fmt.Sprintf("%.2f", least); low != ideal {
			ideal = low + " to " + ideal
		}
		gain := max(0, math.Ceil((most-1)*100-1e-6))
		decides, which := " decides", "no model with this limit"
		if by[limit][0].everything {
			decides, which = "", "no model"
		}
		sentences = append(sentences, fmt.Sprintf("%s: x-ideal %s: %s%s, %s can gain more than %.0f %%.", spell.List(models), ideal, limit, decides, which, gain))
	}
	return sentences
}

// cores tells whether the CPU decides.
func (r *Ranking) cores(g *Group, all []facts) string {
	have := have(r.set, g)
	best := all[0]
	switch {
	case math.IsNaN(best.cores) && best.ideal >= nearIdeal:
		return fmt.Sprintf("%s: x-ideal %.2f: what is not waiting decides, and no CPU times are here to say if it is its own work.", best.model, best.ideal)
	case math.IsNaN(have):
		return ""
	case math.IsNaN(best.cores):
		return r.speedup(g, have)
	}
	uses := fmt.Sprintf("%s uses %.1f of %s", best.model, best.cores, spell.Count(int(have), "core"))
	switch {
	case best.cores >= busy*have:
		text := uses + ": CPU decides"
		var fewer []string
		for _, f := range all[1:] {
			if f.cores < 0.75*best.cores {
				fewer = append(fewer, fmt.Sprintf("%s %.1f", f.model, f.cores))
			}
		}
		if len(fewer) > 0 {
			text += "; " + spell.List(fewer)
		}
		return text + "."
	case best.ideal >= nearIdeal:
		return uses + fmt.Sprintf(", its x-ideal is %.2f: neither its limit nor its own CPU decides; the rest is what it calls, and the machine.", best.ideal)
	case best.ideal < nearIdeal:
		return "" // the limit decides, and that was said
	}
	return uses + "."
}

// work tells what a job costs the best model in CPU time, and those that are proven to
// differ in it. Other programs on the machine lengthen the time of an operation, not the
// CPU time of a job, so that this may show what the other cannot.
func (g *Group) work() string {
	if g.cpu == nil || g.cpu.Need > 0 || g.cpu.Place(g.Places[0].Model) == nil {
		return ""
	}
	best := g.cpu.Place(g.Places[0].Model)
	var others []string
	for _, p := range g.cpu.Places {
		if pair, ok := g.cpu.Pair(p.Model, best.Model); ok && pair.Proven {
			factor := pair.Factor.inverse() // p's over the best's
			as := ""
			if len(others) == 0 {
				as = " as much"
			}
			others = append(others, fmt.Sprintf("%s %s times%s %s", p.Model, Times(factor.Estimate), as, factor.interval()))
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("By CPU time a job costs %s %s; %s.", best.Model, seconds(best.Median), strings.Join(others, ", "))
}

// speedup tells what the cores can give at most where CPU work is all there is, by the
// sequential model: for files that hold no CPU times.
func (r *Ranking) speedup(g *Group, have float64) string {
	work, _ := g.Param("cpu")
	if _, err := time.ParseDuration(work); err != nil {
		return ""
	}
	p := g.Place("sequential")
	if p == nil || !p.Worse || p.Factor.Estimate > 1.05*have {
		return "" // or there is more to it than the cores
	}
	return fmt.Sprintf("%s can do at most %.0f times the CPU work of one; %s does %s times that of sequential.",
		spell.Count(int(have), "core"), have, g.Places[0].Model, Times(p.Factor.Estimate))
}

// have is how many cores a group could use, or NaN.
func have(set *results.Set, g *Group) float64 {
	values := set.Values("cores")
	if len(values) != 1 {
		return math.NaN()
	}
	n, err := strconv.ParseFloat(values[0], 64)
	if err != nil || n < 1 {
		return math.NaN()
	}
	return min(n, float64(g.Procs))
}

// price tells what the best model takes that the second does not.
func price(best, second facts) string {
	type part struct {
		best, second float64
		thing        string
	}
	var mine, others []string
	dear := false
	for _, p := range []part{
		{best.inFlight, second.inFlight, "jobs in flight"},
		{best.goroutines, second.goroutines, "goroutines"},
		{best.heap, second.heap, "B of heap"},
	} {
		if math.IsNaN(p.best) || math.IsNaN(p.second) {
			continue
		}
		dear = dear || p.best > 1.5*p.second
		mine = append(mine, amount(p.best, p.thing)+" "+p.thing)
		others = append(others, amount(p.second, p.thing))
	}
	if !dear {
		return ""
	}
	return fmt.Sprintf("Its price: %s at the peak; %s takes %s.", spell.List(mine), second.model, spell.List(others))
}

func amount(v float64, thing string) string {
	text := Format(v, "B")
	if thing != "B of heap" {
		return fmt.Sprintf("%.0f", v)
	}
	return strings.TrimSuffix(text, " B")
}

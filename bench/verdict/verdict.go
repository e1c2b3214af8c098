// Package verdict says what a benchmark run shows, and what it does not: which model
// is the best, by how much, why, and where one overtakes another; and between two
// runs, what became better or worse.
//
// A difference is claimed only if both hold:
//
//   - It is no accident: the Mann-Whitney test on the samples, with Holm's correction
//     over the whole family of comparisons, is under [Alpha]. The best model of a group
//     is known only after looking, so the family is not the comparisons with the best: it
//     is every pair of every group. With ten rounds the least p-value is 2/C(20,10) =
//     0.00001, so that some thousand comparisons can be told apart at once.
//   - It is larger than the run's own noise: the floor is the largest difference that the
//     A/A control (one model under two names) showed anywhere in the run, in the same unit.
//     As everywhere here, a difference is that of the Hodges-Lehmann estimate: the median of
//     the ratios of each sample of the one to each of the other, which is not the ratio
//     of the medians.
//
// Of all else the sentence says 'no difference that this run can show'. That is not
// 'they are equal': more rounds may show one.
//
// Between two runs nothing knows how much the machine changed. What two runs of the same
// code differ by, [Between] claims too: try that first, on the machine where it counts.
//
// The factor and its interval are for one comparison at a time, see [Ratio].
package verdict

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"example.com/overlap/bench/results"
)

// NoDifference is what is said where no difference is proven.
const NoDifference = "no difference that this run can show"

// A Ranking is what one run shows, by one unit. It is not changed once it is made.
type Ranking struct {
	Unit       string
	Better     Direction
	Groups     []Group // in the order of the set
	Crossovers []Crossover
	Floor      Floor
	Family     int // pairs of models over all groups, which Holm's correction is over

	// Need is how many samples of each cell it takes to prove anything at all, if
	// there are fewer in every pair; 0 if there are enough, or nothing to compare.
	Need int

	// CPU is the ranking by CPU time a job, if this one is by time or rate and the set
	// knows it; it is a family of its own. The sentences tell of it too.
	CPU *Ranking

	set *results.Set
}

// A Floor is the noise floor: the largest difference, over all groups, between a
// model and itself under another name. Saturated cells do not count.
type Floor struct {
	Known      bool    // false without a control, or where no cell of it has the unit
	Difference float64 // 0.03 is 3 %; +Inf if the control was 0 under one of its names alone
	Control    string  // the model that stood in twice
	Group      string  // where the difference was largest

	work bool // it is the difference of the CPU work between two runs, see differentWork
}

// A Group is the models of one workload at one setting.
type Group struct {
	results.Group
	Places    []Place         // the best first: cells that can be ranked
	Saturated []*results.Cell // those that this machine could not measure
	Lacking   []*results.Cell // those that lack the unit

	// Need is how many samples it would take here, if no pair has them; else 0.
	Need int

	pairs map[[2]string]Pair
	cpu   *Group // in Ranking.CPU
}

// A Place is one model in its group. What is said of it is said against the first.
type Place struct {
	Model   string
	Median  float64
	Samples int
	Factor  Ratio   // how many times as good the first is: 1.9 is 1.9 times as fast, or 1.9 times as much memory
	P       float64 // of the Mann-Whitney test; 1 for the first
	Holm    float64 // P, adjusted over the ranking's family
	Worse   bool    // proven, and by more than the floor
}

// A Pair is the comparison of two models of a group.
type Pair struct {
	Factor  Ratio   // how many times as good the first is
	P, Holm float64 // as in Place
	Proven  bool    // that they differ, by more than the floor
}

// Within compares the models of a run with each other, group by group. The error
// says so if the unit is not in the set, or if it has no better end.
func Within(set *results.Set, unit string) (*Ranking, error) {
	better, err := check(set, unit)
	if err != nil {
		return nil, err
	}
	if err := few(set); err != nil {
		return nil, err
	}
	r := &Ranking{Unit: unit, Better: better, set: set}
	_, twin := set.Control()
	var family []*Pair
	var models [][2]string
	var groups []int
	for i := range set.Groups {
		g := Group{Group: set.Groups[i], pairs: map[[2]string]Pair{}}
		samples := g.place(unit, better, twin)
		for a := range g.Places {
			for b := range a {
				names := [2]string{g.Places[b].Model, g.Places[a].Model}
				family = append(family, compare(samples[names[0]], samples[names[1]], better))
				models, groups = append(models, names), append(groups, len(r.Groups))
			}
		}
		r.Groups = append(r.Groups, g)
	}
	r.Floor = floorOf(set, unit)
	r.Family = len(family)
	judge(family, r.Floor)
	for i, p := range family {
		r.Groups[groups[i]].pairs[models[i]] = *p
	}
	enough := r.Family == 0
	for i := range r.Groups {
		enough = r.Groups[i].finish(r.Family) || enough
	}
	if !enough {
		r.Need = needed(r.Family)
	}
	r.Crossovers = r.crossovers()
	if speed(unit) && set.MustHave(cpuTime) == nil {
		if r.CPU, err = Within(set, cpuTime); err != nil {
			return nil, err
		}
		for i := range r.Groups {
			r.Groups[i].cpu = &r.CPU.Groups[i]
		}
	}
	return r, nil
}

// Rounds is how many samples of each cell it takes to prove anything among groups of so
// many models, without the control's twin; 0 if there is nothing to compare.
func Rounds(models []int) int {
	family := 0
	for _, n := range models {
		family += n * (n - 1) / 2
	}
	if family == 0 {
		return 0
	}
	return needed(family)
}

// maxFamily is how many comparisons are judged at once: for a thousand more there is
// no number of rounds that somebody waits for.
const maxFamily = 250_000

// few returns an error if the set has more models to compare than maxFamily allows.
func few(set *results.Set) error {
	family, most := 0, &results.Group{}
	for i := range set.Groups {
		g := &set.Groups[i]
		family += len(g.Cells) * (len(g.Cells) - 1) / 2
		if len(g.Cells) > len(most.Cells) {
			most = g
		}
	}
	if family <= maxFamily {
		return nil
	}
	return fmt.Errorf("%s: %d models in %s and %d comparisons in all; %d are the most that are judged", name(set), len(most.Cells), most.Name, family, maxFamily)
}

// cpuTime is the unit of the CPU time of a job.
const cpuTime = "cpu-sec/job"

// place ranks the cells that can be ranked, by their medians, and returns their
// samples, sorted, by model.
func (g *Group) place(unit string, better Direction, twin string) map[string][]float64 {
	samples := map[string][]float64{}
	for i := range g.Cells {
		switch c := &g.Cells[i]; {
		case c.Model == "" || c.Model == twin:
		case len(c.Samples[unit]) == 0:
			g.Lacking = append(g.Lacking, c)
		case c.Saturated != "":
			g.Saturated = append(g.Saturated, c)
		default:
			s := sorted(c.Samples[unit])
			samples[c.Model] = s
			g.Places = append(g.Places, Place{Model: c.Model, Median: median(s), Samples: len(s), P: 1, Holm: 1, Factor: Ratio{1, 1, 1}})
		}
	}
	slices.SortStableFunc(g.Places, func(a, b Place) int {
		c := cmp.Compare(a.Median, b.Median)
		if better == Higher {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Model, b.Model))
	})
	return samples
}

// compare says how many times as good a is as b.
func compare(a, b []float64, better Direction) *Pair {
	p := &Pair{P: pValue(a, b)}
	if p.Factor = ratioOf(a, b); better == Higher {
		p.Factor = ratioOf(b, a)
	}
	return p
}

// judge fills in what depends on the whole family.
func judge(family []*Pair, floor Floor) {
	ps := make([]float64, len(family))
	for i, p := range family {
		ps[i] = p.P
	}
	for i, adjusted := range holm(ps) {
		family[i].Holm = adjusted
		family[i].Proven = adjusted < Alpha && family[i].Factor.off() > floor.Difference
	}
}

// finish takes over what was found out about the pairs with the first, and says
// whether anything could have been.
func (g *Group) finish(family int) (enough bool) {
	g.lead()
	proven := false
	for i := range g.Places {
		for j := range i {
			pair, _ := g.Pair(g.Places[i].Model, g.Places[j].Model)
			proven = proven || pair.Proven
			enough = enough || leastP(g.Places[i].Samples, g.Places[j].Samples)*float64(family) < Alpha
		}
	}
	for i := range g.Places[min(1, len(g.Places)):] {
		p := &g.Places[i+1]
		pair, _ := g.Pair(g.Places[0].Model, p.Model)
		p.Factor, p.P, p.Holm = pair.Factor, pair.P, pair.Holm
		p.Worse = pair.Proven && pair.Factor.Estimate > 1
	}
	if len(g.Places) > 1 && !enough && !proven { // Holm's later steps ask for less
		g.Need = needed(family)
	}
	return enough
}

// lead puts one first that no other is proven better than: a median can mislead.
func (g *Group) lead() {
	for range g.Places {
		better := slices.IndexFunc(g.Places, func(p Place) bool {
			pair, ok := g.Pair(p.Model, g.Places[0].Model)
			return ok && pair.Proven && pair.Factor.Estimate > 1
		})
		if better < 0 {
			return
		}
		p := g.Places[better]
		g.Places = slices.Insert(slices.Delete(g.Places, better, better+1), 0, p)
	}
}

// Pair compares two models of the group. It is false if one of them has no place in it.
func (g *Group) Pair(a, b string) (Pair, bool) {
	if p, ok := g.pairs[[2]string{a, b}]; ok {
		return p, true
	}
	p, ok := g.pairs[[2]string{b, a}]
	p.Factor = p.Factor.inverse()
	return p, ok
}

// Place returns the place of a model, or nil.
func (g *Group) Place(model string) *Place {
	i := slices.IndexFunc(g.Places, func(p Place) bool { return p.Model == model })
	if i < 0 {
		return nil
	}
	return &g.Places[i]
}

// floorOf is the noise floor of a run in a unit.
func floorOf(set *results.Set, unit string) Floor {
	control, twin := set.Control()
	floor := Floor{Control: control}
	for i := range set.Groups {
		g := &set.Groups[i]
		a, b := g.Cell(control), g.Cell(twin)
		if twin == "" || a == nil || b == nil || a.Saturated != "" || b.Saturated != "" || len(a.Samples[unit]) == 0 || len(b.Samples[unit]) == 0 {
			continue
		}
		difference := ratioOf(sorted(a.Samples[unit]), sorted(b.Samples[unit])).off()
		if !floor.Known || difference > floor.Difference {
			floor.Known, floor.Difference, floor.Group = true, difference, g.Name
		}
	}
	return floor
}

// Floors tells the noise floors of a run in all units that can be judged, the largest
// difference between the control's two names in each; it is empty without a control.
func Floors(set *results.Set) string {
	var floors []string
	for _, unit := range slices.Sorted(maps.Keys(directions())) {
		switch f := floorOf(set, unit); {
		case f.Known && math.IsInf(f.Difference, 1):
			floors = append(floors, unit+" no bound")
		case f.Known:
			floors = append(floors, unit+" "+percent(f.Difference))
		}
	}
	if floors == nil {
		return ""
	}
	return "Noise floors by unit: " + strings.Join(floors, ", ") + "."
}

// larger is the floor of two runs together.
func larger(a, b Floor) Floor {
	if !a.Known || b.Known && b.Difference > a.Difference {
		return b
	}
	return a
}

func (f Floor) String() string {
	switch {
	case f.work:
		return fmt.Sprintf("The floor is %s: so much more CPU work the jobs of one run did. Nothing below it is claimed.", percent(f.Difference))
	case f.Control == "":
		return "No model ran twice under two names, so there is no noise floor: chance is ruled out, drift of the machine is not."
	case !f.Known:
		return fmt.Sprintf("No group has %s under both its names in this unit and not saturated, so there is no noise floor: chance is ruled out, drift of the machine is not.", f.Control)
	case math.IsInf(f.Difference, 1):
		return fmt.Sprintf("The noise floor has no bound: %s, run twice under two names, had 0 under one of them alone, in %s. So nothing is claimed.", f.Control, f.Group)
	}
	return fmt.Sprintf("The noise floor is %s: so much %s differed from itself at most, run twice under two names, in %s. Nothing below it is claimed.",
		percent(f.Difference), f.Control, f.Group)
}

// percent writes 0.031 as 3.1 %.
func percent(v float64) string {
	if v >= 100 || v != 0 && v < 0.0005 {
		return digits(100*v) + " %"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

package verdict

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"example.com/overlap/bench/results"
	"example.com/overlap/internal/spell"
)

// Changes are what two runs show of the same cells, by one unit.
type Changes struct {
	Unit    string
	Better  Direction
	Cells   []Change // those that are in both and can be compared, in the order of the new run
	OnlyOld []string // names of cells
	OnlyNew []string
	NotRead []string // those that are in both and cannot be compared, and why
	Floor   Floor    // the larger of the two runs'
	Family  int      // how many cells Holm's correction is over
	Need    int      // as in Ranking

	old, new *results.Set
	shifted  []string // of all cells, also where some are shown
}

// A Change is one cell in two runs.
type Change struct {
	Group   *results.Group // of the new run
	Model   string         // may be empty
	Old     float64        // median
	New     float64
	Samples [2]int
	Factor  Ratio   // how many times the old value the new one is
	P, Holm float64 // as in Place
	Result  Result

	worse float64 // by how much, as a share: 0.1 is 10 %; below 0 if it is better
	need  bool    // too few samples to prove anything
}

// A Result is what is proven of a change.
type Result int

const (
	NotShown  Result = iota // no difference that these runs can show
	Improved                // proven, and by more than the floor
	Regressed               // proven, and by more than the floor
)

// Worse is by how much the cell became worse, as the share by which a time grows:
// 0.1 is 10 %, and so is a fall of jobs/s from 110 to 100. Below 0 it became better.
func (c Change) Worse() float64 { return c.worse }

// Name is the cell's name: group and model.
func (c Change) Name() string { return cellName(c.Group, c.Model) }

func cellName(g *results.Group, model string) string {
	if model == "" {
		return g.Name
	}
	return g.Name + "/model=" + model
}

// Between compares the cells of two runs, old and new. Claims are made by the same
// rules as in one run: the family is all cells that are compared, the floor is the larger
// of the two runs'. The error says so if the unit is not in both, or if no cell is.
//
// The floor knows the noise within a run. What differs between two runs for another
// reason than the code, such as a machine that was slower that day, looks like a change;
// [Changes.Notes] says so where most cells changed alike.
func Between(old, new *results.Set, unit string) (*Changes, error) {
	better, err := check(new, unit)
	if err != nil {
		return nil, err
	}
	if _, err := check(old, unit); err != nil {
		return nil, err
	}
	if err := sameSamples(old, new, unit); err != nil {
		return nil, err
	}
	c := &Changes{Unit: unit, Better: better, old: old, new: new}
	c.Floor = larger(floorOf(old, unit), floorOf(new, unit))
	if work := differentWork(old, new); work > c.Floor.Difference || work > 0 && !c.Floor.Known {
		c.Floor = Floor{Known: true, Difference: work, work: true}
	}
	var family []*Pair
	each(new, func(g *results.Group, cell *results.Cell) {
		before := find(old, g, cell.Model)
		switch {
		case before == nil:
			c.OnlyNew = append(c.OnlyNew, cellName(g, cell.Model))
		case before.Saturated != "":
			c.NotRead = append(c.NotRead, fmt.Sprintf("%s is saturated in the old run, %s", cellName(g, cell.Model), before.Saturated))
		case cell.Saturated != "":
			c.NotRead = append(c.NotRead, fmt.Sprintf("%s is saturated in the new run, %s", cellName(g, cell.Model), cell.Saturated))
		case len(before.Samples[unit]) == 0 || len(cell.Samples[unit]) == 0:
			c.NotRead = append(c.NotRead, fmt.Sprintf("%s has no %s in one of the runs", cellName(g, cell.Model), unit))
		default:
			a, b := sorted(before.Samples[unit]), sorted(cell.Samples[unit])
			family = append(family, &Pair{P: pValue(a, b), Factor: ratioOf(a, b)})
			c.Cells = append(c.Cells, Change{Group: g, Model: cell.Model, Old: median(a), New: median(b), Samples: [2]int{len(a), len(b)}})
		}
	})
	each(old, func(g *results.Group, cell *results.Cell) {
		if find(new, g, cell.Model) == nil {
			c.OnlyOld = append(c.OnlyOld, cellName(g, cell.Model))
		}
	})
	c.Family = len(family)
	if c.Family == 0 {
		return nil, errors.Join(fmt.Errorf("%s and %s have no cell in common that can be compared", name(old), name(new)), c.left())
	}
	judge(family, c.Floor)
	c.finish(family)
	return c, nil
}

// left says what there was instead of cells to compare.
func (c *Changes) left() error {
	var text strings.Builder
	_ = c.writeLeft(&text)
	if text.Len() == 0 {
		return nil
	}
	return errors.New(strings.TrimSuffix(text.String(), "\n"))
}

func (c *Changes) finish(family []*Pair) {
	enough := false
	for i, p := range family {
		cell := &c.Cells[i]
		cell.Factor, cell.P, cell.Holm = p.Factor, p.P, p.Holm
		if cell.worse = p.Factor.Estimate - 1; c.Better == Higher {
			cell.worse = 1/p.Factor.Estimate - 1
		}
		switch {
		case p.Proven && cell.worse > 0:
			cell.Result = Regressed
		case p.Proven:
			cell.Result = Improved
		}
		cell.need = leastP(cell.Samples[0], cell.Samples[1])*float64(c.Family) >= Alpha
		enough = enough || !cell.need
	}
	if !enough {
		c.Need = needed(c.Family)
	}
	c.shifted = c.shift()
}

// each calls f for each cell but the control's twins.
func each(set *results.Set, f func(*results.Group, *results.Cell)) {
	_, twin := set.Control()
	for i := range set.Groups {
		g := &set.Groups[i]
		for j := range g.Cells {
			if twin == "" || g.Cells[j].Model != twin {
				f(g, &g.Cells[j])
			}
		}
	}
}

func find(set *results.Set, like *results.Group, model string) *results.Cell {
	for i := range set.Groups {
		if g := &set.Groups[i]; g.Name == like.Name && g.Package == like.Package {
			return g.Cell(model)
		}
	}
	return nil
}

func name(set *results.Set) string { return strings.Join(set.Files, ", ") }

// Regressions returns the proven ones that are proven to be larger than a share, 0.05 for 5 %:
// the whole of their interval is beyond it.
func (c *Changes) Regressions(over float64) []Change {
	var found []Change
	for _, cell := range c.Cells {
		least := cell.Factor.Lo - 1
		if c.Better == Higher {
			least = 1/cell.Factor.Hi - 1
		}
		if cell.Result == Regressed && least > over {
			found = append(found, cell)
		}
	}
	return found
}

// Only returns the changes with those cells alone whose group's name matches. The
// judgement stays that of all cells.
func (c *Changes) Only(match func(group string) bool) *Changes {
	some := *c
	some.Cells = slices.DeleteFunc(slices.Clone(c.Cells), func(cell Change) bool { return !match(cell.Group.Name) })
	keep := func(texts []string) []string { // which begin with the name of a cell
		return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
			name, _, _ := strings.Cut(text, " ")
			group, _, _ := strings.Cut(name, "/model=")
			return !match(group)
		})
	}
	some.OnlyOld, some.OnlyNew, some.NotRead = keep(c.OnlyOld), keep(c.OnlyNew), keep(c.NotRead)
	return &some
}

// Write prints the changes in words: a paragraph a group, a sentence a cell.
func (c *Changes) Write(w io.Writer) error {
	var text strings.Builder
	for i := 0; i < len(c.Cells); {
		g := c.Cells[i].Group
		var lines []string
		for ; i < len(c.Cells) && c.Cells[i].Group == g; i++ {
			lines = append(lines, c.Sentence(c.Cells[i]))
		}
		text.WriteString(paragraph(title(c.new, &Group{Group: *g}), lines))
	}
	if err := c.writeLeft(&text); err != nil {
		return err
	}
	for _, note := range c.Notes() {
		fmt.Fprintln(&text, note)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// writeLeft tells of the cells that were not compared.
func (c *Changes) writeLeft(w io.Writer) error {
	var text strings.Builder
	for _, n := range c.NotRead {
		fmt.Fprintf(&text, "Not compared: %s.\n", n)
	}
	for _, only := range []struct {
		set   *results.Set
		cells []string
	}{{c.old, c.OnlyOld}, {c.new, c.OnlyNew}} {
		const shown = 4
		switch n := len(only.cells); {
		case n > shown:
			fmt.Fprintf(&text, "Only in %s: %s and %d more.\n", name(only.set), strings.Join(only.cells[:shown], ", "), n-shown)
		case n > 0:
			fmt.Fprintf(&text, "Only in %s: %s.\n", name(only.set), strings.Join(only.cells, ", "))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// Sentence says what is proven of one cell.
func (c *Changes) Sentence(cell Change) string {
	who := cell.Model
	if who == "" {
		who = cell.Group.Benchmark
	}
	values := fmt.Sprintf("%s, was %s", Format(cell.New, c.Unit), Format(cell.Old, c.Unit))
	switch {
	case cell.Result == NotShown && cell.need && c.Need == 0:
		return fmt.Sprintf("%s: %s, with %d and %d samples; it takes %d.", who, NoDifference, cell.Samples[0], cell.Samples[1], needed(c.Family))
	case cell.Result == NotShown && cell.Holm < Alpha:
		return fmt.Sprintf("%s: %s (%s times, below the noise floor).", who, NoDifference, Times(cell.Factor.Estimate))
	case cell.Result == NotShown:
		return fmt.Sprintf("%s: %s %s.", who, NoDifference, cell.Factor.interval())
	}
	factor := cell.Factor
	if factor.Estimate == 0 || math.IsInf(factor.Estimate, 1) {
		return fmt.Sprintf("%s has %s: %s.", who, values, map[Result]string{Improved: "an improvement", Regressed: "a regression"}[cell.Result])
	}
	switch {
	case speed(c.Unit) && cell.Result == Improved:
		if c.Better == Lower {
			factor = factor.inverse()
		}
		return fmt.Sprintf("%s is %s times as fast as before %s: %s.", who, Times(factor.Estimate), factor.interval(), values)
	case speed(c.Unit):
		if c.Better == Higher {
			factor = factor.inverse()
		}
		return fmt.Sprintf("%s takes %s times as long as before %s, a regression: %s.", who, Times(factor.Estimate), factor.interval(), values)
	case cell.Result == Improved:
		return fmt.Sprintf("%s has %s times as much as before %s, an improvement: %s.", who, Times(factor.Estimate), factor.interval(), values)
	}
	return fmt.Sprintf("%s has %s times as much as before %s, a regression: %s.", who, Times(factor.Estimate), factor.interval(), values)
}

// Notes are the lines below all cells: how many changed, and what that rests on.
func (c *Changes) Notes() []string {
	if c.Need > 0 {
		return []string{tooFew(c.Need, c.Family), c.Floor.String()}
	}
	var worse, better int
	for _, cell := range c.Cells {
		switch cell.Result {
		case Regressed:
			worse++
		case Improved:
			better++
		}
	}
	notes := []string{fmt.Sprintf("Proven of %s: %d worse, %d better; at %v over all comparisons together (%d, one a cell; Mann-Whitney, Holm's correction). Intervals are for one comparison, at 95 %%.",
		spell.Count(len(c.Cells), "cell"), worse, better, Alpha, c.Family)}
	return append(append(notes, c.shifted...), c.Floor.String())
}

// shift says so if something is claimed and three quarters of a benchmark's cells changed in
// one direction, by the estimates: so does a machine that is slower at one of the runs, and
// no floor within a run can know.
func (c *Changes) shift() (notes []string) {
	var order []string
	cells := map[string][]Change{}
	for _, cell := range c.Cells {
		name := cell.Group.Benchmark
		if cells[name] == nil {
			order = append(order, name)
		}
		cells[name] = append(cells[name], cell)
	}
	for _, name := range order {
		var factors []float64
		up, down, proven := 0, 0, 0
		for _, cell := range cells[name] {
			factors = append(factors, cell.Factor.Estimate)
			switch {
			case cell.Factor.Estimate > 1+c.Floor.Difference:
				up++
			case cell.Factor.Estimate < 1/(1+c.Floor.Difference):
				down++
			}
			if cell.Result != NotShown {
				proven++
			}
		}
		if len(factors) < 5 || proven == 0 || 4*max(up, down) < 3*len(factors) {
			continue
		}
		slices.Sort(factors)
		notes = append(notes, fmt.Sprintf("%s: %d of its %s changed in one direction, to %s times at the median: if the code did not change everywhere, the machine did, between the two runs.",
			name, max(up, down), spell.Count(len(factors), "cell"), Times(median(factors))))
	}
	return notes
}

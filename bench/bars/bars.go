// Package bars judges numbers that were set as a goal, by what a run measured: a package
// of benchmarks lists its [Bar]s, and a command of its own hands them to [Main].
package bars

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// A Bar is what was asked, in one number: the median of a row, or the
// ratio of two.
type Bar struct {
	What  string
	Of    Figure
	Over  Figure // if it is set, the number is Of divided by it
	Asked Relation
	Bound float64
}

// A Figure is the median of a row's samples in a unit, which benchstat's name stands for.
// Of several groups whose names begin with Group, it is of the first that has it.
type Figure struct{ Group, Model, Unit string }

// Median is the bar that the median of a row has to hold.
func Median(what string, of Figure, asked Relation, bound float64) Bar {
	return Bar{What: what, Of: of, Asked: asked, Bound: bound}
}

// Ratio is the bar that the median of one row over that of another has to hold.
func Ratio(what string, of, over Figure, asked Relation, bound float64) Bar {
	return Bar{What: what, Of: of, Over: over, Asked: asked, Bound: bound}
}

// Row is the figure of a row.
func Row(group, model, unit string) Figure { return Figure{Group: group, Model: model, Unit: unit} }

// A Relation is how the number has to lie to the bound.
type Relation string

const (
	AtMost   Relation = "at most"
	AtLeast  Relation = "at least"
	Under    Relation = "under"
	MoreThan Relation = "more than"
)

func (r Relation) holds(number, bound float64) bool {
	switch r {
	case AtMost:
		return number <= bound
	case AtLeast:
		return number >= bound
	case Under:
		return number < bound
	default:
		return number > bound
	}
}

// A Finding is what a run says of a bar.
type Finding struct {
	Bar     Bar
	Procs   int // GOMAXPROCS
	Number  float64
	Holds   bool
	Lacking string // the row that was not measured; then nothing is known
}

// Judge finds out which bars hold in a run, for each GOMAXPROCS that is in it.
func Judge(set *results.Set, bars []Bar) []Finding {
	var procs []int
	for _, g := range set.Groups {
		if !slices.Contains(procs, g.Procs) {
			procs = append(procs, g.Procs)
		}
	}
	slices.Sort(procs)
	var findings []Finding
	for _, n := range procs {
		for _, bar := range bars {
			findings = append(findings, judge(set, n, bar))
		}
	}
	return findings
}

func judge(set *results.Set, procs int, bar Bar) Finding {
	f := Finding{Bar: bar, Procs: procs}
	var ok bool
	if f.Number, ok = bar.Of.in(set, procs); !ok {
		f.Lacking = bar.Of.String()
		return f
	}
	if bar.Over != (Figure{}) {
		over, ok := bar.Over.in(set, procs)
		if !ok || over == 0 {
			f.Lacking = bar.Over.String()
			return f
		}
		f.Number /= over
	}
	f.Holds = bar.Asked.holds(f.Number, bar.Bound)
	return f
}

func (f Figure) in(set *results.Set, procs int) (median float64, ok bool) {
	for i := range set.Groups {
		g := &set.Groups[i]
		if g.Procs != procs || g.Plain() != f.Group && !strings.HasPrefix(g.Plain(), f.Group+"/") {
			continue
		}
		if c := g.Cell(f.Model); c != nil {
			if median, ok := c.Median(f.Unit); ok {
				return median, true
			}
		}
	}
	return 0, false
}

func (f Figure) String() string {
	return fmt.Sprintf("%s/model=%s in %s", f.Group, f.Model, f.Unit)
}

// format writes a number of the bar's, the measured one or the bound.
func (b Bar) format(number float64) string {
	switch {
	case b.Over == (Figure{}):
		return strings.TrimSuffix(verdict.Format(number, b.Of.Unit), " an operation")
	case b.Bound < 1:
		return fmt.Sprintf("%.3g %%", 100*number)
	default:
		return verdict.Times(number) + "x"
	}
}

// Write prints a table of the findings: the bar, what was asked, what was measured, and
// whether it holds.
func Write(w io.Writer, findings []Finding) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "bar\tasked\tmeasured (median)\t")
	for i, f := range findings {
		if i > 0 && f.Procs != findings[i-1].Procs || i == 0 && f.Procs != findings[len(findings)-1].Procs {
			fmt.Fprintf(table, "GOMAXPROCS %d\t\t\t\n", f.Procs)
		}
		measured, holds := f.Bar.format(f.Number), "holds"
		switch {
		case f.Lacking != "":
			measured, holds = "-", "not measured: "+f.Lacking
		case !f.Holds:
			holds = "DOES NOT HOLD"
		}
		fmt.Fprintf(table, "%s\t%s %s\t%s\t%s\n", f.Bar.What, f.Bar.Asked, f.Bar.format(f.Bar.Bound), measured, holds)
	}
	return table.Flush()
}

// Main judges the bars by the results in files, prints the table and returns the exit
// status of the command: 1 if a bar does not hold, 2 if the files cannot be read. A bar
// whose rows are not in them is said to be not measured.
func Main(bars []Bar, files []string, stdout, stderr io.Writer) int {
	if len(files) == 0 {
		fmt.Fprintln(stderr, "usage: bars FILE...")
		return 2
	}
	set, err := results.ReadFiles(files...)
	if err != nil {
		fmt.Fprintln(stderr, "bars:", err)
		return 2
	}
	findings := Judge(set, bars)
	if err := Write(stdout, findings); err != nil {
		fmt.Fprintln(stderr, "bars:", err)
		return 2
	}
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.Lacking == "" && !f.Holds }) {
		return 1
	}
	return 0
}

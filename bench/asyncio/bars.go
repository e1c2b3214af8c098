package asyncio

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// A Bar is what was asked of the event loop, in one number: the median of a row, or the
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

// Bars returns the bars that were set for the event loop. Those of memory at a million want
// BenchmarkWaiting with -million. The last is the CPU time that the loop takes for a job with
// an empty fetch (BenchmarkJob), over that of a page in package bench:
//
//	overlap bench -bench 'Pages/latency=10ms/inflight=30/tasks=100/model=eventloop$'
func Bars() []Bar {
	var bars []Bar
	for _, turns := range []struct {
		tasks, asyncio float64
		within         float64 // seconds; 0: nothing was asked
		called         string
	}{{1, 9, 0, "1 task"}, {100, 9, 90e-9, "100 tasks"}, {10_000, 6, 180e-9, "10,000 tasks"}} {
		of := func(model, unit string) Figure {
			return Figure{fmt.Sprintf("Switch/tasks=%.0f", turns.tasks), model, unit}
		}
		own := of("eventloop", "sec/op")
		if turns.within > 0 {
			bars = append(bars, Bar{"a switch, " + turns.called, own, Figure{}, AtMost, turns.within})
		}
		bars = append(bars,
			Bar{"what a switch allocates, " + turns.called, of("eventloop", "B/op"), Figure{}, AtMost, 0},
			Bar{"asyncio's switch over the loop's, " + turns.called, of("asyncio", "sec/op"), own, AtLeast, turns.asyncio},
			Bar{"a channel's hand-over over the loop's switch, " + turns.called, of("channel", "sec/op"), own, MoreThan, 1},
		)
	}
	bars = append(bars, Bar{"a task created, run and awaited", Figure{"Create", "eventloop", "sec/op"}, Figure{}, AtMost, 450e-9})
	for _, kind := range []string{"none", "io"} {
		of := func(model string) Figure { return Figure{"Tree/kind=" + kind, model, "sec/op"} }
		bars = append(bars, Bar{"async_tree " + kind + ", asyncio's gather over the loop's", of("asyncio-gather"), of("eventloop-gather"), AtLeast, 5})
	}
	bytes := func(tasks, model string) Figure { return Figure{"Waiting/tasks=" + tasks, model, "B/job"} }
	stackless := bytes("1000000", "eventloop-stackless")
	return append(bars,
		Bar{"memory of a waiting task, of 100,000", bytes("100000", "eventloop"), Figure{}, AtMost, 3.2 * 1024},
		Bar{"memory of a stackless one, of a million", stackless, Figure{}, AtMost, 300},
		Bar{"asyncio's memory over that, of a million", bytes("1000000", "asyncio"), stackless, AtLeast, 5},
		Bar{"the loop's CPU time for a page over the page's", Figure{"Job/tasks=100", "eventloop", "cpu-sec/job"}, Figure{"Pages/latency=10ms", "eventloop", "cpu-sec/job"}, Under, 0.03},
	)
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

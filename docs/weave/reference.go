package weave

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/report"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/verdict"
	"example.com/overlap/internal/spell"
)

// A reference is a run that the pages tell of.
type reference struct {
	name     string // "" for reference.txt, x for reference-x.txt
	file     string // from the root
	set      *results.Set
	rankings map[string]*verdict.Ranking // by unit, as they were asked for
	charts   func() ([]*report.Chart, error)
}

// makespan is the unit that is meant if none is named.
const makespan = "sec/op"

// readReferences reads reference.txt and then, by their names, the others.
func (c *Course) readReferences() ([]*reference, error) {
	paths, err := filepath.Glob(filepath.Join(c.file(resultsDir), "reference*.txt"))
	if err != nil {
		return nil, err
	}
	var all []*reference
	for _, path := range paths {
		base := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "reference"), ".txt")
		if base != "" && base[0] != '-' {
			continue
		}
		name := resultsDir + "/" + filepath.Base(path)
		set, err := readSet(path, name)
		if err != nil {
			return nil, err
		}
		r := &reference{name: strings.TrimPrefix(base, "-"), file: name, set: set, rankings: map[string]*verdict.Ranking{}}
		r.charts = func() ([]*report.Chart, error) {
			made, err := report.New(set, report.Options{})
			if err != nil {
				return nil, err
			}
			return made.Charts, nil
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no %s/reference.txt", resultsDir)
	}
	slices.SortFunc(all, func(a, b *reference) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func readSet(path, name string) (*results.Set, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return results.Read(file, name)
}

// ranking is what is proven by a unit; nil if nothing can be ranked by it.
func (r *reference) ranking(unit string) *verdict.Ranking {
	ranking, ok := r.rankings[unit]
	if !ok {
		ranking, _ = verdict.Within(r.set, unit) // the error says that it cannot be ranked by
		r.rankings[unit] = ranking
	}
	return ranking
}

// place is what is proven of a cell; nil if it is not ranked.
func (r *reference) place(g *results.Group, model, unit string) *verdict.Place {
	ranking := r.ranking(unit)
	if ranking == nil {
		return nil
	}
	for i := range ranking.Groups {
		if ranked := &ranking.Groups[i]; ranked.Name == g.Name && ranked.Package == g.Package {
			return ranked.Place(model)
		}
	}
	return nil
}

// reference returns the run of that name.
func (c *Course) reference(name string) (*reference, error) {
	all, err := c.references()
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.name == name {
			return r, nil
		}
	}
	if name == "" {
		return nil, fmt.Errorf("there is no %s/reference.txt", resultsDir)
	}
	return nil, fmt.Errorf("there is no %s/reference-%s.txt", resultsDir, name)
}

// group finds a group by its name, with or without GOMAXPROCS.
func (c *Course) group(name string) (*reference, *results.Group, error) {
	all, err := c.references()
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		for i := range r.set.Groups {
			if g := &r.set.Groups[i]; g.Name == name || g.Plain() == name {
				return r, g, nil
			}
		}
	}
	return nil, nil, fmt.Errorf("the reference run has no group %s", name)
}

// cell finds a cell and its median by a unit.
func (c *Course) cell(group, model, unit string) (r *reference, g *results.Group, cell *results.Cell, median float64, err error) {
	if r, g, err = c.group(group); err != nil {
		return nil, nil, nil, 0, err
	}
	if cell = g.Cell(model); cell == nil {
		return nil, nil, nil, 0, fmt.Errorf("the reference run has no model %s in %s", model, group)
	}
	median, ok := cell.Median(unit)
	if !ok {
		return nil, nil, nil, 0, fmt.Errorf("the reference run has no %s of %s in %s", unit, model, group)
	}
	return r, g, cell, median, nil
}

// machine is where a run was measured, in short.
func (r *reference) machine() string {
	cores := r.set.Value("cores")
	switch cores {
	case "":
		cores = "cores unknown"
	case "1":
		cores = "1 core"
	default:
		cores += " cores"
	}
	return fmt.Sprintf("%s, %s/%s, %s", r.set.Value("toolchain"), r.set.Value("goos"), r.set.Value("goarch"), cores)
}

func (c *Course) fillMachine(_ *page, args []string) (string, error) {
	r, err := c.reference(strings.Join(args, ""))
	if err != nil {
		return "", err
	}
	samples := 0
	for _, g := range r.set.Groups {
		for _, cell := range g.Cells {
			for _, s := range cell.Samples {
				samples = max(samples, len(s))
			}
		}
	}
	day, _, _ := strings.Cut(r.set.Value("date"), "T")
	return fmt.Sprintf("%s, %s cores, %s/%s, %s; %d rounds of commit %s on %s.\n",
		plain(r.set.Value("cpu")), r.set.Value("cores"), r.set.Value("goos"), r.set.Value("goarch"), r.set.Value("toolchain"),
		samples, r.set.Value("commit"), day), nil
}

// fillTable has a row for each group of a benchmark and a column for each model: those
// of this module, then what is measured beside them. A value is bold if it is the best
// of its row, or not proven worse; italic if the cell was left out and its makespan
// computed; in parentheses if the machine was saturated, so that it is not ranked.
func (c *Course) fillTable(_ *page, args []string) (string, error) {
	unit := makespan
	if len(args) > 1 {
		unit = verdict.Tidy(args[1])
	}
	all, err := c.references()
	if err != nil {
		return "", err
	}
	var r *reference
	var rows []*results.Group
	for _, candidate := range all {
		for i := range candidate.set.Groups {
			if g := &candidate.set.Groups[i]; g.Name == args[0] || g.Benchmark == args[0] || strings.HasPrefix(g.Name, args[0]+"/") {
				rows = append(rows, g)
			}
		}
		if r = candidate; rows != nil {
			break
		}
	}
	if rows == nil {
		return "", errors.New("the reference run has no such benchmark")
	}
	models := r.modelsOf(rows)
	title := args[0]
	if unit != makespan {
		title += ", " + args[1]
	}
	var b strings.Builder
	b.WriteString("| " + title + " | " + strings.Join(models, " | ") + " |\n")
	b.WriteString("| --- |" + strings.Repeat(" ---: |", len(models)) + "\n")
	has := false
	for _, g := range rows {
		fmt.Fprintf(&b, "| %s |", strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(g.Plain(), args[0]), "/"), "/", ", "))
		for _, model := range models {
			cell := g.Cell(model)
			has = has || cell != nil && len(cell.Samples[unit]) > 0
			b.WriteString(" " + r.shown(g, model, unit) + " |")
		}
		b.WriteString("\n")
	}
	if !has {
		return "", fmt.Errorf("the reference run has no %s of it", unit)
	}
	return b.String() + stamp("Medians; "+r.machine(), false), nil
}

// modelsOf are the models in groups: those of this module in their order, then others.
func (r *reference) modelsOf(groups []*results.Group) []string {
	_, twin := r.set.Control()
	var names []string
	for _, g := range groups {
		for _, cell := range g.Cells {
			if cell.Model != twin {
				names = append(names, cell.Model)
			}
		}
		if _, err := sequentially(g.Plain()); err == nil { // computed where it was not run
			names = append(names, sequential)
		}
	}
	slices.SortFunc(names, palette.Compare)
	return slices.Compact(names)
}

const sequential = "sequential"

// shown is a cell of a table.
func (r *reference) shown(g *results.Group, model, unit string) string {
	var median float64
	has := false
	cell := g.Cell(model)
	if cell != nil {
		median, has = cell.Median(unit)
	}
	if !has {
		if d, err := sequentially(g.Plain()); err == nil && cell == nil && model == sequential && unit == makespan {
			return fmt.Sprintf("*%v*", d)
		}
		return "–"
	}
	text := format(median, unit)
	switch p := r.place(g, model, unit); {
	case cell.Saturated != "":
		return "(" + text + ")"
	case p != nil && !p.Worse:
		return "**" + text + "**"
	}
	return text
}

// format writes a value with three digits, in the size of its unit that a reader expects.
func format(value float64, unit string) string {
	switch {
	case strings.HasPrefix(unit, "sec/"):
	case strings.Contains(unit, "cpu-sec/"): // all of it, or a part: server-cpu-sec/job
	case strings.HasSuffix(unit, "-ms"):
		value /= 1e3
	case strings.HasSuffix(unit, "-us"):
		value /= 1e6
	default:
		return report.Format(value, unit)
	}
	if value < 1e-6 { // a Duration holds whole nanoseconds only
		return strings.ReplaceAll(report.Format(value, makespan), " ", "")
	}
	return spell.Duration(time.Duration(value * float64(time.Second)))
}

var pagesName = regexp.MustCompile(`^Pages/latency=([^/]+)/(?:inflight=\d+/)?tasks=(\d+)$`)

// sequentially is the makespan of the jobs of a group of BenchmarkPages, one after
// another, in virtual time.
func sequentially(group string) (time.Duration, error) {
	m := pagesName.FindStringSubmatch(group)
	if m == nil {
		return 0, fmt.Errorf("what is ideal is known of Pages/latency=.../tasks=..., not of %s", group)
	}
	wait, err := time.ParseDuration(m[1])
	if err != nil {
		return 0, err
	}
	tasks, err := strconv.Atoi(m[2])
	if err != nil || tasks > 1_000_000 {
		return 0, fmt.Errorf("%s tasks are too many", m[2])
	}
	return schedule.Sequential(slices.Repeat([]schedule.Job{{Wait: wait}}, tasks)).Makespan, nil
}

func (c *Course) fillTime(_ *page, args []string) (string, error) {
	return c.fillValue(nil, []string{makespan, args[0], args[1]})
}

func (c *Course) fillTimes(_ *page, args []string) (string, error) {
	var medians [2]float64
	for i, model := range args[1:] {
		_, _, cell, median, err := c.cell(args[0], model, makespan)
		if err != nil {
			return "", err
		}
		if cell.Saturated != "" {
			return "", fmt.Errorf("the machine was saturated by %s, so it is not compared: %s", model, cell.Saturated)
		}
		medians[i] = median
	}
	if factor := medians[0] / medians[1]; factor < 10 {
		return fmt.Sprintf("%.2f", factor), nil
	} else {
		return fmt.Sprintf("%.0f", factor), nil
	}
}

func (c *Course) fillIdeal(_ *page, args []string) (string, error) {
	d, err := sequentially(args[0])
	return d.String(), err
}

func (c *Course) fillValue(_ *page, args []string) (string, error) {
	unit := verdict.Tidy(args[0])
	_, _, cell, median, err := c.cell(args[1], args[2], unit)
	if err != nil {
		return "", err
	}
	text := format(median, unit)
	if cell.Saturated != "" {
		return "(" + text + ")", nil
	}
	return text, nil
}

func (c *Course) fillVerdict(_ *page, args []string) (string, error) {
	r, g, err := c.group(args[0])
	if err != nil {
		return "", err
	}
	unit := verdict.OwnUnit(g)
	if len(args) > 1 {
		unit = verdict.Tidy(args[1])
	}
	ranking, err := verdict.Within(r.set, unit)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range ranking.Groups {
		if ranked := &ranking.Groups[i]; ranked.Name == g.Name && ranked.Package == g.Package {
			for _, sentence := range ranking.Sentences(ranked) {
				b.WriteString("- " + plain(sentence) + "\n")
			}
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("there is nothing to say of %s", args[0])
	}
	return b.String() + stamp("Computed by overlap compare; "+r.machine(), false), nil
}

// A column is one of the cost table.
type column struct {
	title string
	group string // the first one whose name begins so
	unit  string
}

func costColumns() []column {
	const pages = "Pages/latency=50ms/inflight=150/tasks=500"
	return []column{
		{"empty job", "Dispatch/", "sec/job"},
		{"500 pages of 50 ms", pages, makespan},
		{"CPU a page", pages, "cpu-sec/job"},
		{"allocated", pages, "B/op"},
		{"allocations", pages, "allocs/op"},
		{"goroutines at the peak", pages, "peak-goroutines"},
		{"heap at the peak", pages, "peak-heap-B"},
	}
}

// fillCost has a row a model. Nothing is bold: the table tells what a model costs,
// not which is the best.
func (c *Course) fillCost(_ *page, models []string) (string, error) {
	r, err := c.reference("")
	if err != nil {
		return "", err
	}
	columns := costColumns()
	var b strings.Builder
	b.WriteString("| model |")
	for _, column := range columns {
		b.WriteString(" " + column.title + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, model := range models {
		b.WriteString("| " + plain(model) + " |")
		known := false
		for _, column := range columns {
			i := slices.IndexFunc(r.set.Groups, func(g results.Group) bool {
				return strings.HasPrefix(g.Name, column.group) && (strings.HasSuffix(column.group, "/") || g.Plain() == column.group)
			})
			if i < 0 {
				return "", fmt.Errorf("the reference run has no group %s", strings.TrimSuffix(column.group, "/"))
			}
			g := &r.set.Groups[i]
			known = known || g.Cell(model) != nil
			b.WriteString(" " + strings.ReplaceAll(r.shown(g, model, column.unit), "**", "") + " |")
		}
		if !known {
			return "", fmt.Errorf("the reference run has no model %s", model)
		}
		b.WriteString("\n")
	}
	return b.String() + stamp("Medians; "+r.machine(), false), nil
}

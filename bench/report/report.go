// Package report draws what a benchmark run left behind: from raw files, as package
// results reads them, it makes one HTML page that needs nothing else, Markdown for a
// README, tables for a spreadsheet, and the figures as SVG.
//
// Which figures there are follows from the names of the benchmarks. Where three groups
// or more differ in one number alone (tasks=10, tasks=100, tasks=1000), that number is
// the x axis of a line chart; any other group has a chart with a model a row. Latencies
// are drawn by percentile. Everything is computed from the input and from nothing
// else: the same input gives the same bytes.
//
// What a figure shows is also said in words and put into a table. Those words tell what is
// seen; what is proven is said by package verdict, whose sentences stand beside the
// figures.
package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/bench/verdict"
)

// Options are what a report has besides the results.
type Options struct {
	Title     string    // plain text; "" stands for one of the report's own
	Sections  []Section // stand before the charts, and before what package verdict says
	Timelines []Recording
}

// A Section is sentences under a heading, in plain text.
type Section struct {
	Title     string
	Sentences []string
}

// A Recording is a timeline and the name of the file that it was read from.
type Recording struct {
	Name     string
	Timeline timeline.Timeline
}

// A Report is ready to be written. It is not changed once it is made, so any number
// of goroutines may read it.
type Report struct {
	Title  string
	Charts []*Chart
	// Left is how many charts were left out: there are limits to what is read.
	Left int

	set      *results.Set
	sections []Section
	files    []string // as they are named in the report
	machine  string
	warnings []string
	numbers  []numbers
	twin     string
}

// numbers are all numbers of one group.
type numbers struct {
	group     *results.Group
	id, title string
	benchmark string
	table     Table
	proven    []string
}

// A File is a file of the report.
type File struct {
	Name string // without a directory
	Data []byte
}

// New makes the report of a set, which may be nil if there are timelines.
func New(set *results.Set, options Options) (*Report, error) {
	if set == nil {
		set = &results.Set{}
	}
	if len(set.Groups) == 0 && len(options.Timelines) == 0 {
		return nil, errors.New("report: there are no results and no timelines")
	}
	r := &Report{set: set, Title: clean(cmp.Or(options.Title, "Benchmark report"), 200)}
	r.files = baseNames(set.Files)
	r.machine = machine(set)
	r.warnings = warnings(set)
	control, twin := set.Control()
	r.twin = twin
	p := &plan{
		set: set, looks: palette.All(set.Models()), control: control, twin: twin, machine: r.machine,
		rankings: map[string]*verdict.Ranking{}, ids: map[string]bool{}, said: map[*results.Group]bool{}, anchors: map[*results.Group]string{},
	}
	for i := range set.Groups {
		p.procs = p.procs || set.Groups[i].Procs != set.Groups[0].Procs
	}
	for _, b := range p.benchmarks() {
		for _, g := range b.groups {
			n := numbers{group: g, id: p.unique("numbers of " + p.describe(b, g)), title: p.describe(b, g), benchmark: b.name, table: p.allNumbers(g)}
			p.anchors[g] = n.id
			r.numbers = append(r.numbers, n)
		}
	}
	p.draw()
	for i := range r.numbers {
		if n := &r.numbers[i]; !p.said[n.group] {
			n.proven = p.sentences(n.group)
		}
	}
	if err := p.timelines(options.Timelines); err != nil {
		return nil, err
	}
	r.Charts, r.Left = p.charts, p.left
	for _, s := range slices.Concat(options.Sections, p.shown()) {
		r.sections = append(r.sections, Section{clean(s.Title, 200), cleaned(s.Sentences)})
	}
	return r, nil
}

// timelines adds the recordings.
func (p *plan) timelines(recordings []Recording) error {
	span := sameSpan(recordings)
	paths := make([]string, len(recordings))
	for i, rec := range recordings {
		paths[i] = rec.Name
	}
	names := baseNames(paths)
	for i, rec := range recordings {
		if err := rec.Timeline.Check(); err != nil {
			return fmt.Errorf("%s: %w", rec.Name, err)
		}
		t := rec.Timeline
		t.Caption = clean(t.Caption, 300)
		title := clean(cmp.Or(t.Title, names[i]), 200)
		t.Title = title
		c := &Chart{Title: "Timeline: " + title, benchmark: timelinesName}
		c.Alt = fmt.Sprintf("Timeline, %s: %d jobs in %s, at most %d in flight; %d done, %d with an error, %d cancelled, %d panicked.", title,
			len(t.Jobs), seconds(t.Makespan().Seconds()), t.Peak(), t.Count(timeline.Done), t.Count(timeline.Failed), t.Count(timeline.Cancelled), t.Count(timeline.Panicked))
		c.Table = Table{Columns: []string{"What", "Value"}, Left: 1, Rows: [][]string{
			{"jobs", fmt.Sprint(len(t.Jobs))},
			{"makespan", seconds(t.Makespan().Seconds())},
			{"peak in flight", fmt.Sprint(t.Peak())},
			{"done", fmt.Sprint(t.Count(timeline.Done))},
			{"error", fmt.Sprint(t.Count(timeline.Failed))},
			{"cancelled", fmt.Sprint(t.Count(timeline.Cancelled))},
			{"panic", fmt.Sprint(t.Count(timeline.Panicked))},
			{"running", fmt.Sprint(t.Count(timeline.Running))},
		}}
		c.drawn = func(id string) ([]byte, error) {
			var svg bytes.Buffer
			err := timeline.Draw(&svg, t, timeline.Drawing{Prefix: id, Span: span})
			return svg.Bytes(), err
		}
		p.add(c, "timeline "+title)
		c.machine = "From " + names[i] + "."
		if t.Caption == "" { // else it stands in the picture
			c.machine += " The recording does not name its machine."
		}
	}
	return nil
}

const timelinesName = "Timelines"

// sameSpan is the longest recording, so that all have the same axis; 0 if the shortest
// would be hard to see on it.
func sameSpan(recordings []Recording) time.Duration {
	if len(recordings) == 0 {
		return 0
	}
	shortest, longest := recordings[0].Timeline.Makespan(), time.Duration(0)
	for _, rec := range recordings {
		shortest, longest = min(shortest, rec.Timeline.Makespan()), max(longest, rec.Timeline.Makespan())
	}
	if longest/10 > shortest {
		return 0
	}
	return longest
}

// SVG is the chart as a file of its own.
func (c *Chart) SVG() ([]byte, error) {
	if c.drawn != nil {
		svg, err := c.drawn(c.ID)
		return append([]byte(mark+"\n"), svg...), err
	}
	return picture(c, c.ID, true), nil
}

// inline is the chart as a part of a page that names it and its machine.
func (c *Chart) inline() ([]byte, error) {
	if c.drawn != nil {
		return c.drawn("svg-" + c.ID)
	}
	return picture(c, "svg-"+c.ID, false), nil
}

// Files are all files of the report: report.html first, then report.md, report.csv,
// samples.csv and the charts. Without results there are no tables.
func (r *Report) Files() ([]File, error) {
	var files []File
	var errs []error
	add := func(name string, write func(*bytes.Buffer) error) {
		var b bytes.Buffer
		errs = append(errs, write(&b))
		files = append(files, File{name, b.Bytes()})
	}
	add("report.html", func(b *bytes.Buffer) error { return r.HTML(b) })
	add("report.md", func(b *bytes.Buffer) error { return r.Markdown(b) })
	if len(r.set.Groups) > 0 {
		add("report.csv", func(b *bytes.Buffer) error { return r.CSV(b) })
		add("samples.csv", func(b *bytes.Buffer) error { return r.Samples(b) })
	}
	for _, c := range r.Charts {
		add(c.ID+".svg", func(b *bytes.Buffer) error {
			svg, err := c.SVG()
			b.Write(svg)
			return err
		})
	}
	return files, errors.Join(errs...)
}

// machine says in a line where the numbers are from.
func machine(set *results.Set) string {
	value := func(key, format string) string {
		values := slices.Clone(set.Values(key))
		if len(values) == 0 {
			return ""
		}
		for i := range values {
			if key == "date" {
				values[i], _, _ = strings.Cut(values[i], "T") // the day is enough
			}
		}
		values = slices.Compact(values)
		shown := make([]string, min(3, len(values)))
		for i := range shown {
			shown[i] = clean(values[i], 60)
		}
		text := strings.Join(shown, " and ")
		if len(values) > 3 {
			text += fmt.Sprintf(" and %d more", len(values)-3)
		}
		return fmt.Sprintf(format, text)
	}
	system := strings.Trim(value("goos", "%s")+"/"+value("goarch", "%s"), "/")
	var parts []string
	for _, part := range []string{
		value("cpu", "%s"), value("cores", "%s cores"), system, value("toolchain", "%s"), value("commit", "commit %s"), value("date", "%s"),
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "The raw file does not name its machine."
	}
	return strings.Join(parts, ", ")
}

// warnings are what a reader must know before the charts.
func warnings(set *results.Set) (list []string) {
	for _, key := range []string{"cpu", "cores", "goos", "goarch", "toolchain", "commit"} {
		if values := set.Values(key); len(values) > 1 {
			list = append(list, fmt.Sprintf("The results are from several runs that differ in %s: %s and %s. Samples of the same cell are put together.",
				key, clean(values[0], 60), clean(values[1], 60)))
		}
	}
	return list
}

// baseNames are the names of files without their directories, which are the reader's
// own affair, unless two would be the same.
func baseNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		path = filepath.ToSlash(path)
		name := path[strings.LastIndexByte(path, '/')+1:]
		for slices.Contains(names[:i], name) { // take one more directory
			rest := strings.TrimSuffix(path, name)
			if rest = strings.TrimSuffix(rest, "/"); rest == "" {
				break
			}
			name = path[strings.LastIndexByte(rest, '/')+1:]
		}
		names[i] = clean(name, 200)
	}
	return names
}

// unitOrder is that of the columns; other units follow.
var unitOrder = []string{
	"sec/op", "x-ideal", "sec/job", "jobs/s", "cpu-sec/job", "first-result-ms", "cancel-ms",
	"p50-ms", "p95-ms", "p99-ms", "p99.9-ms", "intended-p50-ms", "intended-p95-ms", "intended-p99-ms", "intended-p99.9-ms",
	"offered-jobs/s", "late-jobs/op", "dropped-jobs/op", "peak-inflight", "peak-goroutines",
	"B/job", "B/op", "allocs/op", "peak-heap-B", "peak-stack-B", "peak-rss-B", "gc-share", "sched-p99-us",
}

func compareUnits(a, b string) int {
	at := func(unit string) int {
		if i := slices.Index(unitOrder, unit); i >= 0 {
			return i
		}
		return len(unitOrder)
	}
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b))
}

// allNumbers is the table of a group: a row a model, a column a unit.
func (p *plan) allNumbers(g *results.Group) Table {
	var units []string
	saturated := false
	for _, c := range g.Cells {
		saturated = saturated || c.Saturated != ""
		for unit := range c.Samples {
			if !slices.Contains(units, unit) {
				units = append(units, unit)
			}
		}
	}
	slices.SortFunc(units, compareUnits)
	t := Table{Columns: []string{"Model"}, Left: 1}
	for _, unit := range units {
		name := meaning(unit)
		if _, known := words[unit]; known {
			name += " (" + unit + ")"
		}
		t.Columns = append(t.Columns, name)
	}
	t.Columns = append(t.Columns, "Samples")
	if saturated {
		t.Columns = append(t.Columns, "Not ranked")
	}
	for i := range g.Cells {
		c := &g.Cells[i]
		name := modelName(c.Model)
		if c.Model == p.twin && p.twin != "" {
			name += " (twin)"
		}
		row := []string{name}
		n := 0
		for _, unit := range units {
			s := statOf(c, unit)
			n = max(n, s.n)
			row = append(row, s.text(unit))
		}
		row = append(row, fmt.Sprint(n))
		if saturated {
			row = append(row, clean(c.Saturated, 160))
		}
		t.Rows = append(t.Rows, row)
	}
	slices.SortStableFunc(t.Rows, func(a, b []string) int { return cmp.Compare(palette.Rank(a[0]), palette.Rank(b[0])) })
	return t
}

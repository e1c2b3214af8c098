package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
	"example.com/overlap/internal/spell"
)

// A figure with more would be read by nobody; the tables have them all.
const (
	maxCharts = 150
	maxSeries = 20
	maxRows   = 40
	maxPlaces = 5 // of a category axis
)

// A Chart is one figure with what belongs to it.
type Chart struct {
	ID    string // unique in the report; the name of its file, without .svg
	Title string // plain text
	Alt   string // what is seen, in words that are computed
	Table Table  // the numbers in the figure

	benchmark string   // the section it stands in
	proven    []string // what package verdict says of its cells
	notes     []string // how to read it
	machine   string   // where the numbers are from
	numbers   string   // the anchor of all numbers of its cells
	figure    figure   // nil for a timeline
	drawn     func(id string) ([]byte, error)
}

// A Table is a table of text; all columns but the first Left ones hold numbers.
type Table struct {
	Columns []string
	Left    int
	Rows    [][]string
}

// A plan gathers the charts of a set.
type plan struct {
	set      *results.Set
	looks    map[string]palette.Look
	twin     string
	control  string
	machine  string
	rankings map[string]*verdict.Ranking // by unit
	procs    bool                        // whether GOMAXPROCS varies
	charts   []*Chart
	left     int                     // charts beyond maxCharts
	said     map[*results.Group]bool // groups whose figure has the sentences
	ids      map[string]bool
	anchors  map[*results.Group]string
}

// ranking is what package verdict makes of a unit; nil if it cannot judge by it.
func (p *plan) ranking(unit string) *verdict.Ranking {
	r, ok := p.rankings[unit]
	if !ok {
		r, _ = verdict.Within(p.set, unit) // the error: there is no better end
		p.rankings[unit] = r
	}
	return r
}

// floor is the noise floor of a unit; 0 is none.
func (p *plan) floor(unit string) float64 {
	r := p.ranking(unit)
	if r == nil || !r.Floor.Known || !finite(r.Floor.Difference) {
		return 0
	}
	return r.Floor.Difference
}

// sentences are what is proven of a group, by the unit that is its own.
func (p *plan) sentences(g *results.Group) []string {
	r := p.ranking(verdict.OwnUnit(g))
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Groups, func(v verdict.Group) bool { return v.Name == g.Name && v.Package == g.Package })
	if i < 0 || len(r.Groups[i].Places)+len(r.Groups[i].Saturated) < 2 {
		return nil
	}
	return cleaned(r.Sentences(&r.Groups[i]))
}

// shown are what is proven of the run as a whole, and what that rests on.
func (p *plan) shown() []Section {
	overtakes := Section{Title: "Where one model overtakes another"}
	var claims []Section
	var units []string
	for i := range p.set.Groups {
		unit := verdict.OwnUnit(&p.set.Groups[i])
		if slices.Contains(units, unit) {
			continue
		}
		units = append(units, unit)
		r := p.ranking(unit)
		if r == nil || r.Family == 0 {
			continue
		}
		for _, c := range r.Crossovers {
			overtakes.Sentences = append(overtakes.Sentences, c.String())
		}
		claims = append(claims, Section{Title: "What is claimed, by " + unit, Sentences: r.Notes()})
	}
	if len(claims) == 1 {
		claims[0].Title = "What is claimed"
	}
	if len(overtakes.Sentences) == 0 {
		return claims
	}
	return append([]Section{overtakes}, claims...)
}

// cleaned makes sentences fit for a page.
func cleaned(sentences []string) []string {
	list := make([]string, len(sentences))
	for i, s := range sentences {
		list[i] = clean(s, 3000)
	}
	return list
}

// add gives a chart its id and keeps it.
func (p *plan) add(c *Chart, id string) {
	if len(p.charts) == maxCharts {
		p.left++
		return
	}
	c.ID = p.unique(id)
	c.machine = p.machine
	p.charts = append(p.charts, c)
}

func (p *plan) unique(text string) string {
	id := slug(text)
	for n, base := 2, id; p.ids[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	p.ids[id] = true
	return id
}

// slug makes text fit for a file's name and an anchor.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '%':
			b.WriteString("pc")
		default:
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
		if b.Len() >= 80 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "chart"
}

// A benchmark is the groups of one benchmark function.
type benchmark struct {
	name   string // with its package, if there are several
	groups []*results.Group
}

func (p *plan) benchmarks() []benchmark {
	packages := map[string]bool{}
	for _, g := range p.set.Groups {
		packages[g.Package] = true
	}
	var list []benchmark
	for i := range p.set.Groups {
		g := &p.set.Groups[i]
		name := g.Benchmark
		if len(packages) > 1 && g.Package != "" {
			name = g.Package + "." + name
		}
		at := slices.IndexFunc(list, func(b benchmark) bool { return b.name == name })
		if at < 0 {
			list = append(list, benchmark{name: name})
			at = len(list) - 1
		}
		list[at].groups = append(list[at].groups, g)
	}
	return list
}

// draw plans all charts of the set.
func (p *plan) draw() {
	for _, b := range p.benchmarks() {
		covered := map[*results.Group]bool{}
		for _, s := range sweeps(b.groups) {
			if p.sweep(b, s) {
				for _, g := range s.groups {
					covered[g] = true
				}
			}
		}
		var rest []*results.Group
		for _, g := range b.groups {
			if !covered[g] {
				rest = append(rest, g)
			}
		}
		if nameless(rest) {
			p.settings(b, rest)
		} else {
			for _, g := range rest {
				for _, unit := range measures(g) {
					p.models(b, g, unit)
				}
			}
			p.costs(b, rest)
		}
		for _, g := range b.groups {
			for _, kind := range []string{"send", "intended"} {
				p.latency(b, g, kind)
			}
		}
	}
}

// measures are the units that a chart of a group shows.
func measures(g *results.Group) []string {
	var found []string
	units := map[string]bool{}
	for _, c := range g.Cells {
		for unit := range c.Samples {
			units[unit] = true
		}
	}
	main := []string{"sec/op", "B/job"}
	if !units["sec/op"] { // an open loop
		main = []string{"intended-p99-ms", "late-jobs/op", "dropped-jobs/op", "B/job"}
	}
	for _, unit := range main {
		if units[unit] {
			found = append(found, unit)
		}
	}
	if len(found) == 0 { // of a benchmark that is not ours
		all := make([]string, 0, len(units))
		for unit := range units {
			all = append(all, unit)
		}
		slices.Sort(all)
		found = all[:min(1, len(all))]
	}
	return found
}

func hasUnit(g *results.Group, unit string) bool {
	return slices.ContainsFunc(g.Cells, func(c results.Cell) bool { return len(c.Samples[unit]) > 0 })
}

// measureName is a unit in words: the time of what has no jobs is no makespan.
func measureName(g *results.Group, unit string) string {
	if unit == "sec/op" && !hasUnit(g, "sec/job") && !hasUnit(g, "jobs/s") {
		return "time per operation"
	}
	return meaning(unit)
}

// nameless says that no group has a /model=.
func nameless(groups []*results.Group) bool {
	for _, g := range groups {
		for _, c := range g.Cells {
			if c.Model != "" {
				return false
			}
		}
	}
	return len(groups) > 0
}

func modelName(model string) string {
	if model == "" {
		return "(no model)"
	}
	return clean(model, 60)
}

// cells are those that are drawn: not the control's twin, and with a median of unit.
func (p *plan) cells(g *results.Group, unit string) (cells []*results.Cell, stats []stat) {
	for i := range g.Cells {
		c := &g.Cells[i]
		if c.Model == p.twin && p.twin != "" {
			continue
		}
		if s := statOf(c, unit); s.ok() {
			cells, stats = append(cells, c), append(stats, s)
		}
	}
	return cells, stats
}

// describe is a group's name in words, without some of its parameters.
func (p *plan) describe(b benchmark, g *results.Group, without ...string) string {
	parts := []string{clean(b.name, 60)}
	parts = append(parts, p.params(g, without...)...)
	return strings.Join(parts, ", ")
}

func (p *plan) params(g *results.Group, without ...string) (parts []string) {
	for _, param := range g.Params {
		if !slices.Contains(without, param.Key) && param.Key != "over" { // over= names the sweep
			parts = append(parts, clean(param.String(), 40))
		}
	}
	if p.procs && !slices.Contains(without, procsKey) {
		parts = append(parts, fmt.Sprintf("%s=%d", procsKey, g.Procs))
	}
	return parts
}

// notes tell how to read a figure; each is said only where it is true.
func (p *plan) notes(unit string, stats []stat, banded bool, others ...string) []string {
	var notes []string
	with, without := 0, 0
	for _, s := range stats {
		if s.interval {
			with++
		} else {
			without++
		}
	}
	switch {
	case with > 0 && without > 0:
		notes = append(notes, "Markers are medians, bars their 95 % intervals; where there is none, there are fewer than 6 samples.")
	case with > 0:
		notes = append(notes, "Markers are medians, bars their 95 % intervals.")
	default:
		notes = append(notes, "Markers are medians of fewer than 6 samples, too few for an interval.")
	}
	for _, o := range others {
		if o != "" {
			notes = append(notes, o)
		}
	}
	if floor := p.floor(unit); floor > 0 {
		band := ""
		if banded {
			band = " (the grey band)"
		}
		notes = append(notes, fmt.Sprintf("Noise floor of this run: %s%s, by which %s differed from itself.", percent(floor), band, clean(p.control, 40)))
	}
	return notes
}

func saturatedNote(where, model, reason string) string {
	return fmt.Sprintf("%s%s is saturated and not ranked: %s.", where, modelName(model), strings.TrimSuffix(clean(reason, 160), "."))
}

// models draws the models of one group, a row each, in one unit.
func (p *plan) models(b benchmark, g *results.Group, unit string) {
	f := &rows{unit: unit, yName: measureName(g, unit), floor: p.floor(unit)}
	cells, stats := p.cells(g, unit)
	var saturated []string
	for i, c := range cells {
		r := row{name: modelName(c.Model), look: p.looks[c.Model], stat: stats[i], saturated: c.Saturated}
		if unit == "sec/op" {
			r.ideal, _ = ideal(c)
		}
		if c.Saturated != "" {
			saturated = append(saturated, saturatedNote("", c.Model, c.Saturated))
		}
		f.rows = append(f.rows, r)
	}
	var proven []string
	if unit == verdict.OwnUnit(g) {
		proven = p.sentences(g)
		p.said[g] = true
	}
	p.rows(b, g, f, unit, fmt.Sprintf("%s: %s", capital(f.yName), p.describe(b, g)), proven, saturated)
}

// settings draws the groups of a benchmark without models, a row each.
func (p *plan) settings(b benchmark, groups []*results.Group) {
	for part := range slices.Chunk(groups, maxRows) {
		for _, unit := range measures(part[0]) {
			f := &rows{unit: unit, yName: measureName(part[0], unit)}
			for _, g := range part {
				cells, stats := p.cells(g, unit)
				for i, c := range cells {
					name := strings.Join(p.params(g), ", ")
					if name == "" {
						name = clean(b.name, 60)
					}
					f.rows = append(f.rows, row{name: name, look: palette.Look{Color: palette.Colors[3]}, stat: stats[i], saturated: c.Saturated})
				}
			}
			p.rows(b, part[0], f, unit, capital(f.yName)+": "+clean(b.name, 60), nil, nil)
		}
	}
}

// rows adds a figure of rows.
func (p *plan) rows(b benchmark, g *results.Group, f *rows, unit, title string, proven, others []string) {
	if len(f.rows) == 0 {
		return
	}
	byCenter(f.rows)
	c := &Chart{Title: title, benchmark: b.name, numbers: p.anchors[g], figure: f, proven: proven}
	c.Table = rowsTable(f)
	c.Alt = rowsAlt(f, title)
	var stats []stat
	ideals := ""
	for _, r := range f.rows {
		stats = append(stats, r.stat)
		if r.ideal > 0 {
			ideals = "The upright stroke is the ideal: the least possible, by the model's schedule or by the work for the cores."
		}
	}
	more := ""
	if len(f.rows) > maxRows {
		more = fmt.Sprintf("The first %d of %d are drawn.", maxRows, len(f.rows))
		f.rows = f.rows[:maxRows]
	}
	c.notes = p.notes(unit, stats, f.floor > 0 && f.ranked() > 1, append([]string{ideals, more}, others[:min(len(others), 8)]...)...)
	p.add(c, title)
}

// A sweep is groups that differ in one number only.
type sweep struct {
	key    string
	groups []*results.Group
	values []float64
	labels []string
}

const procsKey = "GOMAXPROCS"

// sweeps finds, for each parameter, the groups where all else is equal and that has
// three values or more.
func sweeps(groups []*results.Group) []sweep {
	keys := []string{}
	for _, g := range groups {
		for _, param := range g.Params {
			if param.Key != "" && !slices.Contains(keys, param.Key) {
				keys = append(keys, param.Key)
			}
		}
	}
	var found []sweep
	for _, key := range append(keys, procsKey) {
		order := []string{}
		families := map[string]*sweep{}
		for _, g := range groups {
			value, label, same, ok := coordinate(g, key)
			if !ok {
				continue
			}
			if families[same] == nil {
				families[same] = &sweep{key: key}
				order = append(order, same)
			}
			f := families[same]
			if !slices.Contains(f.values, value) {
				f.groups, f.values, f.labels = append(f.groups, g), append(f.values, value), append(f.labels, label)
			}
		}
		for _, same := range order {
			if f := families[same]; len(f.groups) >= 3 {
				f.sort()
				found = append(found, *f)
			}
		}
	}
	return found
}

// coordinate is where a group stands in a sweep over key; groups with the same same
// differ in that key alone.
func coordinate(g *results.Group, key string) (value float64, label, same string, ok bool) {
	if key == procsKey {
		name, _ := results.CutProcs(g.Name)
		return float64(g.Procs), strconv.Itoa(g.Procs), g.Package + " " + name, true
	}
	text, has := g.Param(key)
	param := results.Param{Key: key, Value: text}
	value, isNumber := param.Number()
	if !has || !isNumber || !finite(value) || value < 0 {
		return 0, "", "", false
	}
	return value, numberLabel(text), fmt.Sprint(g.Package, " ", param.Kind(), " ", g.Without(key)), true
}

func numberLabel(text string) string {
	if n, err := strconv.ParseUint(text, 10, 50); err == nil {
		if n >= 1_000_000 && n%100_000 == 0 {
			return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64) + "M"
		}
		if n >= 100_000 && n%1000 == 0 {
			return strconv.FormatUint(n/1000, 10) + "k"
		}
		return spell.Thousands(text)
	}
	return clean(text, 12)
}

func (s *sweep) sort() {
	order := make([]int, len(s.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.values[a], s.values[b]) })
	sorted := sweep{key: s.key}
	for _, i := range order {
		sorted.groups, sorted.values, sorted.labels = append(sorted.groups, s.groups[i]), append(sorted.values, s.values[i]), append(sorted.labels, s.labels[i])
	}
	*s = sorted
}

// axis is a swept parameter in words.
func (s *sweep) axis() string {
	switch s.key {
	case "tasks", "jobs":
		return "number of jobs"
	case "limit", "workers", "inflight":
		return "limit of jobs in flight"
	case "waiting":
		return "waiting jobs"
	case "cpu":
		if strings.HasSuffix(s.labels[len(s.labels)-1], "%") {
			return "share of CPU work"
		}
		return "CPU work per job"
	}
	return clean(s.key, 40)
}

// sweep draws a sweep, and says whether it could.
func (p *plan) sweep(b benchmark, s sweep) (drawn bool) {
	units := []string{}
	for _, g := range s.groups {
		for _, unit := range measures(g) {
			if !slices.Contains(units, unit) {
				units = append(units, unit)
			}
		}
	}
	if s.axis() == "number of jobs" || s.axis() == "waiting jobs" {
		units = append(units, "sec/job")
	}
	for _, unit := range units {
		f := &lines{unit: unit, xName: s.axis(), yName: measureName(s.groups[0], unit)}
		for i, g := range s.groups {
			f.places = append(f.places, place{s.values[i], s.labels[i]})
			p.take(f, g, s.values[i], unit)
		}
		title := fmt.Sprintf("%s against %s: %s", capital(f.yName), f.xName, p.describe(b, s.groups[0], s.key))
		if f.used() >= 3 {
			p.lines(b, s.groups, f, unit, title)
			drawn = true
		}
	}
	return drawn
}

// take adds a group's cells to a figure, at x.
func (p *plan) take(f *lines, g *results.Group, x float64, unit string) {
	cells, stats := p.cells(g, unit)
	for i, c := range cells {
		name := modelName(c.Model)
		at := slices.IndexFunc(f.series, func(s series) bool { return s.name == name })
		if at < 0 {
			f.series = append(f.series, series{name: name, look: p.looks[c.Model]})
			at = len(f.series) - 1
		}
		pt := point{x: x, stat: stats[i], saturated: c.Saturated}
		if unit == "sec/op" {
			pt.ideal, _ = ideal(c)
		}
		f.series[at].points = append(f.series[at].points, pt)
	}
}

// used is at how many places there is a point.
func (f *lines) used() int {
	seen := map[float64]bool{}
	for _, s := range f.series {
		for _, pt := range s.points {
			seen[pt.x] = true
		}
	}
	return len(seen)
}

// lines adds a figure of lines.
func (p *plan) lines(b benchmark, groups []*results.Group, f *lines, unit, title string) {
	p.order(f)
	f.findIdeals()
	c := &Chart{Title: title, benchmark: b.name, numbers: p.anchors[groups[0]], figure: f}
	c.Table = linesTable(f)
	c.Alt = linesAlt(f, title, p.floor(unit))
	var stats []stat
	var saturated []string
	for _, s := range f.series {
		for _, pt := range s.points {
			stats = append(stats, pt.stat)
			if pt.saturated != "" {
				saturated = append(saturated, saturatedNote("At "+f.label(pt.x)+", ", s.name, pt.saturated))
			}
		}
	}
	others := []string{}
	switch {
	case len(f.series) < 2:
	case f.category:
		others = append(others, "Models at the same place stand side by side.")
	default:
		others = append(others, "Where models coincide, the later ones are drawn smaller, on top.")
	}
	if len(f.ideals) > 0 {
		others = append(others, f.idealNote())
	}
	if len(f.series) > maxSeries {
		others = append(others, fmt.Sprintf("The first %d of %d models are drawn.", maxSeries, len(f.series)))
		f.series = f.series[:maxSeries]
	}
	if n := len(saturated); n > 6 {
		saturated = append(saturated[:6], fmt.Sprintf("%d more are saturated: the table marks them.", n-6))
	}
	c.notes = p.notes(unit, stats, false, append(others, saturated...)...)
	p.add(c, title)
}

// label is what the x axis says at x, in a line.
func (f *lines) label(x float64) string {
	for _, pl := range f.places {
		if pl.x == x {
			return strings.ReplaceAll(pl.label, "\n", ", ")
		}
	}
	return ""
}

// order puts the series into the order of the set's models, which is that in which
// the course tells of them, or of their first appearance.
func (p *plan) order(f *lines) {
	slices.SortStableFunc(f.series, func(a, b series) int { return cmp.Compare(palette.Rank(a.name), palette.Rank(b.name)) })
}

// findIdeals makes one line of all models that have the same ideal.
func (f *lines) findIdeals() {
	for _, s := range f.series {
		var points []point
		for _, pt := range s.points {
			if pt.ideal > 0 {
				points = append(points, pt)
			}
		}
		if len(points) < 2 {
			continue
		}
		at := slices.IndexFunc(f.ideals, func(line idealLine) bool { return sameIdeal(line.points, points) })
		if at < 0 {
			f.ideals = append(f.ideals, idealLine{points: points})
			at = len(f.ideals) - 1
		} else if len(points) > len(f.ideals[at].points) {
			f.ideals[at].points = points
		}
		f.ideals[at].names = append(f.ideals[at].names, s.name)
	}
}

// sameIdeal compares where both have one: the raw files have four digits.
func sameIdeal(a, b []point) bool {
	shared := 0
	for _, x := range a {
		for _, y := range b {
			if x.x != y.x {
				continue
			}
			shared++
			if math.Abs(x.ideal/y.ideal-1) > 0.005 {
				return false
			}
		}
	}
	return shared > 0
}

func (f *lines) idealNote() string {
	var of []string
	for _, line := range f.ideals {
		of = append(of, spell.List(line.names))
	}
	return "Dashed is the ideal, the least possible by the schedule or by the work for the cores: of " + strings.Join(of, "; of ") + "."
}

// costs draws the cost per job of the groups that no sweep has.
func (p *plan) costs(b benchmark, groups []*results.Group) {
	const unit = "sec/job"
	groups = slices.DeleteFunc(slices.Clone(groups), func(g *results.Group) bool { return !hasUnit(g, unit) })
	if len(groups) < 2 {
		return // it would be the makespan once more
	}
	shared := sharedParams(groups)
	parts := (len(groups) + maxPlaces - 1) / maxPlaces
	n := 0
	for i := range parts { // of about the same size
		part := groups[n : n+(len(groups)-n)/(parts-i)]
		n += len(part)
		f := &lines{unit: unit, yName: meaning(unit), category: true}
		for j, g := range part {
			labels := p.params(g, shared...)
			for k := range labels {
				labels[k] = clean(labels[k], 16)
			}
			f.places = append(f.places, place{float64(j), strings.Join(labels, "\n")})
			p.take(f, g, float64(j), unit)
		}
		title := "Cost per job: " + p.describe(b, part[0], differing(part[0], shared)...)
		if f.used() >= 1 {
			p.lines(b, part, f, unit, title)
		}
	}
}

// sharedParams are the keys whose value is the same in all groups.
func sharedParams(groups []*results.Group) (keys []string) {
	for _, param := range groups[0].Params {
		same := true
		for _, g := range groups {
			value, ok := g.Param(param.Key)
			same = same && ok && value == param.Value
		}
		if same && param.Key != "" {
			keys = append(keys, param.Key)
		}
	}
	return keys
}

func differing(g *results.Group, shared []string) (keys []string) {
	for _, param := range g.Params {
		if !slices.Contains(shared, param.Key) {
			keys = append(keys, param.Key)
		}
	}
	return append(keys, procsKey)
}

// kinds of latencies in words.
var kinds = map[string]string{"send": "from the send", "intended": "from the intended start"}

// latency draws the latencies of a group by percentile.
func (p *plan) latency(b benchmark, g *results.Group, kind string) {
	f := &lines{unit: "sec", yName: "latency", xName: percentileName}
	most := 1.0
	for i := range g.Cells {
		c := &g.Cells[i]
		h := c.Latencies[kind]
		if h == nil || h.Count() < 1 || c.Model == p.twin && p.twin != "" {
			continue
		}
		n := float64(h.Count())
		at := func(x float64, quiet bool) point {
			latency, _ := h.Quantile(1 - 1/x)
			return point{x: x, quiet: quiet, saturated: c.Saturated, stat: stat{n: 1, center: latency.Seconds()}}
		}
		s := series{name: modelName(c.Model), look: p.looks[c.Model]}
		for i := 0; ; i++ {
			x := math.Pow(10, float64(i)/12)
			if x > n*(1+1e-9) || i > 12*9 {
				break
			}
			most = max(most, x)
			s.points = append(s.points, at(x, true))
		}
		for _, mark := range percentiles {
			if mark.x <= n {
				s.points = append(s.points, at(mark.x, false))
			}
		}
		slices.SortStableFunc(s.points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
		f.series = append(f.series, s)
	}
	if len(f.series) == 0 {
		return
	}
	p.order(f)
	for _, mark := range percentiles {
		if mark.x <= most {
			f.places = append(f.places, mark)
		}
	}
	if len(f.places) == 0 {
		return // of one job there is no distribution
	}
	title := fmt.Sprintf("Latency %s: %s", kinds[kind], p.describe(b, g))
	c := &Chart{Title: title, benchmark: b.name, numbers: p.anchors[g], figure: f}
	c.Table = linesTable(f)
	c.Alt = linesAlt(f, title, 0)
	c.notes = []string{"All jobs of all rounds in one distribution; the axis gives each further nine as much room."}
	for i := range g.Cells {
		if cell := &g.Cells[i]; cell.Saturated != "" && cell.Latencies[kind] != nil && cell.Model != p.twin {
			c.notes = append(c.notes, saturatedNote("", cell.Model, cell.Saturated))
		}
	}
	if len(f.series) > maxSeries {
		f.series = f.series[:maxSeries]
	}
	p.add(c, title)
}

const percentileName = "percentile"

// percentiles stand at 1/(1-q).
var percentiles = []place{{2, "50 %"}, {10, "90 %"}, {100, "99 %"}, {1e3, "99.9 %"}, {1e4, "99.99 %"}, {1e5, "99.999 %"}, {1e6, "99.9999 %"}}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

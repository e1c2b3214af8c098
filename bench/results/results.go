// Package results reads what a benchmark run left behind: raw files in Go's
// benchmark format (https://go.dev/design/14313-benchmark-format), as `overlap
// bench` and `go test -bench` write them.
//
// A [Set] holds the cells of one or more files: which models ran which workload at
// which setting, with every sample of every unit. What is made of them is for
// others: package verdict compares, package report draws.
//
// Besides the standard lines it understands three of overlap's own, which other
// tools pass over or show as configuration:
//
//	control: pool-again          the A/A control: this model is pool once more
//	saturated: the reason        the cells from here on cannot be ranked; empty ends it
//	latency NAME KIND HISTOGRAM  the latencies behind a result, for merging
package results

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"example.com/overlap/bench/cost"
)

// Again is what the A/A control's second name adds to the model's.
const Again = "-again"

// MaxFile is the size of the largest file that is read, in bytes.
const MaxFile = 256 << 20

// A Set is the cells of one or more raw files. It is not changed once it is read, so
// any number of goroutines may read it.
type Set struct {
	Files  []string // as they were named to Read
	Config []Config // in the order of their first appearance
	Groups []Group  // in the order that a reader expects: tasks=100 before tasks=1000
}

// A Config is a configuration key and the values that it had, in order of
// appearance. One value says that all cells share it.
type Config struct {
	Key    string
	Values []string
}

// A Group is the cells of one workload at one setting: those that are compared.
type Group struct {
	Name      string  // without Benchmark, without the model, with -N of GOMAXPROCS
	Package   string  // import path; empty if the file does not say
	Benchmark string  // the name up to the first slash
	Params    []Param // what stands between slashes, without the model
	Procs     int     // GOMAXPROCS
	Cells     []Cell  // one a model, in order of appearance
}

// A Param is one /key=value part of a name; a part without = has no Key.
type Param struct{ Key, Value string }

// A Cell is one model in one group.
type Cell struct {
	Model     string               // "" if the name has none
	Samples   map[string][]float64 // by unit, as benchstat has it (ns/op is sec/op), in order
	Saturated string               // why the cell cannot be ranked; empty if it can

	// Latencies are of single jobs, merged over all samples; by kind: send (from the
	// begin of Fetch) or intended (from when it was to begin).
	Latencies map[string]*cost.Latencies

	// First is where the cell's first sample stands.
	File string
	Line int
}

// Value returns the first value of a configuration key, or "".
func (s *Set) Value(key string) string {
	if values := s.Values(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of a configuration key, in order of appearance.
func (s *Set) Values(key string) []string {
	for _, c := range s.Config {
		if c.Key == key {
			return c.Values
		}
	}
	return nil
}

// Control returns the model that stands in twice and its other name; both are
// empty if none does.
func (s *Set) Control() (model, twin string) {
	twin = s.Value("control")
	model, ok := strings.CutSuffix(twin, Again)
	if !ok || model == "" {
		return "", ""
	}
	return model, twin
}

// Models returns the models of all groups, in order of appearance, without the
// control's twin.
func (s *Set) Models() []string {
	_, twin := s.Control()
	var models []string
	for _, g := range s.Groups {
		for _, c := range g.Cells {
			if c.Model != "" && c.Model != twin && !slices.Contains(models, c.Model) {
				models = append(models, c.Model)
			}
		}
	}
	return models
}

// Units returns the units of all cells, sorted.
func (s *Set) Units() []string {
	var units []string
	for _, g := range s.Groups {
		for _, c := range g.Cells {
			for unit := range c.Samples {
				if !slices.Contains(units, unit) {
					units = append(units, unit)
				}
			}
		}
	}
	slices.Sort(units)
	return units
}

// MustHave returns an error that names the units that there are, if no cell has unit.
func (s *Set) MustHave(unit string) error {
	units := s.Units()
	if slices.Contains(units, unit) {
		return nil
	}
	return fmt.Errorf("%s: no result has the unit %q; there are %s", strings.Join(s.Files, ", "), unit, strings.Join(units, ", "))
}

// Cell returns the group's cell of a model, or nil.
func (g *Group) Cell(model string) *Cell {
	for i := range g.Cells {
		if g.Cells[i].Model == model {
			return &g.Cells[i]
		}
	}
	return nil
}

// Median returns the middle of a unit's samples; ok is false if there are none.
func (c *Cell) Median(unit string) (median float64, ok bool) {
	s := slices.Sorted(slices.Values(c.Samples[unit]))
	if len(s) == 0 {
		return 0, false
	}
	lo, hi := s[(len(s)-1)/2], s[len(s)/2]
	return lo + (hi-lo)/2, true
}

// Plain is the group's name without the -N of GOMAXPROCS.
func (g *Group) Plain() string { return strings.TrimSuffix(g.Name, fmt.Sprintf("-%d", g.Procs)) }

// Param returns the value of the name's /key=value part.
func (g *Group) Param(key string) (value string, ok bool) {
	for _, p := range g.Params {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// Without is the group's name without one of its parameters: groups that have the
// same one differ in that parameter alone.
func (g *Group) Without(key string) string {
	name := g.Benchmark
	for _, p := range g.Params {
		if p.Key != key {
			name += "/" + p.String()
		}
	}
	return fmt.Sprintf("%s-%d", name, g.Procs)
}

func (p Param) String() string {
	if p.Key == "" {
		return p.Value
	}
	return p.Key + "=" + p.Value
}

// Number reads the parameter's value as a number: 1000, 10ms (in nanoseconds), 25% (0.25).
func (p Param) Number() (float64, bool) {
	n, kind := number(p.Value)
	return n, kind != NoNumber
}

// Kind says what Number reads: values of two kinds are not on one axis.
func (p Param) Kind() Kind {
	_, kind := number(p.Value)
	return kind
}

// A Kind of number.
type Kind int

const (
	NoNumber Kind = iota
	Plain         // 1000
	Duration      // 10ms
	Share         // 25%
)

// ReadFiles reads raw files into one set; a cell that is in several of them has
// the samples of all. Errors name file and line.
func ReadFiles(paths ...string) (*Set, error) {
	r := newReader()
	for _, path := range paths {
		content, err := readFile(path)
		if err != nil {
			return nil, err
		}
		if err := r.read(path, content); err != nil {
			return nil, err
		}
	}
	return r.set, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(path, file)
}

func readAll(name string, in io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(content) > MaxFile:
		return nil, fmt.Errorf("%s: more than %d MiB, which no benchmark run writes", name, MaxFile>>20)
	}
	return content, nil
}

// Read reads one raw file; name stands for it in errors, which give the line.
func Read(in io.Reader, name string) (*Set, error) {
	content, err := readAll(name, in)
	if err != nil {
		return nil, err
	}
	r := newReader()
	if err := r.read(name, content); err != nil {
		return nil, err
	}
	return r.set, nil
}

type groupKey struct{ pkg, name string }

type reader struct {
	set    *Set
	groups map[groupKey]*Group
	order  []groupKey
}

func newReader() *reader {
	return &reader{set: &Set{}, groups: map[groupKey]*Group{}}
}

// read adds a file to the set, and sorts it anew.
func (r *reader) read(name string, content []byte) error {
	r.set.Files = append(r.set.Files, name)
	latencies, err := scan(name, content)
	if err != nil {
		return err
	}
	found := false
	in := benchfmt.NewReader(bytes.NewReader(content), name)
	for in.Scan() {
		switch record := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return record
		case *benchfmt.Result:
			found = true
			if err := r.add(record); err != nil {
				return err
			}
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !found {
		return fmt.Errorf("%s: no benchmark results in it", name)
	}
	for _, l := range latencies {
		if err := r.merge(l); err != nil {
			return fmt.Errorf("%s:%d: %w", name, l.line, err)
		}
	}
	r.set.Groups = r.set.Groups[:0]
	for _, key := range r.order {
		r.set.Groups = append(r.set.Groups, *r.groups[key])
	}
	slices.SortStableFunc(r.set.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), CompareNames(a.Name, b.Name))
	})
	return nil
}

// add takes one result line.
func (r *reader) add(result *benchfmt.Result) error {
	file, line := result.Pos()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s:%d: "+format, append([]any{file, line}, args...)...)
	}
	pkg := ""
	for _, c := range result.Config {
		switch value := string(c.Value); c.Key {
		case "pkg":
			pkg = value
		case "saturated": // of a cell, not of the run
		default:
			r.config(c.Key, value)
		}
	}
	cell := r.cell(pkg, result.Name)
	if cell.File == "" {
		cell.File, cell.Line = file, line
	}
	if reason := result.GetConfig("saturated"); reason != "" {
		cell.Saturated = reason
	}
	seen := map[string]bool{}
	for _, v := range result.Values {
		switch {
		case math.IsNaN(v.Value) || math.IsInf(v.Value, 0):
			return fail("%v %s is no measurement", v.Value, v.Unit)
		case v.Value < 0:
			return fail("%v %s is below 0", v.Value, v.Unit)
		case seen[v.Unit]:
			return fail("the unit %s stands there twice", v.Unit)
		}
		seen[v.Unit] = true
		cell.Samples[v.Unit] = append(cell.Samples[v.Unit], v.Value)
	}
	return nil
}

func (r *reader) config(key, value string) {
	i := slices.IndexFunc(r.set.Config, func(c Config) bool { return c.Key == key })
	if i < 0 {
		r.set.Config = append(r.set.Config, Config{Key: key, Values: []string{value}})
		return
	}
	if c := &r.set.Config[i]; !slices.Contains(c.Values, value) {
		c.Values = append(c.Values, value)
	}
}

// cell returns the cell of a name, a new one if need be.
func (r *reader) cell(pkg string, name benchfmt.Name) *Cell {
	group, model := split(name)
	key := groupKey{pkg, group.Name}
	if r.groups[key] == nil {
		group.Package = pkg
		r.groups[key] = &group
		r.order = append(r.order, key)
	}
	g := r.groups[key]
	if c := g.Cell(model); c != nil {
		return c
	}
	g.Cells = append(g.Cells, Cell{
		Model: model, Samples: map[string][]float64{}, Latencies: map[string]*cost.Latencies{},
	})
	return &g.Cells[len(g.Cells)-1]
}

func (r *reader) merge(l latency) error {
	group, model := split(l.name)
	var cell *Cell
	if g := r.groups[groupKey{l.pkg, group.Name}]; g != nil {
		cell = g.Cell(model)
	}
	if cell == nil {
		return fmt.Errorf("latencies of Benchmark%s, which has no result", l.name)
	}
	if old := cell.Latencies[l.kind]; old != nil {
		return old.Merge(l.latencies)
	}
	cell.Latencies[l.kind] = l.latencies
	return nil
}

// A latency is one latency line.
type latency struct {
	pkg       string
	name      benchfmt.Name
	kind      string
	latencies *cost.Latencies
	line      int
}

// scan finds the lines that benchfmt passes over: latencies, and what tells that
// this is another kind of file.
func scan(name string, content []byte) (found []latency, err error) {
	line, pkg := 0, ""
	for text := range bytes.Lines(content) {
		line++
		text = bytes.TrimSuffix(text, []byte("\n"))
		switch {
		case bytes.HasPrefix(text, []byte("pkg:")):
			pkg = string(bytes.TrimSpace(text[len("pkg:"):]))
		case bytes.HasPrefix(text, []byte(`{"Time":`)) || bytes.HasPrefix(text, []byte(`{"Action":`)) || bytes.HasPrefix(text, []byte(`{"ImportPath":`)):
			return nil, fmt.Errorf("%s:%d: this is the output of go test -json; run it without -json, or take the text out of it with `jq -j .Output`", name, line)
		case bytes.IndexByte(text, 0) >= 0:
			return nil, fmt.Errorf("%s:%d: a zero byte: this is no text file", name, line)
		case len(text) >= maxLine:
			return nil, fmt.Errorf("%s:%d: the line is longer than %d KiB", name, line, maxLine>>10)
		case bytes.HasPrefix(text, []byte("latency Benchmark")):
			l, err := parseLatency(string(text))
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, line, err)
			}
			l.line, l.pkg = line, pkg
			found = append(found, l)
		}
	}
	return found, nil
}

// maxLine is what benchfmt reads of a line.
const maxLine = 64 << 10

func parseLatency(text string) (l latency, err error) {
	fields := strings.Fields(text)
	if len(fields) != 4 {
		return l, fmt.Errorf("a latency line has four fields, this has %d", len(fields))
	}
	l.name = benchfmt.Name(strings.TrimPrefix(fields[1], "Benchmark"))
	l.kind = fields[2]
	if l.kind != "send" && l.kind != "intended" {
		return l, fmt.Errorf("latencies of the kind %q, want send or intended", l.kind)
	}
	l.latencies, err = cost.DecodeLatencies(fields[3])
	if err != nil {
		return l, fmt.Errorf("latencies of %s: %w", fields[1], err)
	}
	return l, nil
}

// LatencyLine is a line that Read understands: the latencies behind one result line
// of the benchmark called name, which ends in -N of GOMAXPROCS as the line does.
func LatencyLine(name, kind, histogram string) string {
	return fmt.Sprintf("latency %s %s %s", name, kind, histogram)
}

package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.com/overlap/bench/results"
)

// CSV writes a row for each unit of each cell: the median, its 95 % interval and the
// least and the largest sample. The parameters of the benchmarks are columns. Numbers
// are whole, in the unit that stands beside them; an empty field is one that there is
// not.
func (r *Report) CSV(w io.Writer) error {
	return r.table(w, []string{"n", "median", "low95", "high95", "min", "max"}, func(c *results.Cell, unit string) [][]string {
		s := statOf(c, unit)
		lo, hi := "", ""
		if s.interval {
			lo, hi = exact(s.lo), exact(s.hi)
		}
		return [][]string{{strconv.Itoa(s.n), exact(s.center), lo, hi, exact(s.min), exact(s.max)}}
	})
}

// Samples writes a row for each sample: one of each unit for each result line.
func (r *Report) Samples(w io.Writer) error {
	return r.table(w, []string{"sample", "value"}, func(c *results.Cell, unit string) (rows [][]string) {
		for i, v := range c.Samples[unit] {
			rows = append(rows, []string{strconv.Itoa(i + 1), exact(v)})
		}
		return rows
	})
}

func exact(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 12, 64) // ns as seconds would have 17 digits, of which the last are noise
}

// table writes a table whose first columns name the cell and the unit.
func (r *Report) table(w io.Writer, columns []string, values func(*results.Cell, string) [][]string) error {
	before := []string{"package", "benchmark"}
	after := append([]string{"gomaxprocs", "model", "control", "saturated", "unit"}, columns...)
	var keys, heads []string
	for _, g := range r.set.Groups {
		for _, p := range g.Params {
			if p.Key != "" && !slices.Contains(keys, p.Key) {
				keys = append(keys, p.Key)
				head := p.Key
				if slices.Contains(before, head) || slices.Contains(after, head) {
					head = "param " + head
				}
				heads = append(heads, field(head))
			}
		}
	}
	// Parts of a name without a key have no column: they stay with the benchmark.
	out := csv.NewWriter(w)
	if err := out.Write(slices.Concat(before, heads, after)); err != nil {
		return err
	}
	for i := range r.set.Groups {
		g := &r.set.Groups[i]
		name := g.Benchmark
		for _, p := range g.Params {
			if p.Key == "" {
				name += "/" + p.Value
			}
		}
		row := []string{field(g.Package), field(name)}
		for _, key := range keys {
			value, _ := g.Param(key)
			row = append(row, field(value))
		}
		for j := range g.Cells {
			c := &g.Cells[j]
			control := ""
			if c.Model == r.twin && r.twin != "" {
				control = "twin"
			}
			var units []string
			for unit := range c.Samples {
				units = append(units, unit)
			}
			slices.SortFunc(units, compareUnits)
			for _, unit := range units {
				for _, line := range values(c, unit) {
					cell := []string{fmt.Sprint(g.Procs), field(c.Model), control, field(c.Saturated), field(unit)}
					if err := out.Write(slices.Concat(row, cell, line)); err != nil {
						return err
					}
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// field makes text fit for a spreadsheet, which would take some of it for a formula.
// A number stays one.
func field(text string) string {
	text = clean(text, 1000)
	if text == "" || !strings.ContainsRune("=+-@", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}

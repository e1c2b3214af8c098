package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/overlap/internal/spell"
)

// rowsTable are the numbers of a figure of rows.
func rowsTable(f *rows) Table {
	t := Table{Columns: []string{"Model", "Median", "95 % interval", "Samples"}, Left: 1}
	ideals, notes := false, false
	for _, r := range f.rows {
		ideals = ideals || r.ideal > 0
		notes = notes || r.saturated != ""
	}
	if ideals {
		t.Columns = append(t.Columns, "Ideal")
	}
	if notes {
		t.Columns = append(t.Columns, "Not ranked")
	}
	for _, r := range f.rows {
		line := []string{r.name, format(r.stat.center, f.unit), r.stat.bounds(f.unit), fmt.Sprint(r.stat.n)}
		if ideals {
			text := "–"
			if r.ideal > 0 {
				text = format(r.ideal, f.unit)
			}
			line = append(line, text)
		}
		if notes {
			line = append(line, clean(r.saturated, 160))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// rowsAlt says what a figure of rows shows.
func rowsAlt(f *rows, title string) string {
	var ranked []ranked
	saturated := 0
	for _, r := range f.rows {
		if r.saturated != "" {
			saturated++
			continue
		}
		ranked = append(ranked, newRanked(r.name, r.stat))
	}
	text := fmt.Sprintf("Dot chart, %s. %s", title, capital(order(ranked, f.unit, f.floor)))
	return strings.TrimSpace(text + " " + hollow(saturated))
}

func hollow(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "One is saturated, drawn hollow and not ranked."
	}
	return fmt.Sprintf("%d are saturated, drawn hollow and not ranked.", n)
}

// A ranked cell is one that may be called lowest.
type ranked struct {
	name string
	v    float64
}

func newRanked(name string, s stat) ranked { return ranked{name, s.center} }

// order says who is lowest, who is as low within the noise, and who is highest. It
// tells what is seen; what is proven is for verdicts.
func order(cells []ranked, unit string, floor float64) string {
	slices.SortStableFunc(cells, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.v, b.v), cmp.Compare(a.name, b.name)) })
	if len(cells) == 0 {
		return "nothing is ranked."
	}
	low, high := cells[0], cells[len(cells)-1]
	if len(cells) == 1 {
		return fmt.Sprintf("%s has %s.", low.name, format(low.v, unit))
	}
	var near []string
	for _, c := range cells[1:] {
		if floor > 0 && c.v <= low.v*(1+floor) {
			near = append(near, c.name)
		}
	}
	text := fmt.Sprintf("lowest is %s with %s", low.name, format(low.v, unit))
	if len(near) > 0 {
		text += ", and within the noise floor of it " + spell.List(near)
	}
	if len(near) == len(cells)-1 {
		return text + "."
	}
	text += fmt.Sprintf("; highest is %s with %s", high.name, format(high.v, unit))
	if low.v > 0 {
		text += ", " + factor(high.v/low.v) + " as much"
	}
	return text + "."
}

// linesTable are the numbers of a figure of lines: a row a place, a column a model.
func linesTable(f *lines) Table {
	first := f.xName
	if f.category {
		first = "setting"
	}
	t := Table{Columns: []string{capital(first)}, Left: 1}
	for _, s := range f.series {
		t.Columns = append(t.Columns, s.name)
	}
	for _, line := range f.ideals {
		t.Columns = append(t.Columns, "ideal of "+spell.List(line.names))
	}
	for _, pl := range f.places {
		row := []string{f.label(pl.x)}
		for _, s := range f.series {
			text := "–"
			if pt := s.at(pl.x); pt != nil {
				text = pt.stat.text(f.unit)
				if pt.saturated != "" {
					text += " (saturated)"
				}
			}
			row = append(row, text)
		}
		for _, line := range f.ideals {
			text := "–"
			for _, pt := range line.points {
				if pt.x == pl.x {
					text = format(pt.ideal, f.unit)
				}
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (s *series) at(x float64) *point {
	for i := range s.points {
		if s.points[i].x == x && !s.points[i].quiet {
			return &s.points[i]
		}
	}
	return nil
}

// linesAlt says what a figure of lines shows: at its ends, or at each of few settings.
func linesAlt(f *lines, title string, floor float64) string {
	places := f.places
	if !f.category && len(places) > 2 {
		places = []place{places[0], places[len(places)-1]}
	}
	text := fmt.Sprintf("Line chart, %s.", title)
	if f.category {
		text = fmt.Sprintf("Dot chart, %s.", title)
	}
	for _, pl := range places {
		var cells []ranked
		for _, s := range f.series {
			if pt := s.at(pl.x); pt != nil && pt.saturated == "" {
				cells = append(cells, newRanked(s.name, pt.stat))
			}
		}
		text += fmt.Sprintf(" At %s, %s", cmp.Or(f.label(pl.x), "the only setting"), order(cells, f.unit, floor))
	}
	saturated := 0
	for _, s := range f.series {
		for _, pt := range s.points {
			if pt.saturated != "" && !pt.quiet {
				saturated++
				if f.xName == percentileName { // one cell, however many percentiles it has
					break
				}
			}
		}
	}
	return strings.TrimSpace(text + " " + hollow(saturated))
}

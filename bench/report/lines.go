package report

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"example.com/overlap/bench/palette"
)

// The legend's measures.
const (
	sampleWidth = vg.Length(26)
	legendGap   = vg.Length(14)
	legendLine  = vg.Length(18)
)

// legendEntries are the names below a lines figure.
func (f *lines) legendEntries() []string {
	var names []string
	for _, s := range f.series {
		names = append(names, s.name)
	}
	if len(f.ideals) > 0 {
		names = append(names, "ideal")
	}
	if f.hollow() {
		names = append(names, "hollow: saturated")
	}
	return names
}

func (f *lines) hollow() bool {
	for _, s := range f.series {
		if slices.ContainsFunc(s.points, func(p point) bool { return p.saturated != "" }) {
			return true
		}
	}
	return false
}

// legend tells how many columns the legend has, and how wide they are.
func (f *lines) legend(s *sheet) (columns int, width vg.Length) {
	style := s.style(sizeText, palette.Ink, text.XLeft)
	widest := vg.Length(0)
	for _, name := range f.legendEntries() {
		widest = max(widest, style.Width(clean(name, maxName)))
	}
	width = sampleWidth + widest + legendGap
	return max(1, int(figureWidth/width)), width
}

// maxName is how many letters of a name a figure shows.
const maxName = 28

func (f *lines) height(s *sheet) vg.Length {
	columns, _ := f.legend(s)
	n := (len(f.legendEntries()) + columns - 1) / columns
	height := sizeText*1.5 + plotHeight + vg.Length(n)*legendLine + 12
	for _, p := range f.places {
		if strings.Contains(p.label, "\n") {
			return height + sizeTick*vg.Length(strings.Count(p.label, "\n"))
		}
	}
	return height
}

// scales are made to hold all points and intervals.
func (f *lines) scales() (x, y scale) {
	xlo, xhi := math.Inf(1), math.Inf(-1)
	ylo, yhi := xlo, xhi
	for _, s := range f.series {
		for _, p := range s.points {
			xlo, xhi = min(xlo, p.x), max(xhi, p.x)
			ylo, yhi = min(ylo, p.stat.center), max(yhi, p.stat.center)
		}
	}
	low := ylo // a median of zero forbids logarithms; the end of an interval is cut off
	for _, s := range f.series {
		for _, p := range s.points {
			if p.stat.interval {
				yhi = max(yhi, p.stat.hi)
				if p.stat.lo > 0 {
					ylo = min(ylo, p.stat.lo)
				}
			}
		}
	}
	for _, line := range f.ideals {
		for _, p := range line.points {
			ylo, yhi = min(ylo, p.ideal), max(yhi, p.ideal)
		}
	}
	if low <= 0 {
		ylo = 0
	}
	if f.category {
		x = scale{unit: 1, lo: xlo - 0.3, hi: xhi + 0.3}
	} else {
		x = newScale(xlo, xhi, 8, false)
	}
	return x, newScale(ylo, yhi, 2.5, true)
}

func (f *lines) draw(s *sheet, top vg.Length) {
	columns, columnWidth := f.legend(s)
	entries := f.legendEntries()
	bottom := top - f.height(s)
	legendTop := bottom + 6 + vg.Length((len(entries)+columns-1)/columns)*legendLine

	x, y := f.scales()
	p := s.axes()
	p.X.Min, p.X.Max = x.ends()
	if f.category {
		p.X.Min, p.X.Max = x.lo, x.hi
	} else { // markers do not touch the axis
		p.X.Min -= 0.02 * (p.X.Max - p.X.Min)
	}
	p.Y.Min, p.Y.Max = y.ends()
	p.X.Label.Text = f.xName
	p.X.Label.Padding = 3
	p.Y.Tick.Marker = plot.ConstantTicks(y.ticks(6, func(v float64) string { return short(v, f.unit) }))
	p.X.Tick.Marker = plot.ConstantTicks(f.xTicks(s, x))
	p.Add(grid(false, true), plotted(func(c draw.Canvas, p *plot.Plot) { f.plot(s, c, p, x, y) }))

	s.write(s.style(sizeText, palette.Ink, text.XLeft), 4, top-sizeText, f.yLabel(y))
	area := s.draw
	area.Rectangle = vg.Rectangle{Min: vg.Point{X: 4, Y: legendTop + 4}, Max: vg.Point{X: figureWidth - 6, Y: top - sizeText*1.5}}
	p.Draw(area)

	for i, name := range entries {
		at := vg.Point{X: 6 + vg.Length(i%columns)*columnWidth, Y: legendTop - vg.Length(i/columns)*legendLine - legendLine/2}
		middle := vg.Point{X: at.X + sampleWidth/2 - 2, Y: at.Y}
		switch {
		case i < len(f.series):
			look := f.series[i].look
			s.line(look.Color, 1.7, []vg.Point{{X: at.X, Y: at.Y}, {X: at.X + sampleWidth - 4, Y: at.Y}})
			s.marker(look, middle, markRadius, false)
		case name == "ideal" && len(f.ideals) > 0 && i == len(f.series):
			s.draw.StrokeLine2(idealStyle, at.X, at.Y, at.X+sampleWidth-4, at.Y)
		default:
			s.marker(palette.Look{Color: palette.Muted, Marker: palette.Circle}, middle, markRadius, true)
		}
		s.write(s.style(sizeText, palette.Ink, text.XLeft), at.X+sampleWidth, at.Y-sizeText*0.35, clean(name, maxName))
	}
}

func (f *lines) yLabel(y scale) string {
	if y.log {
		return f.yName + ", logarithmic"
	}
	return f.yName
}

var idealStyle = draw.LineStyle{Color: paint(palette.Muted), Width: 1.3, Dashes: []vg.Length{4, 3}}

// line draws a model's line, with an edge where its colour is too pale for paper.
func (s *sheet) line(color palette.Color, width vg.Length, points []vg.Point) {
	if color.Pale {
		s.draw.StrokeLines(draw.LineStyle{Color: paint(palette.Muted), Width: width + 1}, points)
	}
	s.draw.StrokeLines(draw.LineStyle{Color: paint(color), Width: width}, points)
}

// xTicks are the places of the x axis.
func (f *lines) xTicks(s *sheet, x scale) []plot.Tick {
	var ticks []plot.Tick
	for _, p := range f.places {
		ticks = append(ticks, plot.Tick{Value: x.at(p.x), Label: p.label})
	}
	if !f.category {
		lo, hi := x.ends()
		s.thin(ticks, (figureWidth-75)/vg.Length(hi-lo)) // beside the y labels
	}
	return ticks
}

// plot draws lines, then intervals, then markers. Models often coincide: each is drawn
// thinner and smaller than the one before it, so that it does not hide that one. Where
// the places are no numbers, they stand side by side.
func (f *lines) plot(s *sheet, c draw.Canvas, p *plot.Plot, x, y scale) {
	toX, toY := p.Transforms(&c)
	for _, line := range f.ideals {
		points := make([]vg.Point, len(line.points))
		for i, pt := range line.points {
			points[i] = vg.Point{X: toX(x.at(pt.x)), Y: toY(y.at(y.clamp(pt.ideal)))}
		}
		s.draw.StrokeLines(idealStyle, points)
	}
	n := len(f.series)
	step := vg.Length(0)
	if f.category {
		step = min(5, 0.6*(toX(1)-toX(0))/vg.Length(n))
	}
	at := func(i int, pt point, v float64) vg.Point {
		aside := (vg.Length(i) - vg.Length(n-1)/2) * step
		return vg.Point{X: toX(x.at(pt.x)) + aside, Y: toY(y.at(y.clamp(v)))}
	}
	size := func(i int, first, last vg.Length) vg.Length {
		if f.category || n == 1 {
			return (first + last) / 2
		}
		return first + (last-first)*vg.Length(i)/vg.Length(n-1)
	}
	for i, one := range f.series {
		points := make([]vg.Point, len(one.points))
		for j, pt := range one.points {
			points[j] = at(i, pt, pt.stat.center)
		}
		width := size(i, 2.8, 1.2)
		switch {
		case f.category:
			width = 1
		case slices.ContainsFunc(one.points, func(pt point) bool { return pt.quiet }):
			width = 1.7 // a curve
		}
		s.line(one.look.Color, width, points)
	}
	for i, one := range f.series {
		for _, pt := range one.points {
			if pt.stat.interval && !pt.quiet {
				s.whisker(one.look.Color, at(i, pt, pt.stat.lo), at(i, pt, pt.stat.hi))
			}
		}
	}
	for i, one := range f.series {
		for _, pt := range one.points {
			if !pt.quiet {
				s.marker(one.look, at(i, pt, pt.stat.center), size(i, 5.2, 2.9), pt.saturated != "")
			}
		}
	}
}

package report

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"example.com/overlap/bench/palette"
)

func (f *rows) height(*sheet) vg.Length {
	return sizeText*1.5 + vg.Length(len(f.rows))*rowHeight + 34
}

// ranked is how many rows are ranked; the others follow them.
func (f *rows) ranked() (n int) {
	for _, r := range f.rows {
		if r.saturated == "" {
			n++
		}
	}
	return n
}

func (f *rows) scale() scale {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, r := range f.rows {
		lo, hi = min(lo, r.stat.center), max(hi, r.stat.center)
	}
	zero := lo <= 0
	for _, r := range f.rows {
		if r.stat.interval {
			hi = max(hi, r.stat.hi)
			if r.stat.lo > 0 {
				lo = min(lo, r.stat.lo)
			}
		}
		if r.ideal > 0 {
			lo, hi = min(lo, r.ideal), max(hi, r.ideal)
		}
	}
	if zero {
		lo = 0
	}
	return newScale(lo, hi, 2.5, true)
}

func (f *rows) draw(s *sheet, top vg.Length) {
	x := f.scale()
	p := s.axes()
	p.X.Min, p.X.Max = x.ends()
	n := len(f.rows)
	p.Y.Min, p.Y.Max = -0.5, float64(n)-0.5
	p.Y.Width, p.Y.Tick.Length, p.Y.Padding = 0, 0, 2
	p.Y.Tick.Label.Color = paint(palette.Ink)
	p.Y.Tick.Label.Font.Size = sizeText
	var names plot.ConstantTicks
	values := s.style(sizeSmall, palette.Muted, text.XRight)
	widest := vg.Length(0)
	for i, r := range f.rows {
		names = append(names, plot.Tick{Value: float64(n - 1 - i), Label: nonEmpty(clean(r.name, maxName))})
		widest = max(widest, values.Width(f.value(r)))
	}
	p.Y.Tick.Marker = names
	longest := vg.Length(0)
	for _, name := range names {
		longest = max(longest, p.Y.Tick.Label.Width(name.Label))
	}
	var ticks []plot.Tick
	for most := 5; most >= 2; most-- { // as many as there is room for
		ticks = x.ticks(most, func(v float64) string { return short(v, f.unit) })
		if s.thin(ticks, (figureWidth-widest-longest-40)/vg.Length(p.X.Max-p.X.Min)) {
			break
		}
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(plotted(func(c draw.Canvas, p *plot.Plot) { f.band(s, c, p, x) }), grid(true, false),
		plotted(func(c draw.Canvas, p *plot.Plot) { f.plot(s, c, p, x) }))

	label := f.yName
	if x.log {
		label += ", logarithmic"
	}
	s.write(s.style(sizeText, palette.Ink, text.XLeft), 4, top-sizeText, label)
	area := s.draw
	area.Rectangle = vg.Rectangle{
		Min: vg.Point{X: 4, Y: top - f.height(s) + 4},
		Max: vg.Point{X: figureWidth - widest - 14, Y: top - sizeText*1.5},
	}
	p.Draw(area)
}

func nonEmpty(name string) string {
	if name == "" {
		return " " // gonum takes a tick without a label for a minor one
	}
	return name
}

func (f *rows) value(r row) string { return format(r.stat.center, f.unit) }

// band shows how far the noise floor reaches from the least of those ranked.
func (f *rows) band(s *sheet, c draw.Canvas, p *plot.Plot, x scale) {
	n := f.ranked()
	if f.floor <= 0 || n < 2 {
		return
	}
	toX, toY := p.Transforms(&c)
	least := f.rows[0].stat.center
	end := least * (1 + f.floor)
	if least <= 0 || !finite(end) {
		return
	}
	left, right := toX(x.at(least)), toX(x.at(x.clamp(end)))
	above, below := toY(float64(len(f.rows))-0.5), toY(float64(len(f.rows)-n)-0.5)
	s.draw.FillPolygon(paint(palette.Faint), []vg.Point{{X: left, Y: below}, {X: max(right, left+1), Y: below}, {X: max(right, left+1), Y: above}, {X: left, Y: above}})
}

func (f *rows) plot(s *sheet, c draw.Canvas, p *plot.Plot, x scale) {
	toX, toY := p.Transforms(&c)
	if n := f.ranked(); n > 0 && n < len(f.rows) { // a line between the ranked and the others
		y := toY(float64(len(f.rows)-n) - 0.5)
		s.draw.StrokeLine2(draw.LineStyle{Color: paint(palette.Muted), Width: 0.8, Dashes: []vg.Length{2, 3}}, 4, y, figureWidth-6, y)
	}
	values := s.style(sizeSmall, palette.Muted, text.XRight)
	for i, r := range f.rows {
		y := toY(float64(len(f.rows) - 1 - i))
		if r.ideal > 0 {
			at := toX(x.at(x.clamp(r.ideal)))
			s.draw.StrokeLine2(draw.LineStyle{Color: paint(palette.Muted), Width: 1.6}, at, y-7, at, y+7)
		}
		if r.stat.interval {
			s.whisker(r.look.Color, vg.Point{X: toX(x.at(x.clamp(r.stat.lo))), Y: y}, vg.Point{X: toX(x.at(x.clamp(r.stat.hi))), Y: y})
		}
		s.marker(r.look, vg.Point{X: toX(x.at(r.stat.center)), Y: y}, markRadius, r.saturated != "")
		s.write(values, figureWidth-6, y-sizeSmall*0.35, f.value(r))
	}
}

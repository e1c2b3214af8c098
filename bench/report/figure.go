package report

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	gonumfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"example.com/overlap/bench/palette"
)

// Sizes are in units of the figure, which is drawn at a phone's width and grows on
// a larger screen: 12 of them are 10 pixels on a phone of 360.
const (
	figureWidth = vg.Length(390)
	plotHeight  = vg.Length(250)
	rowHeight   = vg.Length(22)
	markRadius  = vg.Length(4.2)

	sizeTitle = vg.Length(14.5)
	sizeText  = vg.Length(13)
	sizeTick  = vg.Length(12.5)
	sizeSmall = vg.Length(12)

	bold = 3 // as golang.org/x/image/font counts
)

// A series is one model's line in a figure.
type series struct {
	name   string
	look   palette.Look
	points []point
}

// A point is a model's cell at a place of the x axis.
type point struct {
	x         float64
	stat      stat
	saturated string
	ideal     float64 // seconds; 0 if nobody computed it
	quiet     bool    // no marker: one of many on a curve
}

// A row is a model's cell in a figure of rows.
type row struct {
	name      string
	look      palette.Look
	stat      stat
	saturated string
	ideal     float64
}

// A place is where points may stand on the x axis, and what is written there; a
// line feed begins a second line.
type place struct {
	x     float64
	label string
}

// A lines figure shows the series over an x axis.
type lines struct {
	xName, unit string
	yName       string
	places      []place
	category    bool // places are no numbers
	series      []series
	ideals      []idealLine
}

// An idealLine is what some of the series would be at best: see ideal.
type idealLine struct {
	names  []string
	points []point // x and ideal
}

// A rows figure shows a model a row, those that are ranked first.
type rows struct {
	unit  string
	yName string
	rows  []row
	floor float64 // the noise floor of the unit; 0 is none
}

// A figure draws itself below y on a sheet.
type figure interface {
	height(s *sheet) vg.Length
	draw(s *sheet, top vg.Length)
}

// A sheet is a picture being drawn.
type sheet struct {
	svg  *canvas
	draw draw.Canvas
	text anchored
}

func newSheet(height vg.Length) *sheet {
	s := &sheet{svg: newCanvas(height)}
	s.draw = draw.NewCanvas(s.svg, figureWidth, height)
	s.text = anchored{text.Plain{Fonts: gonumfont.DefaultCache}, s.svg}
	return s
}

// style is a text style, with its anchor in x; y is the baseline's.
func (s *sheet) style(size vg.Length, color palette.Color, x text.XAlignment) text.Style {
	return text.Style{
		Color: paint(color), XAlign: x, Handler: s.text,
		Font: gonumfont.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}

// write puts a line of text with its baseline at y.
func (s *sheet) write(style text.Style, x, y vg.Length, txt string) {
	s.svg.SetColor(style.Color)
	anchor := "start"
	if style.XAlign == text.XRight {
		anchor = "end"
	}
	s.svg.text(vg.Point{X: x, Y: y}, txt, style.Font.Size, anchor, style.Font.Weight > 0)
}

// wrap breaks text into lines that fit into width.
func (s *sheet) wrap(style text.Style, width vg.Length, txt string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(txt) {
		next := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && style.Width(next) > width {
			lines = append(lines, line)
			next = word
		}
		for style.Width(next) > width { // a word that is too long
			runes := []rune(next)
			n := len(runes) - 1
			for n > 1 && style.Width(string(runes[:n])) > width {
				n--
			}
			lines = append(lines, string(runes[:n]))
			next = string(runes[n:])
		}
		line = next
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// picture draws a chart. One for a page has neither title nor machine, which stand
// beside it there, nor style rules of its own. id begins all ids in it.
func picture(c *Chart, id string, whole bool) []byte {
	measure := newSheet(1)
	titleStyle := measure.style(sizeTitle, palette.Ink, text.XLeft)
	titleStyle.Font.Weight = bold
	small := measure.style(sizeSmall, palette.Muted, text.XLeft)
	const edge = 4 // beside text
	var title, under []string
	if whole {
		title = measure.wrap(titleStyle, figureWidth-2*edge, clean(c.Title, 200))
		for _, line := range append(slices.Clone(c.notes), c.machine) {
			under = append(under, measure.wrap(small, figureWidth-2*edge, clean(line, 300))...)
		}
	}
	const lineGap = 1.25
	top := vg.Length(len(title)) * sizeTitle * lineGap
	if whole {
		top += 8
	}
	height := top + c.figure.height(measure)
	if len(under) > 0 {
		height += 6 + vg.Length(len(under))*sizeSmall*lineGap
	}
	height = vg.Length(math.Ceil(float64(height)))

	s := newSheet(height)
	if whole {
		s.svg.SetColor(paint(palette.Paper))
		s.svg.Fill(s.draw.Path())
	}
	titleStyle.Handler, small.Handler = s.text, s.text
	y := height
	for _, line := range title {
		y -= sizeTitle * lineGap
		s.write(titleStyle, edge, y, line)
	}
	c.figure.draw(s, height-top)
	y = vg.Length(len(under)) * sizeSmall * lineGap
	for _, line := range under {
		y -= sizeSmall * lineGap
		s.write(small, edge, y+4, line)
	}

	var svg bytes.Buffer
	size := ""
	if whole {
		svg.WriteString(mark + "\n")
		size = fmt.Sprintf(` width="%s" height="%s"`, num(figureWidth), num(height))
	}
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s"%s role="img" aria-labelledby="%s-title %s-desc" font-family="system-ui, sans-serif">`+"\n",
		num(figureWidth), num(height), size, id, id)
	fmt.Fprintf(&svg, "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", id, escape(c.Title), id, escape(c.Alt))
	if whole {
		svg.WriteString("<style>\n" + dark("") + "</style>\n")
	}
	svg.Write(s.svg.out.Bytes())
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// mark is what files of a report begin with: by it a later report knows what it may
// replace.
const mark = "<!-- made by overlap report -->"

// axes returns a plot without data, in the report's style.
func (s *sheet) axes() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = s.text
	p.Title.TextStyle.Handler = s.text
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		x, y := a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = s.style(sizeTick, palette.Muted, x)
		a.Tick.Label.YAlign = y
		a.Label.TextStyle = s.style(sizeText, palette.Ink, text.XCenter)
		a.Color, a.Width = paint(palette.Muted), 0.8
		a.Tick.Color, a.Tick.Width, a.Tick.Length = paint(palette.Muted), 0.8, 4
		a.Padding = 4
		a.Scale = plot.LinearScale{}
	}
	return p
}

// thin takes labels away that would run into the one before them, or into the last.
// unit is the length of 1 on the axis, about. It says whether all could stay.
func (s *sheet) thin(ticks []plot.Tick, unit vg.Length) (all bool) {
	all = true
	style := s.style(sizeTick, palette.Muted, text.XCenter)
	side := func(t plot.Tick, sign vg.Length) vg.Length {
		return vg.Length(t.Value)*unit + sign*style.Width(t.Label)/2
	}
	const gap = 5
	free := vg.Length(math.Inf(-1))
	for i := range ticks {
		t, last := ticks[i], ticks[len(ticks)-1]
		if side(t, -1) < free || i < len(ticks)-1 && side(t, 1)+gap > side(last, -1) {
			ticks[i].Label, all = "", false
			continue
		}
		free = side(t, 1) + gap
	}
	return all
}

func grid(vertical, horizontal bool) *plotter.Grid {
	g := plotter.NewGrid()
	style := draw.LineStyle{Color: paint(palette.Faint), Width: 1}
	g.Vertical, g.Horizontal = style, style
	if !vertical {
		g.Vertical.Color = nil
	}
	if !horizontal {
		g.Horizontal.Color = nil
	}
	return g
}

// marker draws a look's shape, hollow where the cell is saturated.
func (s *sheet) marker(look palette.Look, at vg.Point, radius vg.Length, hollow bool) {
	path := shape(look.Marker, at, radius)
	if hollow {
		s.svg.SetColor(paint(palette.Paper))
		s.svg.Fill(path)
		edge := look.Color
		if look.Color.Pale {
			edge = palette.Muted
		}
		s.draw.SetLineStyle(draw.LineStyle{Color: paint(edge), Width: 1.6})
		s.svg.Stroke(path)
		return
	}
	s.svg.SetColor(paint(look.Color))
	s.svg.Fill(path)
	s.draw.SetLineStyle(draw.LineStyle{Color: paint(palette.Ink), Width: 0.4})
	s.svg.Stroke(path)
}

// shape is the outline of a marker of about the same area for each.
func shape(m palette.Marker, at vg.Point, r vg.Length) vg.Path {
	polygon := func(points ...float64) (p vg.Path) {
		for i := 0; i < len(points); i += 2 {
			pt := vg.Point{X: at.X + r*vg.Length(points[i]), Y: at.Y + r*vg.Length(points[i+1])}
			if i == 0 {
				p.Move(pt)
			} else {
				p.Line(pt)
			}
		}
		p.Close()
		return p
	}
	regular := func(n int, radius, inner float64) vg.Path {
		var points []float64
		for i := range n {
			angle := math.Pi/2 + 2*math.Pi*float64(i)/float64(n)
			points = append(points, radius*math.Cos(angle), radius*math.Sin(angle))
			if inner > 0 {
				angle += math.Pi / float64(n)
				points = append(points, inner*math.Cos(angle), inner*math.Sin(angle))
			}
		}
		return polygon(points...)
	}
	switch m {
	case palette.Square:
		return polygon(-0.88, -0.88, 0.88, -0.88, 0.88, 0.88, -0.88, 0.88)
	case palette.Triangle:
		return polygon(-1.1, -0.8, 1.1, -0.8, 0, 1.15)
	case palette.Down:
		return polygon(-1.1, 0.8, 1.1, 0.8, 0, -1.15)
	case palette.Diamond:
		return polygon(0, -1.3, 1.15, 0, 0, 1.3, -1.15, 0)
	case palette.Pentagon:
		return regular(5, 1.2, 0)
	case palette.Star:
		return regular(5, 1.45, 0.62)
	case palette.Hexagon:
		return regular(6, 1.15, 0)
	case palette.Bow:
		return polygon(-1.2, -0.95, 1.2, 0.95, 1.2, -0.95, -1.2, 0.95)
	case palette.Hourglass:
		return polygon(-0.95, -1.2, 0.95, 1.2, -0.95, 1.2, 0.95, -1.2)
	case palette.Plate:
		return polygon(-1.3, -0.6, 1.3, -0.6, 1.3, 0.6, -1.3, 0.6)
	case palette.Pillar:
		return polygon(-0.6, -1.3, 0.6, -1.3, 0.6, 1.3, -0.6, 1.3)
	}
	var p vg.Path
	p.Arc(at, r, 0, 2*math.Pi)
	p.Close()
	return p
}

// whisker draws the interval of a median, with caps across it.
func (s *sheet) whisker(color palette.Color, a, b vg.Point) {
	style := draw.LineStyle{Color: paint(color), Width: 1.1}
	if color.Pale {
		style.Color = paint(palette.Muted)
	}
	s.draw.StrokeLine2(style, a.X, a.Y, b.X, b.Y)
	const half = 2.4
	for _, pt := range []vg.Point{a, b} {
		if a.X == b.X {
			s.draw.StrokeLine2(style, pt.X-half, pt.Y, pt.X+half, pt.Y)
		} else {
			s.draw.StrokeLine2(style, pt.X, pt.Y-half, pt.X, pt.Y+half)
		}
	}
}

// A plotted function is a part of a plot.
type plotted func(c draw.Canvas, p *plot.Plot)

func (f plotted) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"example.com/overlap/bench/palette"
)

// A paint is a colour of the palette that gonum takes for one of its own; the canvas
// finds the class in it by which a style sheet gives dark paper its own colour.
type paint palette.Color

// RGBA is the colour on light paper.
func (p paint) RGBA() (r, g, b, a uint32) {
	n, _ := strconv.ParseUint(strings.TrimPrefix(p.Light, "#"), 16, 32)
	return color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}.RGBA()
}

// A canvas is a vg.Canvas that writes SVG whose colours follow the reader's scheme
// and whose text stays text, in the reader's sans-serif font. gonum's own writes fixed
// colours, and places text by the widths of one font that few readers have; this one
// gives each text an anchor. Nothing here rotates or scales, so it does neither.
type canvas struct {
	out    bytes.Buffer
	height vg.Length
	now    pen
	stack  []pen
}

type pen struct {
	color  palette.Color
	width  vg.Length
	dashes []vg.Length
	moved  vg.Point
}

var _ vg.Canvas = (*canvas)(nil)

func newCanvas(height vg.Length) *canvas {
	return &canvas{height: height, now: pen{color: palette.Ink, width: 1}}
}

func (c *canvas) SetLineWidth(w vg.Length)                    { c.now.width = w }
func (c *canvas) SetLineDash(dashes []vg.Length, _ vg.Length) { c.now.dashes = dashes }
func (c *canvas) Translate(pt vg.Point)                       { c.now.moved = c.now.moved.Add(pt) }
func (c *canvas) Rotate(float64)                              { panic("report: a figure has nothing that is turned") }
func (c *canvas) Scale(float64, float64)                      { panic("report: a figure has nothing that is scaled") }
func (c *canvas) DrawImage(vg.Rectangle, image.Image)         { panic("report: a figure has no images") }
func (c *canvas) Push()                                       { c.stack = append(c.stack, c.now) }

func (c *canvas) Pop() {
	c.now = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

// SetColor takes paints; gonum's own black is ink.
func (c *canvas) SetColor(clr color.Color) {
	c.now.color = palette.Ink
	if p, ok := clr.(paint); ok {
		c.now.color = palette.Color(p)
	}
}

func (c *canvas) Stroke(path vg.Path) {
	if c.now.width <= 0 {
		return
	}
	fmt.Fprintf(&c.out, `<path class="s-%s" fill="none" stroke="%s"`, c.now.color.Class(), c.now.color.Light)
	if c.now.width != 1 {
		fmt.Fprintf(&c.out, ` stroke-width="%s"`, num(c.now.width))
	}
	if len(c.now.dashes) > 0 {
		list := make([]string, len(c.now.dashes))
		for i, d := range c.now.dashes {
			list[i] = num(d)
		}
		fmt.Fprintf(&c.out, ` stroke-dasharray="%s"`, strings.Join(list, " "))
	}
	fmt.Fprintf(&c.out, ` d="%s"/>`+"\n", c.data(path))
}

func (c *canvas) Fill(path vg.Path) {
	fmt.Fprintf(&c.out, `<path class="f-%s" fill="%s" d="%s"/>`+"\n", c.now.color.Class(), c.now.color.Light, c.data(path))
}

// FillString is how gonum writes text when no handler of ours does.
func (c *canvas) FillString(face font.Face, pt vg.Point, txt string) {
	c.text(pt, txt, face.Font.Size, "start", false)
}

func (c *canvas) text(pt vg.Point, txt string, size vg.Length, anchor string, bold bool) {
	pt = pt.Add(c.now.moved)
	fmt.Fprintf(&c.out, `<text class="f-%s" fill="%s" x="%s" y="%s" font-size="%s"`,
		c.now.color.Class(), c.now.color.Light, num(pt.X), num(c.height-pt.Y), num(size))
	if anchor != "start" {
		fmt.Fprintf(&c.out, ` text-anchor="%s"`, anchor)
	}
	if bold {
		c.out.WriteString(` font-weight="600"`)
	}
	fmt.Fprintf(&c.out, ">%s</text>\n", escape(txt))
}

// data is a path in SVG's words, with y downwards.
func (c *canvas) data(path vg.Path) string {
	var d strings.Builder
	at := func(letter string, pt vg.Point) {
		pt = pt.Add(c.now.moved)
		d.WriteString(letter + num(pt.X) + " " + num(c.height-pt.Y))
	}
	for _, p := range path {
		switch p.Type {
		case vg.MoveComp:
			at("M", p.Pos)
		case vg.LineComp:
			at("L", p.Pos)
		case vg.CloseComp:
			d.WriteString("Z")
		case vg.ArcComp: // of which there are whole circles only
			left, right := p.Pos, p.Pos
			left.X -= p.Radius
			right.X += p.Radius
			arc := "A" + num(p.Radius) + " " + num(p.Radius) + " 0 1 0 "
			at("M", right)
			at(arc, left)
			at(arc, right)
		default:
			panic("report: a figure has no curves")
		}
	}
	return d.String()
}

// num prints a length in hundredths.
func num(l vg.Length) string {
	v := math.Round(float64(l)*100) / 100
	if v == 0 {
		return "0" // not -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// escape makes text fit for XML, between tags and in attributes.
func escape(text string) string { return escaper.Replace(clean(text, math.MaxInt)) }

// An anchored handler writes text with an anchor, so that it stays centred or
// aligned in whatever font it is shown.
type anchored struct {
	text.Plain
	out *canvas
}

// Box is that of a wide font: the reader's may be wider than the one measured here.
func (h anchored) Box(txt string, f font.Font) (width, height, depth vg.Length) {
	width, height, depth = h.Plain.Box(txt, f)
	return 1.18 * width, height, depth
}

func (h anchored) Draw(_ vg.Canvas, txt string, style text.Style, pt vg.Point) {
	h.out.SetColor(style.Color)
	anchor := "start"
	switch style.XAlign {
	case text.XCenter:
		anchor = "middle"
	case text.XRight:
		anchor = "end"
	}
	extents := h.Extents(style.Font)
	lines := h.Lines(txt)
	pt.Y += style.Height(txt)*vg.Length(style.YAlign) - extents.Ascent
	for i, line := range lines {
		h.out.text(pt.Add(vg.Point{Y: vg.Length(len(lines)-i) * style.Font.Size}), line, style.Font.Size, anchor, style.Font.Weight > 0)
	}
}

// dark are the style rules that give every colour its place in a figure on dark
// paper. Printed paper is light.
func dark(prefix string) string {
	var css strings.Builder
	css.WriteString("@media screen and (prefers-color-scheme: dark) {\n")
	for _, c := range append([]palette.Color{palette.Paper, palette.Ink, palette.Muted, palette.Faint}, palette.Colors...) {
		fmt.Fprintf(&css, "%s.f-%s{fill:%s}%s.s-%s{stroke:%s}\n", prefix, c.Class(), c.Dark, prefix, c.Class(), c.Dark)
	}
	css.WriteString("}\n")
	return css.String()
}

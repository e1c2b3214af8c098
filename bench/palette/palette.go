// Package palette gives each model a look that is the same in every figure: a
// colour, on light and on dark paper, and the shape of its marker; and its place in
// every list.
//
// The colours are those of Okabe and Ito (Color Universal Design, 2008), which
// people with any of the common kinds of colour blindness tell apart, and two that
// Paul Tol chose for the same end; no figure leans on colour alone, so the shape
// differs too.
package palette

import (
	"cmp"
	"slices"
	"strconv"
)

// A Look is how a model is drawn.
type Look struct {
	Color  Color
	Marker Marker
}

// A Color is a colour as #RRGGBB, on light paper and on dark.
type Color struct {
	Light, Dark string
	// Pale says that the colour stands out too little from light paper for a thin
	// line: draw it with an edge in Ink.
	Pale bool
}

// The colours of a page, and of a figure beside those of the models. Text in Ink or
// Muted on Paper has a contrast of at least 4.5 (WCAG 2.2, level AA).
var (
	Paper = Color{Light: "#FFFFFF", Dark: "#14171C"}
	Ink   = Color{Light: "#1B1F24", Dark: "#E9ECF0"}
	Muted = Color{Light: "#57606A", Dark: "#A6AEB9"} // axes, notes, ideals
	Faint = Color{Light: "#E3E7EC", Dark: "#2A3038"} // grids and bands
)

var (
	black      = Color{Light: "#000000", Dark: "#F2F4F7"}
	orange     = Color{Light: "#E69F00", Dark: "#E69F00"}
	vermillion = Color{Light: "#D55E00", Dark: "#D55E00"}
	blue       = Color{Light: "#0072B2", Dark: "#2E8FD0"}
	sky        = Color{Light: "#56B4E9", Dark: "#7CC8F5"}
	green      = Color{Light: "#009E73", Dark: "#009E73"}
	purple     = Color{Light: "#CC79A7", Dark: "#CC79A7"}
	yellow     = Color{Light: "#F0E442", Dark: "#F0E442", Pale: true}
	grey       = Color{Light: "#5A5F66", Dark: "#B9BEC6"}
	olive      = Color{Light: "#8A8A1F", Dark: "#A8A838"}
	indigo     = Color{Light: "#332288", Dark: "#A08CF0"}
)

// Colors are all colours that models are given.
var Colors = []Color{black, orange, vermillion, blue, sky, green, purple, yellow, grey, olive, indigo}

// A Marker is the shape of a point.
type Marker int

const (
	Circle Marker = iota
	Square
	Triangle
	Diamond
	Down // a triangle on its tip
	Pentagon
	Star
	Hexagon
	Bow       // two triangles, tip to tip, side by side
	Hourglass // the same, one above the other
	Plate     // a square, wider than high
	Pillar    // a square, higher than wide
	Markers   = iota
)

// known are the models of this module, and what BenchmarkDispatch puts beside them:
// those have the colour of the model that is built from them or replaces them.
var known = map[string]Look{
	"sequential":       {black, Circle},
	"goroutines":       {orange, Triangle},
	"goroutines-limit": {vermillion, Square},
	"pool":             {blue, Diamond},
	"pool-counter":     {sky, Down},
	"pool-steal":       {green, Star},
	"pipeline":         {purple, Hexagon},
	"eventloop":        {yellow, Pentagon},
	"queue":            {grey, Bow},

	"eventloop-limit":     {olive, Hourglass},
	"eventloop-to-thread": {indigo, Pillar},

	"plain-loop":  {black, Plate},
	"bare-go":     {orange, Hourglass},
	"errgroup":    {vermillion, Pillar},
	"one-counter": {sky, Plate},
}

// course are the models of this module in the order in which the course tells of them.
var course = []string{"sequential", "goroutines", "goroutines-limit", "pool", "pool-counter", "pool-steal", "pipeline", "eventloop", "eventloop-limit", "eventloop-to-thread", "queue"}

// Rank is a model's place in the order in which the course tells of this module's
// models; it is the same for all others, which come after them.
func Rank(model string) int {
	if i := slices.Index(course, model); i >= 0 {
		return i
	}
	return len(course)
}

// Compare puts models in the order of Rank, and the others in that of their names.
func Compare(a, b string) int { return cmp.Or(cmp.Compare(Rank(a), Rank(b)), cmp.Compare(a, b)) }

// Of is the look of one of this module's models; ok says whether it is known.
func Of(model string) (look Look, ok bool) {
	look, ok = known[model]
	return look, ok
}

// All gives every model a look: those that Of knows have theirs, the others one
// each by their order, first those that no model among these has. It is the same
// for the same list.
func All(models []string) map[string]Look {
	looks := map[string]Look{}
	taken := map[Look]bool{}
	for _, m := range models {
		if look, ok := Of(m); ok {
			looks[m] = look
			taken[look] = true
		}
	}
	next := 0
	for _, m := range models {
		if _, ok := looks[m]; ok {
			continue
		}
		// Every pair comes once: in each round of the colours, each has another shape.
		look := Look{}
		for range len(Colors) * Markers {
			color := (next + 1) % len(Colors)
			look = Look{Colors[color], Marker((next/len(Colors) + 5*color + 1) % Markers)}
			next++
			if !taken[look] {
				break
			}
		}
		looks[m] = look
		taken[look] = true
	}
	return looks
}

// Class is a name for the colour in a style sheet, such as c3; it is "" for a
// colour that is not of this package.
func (c Color) Class() string {
	switch c {
	case Paper:
		return "paper"
	case Ink:
		return "ink"
	case Muted:
		return "muted"
	case Faint:
		return "faint"
	}
	if i := slices.Index(Colors, c); i >= 0 {
		return "c" + strconv.Itoa(i)
	}
	return ""
}

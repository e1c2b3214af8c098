package timeline

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/palette"
)

// A Drawing says how to draw a timeline; the zero value is good.
type Drawing struct {
	// Prefix begins every id in the picture, and is the picture's own id. In a page
	// with several pictures each needs its own: letters, digits, - and _, a letter
	// first. Empty stands for "timeline".
	Prefix string
	// Color is the bars' colour; the zero value stands for the one that
	// bench/palette gives the timeline's Model.
	Color palette.Color
	// Span is how long the time axis is at least, so that several pictures can have
	// the same.
	Span time.Duration
}

// The picture is 640 wide in its own units and as wide as its place on the page.
// On a phone it is drawn at half that, and its letters are half as big again to
// make up for it: texts are laid out for the bigger ones.
const (
	width  = 640
	margin = 14
	plot   = width - 2*margin

	lanesHeight  = 288 // at most
	lanePitch    = 14  // at most
	maxLanes     = lanesHeight / 3
	flightHeight = 56

	titleLetters = 46 // that fit a line
	textLetters  = 56
	smallLetters = 60
)

// All x and y are in tenths of a unit, and whole: the same picture on every
// machine, down to the byte.
const (
	tenth = 10

	narrow = 15  // a bar below that is drawn together with others
	cell   = 60  // what such bars are gathered in
	sliver = 6   // the least width of a bar
	gap    = 8   // before a bar, so that two are told apart
	steps  = 800 // that the curve of jobs in flight is drawn with exactly

	maxTips = 400 // jobs that tell their name when pointed at
)

var (
	prefixes = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	colors   = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

// Draw writes the timeline as an SVG picture: the same bytes for the same
// timeline. It fits an HTML page as it is, or stands as a file of its own.
//
// What does not fit is left out or drawn together, with a note in the picture: of
// many lanes, some; of bars thinner than a line, what share of their time was
// waiting and working. So the picture has a size of at most a few megabytes,
// whatever the number of jobs.
//
// It follows the reader's light or dark setting; a page that has a switch of its
// own sets data-theme to light or dark on its root element. It returns an error
// for a Prefix or Color that is none, for a timeline that fails [Timeline.Check],
// and if w fails.
func Draw(w io.Writer, t Timeline, d Drawing) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	if d.Prefix == "" {
		d.Prefix = "timeline"
	}
	if !prefixes.MatchString(d.Prefix) {
		return fmt.Errorf("timeline: the prefix is %q, want letters, digits, - and _, a letter first", d.Prefix)
	}
	if d.Color == (palette.Color{}) {
		look, ok := palette.Of(t.Model)
		if !ok {
			look, _ = palette.Of("pool")
		}
		d.Color = look.Color
	}
	for _, color := range []string{d.Color.Light, d.Color.Dark} {
		if !colors.MatchString(color) {
			return fmt.Errorf("timeline: %q is no colour, such as #0072B2", color)
		}
	}
	if d.Span < 0 || d.Span > MaxTime {
		return fmt.Errorf("timeline: the span is %v, want 0 to %v", d.Span, MaxTime)
	}
	p := picture{t: t, d: d}
	_, err := io.WriteString(w, p.draw())
	return err
}

// A picture is being drawn, from the top to the bottom.
type picture struct {
	t Timeline
	d Drawing

	svg   strings.Builder // all but the head, which must know how high the picture is
	y     int             // what is above is done; in units
	span  Span            // what the plot shows
	pitch int             // from lane to lane, in tenths
	notes []string
}

func (p *picture) draw() string {
	p.span = p.t.span()
	p.span.End = max(p.span.End, p.span.Begin+p.d.Span, p.span.Begin+1)

	p.y = margin - 4
	p.lines("title", p.title(), titleLetters, 23)
	facts := facts(p.t)
	for _, fact := range facts {
		p.lines("", fact, textLetters, 21)
	}
	lanes, n := p.t.Lanes()
	p.pitch = lanePitch * tenth
	if n > 0 {
		p.pitch = min(p.pitch, lanesHeight*tenth/min(n, maxLanes))
	}
	p.legend()
	above, top := p.svg.String(), p.y+30
	p.svg.Reset()
	p.lanes(lanes, n)
	p.inFlight()
	within := p.svg.String()
	p.svg.Reset()
	p.svg.WriteString(above)
	p.axis(top) // under the jobs, whose height it must know
	p.svg.WriteString(within)
	for _, note := range p.notes {
		p.lines("small", note, smallLetters, 19)
	}
	p.lines("small", p.t.Caption, smallLetters, 19)
	return p.head() + p.svg.String() + "</svg>\n"
}

func (p *picture) title() string {
	if p.t.Title == "" {
		return "Timeline"
	}
	return p.t.Title
}

// head is all that is not seen: size, description, style.
func (p *picture) head() string {
	id, height := p.d.Prefix, p.y+margin-4
	description := p.t.Text() + " Each job is a bar along the time, hatched where it waited, solid where it worked; below is how many jobs were in flight."
	var head strings.Builder
	fmt.Fprintf(&head, `<svg xmlns="http://www.w3.org/2000/svg" id="%s" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-title %s-desc">
<title id="%s-title">%s</title>
<desc id="%s-desc">%s</desc>
`, id, width, height, id, id, id, escape(p.title()), id, escape(description))

	style := strings.NewReplacer(
		"$light", variables(alarmLight, p.d.Color, func(c palette.Color) string { return c.Light }),
		"$dark", variables(alarmDark, p.d.Color, func(c palette.Color) string { return c.Dark }),
		"$", "#"+id,
	).Replace(`
$ {$light;display:block;width:100%;max-width:60rem;height:auto;background:var(--paper);font-family:system-ui,sans-serif;font-size:13px}
@media (prefers-color-scheme:dark) {$ {$dark}}
:root[data-theme=light] $ {$light}
:root[data-theme=dark] $ {$dark}
$ text {fill:var(--ink)}
$ .title {font-size:16px;font-weight:600}
$ .small {font-size:12px;fill:var(--muted)}
@media (max-width:520px) {$ {font-size:19px} $ .title {font-size:21px} $ .small {font-size:18px}}
$ .paper {fill:var(--paper)}
$ .grid {stroke:var(--faint)}
$ .base {stroke:var(--muted)}
$ .hatch {stroke:var(--bar)}
$ .wait {stroke:var(--edge)}
$ .work {fill:var(--bar);stroke:var(--edge)}
$ .queue {stroke:var(--edge)}
$ .flight {fill:var(--bar);stroke:var(--edge)}
$ .halo {stroke:var(--paper);fill:var(--paper)}
$ .mark {stroke:var(--ink)}
$ .alarm {stroke:var(--alarm)}
`)
	fmt.Fprintf(&head, `<style>%s</style>
<defs><pattern id="%s-hatch" width="3.2" height="3.2" patternUnits="userSpaceOnUse" patternTransform="rotate(45)%s"><path class="hatch" stroke="%s" stroke-width="1.3" d="M.8 0v3.2"/></pattern></defs>
<rect class="paper" fill="%s" width="%d" height="%d"/>
`, style, id, p.fine(), p.d.Color.Light, palette.Paper.Light, width, height)
	return head.String()
}

// Errors are vermillion, a shade of it that stands out from either paper.
const alarmLight, alarmDark = "#B34A00", "#FF8A3D"

// variables are the style sheet's, for light or dark paper. The edge of a colour
// that is lost on paper is ink.
func variables(alarm string, bar palette.Color, on func(palette.Color) string) string {
	edge := bar
	if bar.Pale {
		edge = palette.Ink
	}
	return fmt.Sprintf("--paper:%s;--ink:%s;--muted:%s;--faint:%s;--alarm:%s;--bar:%s;--edge:%s",
		on(palette.Paper), on(palette.Ink), on(palette.Muted), on(palette.Faint), alarm, on(bar), on(edge))
}

// edge is the bars' edge for programs that know no style sheets.
func (p *picture) edge() string {
	if p.d.Color.Pale {
		return palette.Ink.Light
	}
	return p.d.Color.Light
}

// outline is how thick the bars' edge is.
func (p *picture) outline() string {
	if p.fine() != "" {
		return ".2"
	}
	return ".6"
}

// fine makes the hatching finer for thin lanes, of which it would be the pattern
// and not the filling.
func (p *picture) fine() string {
	if p.pitch < lanePitch*tenth/2 {
		return " scale(.5)"
	}
	return ""
}

// text writes one line of text whose foot is at y.
func (p *picture) text(class, anchor string, x, y int, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	if anchor != "" {
		anchor = ` text-anchor="` + anchor + `"`
	}
	fmt.Fprintf(&p.svg, `<text%s%s x="%d" y="%d">%s</text>`+"\n", class, anchor, x, y, escape(text))
}

// lines writes text in as many lines as it takes, up to four.
func (p *picture) lines(class, text string, letters, height int) {
	for _, line := range wrap(text, letters, 4) {
		p.y += height
		p.text(class, "", margin, p.y-5, line)
	}
}

// legend explains what the picture has, and no more.
func (p *picture) legend() {
	const columns, row = 3, 24
	at := 0
	item := func(sample, text string) {
		x, y := margin+at%columns*(plot/columns), p.y+6+at/columns*row
		fmt.Fprintf(&p.svg, `<g transform="translate(%d %d)">`, x, y)
		p.svg.WriteString(sample)
		p.svg.WriteString("</g>\n")
		p.text("", "", x+30, y+12, text)
		at++
	}
	item(p.wait("M0 2h24v11h-24z"), "waits (Fetch)")
	item(p.work("M0 2h24v11h-24z"), "works (Process)")
	for _, j := range p.t.Jobs {
		if j.Processed && p.x(j.Process.Begin)-p.x(j.Fetch.End) >= sliver {
			item(p.queue("M0 7.5h24"), "between the two")
			break
		}
	}
	for _, o := range marked {
		if n := p.t.Count(o); n > 0 {
			item(p.mark(o, mark(o, 120, 75, 45)), fmt.Sprintf("%s: %d", o, n))
		}
	}
	p.y += 6 + (at+columns-1)/columns*row
}

// lanes draws the jobs.
func (p *picture) lanes(lanes []int, n int) {
	shown := min(n, maxLanes)
	head := "lanes: " + strconv.Itoa(n)
	if shown < n {
		head += fmt.Sprintf(" (%d of them shown)", shown)
		p.notes = append(p.notes, fmt.Sprintf("There are too many lanes to be seen: %d of %d are drawn, evenly picked. The counts are of all jobs.", shown, n))
	}
	p.y += 22
	p.text("small", "", margin, p.y-2, head)
	p.y += 8

	rows := make([][]Job, shown)
	row := make([]int, n) // of a lane; -1 if it is not drawn
	for i := range row {
		row[i] = -1
	}
	for i := range rows {
		row[i*n/shown] = i
	}
	for i, j := range p.t.Jobs {
		if r := row[lanes[i]]; r >= 0 {
			rows[r] = append(rows[r], j)
		}
	}
	drawn := 0
	for _, jobs := range rows {
		drawn += len(jobs)
	}

	l := laneDrawer{p: p, height: p.pitch * 4 / 5, tips: drawn <= maxTips}
	for i, jobs := range rows {
		l.y = p.y*tenth + i*p.pitch + p.pitch/10
		l.row(jobs)
	}
	if !l.tips {
		p.svg.WriteString(l.bars.svg(p) + "\n")
	}
	for _, o := range marked {
		p.svg.WriteString(p.mark(o, l.marks[o].String()))
	}
	if l.merged {
		p.notes = append(p.notes, "Jobs too short to be seen are drawn together, in blocks: the solid part is the share of working, the hatched part that of waiting.")
	}
	if l.shared {
		p.notes = append(p.notes, "Marks would cover each other: one may stand for several jobs.")
	}
	if p.t.Missed > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d more jobs ran when the recorder was full; they are not in the picture, nor in its counts.", p.t.Missed))
	}
	p.y += (shown*p.pitch + tenth - 1) / tenth
}

// inFlight draws how many jobs there were at each moment.
func (p *picture) inFlight() {
	levels := p.t.InFlight()
	peak := 1
	for _, l := range levels {
		peak = max(peak, l.N)
	}
	p.y += 26
	p.text("small", "", margin, p.y-2, fmt.Sprintf("jobs in flight: %d at the peak", p.t.Peak()))
	p.y += 6
	top, foot := p.y*tenth, (p.y+flightHeight)*tenth
	p.y += flightHeight

	type point struct{ x, n int }
	points := make([]point, 0, len(levels))
	for _, l := range levels {
		points = append(points, point{p.x(l.At), l.N})
	}
	if len(points) > steps {
		// A column of one unit is as high as the curve is anywhere in it.
		columns := make([]point, plot)
		for i := range columns {
			columns[i].x = (margin + i) * tenth
		}
		for i, from := range points {
			to := points[min(i+1, len(points)-1)]
			for x := from.x/tenth - margin; x <= to.x/tenth-margin && x < plot; x++ {
				columns[x].n = max(columns[x].n, from.n)
			}
		}
		points = append(columns, point{(margin + plot) * tenth, 0})
	}
	if len(points) == 0 {
		return
	}
	var path strings.Builder
	path.WriteString("M")
	number(&path, points[0].x)
	path.WriteByte(' ')
	number(&path, foot)
	for _, at := range points {
		path.WriteByte('H')
		number(&path, at.x)
		path.WriteByte('V')
		number(&path, foot-at.n*(foot-top)/peak)
	}
	path.WriteByte('V')
	number(&path, foot)
	path.WriteByte('z')
	fmt.Fprintf(&p.svg, `<path class="flight" fill="%s" fill-opacity=".3" stroke="%s" d="%s"/>`+"\n", p.d.Color.Light, p.edge(), path.String())
}

// axis draws the time under the plot, and through it from top on.
func (p *picture) axis(top int) {
	foot := p.y
	p.y += 22
	length := p.span.Length()
	for _, tick := range ticks(length) {
		x := p.x(p.span.Begin + tick)
		at := strconv.FormatFloat(float64(x)/tenth, 'f', -1, 64)
		fmt.Fprintf(&p.svg, `<path class="grid" stroke="%s" stroke-width=".8" d="M%s %dV%d"/>`+"\n", palette.Faint.Light, at, top, foot+5)
		anchor := "middle"
		switch {
		case x < (margin+30)*tenth:
			anchor, x = "start", margin*tenth
		case x > (margin+plot-30)*tenth:
			anchor, x = "end", (margin+plot)*tenth
		}
		p.text("small", anchor, (x+tenth/2)/tenth, p.y, tickLabel(tick))
	}
	fmt.Fprintf(&p.svg, `<path class="base" stroke="%s" d="M%d %dh%d"/>`+"\n", palette.Muted.Light, margin, foot, plot)
	p.y += 12
}

// x is where a moment lies, in tenths.
func (p *picture) x(at time.Duration) int {
	return margin*tenth + scale(at-p.span.Begin, p.span.Length(), plot*tenth)
}

// scale is size*part/whole, for 0 <= part <= whole and whole > 0, with no rounding
// on the way and no overflow.
func scale(part, whole time.Duration, size int) int {
	hi, lo := bits.Mul64(uint64(part), uint64(size))
	if hi >= uint64(whole) { // part is beyond the whole
		return size
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int(min(quotient, uint64(size)))
}

// These draw a path as what it stands for. The attributes are for programs that
// know no style sheets.

func (p *picture) wait(path string) string {
	if path == "" {
		return ""
	}
	return fmt.Sprintf(`<path class="wait" fill="url(#%s-hatch)" stroke="%s" stroke-width="%s" d="%s"/>`, p.d.Prefix, p.edge(), p.outline(), path)
}

func (p *picture) work(path string) string {
	if path == "" {
		return ""
	}
	return fmt.Sprintf(`<path class="work" fill="%s" stroke="%s" stroke-width="%s" d="%s"/>`, p.d.Color.Light, p.edge(), p.outline(), path)
}

func (p *picture) queue(path string) string {
	if path == "" {
		return ""
	}
	return fmt.Sprintf(`<path class="queue" fill="none" stroke="%s" d="%s"/>`, p.edge(), path)
}

func (p *picture) mark(o Outcome, path string) string {
	if path == "" {
		return ""
	}
	class, color := "mark", palette.Ink.Light
	if o == Failed || o == Panicked {
		class, color = "alarm", alarmLight
	}
	return fmt.Sprintf(`<path class="halo" stroke="%s" fill="none" stroke-width="4.5" pointer-events="none" d="%s"/><path class="%s" stroke="%s" fill="none" stroke-width="2" pointer-events="none" d="%s"/>`+"\n", palette.Paper.Light, path, class, color, path)
}

// marked are the outcomes that have a mark.
var marked = []Outcome{Failed, Panicked, Cancelled, Running}

// mark is the path of an outcome's mark around x and y, of so much to each side.
func mark(o Outcome, x, y, size int) string {
	var b strings.Builder
	move := func(verb byte, dx, dy int) {
		b.WriteByte(verb)
		number(&b, x+dx)
		b.WriteByte(' ')
		number(&b, y+dy)
	}
	switch o {
	case Failed: // a cross
		move('M', -size, -size)
		move('L', size, size)
		move('M', -size, size)
		move('L', size, -size)
	case Panicked: // a triangle
		move('M', 0, -size)
		move('L', size, size)
		move('L', -size, size)
		b.WriteByte('z')
	case Cancelled: // a diamond
		move('M', 0, -size)
		move('L', size, 0)
		move('L', 0, size)
		move('L', -size, 0)
		b.WriteByte('z')
	case Running: // an arrow that goes on
		move('M', -size/2, -size)
		move('L', size/2, 0)
		move('L', -size/2, size)
	}
	return b.String()
}

// number writes tenths as a number.
func number(b *strings.Builder, tenths int) {
	b.WriteString(strconv.Itoa(tenths / tenth))
	if r := tenths % tenth; r != 0 {
		b.WriteByte('.')
		b.WriteByte(byte('0' + r))
	}
}

// escape makes text fit for XML: letters that XML does not have become U+FFFD.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

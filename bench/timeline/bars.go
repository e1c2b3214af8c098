package timeline

import (
	"fmt"
	"strings"
	"time"

	"example.com/overlap/internal/spell"
)

// bars are paths, one for each part of a job.
type bars struct{ wait, work, queue strings.Builder }

func (b *bars) svg(p *picture) string {
	return p.wait(b.wait.String()) + p.work(b.work.String()) + p.queue(b.queue.String())
}

// rect adds a rectangle to a path; all in tenths. Nothing is too thin to be seen
// but what is not there.
func rect(b *strings.Builder, x, y, width, height int) {
	if width <= 0 || height <= 0 {
		return
	}
	b.WriteByte('M')
	number(b, x)
	b.WriteByte(' ')
	number(b, y)
	b.WriteByte('h')
	number(b, width)
	b.WriteByte('v')
	number(b, height)
	b.WriteString("h-")
	number(b, width)
	b.WriteByte('z')
}

// A laneDrawer draws the jobs of a lane, one lane after another.
type laneDrawer struct {
	p      *picture
	tips   bool // each job is a group of its own, with its name
	y      int  // of the lane, in tenths
	height int  // of its bars

	bars   bars // of all jobs, unless they are groups
	marks  [len(outcomeNames)]strings.Builder
	last   [len(outcomeNames)]int // where the lane's last mark of the kind is
	block  block
	merged bool // a block has more than one job
	shared bool // a mark stands for more than one job
}

// A block gathers jobs that are too short to be seen alone.
type block struct {
	jobs       int
	first      Job
	from, to   time.Duration
	wait, work time.Duration
}

// row draws the jobs of a lane, which do not overlap and are in order.
func (l *laneDrawer) row(jobs []Job) {
	for o := range l.last {
		l.last[o] = -1000
	}
	for _, j := range jobs {
		x := l.p.x(j.Begin())
		if l.p.x(j.End())-x >= narrow {
			l.flush()
			l.job(j)
		} else {
			if l.block.jobs > 0 && x/cell != l.p.x(l.block.from)/cell {
				l.flush()
			}
			l.gather(j)
		}
		l.mark(j)
	}
	l.flush()
}

func (l *laneDrawer) gather(j Job) {
	b := &l.block
	if b.jobs == 0 {
		*b = block{first: j, from: j.Begin()}
	}
	b.jobs++
	b.to = j.End()
	b.wait += j.Fetch.Length()
	b.work += j.Process.Length()
}

func (l *laneDrawer) flush() {
	b := l.block
	l.block = block{}
	switch b.jobs {
	case 0:
		return
	case 1:
		l.job(b.first)
		return
	}
	l.merged = true
	x := l.p.x(b.from)
	width := max(l.p.x(b.to)-x, sliver)
	whole := max(b.to-b.from, 1)
	work := scale(b.work, whole, l.height)
	wait := scale(b.wait, whole, l.height)
	var out bars
	rect(&out.work, x, l.y+l.height-work, width, work)
	rect(&out.wait, x, l.y+l.height-work-wait, width, wait)
	if work+wait == 0 { // all in one moment
		rect(&out.work, x, l.y, width, l.height)
	}
	l.add(&out, func() string {
		return fmt.Sprintf("%d jobs: waited %s, worked %s", b.jobs, spell.Duration(b.wait), spell.Duration(b.work))
	})
}

// job draws a job that has a bar of its own.
func (l *laneDrawer) job(j Job) {
	var out bars
	x0, x1 := l.p.x(j.Fetch.Begin), l.p.x(j.Fetch.End)
	end := l.p.x(j.End())
	switch {
	case end-x0 < sliver: // a line: what it did most
		if j.Process.Length() > j.Fetch.Length() {
			rect(&out.work, x0, l.y, sliver, l.height)
		} else {
			rect(&out.wait, x0, l.y, sliver, l.height)
		}
	default:
		from := x0
		if end-x0 > 4*gap && x1-x0 > gap {
			from += gap
		}
		rect(&out.wait, from, l.y, x1-from, l.height)
		if j.Processed {
			x2, x3 := l.p.x(j.Process.Begin), l.p.x(j.Process.End)
			if x2 > x1 {
				middle := l.y + l.height/2
				out.queue.WriteByte('M')
				number(&out.queue, x1)
				out.queue.WriteByte(' ')
				number(&out.queue, middle)
				out.queue.WriteByte('H')
				number(&out.queue, x2)
			}
			if x1 == x0 && x2 == x0 && x3-x2 > 4*gap { // no bar before it that has the gap
				x2 += gap
			}
			rect(&out.work, x2, l.y, x3-x2, l.height)
		}
	}
	l.add(&out, func() string { return tip(j) })
}

func (l *laneDrawer) add(b *bars, tip func() string) {
	if l.tips {
		fmt.Fprintf(&l.p.svg, "<g><title>%s</title>%s</g>\n", escape(tip()), b.svg(l.p))
		return
	}
	l.bars.wait.WriteString(b.wait.String())
	l.bars.work.WriteString(b.work.String())
	l.bars.queue.WriteString(b.queue.String())
}

// tip is what a job says when it is pointed at.
func tip(j Job) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: waited %s", j.Label, spell.Duration(j.Fetch.Length()))
	if j.Processed {
		if between := j.Process.Begin - j.Fetch.End; between > 0 {
			fmt.Fprintf(&b, ", lay %s", spell.Duration(between))
		}
		fmt.Fprintf(&b, ", worked %s", spell.Duration(j.Process.Length()))
	}
	fmt.Fprintf(&b, ", %s", j.Outcome)
	return b.String()
}

// mark marks the end of a job that did not end well, unless there is such a mark
// already.
func (l *laneDrawer) mark(j Job) {
	if j.Outcome == Done {
		return
	}
	size := min(max(l.height/2, 25), 45)
	x := min(l.p.x(j.End()), (margin+plot)*tenth-size)
	if x-l.last[j.Outcome] < 2*size {
		l.shared = true
		return
	}
	l.last[j.Outcome] = x
	l.marks[j.Outcome].WriteString(mark(j.Outcome, x, l.y+l.height/2, size))
}

package weave

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"example.com/overlap/bench/report"
	"example.com/overlap/bench/timeline"
)

// A figure is a picture that pages show.
type figure struct {
	data []byte
	how  string  // it is drawn, to know the same one again
	by   Problem // the place that shows it first, without a text
}

// draw keeps a figure to be written or compared, and returns what shows it on a page.
func (c *Course) draw(p *page, name, how, alt, machine string, data []byte) (string, error) {
	file := figuresDir + "/" + name + ".svg"
	switch other, there := c.figures[file]; {
	case !there:
		c.figures[file] = figure{data, how, Problem{File: p.name, Line: c.line}}
	case other.how != how:
		return "", fmt.Errorf("%s:%d shows the same figure, drawn as %q", other.by.File, other.by.Line, other.how)
	}
	return fmt.Sprintf("![%s](%s)\n", plain(alt), p.link(file)) + stamp(machine, false), nil
}

func (c *Course) fillTimeline(p *page, args []string) (string, error) {
	if !runName.MatchString(args[0]) {
		return "", fmt.Errorf("%q is no name for a run", args[0])
	}
	var span time.Duration
	if len(args) > 1 {
		var err error
		if span, err = time.ParseDuration(args[1]); err != nil || span <= 0 {
			return "", fmt.Errorf("the span is %q, want a time such as 1s", args[1])
		}
	}
	name := runsDir + "/" + args[0] + ".json"
	r, err := c.run(args[0])
	var unrecorded error
	machine := ""
	if err == nil {
		found, err := c.recorded(r)
		if _, none := errors.AsType[notRecorded](err); none && r.timelineFile() != "" {
			unrecorded = err
		} else if err == nil {
			machine = found.machine // in the words that stand below its output
		}
	}
	data, err := readFile(c.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		if unrecorded != nil {
			return "", unrecorded
		}
		return "", fmt.Errorf("%s is not recorded yet: overlap docs -record %s, with -timeline %s.json in its command", name, args[0], args[0])
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, reason(err))
	}
	t, err := timeline.Read(name, bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	var svg bytes.Buffer
	if err := timeline.Draw(&svg, t, timeline.Drawing{Span: span}); err != nil {
		return "", err
	}
	alt := "Timeline. " + t.Text()
	if t.Title != "" {
		alt = "Timeline of " + strings.TrimSuffix(t.Title, ".") + ". " + t.Text()
	}
	if machine = cmp.Or(machine, t.Caption); machine == "" {
		machine = "The recording does not name its machine"
	}
	text, err := c.draw(p, args[0], strings.Join(append([]string{"timeline"}, args...), " "), alt, machine, svg.Bytes())
	if unrecorded != nil { // the place stays as it is until there is a text that names the machine
		return "", unrecorded
	}
	return text, err
}

func (c *Course) fillChart(p *page, args []string) (string, error) {
	all, err := c.references()
	if err != nil {
		return "", err
	}
	if len(args) > 1 {
		r, err := c.reference(args[1])
		if err != nil {
			return "", err
		}
		all = []*reference{r}
	}
	var ids []string
	for _, r := range all {
		charts, err := r.charts()
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(charts, func(chart *report.Chart) bool { return chart.ID == args[0] })
		if i < 0 {
			for _, chart := range charts {
				ids = append(ids, chart.ID)
			}
			continue
		}
		svg, err := charts[i].SVG()
		if err != nil {
			return "", err
		}
		return c.draw(p, args[0], "chart "+args[0]+" of "+r.file, charts[i].Alt, r.machine(), svg)
	}
	return "", fmt.Errorf("there is no chart %s; there are: %s", args[0], strings.Join(ids, " "))
}

// writeFigures writes the figures that have changed, and returns their names.
func (c *Course) writeFigures() ([]string, error) {
	var changed []string
	for _, name := range c.drawn() {
		have, err := readFile(c.file(name))
		if err == nil && bytes.Equal(normalEnds(have), c.figures[name].data) {
			continue
		}
		if err := replaceFile(c.file(name), c.figures[name].data); err != nil {
			return changed, err
		}
		changed = append(changed, name)
	}
	return changed, nil
}

func (c *Course) drawn() []string {
	var names []string
	for name := range c.figures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func normalEnds(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// checkFigures compares the figures that pages show with those that there are; if all
// pages have been looked at, it finds those that none shows.
func (c *Course) checkFigures(all bool) []Problem {
	var problems []Problem
	for _, name := range c.drawn() {
		f := c.figures[name]
		have, err := readFile(c.file(name))
		problem := f.by
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problem.Text = name + " is not drawn yet: make docs"
		case err != nil:
			problem.Text = err.Error()
		case !bytes.Equal(normalEnds(have), f.data):
			problem.Text = name + " has drifted: make docs"
		default:
			continue
		}
		problems = append(problems, problem)
	}
	if !all {
		return problems
	}
	entries, err := os.ReadDir(c.file(figuresDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, Problem{figuresDir, 0, err.Error()})
	}
	for _, e := range entries {
		if name := path.Join(figuresDir, e.Name()); c.figures[name].data == nil {
			problems = append(problems, Problem{name, 0, "no page shows it: remove it"})
		}
	}
	return problems
}

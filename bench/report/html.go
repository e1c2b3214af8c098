package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"example.com/overlap/bench/palette"
)

//go:embed page.html
var pageText string

//go:embed style.css
var styleText string

var page = template.Must(template.New("page").Parse(pageText))

type pageData struct {
	Mark     template.HTML
	Style    template.CSS
	Title    string
	Machine  string
	Files    []string
	Warnings []string
	Note     string // about charts
	Words    []Section
	Sections []pageSection
	Numbers  []pageNumbers
	Config   [][2]string
	Results  bool // whether there are any
}

type pageSection struct {
	ID, Title string
	Charts    []pageChart
}

type pageChart struct {
	ID, Title, Alt string
	SVG            template.HTML
	Notes, Proven  []string
	Machine        string
	Numbers        string // the anchor
	Wide           bool
	Table          Table
}

type pageNumbers struct {
	ID, Title string
	Groups    []pageGroup
}

type pageGroup struct {
	ID, Title string
	Proven    []string
	Table     Table
}

func (n numbers) forPage() pageGroup { return pageGroup{n.id, n.title, n.proven, n.table} }

// Head says whether a column is one of names.
func (t Table) Head(i int) bool { return i < t.Left }

// HTML writes the report as one page that needs no other file and no script.
func (r *Report) HTML(w io.Writer) error {
	data := pageData{
		Mark: template.HTML(mark), Style: template.CSS(pageStyle()), Title: r.Title,
		Machine: r.machine, Files: r.files, Warnings: r.warnings, Note: r.leftNote(),
		Words: r.sections, Results: len(r.set.Groups) > 0,
	}
	ids := &plan{ids: map[string]bool{}}
	for _, c := range r.Charts {
		svg, err := c.inline()
		if err != nil {
			return err
		}
		if n := len(data.Sections); n == 0 || data.Sections[n-1].Title != clean(c.benchmark, 100) {
			data.Sections = append(data.Sections, pageSection{ID: ids.unique("section " + c.benchmark), Title: clean(c.benchmark, 100)})
		}
		s := &data.Sections[len(data.Sections)-1]
		s.Charts = append(s.Charts, pageChart{
			ID: "chart-" + c.ID, Title: c.Title, Alt: c.Alt, SVG: template.HTML(svg), Notes: c.notes, Proven: c.proven, Machine: c.machine,
			Numbers: c.numbers, Wide: c.figure == nil, Table: c.Table,
		})
	}
	for _, n := range r.numbers {
		if at := len(data.Numbers); at == 0 || data.Numbers[at-1].Title != clean(n.benchmark, 100) {
			data.Numbers = append(data.Numbers, pageNumbers{ID: ids.unique("all " + n.benchmark), Title: clean(n.benchmark, 100)})
		}
		last := &data.Numbers[len(data.Numbers)-1]
		last.Groups = append(last.Groups, n.forPage())
	}
	for _, c := range r.set.Config {
		values := c.Values
		if len(values) > 5 {
			values = append(values[:5:5], fmt.Sprintf("and %d more", len(values)-5))
		}
		data.Config = append(data.Config, [2]string{clean(c.Key, 60), clean(strings.Join(values, "; "), 600)})
	}
	return page.Execute(w, data)
}

// pageStyle is the style sheet, with the palette's colours.
func pageStyle() string {
	vars := func(color func(palette.Color) string) string {
		return fmt.Sprintf("--paper:%s;--ink:%s;--muted:%s;--faint:%s;", color(palette.Paper), color(palette.Ink), color(palette.Muted), color(palette.Faint))
	}
	return ":root{" + vars(func(c palette.Color) string { return c.Light }) + "--link:#0550AE}\n" +
		"@media screen and (prefers-color-scheme: dark){:root{" + vars(func(c palette.Color) string { return c.Dark }) + "--link:#79B8FF}}\n" +
		styleText + dark("figure ")
}

func (r *Report) leftNote() string {
	switch {
	case len(r.Charts) == 0:
		return "There is nothing in these results that can be drawn."
	case r.Left > 0:
		return fmt.Sprintf("%d more charts are left out: the numbers are below, and in report.csv.", r.Left)
	}
	return ""
}

package weave

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

const xIdeal = "x-ideal"

// A wanted column of fillRows.
type wanted struct {
	title string
	group *results.Group
	unit  string
}

// fillRows is for runs with many models: a row each, in the order of the first column,
// the best first. Bold is as in fillTable.
func (c *Course) fillRows(_ *page, args []string) (string, error) {
	r, err := c.reference(args[0])
	if err != nil {
		return "", err
	}
	var columns []wanted
	for text := range strings.SplitSeq(strings.Join(args[1:], " "), ";") {
		column, err := r.column(text)
		if err != nil {
			return "", err
		}
		columns = append(columns, column)
	}
	var models []string
	for _, column := range columns {
		models = append(models, r.modelsOf([]*results.Group{column.group})...)
	}
	slices.Sort(models)
	models = slices.Compact(models)
	first := columns[0]
	direction, err := verdict.DirectionOf(first.unit)
	if err != nil {
		return "", err
	}
	worth := func(model string) float64 {
		cell := first.group.Cell(model)
		if cell == nil {
			return math.Inf(1)
		}
		median, ok := cell.Median(first.unit)
		switch {
		case !ok:
			return math.Inf(1)
		case direction == verdict.Higher:
			return -median
		}
		return median
	}
	slices.SortStableFunc(models, func(a, b string) int { return cmp.Compare(worth(a), worth(b)) })

	var b strings.Builder
	b.WriteString("| |")
	for _, column := range columns {
		b.WriteString(" " + column.title + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, model := range models {
		b.WriteString("| " + plain(model) + " |")
		for _, column := range columns {
			text := r.shown(column.group, model, column.unit)
			if column.unit == xIdeal { // the makespan in other words, which is judged as such
				text = strings.ReplaceAll(text, "**", "")
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + stamp("Medians; "+r.machine(), false), nil
}

// column reads TITLE: GROUP [UNIT].
func (r *reference) column(text string) (wanted, error) {
	title, rest, _ := strings.Cut(text, ":")
	title = strings.TrimSpace(title)
	fields := strings.Fields(rest)
	if title == "" || len(fields) < 1 || len(fields) > 2 {
		return wanted{}, fmt.Errorf("%q is no column, want TITLE: GROUP [UNIT]", strings.TrimSpace(text))
	}
	column := wanted{title: title, unit: makespan}
	if len(fields) > 1 {
		column.unit = verdict.Tidy(fields[1])
	}
	for i := range r.set.Groups {
		if g := &r.set.Groups[i]; g.Plain() == fields[0] || g.Name == fields[0] {
			column.group = g
		}
	}
	if column.group == nil {
		return wanted{}, fmt.Errorf("%s has no group %s", r.file, fields[0])
	}
	if !slices.ContainsFunc(column.group.Cells, func(cell results.Cell) bool { return len(cell.Samples[column.unit]) > 0 }) {
		return wanted{}, fmt.Errorf("%s has no %s of %s", r.file, column.unit, fields[0])
	}
	return column, nil
}

// fillVersions is what the benchmarks of bench/peers say of themselves, and of the machine.
func (c *Course) fillVersions(_ *page, args []string) (string, error) {
	r, err := c.reference(args[0])
	if err != nil {
		return "", err
	}
	var all []string
	for _, key := range []string{"libraries", "python", "node", "wrk", "fasthttp"} {
		switch value := r.set.Value(key); {
		case value == "":
		case key == "libraries" || key == "python": // which are named in it
			all = append(all, plain(value))
		default:
			all = append(all, key+" "+plain(value))
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%s says of no version", r.file)
	}
	machine, err := c.fillMachine(nil, args)
	if err != nil {
		return "", err
	}
	return strings.Join(all, "; ") + ".\n\n" + machine, nil
}

// clausesFile is what `go run ./clauses` in bench/peers found: a line for each library,
// clause and form, with fields between tabs, and comments.
const clausesFile = resultsDir + "/peers-clauses.txt"

// A finding is what became of a clause with a library in one form.
type finding struct{ kept, message string }

// findings are what the file says, of the two forms.
type findings struct {
	machine        string
	libraries      []string // in the order of the file, as are the clauses
	clauses        []string
	plain, careful map[[2]string]finding // by library and clause
}

func (c *Course) readClauses() (*findings, error) {
	text, err := readFile(c.file(clausesFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clausesFile, reason(err))
	}
	f := &findings{plain: map[[2]string]finding{}, careful: map[[2]string]finding{}}
	n, head := 0, false
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if n == 2 {
				f.machine = strings.TrimSpace(comment)
			}
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 6 {
			return nil, fmt.Errorf("%s:%d: %d fields between tabs, want 6", clausesFile, n, len(fields))
		}
		if !head { // the names of the columns
			head = true
			continue
		}
		forms := map[string]map[[2]string]finding{"plain": f.plain, "careful": f.careful}
		form, ok := forms[fields[2]]
		if !ok {
			return nil, fmt.Errorf("%s:%d: %q is no form, want plain or careful", clausesFile, n, fields[2])
		}
		form[[2]string{fields[0], fields[1]}] = finding{fields[3], fields[5]}
		if !slices.Contains(f.libraries, fields[0]) {
			f.libraries = append(f.libraries, fields[0])
		}
		if !slices.Contains(f.clauses, fields[1]) {
			f.clauses = append(f.clauses, fields[1])
		}
	}
	if len(f.libraries) == 0 {
		return nil, fmt.Errorf("%s has no line", clausesFile)
	}
	return f, nil
}

// What a table says of a clause, by what became of it with plain functions and with Job.Do.
const (
	isKept   = "kept"
	isYours  = "*yours*" // to keep: Job.Do does
	isButFor = "kept¹"   // but for jobs that panic or exit
	isLost   = "**no**"
	isOpen   = "–" // nothing is promised of it
)

func stateOf(plain, careful finding) (string, error) {
	switch {
	case plain.kept == "kept" && careful.kept == "kept":
		return isKept, nil
	case plain.kept == "none" && careful.kept == "none":
		return isOpen, nil
	case careful.kept == "kept":
		return isYours, nil
	case careful.kept == "but-3":
		return isButFor, nil
	case careful.kept == "broken":
		return isLost, nil
	}
	return "", fmt.Errorf("%q in the plain form and %q in the careful one: want kept, but-3, broken or none", plain.kept, careful.kept)
}

// fillClauses has a row a library and a column a clause, and below what conform said first
// of each that is not kept: once for all libraries of which it said the same.
func (c *Course) fillClauses(*page, []string) (string, error) {
	f, err := c.readClauses()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| | " + strings.Join(f.clauses, " | ") + " |\n| --- |" + strings.Repeat(" :---: |", len(f.clauses)) + "\n")
	type why struct{ clause, state, message string }
	var said []why
	libraries := map[why][]string{}
	for _, library := range f.libraries {
		b.WriteString("| " + plain(library) + " |")
		for _, clause := range f.clauses {
			at := [2]string{library, clause}
			careful := f.careful[at]
			state, err := stateOf(f.plain[at], careful)
			if err != nil {
				return "", fmt.Errorf("%s: %s, clause %s: %w", clausesFile, library, clause, err)
			}
			b.WriteString(" " + state + " |")
			w := why{clause, state, careful.message}
			if state == isYours {
				w.message = f.plain[at].message
			}
			if w.message == "" {
				continue
			}
			if libraries[w] == nil {
				said = append(said, w)
			}
			libraries[w] = append(libraries[w], library)
		}
		b.WriteString("\n")
	}
	slices.SortStableFunc(said, func(x, y why) int {
		return cmp.Or(slices.Index(f.clauses, x.clause)-slices.Index(f.clauses, y.clause), cmp.Compare(y.state, x.state))
	})
	b.WriteString("\n")
	for _, w := range said {
		fmt.Fprintf(&b, "- Clause %s, %s: %s (%s)\n", w.clause, w.state, plain(w.message), plain(strings.Join(libraries[w], ", ")))
	}
	return b.String() + "\n*Found by bench/conform; " + plain(f.machine) + ".*\n", nil
}

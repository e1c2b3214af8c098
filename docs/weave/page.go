package weave

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// A page is a Markdown file, read.
type page struct {
	name     string // from the root, with slashes
	read     []byte // as it was read
	text     []byte // its lines end in \n
	crlf     bool   // in the file they end in \r\n
	doc      ast.Node
	places   []place // in their order
	unclosed []place // without their <!-- end -->
	problems []Problem
}

// A place is what stands between two markers.
type place struct {
	inline     bool // within a sentence
	line       int  // of the first marker
	args       []string
	begin, end int    // what is between the markers
	indent     string // before the markers, as in a list
}

// String is the place as its marker has it.
func (p place) String() string {
	if p.inline {
		return "= " + strings.Join(p.args, " ")
	}
	return "gen: " + strings.Join(p.args, " ")
}

var (
	genMarker    = regexp.MustCompile(`(?s)^<!--\s*gen:(.*?)-->$`)
	endMarker    = regexp.MustCompile(`^<!--\s*end\s*-->$`)
	valueMarker  = regexp.MustCompile(`(?s)^<!--\s*=(.*?)-->$`)
	closeMarker  = regexp.MustCompile(`^<!--\s*/\s*-->$`)
	nearlyMarker = regexp.MustCompile(`^<!--\s*(gen|end|=|/)(\W|$)`)
)

// page reads a page, once.
func (c *Course) page(name string) (*page, error) {
	if p := c.parsed[name]; p != nil {
		return p, nil
	}
	data, err := readFile(c.file(name))
	if err != nil {
		return nil, err
	}
	p := parsePage(name, data)
	c.parsed[name] = p
	return p, nil
}

// parsePage finds the marked places of a page. What is wrong with markers is among the
// page's problems.
func parsePage(name string, data []byte) *page {
	p := &page{name: name, read: data, text: data}
	if bytes.Contains(data, []byte("\r\n")) { // as git may check it out on Windows
		p.crlf = true
		p.text = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	p.doc = parseMarkdown(p.text)
	m := markers{page: p}
	_ = ast.Walk(p.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // returns what the function does: nil
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if entering && n.HTMLBlockType == ast.HTMLBlockType2 && n.Lines().Len() > 0 {
				m.block(n)
			}
		case *ast.RawHTML:
			if entering {
				m.inline(n)
			}
		}
		return ast.WalkContinue, nil
	})
	m.finish()
	return p
}

// markers puts markers together into places.
type markers struct {
	page    *page
	open    *place // a gen: that waits for its end
	value   *place // a = that waits for its /
	valueIn ast.Node
}

func (m *markers) wrong(line int, format string, args ...any) {
	m.page.problems = append(m.page.problems, Problem{m.page.name, line, fmt.Sprintf(format, args...)})
}

// block takes a comment that begins a line.
func (m *markers) block(n *ast.HTMLBlock) {
	p := m.page
	first, last := n.Lines().At(0), n.Lines().At(n.Lines().Len()-1)
	if n.HasClosure() { // of several lines, the last
		last = n.ClosureLine
	}
	line := p.lineOf(first.Start)
	marker := strings.TrimSpace(string(p.text[first.Start:last.Stop]))
	begin := bytes.LastIndexByte(p.text[:first.Start], '\n') + 1
	indent := string(p.text[begin : first.Start+bytes.IndexByte(p.text[first.Start:], '<')])
	generates := genMarker.FindStringSubmatch(marker)
	switch {
	case generates != nil && strings.TrimSpace(indent) == "":
		m.leave(begin)
		m.open = &place{line: p.lineOf(last.Stop - 1), args: strings.Fields(generates[1]), begin: last.Stop, indent: indent}
		if last.Stop == len(p.text) && !bytes.HasSuffix(p.text, []byte("\n")) {
			m.leave(last.Stop)
		}
	case endMarker.MatchString(marker) && strings.TrimSpace(indent) == "":
		if m.open == nil {
			m.wrong(line, "<!-- end --> ends nothing")
			return
		}
		m.open.end = begin
		p.places = append(p.places, *m.open)
		m.open = nil
	case valueMarker.MatchString(firstComment(marker)):
		m.wrong(line, "a number may not begin a line, which Markdown takes for HTML then: break the line elsewhere")
	case nearlyMarker.MatchString(marker):
		m.wrong(line, "want a marker such as <!-- gen: run NAME --> or <!-- end -->, on a line of its own")
	}
}

func firstComment(text string) string {
	if i := strings.Index(text, "-->"); i >= 0 {
		return text[:i+len("-->")]
	}
	return text
}

// inline takes a comment within a sentence.
func (m *markers) inline(n *ast.RawHTML) {
	p := m.page
	first, last := n.Segments.At(0), n.Segments.At(n.Segments.Len()-1)
	line := p.lineOf(first.Start)
	marker := string(p.text[first.Start:last.Stop])
	block := blockOf(n)
	if m.value != nil && m.valueIn != block {
		m.wrong(m.value.line, "%s: <!-- / --> is missing", m.value)
		m.value = nil
	}
	value := valueMarker.FindStringSubmatch(marker)
	switch {
	case value != nil:
		if m.value != nil {
			m.wrong(m.value.line, "%s: <!-- / --> is missing", m.value)
		}
		m.value = &place{inline: true, line: line, args: strings.Fields(value[1]), begin: last.Stop}
		m.valueIn = block
	case closeMarker.MatchString(marker):
		if m.value == nil {
			m.wrong(line, "<!-- / --> ends nothing")
			return
		}
		m.value.end = first.Start
		if m.open == nil { // within a place that is generated nothing is kept
			p.places = append(p.places, *m.value)
		}
		m.value = nil
	case nearlyMarker.MatchString(marker):
		m.wrong(line, "%s must stand on a line of its own", cut(marker, 60))
	}
}

func blockOf(n ast.Node) ast.Node {
	for n.Type() == ast.TypeInline {
		n = n.Parent()
	}
	return n
}

// leave gives up the open place, whose end is missing up to here.
func (m *markers) leave(at int) {
	if m.open == nil {
		return
	}
	m.wrong(m.open.line, "%s: <!-- end --> is missing", m.open)
	m.open.end = at
	m.page.unclosed = append(m.page.unclosed, *m.open)
	m.open = nil
}

func (m *markers) finish() {
	m.leave(len(m.page.text))
	if m.value != nil {
		m.wrong(m.value.line, "%s: <!-- / --> is missing", m.value)
	}
}

// lineOf is the line, from 1, of a place in the text.
func (p *page) lineOf(at int) int { return 1 + bytes.Count(p.text[:at], []byte("\n")) }

// generated says whether a place in the text is between markers, or behind one whose end
// is missing.
func (p *page) generated(at int) bool {
	within := func(place place) bool { return place.begin <= at && at < place.end }
	return slices.ContainsFunc(p.places, within) || slices.ContainsFunc(p.unclosed, within)
}

// showsRun says whether the output of a run stands in the page.
func (p *page) showsRun(name string) bool {
	return slices.ContainsFunc(p.places, func(place place) bool { return slices.Equal(place.args, []string{"run", name}) })
}

func parseMarkdown(source []byte) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
}

// lostHeading is the first heading that stands between the markers of a place and not in
// what is generated, and its line: an end has been forgotten, and what stands below is
// the author's.
func (p *page) lostHeading(place place, generated string) (heading string, line int) {
	var known []string
	eachHeading(parseMarkdown([]byte(generated)), []byte(generated), func(text string, _ int) { known = append(known, text) })
	eachHeading(p.doc, p.text, func(text string, at int) {
		if heading == "" && place.begin <= at && at < place.end && !slices.Contains(known, text) {
			heading, line = cut(text, 70), p.lineOf(at)
		}
	})
	return heading, line
}

// eachHeading calls see with the text and the place of each heading that has a text.
func eachHeading(doc ast.Node, source []byte, see func(text string, at int)) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // returns what the function does: nil
		if heading, ok := n.(*ast.Heading); ok && entering && heading.Lines().Len() > 0 {
			if text := strings.TrimSpace(textOf(heading, source)); text != "" {
				see(text, heading.Lines().At(0).Start)
			}
		}
		return ast.WalkContinue, nil
	})
}

// link is how this page names a file of the repository.
func (p *page) link(target string) string {
	from := strings.Split(path.Dir(p.name), "/")
	if from[0] == "." {
		from = nil
	}
	to := strings.Split(target, "/")
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}

// fence puts text into a fenced block.
func fence(info, text string) string {
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return ticks + info + "\n" + text + ticks + "\n"
}

// plain keeps text from being read as Markdown or HTML. An underline within a word means
// nothing and stays as it is.
func plain(text string) string {
	var b strings.Builder
	letters := []rune(text)
	inWord := func(i int) bool {
		return i >= 0 && i < len(letters) && (unicode.IsLetter(letters[i]) || unicode.IsDigit(letters[i]))
	}
	for i, r := range letters {
		if strings.ContainsRune("\\`*[]<>|", r) || r == '_' && !(inWord(i-1) && inWord(i+1)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

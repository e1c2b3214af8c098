package weave

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	md "github.com/yuin/goldmark/ast"
)

// Check says what is wrong with the pages, with all of them and with the recordings if
// none is named. It changes nothing. Exact commands are run anew and compared. The error is for
// what ended the work.
func (c *Course) Check(ctx context.Context, names ...string) ([]Problem, error) {
	chosen, problems, err := c.choose(names)
	if err != nil {
		return nil, err
	}
	shown := map[string][]Problem{} // by runs, the places that show them, without a text
	for _, name := range chosen {
		p, err := c.page(name)
		if err != nil {
			problems = append(problems, Problem{name, 0, reason(err).Error()})
			continue
		}
		_, drifted, found := c.weave(p)
		problems = append(problems, drifted...)
		problems = append(problems, found...)
		problems = append(problems, c.checkBlocks(p)...)
		problems = append(problems, c.checkLinks(p)...)
		for _, place := range p.places {
			if len(place.args) == 2 && place.args[0] == "run" {
				shown[place.args[1]] = append(shown[place.args[1]], Problem{File: p.name, Line: place.line})
			}
		}
	}
	problems = append(problems, c.checkFigures(len(names) == 0)...)
	if len(names) == 0 {
		problems = append(problems, c.checkLessons()...)
		problems = append(problems, c.checkRuns()...)
	}
	inexact, err := c.checkExact(ctx, shown, len(names) == 0)
	return sorted(append(problems, inexact...)), err
}

// checkBlocks looks at the code blocks of a page.
func (c *Course) checkBlocks(p *page) []Problem {
	var problems []Problem
	wrong := func(at int, format string, args ...any) {
		problems = append(problems, Problem{p.name, p.lineOf(at), fmt.Sprintf(format, args...)})
	}
	_ = md.Walk(p.doc, func(n md.Node, entering bool) (md.WalkStatus, error) {
		if !entering {
			return md.WalkContinue, nil
		}
		text := func() string { return string(n.Lines().Value(p.text)) }
		switch n := n.(type) {
		case *md.CodeBlock:
			if looksLikeGo(text()) {
				wrong(n.Pos(), "this Go is not generated: cut it from a compiled file, <!-- gen: code PATH NAME -->")
			}
		case *md.FencedCodeBlock:
			if p.generated(n.Pos()) {
				return md.WalkContinue, nil
			}
			info := ""
			if n.Info != nil {
				info = string(n.Info.Value(p.text))
			}
			words := strings.Fields(info)
			if len(words) == 0 {
				words = []string{""}
			}
			switch language := strings.ToLower(words[0]); {
			case language == "go" || language == "golang" || language == "" && looksLikeGo(text()):
				wrong(n.Pos(), "this Go is not generated: cut it from a compiled file, <!-- gen: code PATH NAME -->")
			case language == "bash" || language == "shell" || language == "console" || language == "zsh" || language == "shell-session":
				wrong(n.Pos(), "the block is labelled %q: commands stand in blocks labelled sh, or sh quick", info)
			case language == "sh" && (len(words) > 2 || len(words) == 2 && words[1] != "quick"):
				wrong(n.Pos(), "the block is labelled %q, want sh or sh quick", info)
			case language == "sh":
				problems = append(problems, c.checkScript(p, n, len(words) == 2)...)
			}
		}
		return md.WalkContinue, nil
	})
	return problems
}

// looksLikeGo says whether a text is declarations or statements of Go; a name or a call
// alone may be anything.
func looksLikeGo(text string) bool {
	parse := func(text string) (*ast.File, error) {
		return parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	}
	if _, err := parse(text); err == nil {
		return true
	}
	if file, err := parse("package p\n" + text); err == nil {
		return len(file.Decls) > 0
	}
	file, err := parse("package p\nfunc _() {\n" + text + "\n}\n")
	if err != nil || len(file.Decls) != 1 {
		return false
	}
	found := false
	ast.Inspect(file.Decls[0].(*ast.FuncDecl).Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			found = found || n.Tok == token.DEFINE
		case *ast.DeclStmt, *ast.ForStmt, *ast.RangeStmt, *ast.IfStmt, *ast.GoStmt, *ast.DeferStmt, *ast.SelectStmt, *ast.FuncLit:
			found = true
		}
		return true
	})
	return found
}

// checkLinks looks for links that lead nowhere. What is elsewhere in the world is not
// looked at.
func (c *Course) checkLinks(p *page) []Problem {
	var problems []Problem
	_ = md.Walk(p.doc, func(n md.Node, entering bool) (md.WalkStatus, error) {
		if !entering {
			return md.WalkContinue, nil
		}
		check := func(at int, destination string) {
			if err := c.checkLink(p, destination); err != nil {
				problems = append(problems, Problem{p.name, p.lineOf(at), fmt.Sprintf("the link to %q is dead: %v", destination, err)})
			}
		}
		switch n := n.(type) {
		case *md.Link:
			check(max(0, n.Pos()), string(n.Destination))
		case *md.Image:
			check(max(0, n.Pos()), string(n.Destination))
		case *md.HTMLBlock:
			if n.Lines().Len() > 0 {
				last := n.Lines().At(n.Lines().Len() - 1).Stop
				if n.HasClosure() {
					last = max(last, n.ClosureLine.Stop)
				}
				p.htmlLinks(n.Lines().At(0).Start, last, check)
			}
		case *md.RawHTML:
			p.htmlLinks(n.Segments.At(0).Start, n.Segments.At(n.Segments.Len()-1).Stop, check)
		}
		return md.WalkContinue, nil
	})
	return problems
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)
	htmlLink    = regexp.MustCompile(`(?is)<(?:a\s(?:[^>]*\s)?href|img\s(?:[^>]*\s)?src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))`)
)

// htmlLinks finds the links and pictures in HTML that stands in a page.
func (p *page) htmlLinks(begin, end int, found func(at int, destination string)) {
	text := htmlComment.ReplaceAllStringFunc(string(p.text[begin:end]), func(comment string) string { return strings.Repeat(" ", len(comment)) })
	for _, at := range htmlLink.FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 {
				found(begin+at[0], html.UnescapeString(text[at[i]:at[i+1]]))
			}
		}
	}
}

var lineAnchor = regexp.MustCompile(`^L(\d+)(?:-L(\d+))?$`)

func (c *Course) checkLink(p *page, destination string) error {
	u, err := url.Parse(destination)
	switch {
	case err != nil:
		return err
	case destination == "":
		return errors.New("it is empty")
	case u.Scheme == "http" || u.Scheme == "https":
		if u.Host == "" {
			return errors.New("it names no host")
		}
		return nil
	case u.Scheme == "mailto":
		return nil
	case u.Scheme != "" || u.Host != "":
		return errors.New("want a path, or https://")
	}
	target := p.name
	if u.Path != "" {
		target = path.Join(path.Dir(p.name), u.Path)
		if strings.HasPrefix(u.Path, "/") { // a code host begins at the root of the repository
			target = strings.TrimPrefix(path.Clean(u.Path), "/")
		}
	}
	if target == ".." || strings.HasPrefix(target, "../") {
		return errors.New("it leaves the repository")
	}
	info, err := os.Stat(c.file(target))
	if errors.Is(err, fs.ErrNotExist) {
		if f, drawn := c.figures[target]; drawn && f.data != nil {
			return nil // it will be there: make docs
		}
		return fmt.Errorf("there is no %s", target)
	}
	if err != nil {
		return err
	}
	switch {
	case u.Fragment == "":
		return nil
	case info.IsDir():
		return fmt.Errorf("%s is a directory and has no #%s", target, u.Fragment)
	case strings.HasSuffix(target, ".md"):
		other, err := c.page(target)
		if err != nil {
			return err
		}
		if !other.anchors()[u.Fragment] {
			return fmt.Errorf("%s has no #%s", target, u.Fragment)
		}
		return nil
	}
	m := lineAnchor.FindStringSubmatch(u.Fragment)
	if m == nil {
		return fmt.Errorf("%s has no #%s; of a file that is no page, want #L10 or #L10-L20", target, u.Fragment)
	}
	text, err := readFile(c.file(target))
	if err != nil {
		return err
	}
	lines := strings.Count(string(text), "\n")
	for _, number := range m[1:] {
		if line, _ := strconv.Atoi(number); number != "" && (line < 1 || line > lines) {
			return fmt.Errorf("%s has %d lines", target, lines)
		}
	}
	return nil
}

var htmlAnchor = regexp.MustCompile(`(?i)<a\s[^>]*\b(?:id|name)\s*=\s*["']([^"']+)["']`)

// anchors are what links to this page may have behind #, as GitHub makes them.
func (p *page) anchors() map[string]bool {
	anchors := map[string]bool{}
	_ = md.Walk(p.doc, func(n md.Node, entering bool) (md.WalkStatus, error) {
		if !entering {
			return md.WalkContinue, nil
		}
		raw := ""
		switch n := n.(type) {
		case *md.Heading:
			slug := slugOf(textOf(n, p.text))
			unique := slug
			for i := 1; anchors[unique]; i++ {
				unique = fmt.Sprintf("%s-%d", slug, i)
			}
			anchors[unique] = true
		case *md.HTMLBlock:
			raw = string(n.Lines().Value(p.text))
		case *md.RawHTML:
			raw = string(n.Segments.Value(p.text))
		}
		for _, m := range htmlAnchor.FindAllStringSubmatch(raw, -1) {
			anchors[m[1]] = true
		}
		return md.WalkContinue, nil
	})
	return anchors
}

// textOf is what a reader sees of a heading.
func textOf(n md.Node, source []byte) string {
	var b strings.Builder
	_ = md.Walk(n, func(n md.Node, entering bool) (md.WalkStatus, error) {
		if entering {
			switch n := n.(type) {
			case *md.Text:
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			case *md.String:
				b.Write(n.Value)
			case *md.AutoLink:
				b.Write(n.Label(source))
			}
		}
		return md.WalkContinue, nil
	})
	return b.String()
}

// slugOf makes an anchor of a heading: small letters, digits, - and _, with - for
// each space. All else falls away.
func slugOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || unicode.IsLetter(r) || unicode.Is(unicode.M, r) || unicode.Is(unicode.Nd, r) || unicode.Is(unicode.Pc, r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

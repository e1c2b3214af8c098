package weave

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// peersDir is a module of its own below the root.
const peersDir = "bench/peers"

// compiledFiles are the Go files of this module, and of the one in peersDir.
func (c *Course) compiledFiles() (map[string]bool, error) {
	files, err := c.goFiles(".", "./...")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.file(peersDir + "/go.mod")); err != nil {
		return files, nil // there is none
	}
	more, err := c.goFiles(peersDir, "./...")
	maps.Copy(files, more)
	return files, err
}

// goFiles are the Go files, from the root, of the packages that go list finds in a
// directory: those that are compiled here, tests included.
func (c *Course) goFiles(dir string, args ...string) (map[string]bool, error) {
	// Without -find, go list would want the modules that they import.
	cmd := exec.Command("go", append([]string{"list", "-e", "-find", "-json=Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Dir = c.file(dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	root, err := filepath.EvalSymlinks(c.root)
	if err != nil {
		return nil, err
	}
	files := map[string]bool{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir                                          string
			GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		dir, err := filepath.EvalSymlinks(p.Dir)
		if err != nil {
			return nil, err
		}
		if dir, err = filepath.Rel(root, dir); err != nil {
			return nil, err
		}
		for _, names := range [][]string{p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles} {
			for _, name := range names {
				files[path.Join(filepath.ToSlash(dir), name)] = true
			}
		}
	}
}

// mustBeCompiled returns an error for a Go file that no build of this module reads.
func (c *Course) mustBeCompiled(name string) error {
	files, err := c.compiled()
	if err != nil || files[name] {
		return err
	}
	if strings.HasPrefix(name, pitfallsDir+"/") {
		files, err := c.pitfallGo()
		if err != nil || files[name] {
			return err
		}
		return fmt.Errorf("%s is not compiled: no package below %s has it, with or without the build tag %s", name, pitfallsDir, pitfallsTag)
	}
	return fmt.Errorf("%s is not compiled here: no package of `go list ./...` has it", name)
}

// snippet returns a piece of a Go or Python file by its name.
func (c *Course) snippet(name, what string) (string, error) {
	python := strings.HasSuffix(name, ".py")
	if path.Clean(name) != name || strings.HasPrefix(name, "../") || path.IsAbs(name) || !strings.HasSuffix(name, ".go") && !python {
		return "", fmt.Errorf("%q is no path of a Go or Python file from the root", name)
	}
	src, err := readFile(c.file(name))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, reason(err))
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	cut := cutPython
	if !python {
		if err := c.mustBeCompiled(name); err != nil {
			return "", err
		}
		cut = cutCode
	}
	text, err := cut(src, what)
	if err != nil {
		return "", fmt.Errorf("%s%w", name, err)
	}
	return text, nil
}

// cutCode returns the declaration or region of that name in a Go file. Its errors begin
// with the line: ":12: ...", or with ": ".
func cutCode(src []byte, name string) (string, error) {
	lines := strings.SplitAfter(string(src), "\n")
	regions, err := regionsOf(lines, goComment)
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf(":%w", err)
	}
	found, ok := regions[name]
	if !ok { // a region goes before a declaration
		for _, d := range file.Decls {
			if declares(d, name) {
				found, ok = span{fset.Position(d.Pos()).Line, fset.Position(d.End()).Line}, true
			}
		}
	}
	if !ok {
		return "", fmt.Errorf(": there is no declaration and no region called %s", name)
	}
	return goComment.cut(lines, found), nil
}

// cutPython returns the region of that name in a Python file. Its errors begin as those of
// cutCode do.
func cutPython(src []byte, name string) (string, error) {
	lines := strings.SplitAfter(string(src), "\n")
	regions, err := regionsOf(lines, pythonComment)
	if err != nil {
		return "", err
	}
	found, ok := regions[name]
	if !ok {
		return "", fmt.Errorf(": there is no region called %s", name)
	}
	return pythonComment.cut(lines, found), nil
}

// A comment is how a language marks regions, and with what its lines are indented.
type comment struct{ begins, indent string }

var (
	goComment     = comment{"//", "\t"}
	pythonComment = comment{"# ", " "}
)

// cut returns a span of lines, without the marks of regions in it.
func (c comment) cut(lines []string, s span) string {
	var kept []string
	for _, line := range lines[s.first-1 : s.last] {
		if _, isMark := c.regionMark(line); !isMark {
			kept = append(kept, line)
		}
	}
	return dedent(kept, c.indent)
}

// A span is lines of a file, from 1, both included.
type span struct{ first, last int }

// regionMark says whether a line begins or ends a region; the name is empty at the end.
func (c comment) regionMark(line string) (name string, ok bool) {
	line = strings.TrimSpace(line)
	if line == c.begins+"endregion" {
		return "", true
	}
	if rest, ok := strings.CutPrefix(line, c.begins+"region"); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
		if name = strings.TrimSpace(rest); name == "" {
			name = "?"
		}
		return name, true
	}
	return "", false
}

func regionsOf(lines []string, c comment) (map[string]span, error) {
	type opened struct {
		name string
		line int
	}
	regions := map[string]span{}
	var open []opened // regions may stand in regions
	for i, line := range lines {
		name, ok := c.regionMark(line)
		n := len(open)
		switch {
		case !ok:
		case name == "?":
			return nil, fmt.Errorf(":%d: the region has no name", i+1)
		case name != "":
			open = append(open, opened{name, i + 1})
		case n == 0:
			return nil, fmt.Errorf(":%d: %sendregion ends nothing", i+1, c.begins)
		default:
			r := open[n-1]
			open = open[:n-1]
			if _, twice := regions[r.name]; twice {
				return nil, fmt.Errorf(":%d: there are two regions called %s", r.line, r.name)
			}
			if r.line == i {
				return nil, fmt.Errorf(":%d: the region %s is empty", r.line, r.name)
			}
			regions[r.name] = span{r.line + 1, i}
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf(":%d: the region %s has no %sendregion", open[0].line, open[0].name, c.begins)
	}
	return regions, nil
}

// declares says whether a declaration is the one called name: Run, Job, Job.Do. A group
// in parentheses is called by each of its names.
func declares(d ast.Decl, name string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name == name
		}
		return len(d.Recv.List) == 1 && receiver(d.Recv.List[0].Type)+"."+d.Name.Name == name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.Name == name {
					return true
				}
			case *ast.ValueSpec:
				for _, ident := range spec.Names {
					if ident.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

// receiver is the name of a method's type, without pointer and type parameters.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.ParenExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// dedent takes away the indent, tabs or spaces, that all lines begin with, and empty lines
// at both ends.
func dedent(lines []string, indent string) string {
	least := -1
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			if deep := len(line) - len(strings.TrimLeft(line, indent)); least < 0 || deep < least {
				least = deep
			}
		}
	}
	var b strings.Builder
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			b.WriteString("\n")
			continue
		}
		b.WriteString(line[least:])
	}
	return strings.Trim(b.String(), "\n") + "\n"
}

func (c *Course) fillCode(p *page, args []string) (string, error) {
	var pieces []string
	for _, name := range args[1:] {
		text, err := c.snippet(args[0], name)
		if err != nil {
			return "", err
		}
		pieces = append(pieces, text)
	}
	language := "go"
	if strings.HasSuffix(args[0], ".py") {
		language = "python"
	}
	return fence(language, strings.Join(pieces, "\n")) + fmt.Sprintf("\n*[%s](%s)*\n", plain(args[0]), p.link(args[0])), nil
}

// around is how many unchanged lines are shown around those that differ.
const around = 3

func (c *Course) fillDiff(p *page, args []string) (string, error) {
	from, err := c.snippet(args[0], args[1])
	if err != nil {
		return "", err
	}
	to, err := c.snippet(args[2], args[3])
	if err != nil {
		return "", err
	}
	text, err := lineDiff(from, to)
	if err != nil {
		return "", err
	}
	describe := func(path, name string) string {
		return fmt.Sprintf("%s in [%s](%s)", plain(name), plain(path), p.link(path))
	}
	return fence("diff", text) + fmt.Sprintf("\n*From %s to %s.*\n", describe(args[0], args[1]), describe(args[2], args[3])), nil
}

// lineDiff shows the lines that differ with some around them; "..." stands for the lines
// that are left out, two at least.
func lineDiff(from, to string) (string, error) {
	edits := udiff.Lines(from, to)
	if len(edits) == 0 {
		return "", errors.New("the two are the same")
	}
	diff, err := udiff.ToUnifiedDiff("", "", from, edits, around)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	lines := strings.Split(strings.TrimSuffix(from, "\n"), "\n")
	next := 1 // line of from that was not shown yet
	leaveOut := func(before int) {
		switch before - next {
		case 0:
		case 1:
			b.WriteString(" " + lines[next-1] + "\n")
		default:
			b.WriteString("  ...\n")
		}
	}
	for _, hunk := range diff.Hunks {
		leaveOut(hunk.FromLine)
		next = hunk.FromLine
		for _, line := range hunk.Lines {
			switch line.Kind {
			case udiff.Delete:
				b.WriteString("-")
				next++
			case udiff.Insert:
				b.WriteString("+")
			default:
				b.WriteString(" ")
				next++
			}
			b.WriteString(strings.TrimSuffix(line.Content, "\n") + "\n")
		}
	}
	leaveOut(len(lines) + 1)
	return b.String(), nil
}

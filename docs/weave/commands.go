package weave

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"

	md "github.com/yuin/goldmark/ast"
	"mvdan.cc/sh/v3/syntax"
)

// scriptOf is the text of a block and the line of the page on which it begins.
func scriptOf(p *page, n *md.FencedCodeBlock) (text string, line int) {
	if n.Lines().Len() == 0 {
		return "", p.lineOf(n.Pos())
	}
	return string(n.Lines().Value(p.text)), p.lineOf(n.Lines().At(0).Start)
}

func parseScript(text string) (*syntax.File, error) {
	return syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "")
}

// checkScript looks at the commands of a block without running them. Those of a quick
// block may have variables in them, as it is run.
func (c *Course) checkScript(p *page, n *md.FencedCodeBlock, quick bool) []Problem {
	text, first := scriptOf(p, n)
	var problems []Problem
	wrong := func(line uint, format string, args ...any) {
		problems = append(problems, Problem{p.name, first + int(line) - 1, fmt.Sprintf(format, args...)})
	}
	script, err := parseScript(text)
	if err != nil {
		if at, ok := errors.AsType[syntax.ParseError](err); ok {
			wrong(at.Pos.Line(), "no shell understands this: %s", at.Text)
		} else {
			wrong(1, "no shell understands this: %v", err)
		}
		return problems
	}
	if len(script.Stmts) == 0 {
		wrong(1, "there is no command in the block")
	}
	dir := "." // from the root
	syntax.Walk(script, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		var args []string
		for _, word := range call.Args {
			arg, ok := literal(word)
			if !ok {
				if name, _ := literal(call.Args[0]); !quick && c.knows(name) {
					wrong(word.Pos().Line(), "%s has a variable in it, so it cannot be checked: write it out, or make the block sh quick", name)
				}
				return true
			}
			args = append(args, arg)
		}
		if args[0] == "cd" && len(args) == 2 {
			dir = path.Join(dir, args[1])
			if path.IsAbs(args[1]) {
				dir = args[1]
			}
			if err := c.mustBeDir(dir); err != nil {
				wrong(call.Pos().Line(), "cd %s: %v", args[1], err)
			}
			return true
		}
		err := c.checkCommand(dir, args)
		if err == nil && quick {
			err = leavesResults(args)
		}
		if err != nil {
			wrong(call.Pos().Line(), "%s: %v", cut(strings.Join(args, " "), 70), err)
		}
		return true
	})
	return problems
}

// knows says whether checkCommand knows a command.
func (c *Course) knows(name string) bool {
	return isOverlap(name) || name == "go" || name == "make" || name == "python3"
}

func isOverlap(name string) bool {
	return name == "overlap" || name == "bin/overlap" || name == "./bin/overlap"
}

// checkCommand says what is wrong with a command that is given in a directory, if it is
// one that the course knows.
func (c *Course) checkCommand(dir string, args []string) error {
	switch {
	case args[0] == "$" || args[0] == "%":
		return errors.New("leave the prompt out: readers copy the line")
	case isOverlap(args[0]):
		return c.overlapAccepts(args[1:])
	case args[0] == "go":
		return c.checkGo(dir, args[1:])
	case args[0] == "make":
		return c.checkMake(args[1:])
	case args[0] == "python3":
		return c.checkPython(dir, args[1:])
	}
	return nil
}

// checkPython looks for the program that is run. What python3 does with it is left to the
// tests of the program.
func (c *Course) checkPython(dir string, args []string) error {
	for _, arg := range args {
		if !strings.HasSuffix(arg, ".py") {
			continue
		}
		name := path.Join(dir, arg)
		if path.IsAbs(arg) || strings.HasPrefix(name, "../") {
			return errors.New("it leaves the repository")
		}
		if _, err := os.Stat(c.file(name)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no %s", name)
		} else if err != nil {
			return err
		}
		return nil // what comes behind is the program's own
	}
	return nil
}

func (c *Course) overlapAccepts(args []string) error {
	if c.options.Overlap == nil {
		return nil
	}
	return c.options.Overlap(args)
}

func (c *Course) mustBeDir(dir string) error {
	if path.IsAbs(dir) || dir == ".." || strings.HasPrefix(dir, "../") {
		return errors.New("it leaves the repository")
	}
	info, err := os.Stat(c.file(dir))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return fmt.Errorf("there is no directory %s", dir)
	}
	return err
}

// mustBePackage takes a directory with Go files in it, a Go file, or a directory and
// /... behind it.
func (c *Course) mustBePackage(name string) error {
	if strings.HasSuffix(name, ".go") {
		_, err := os.Stat(c.file(name))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no %s", name)
		}
		return err
	}
	if name == "..." {
		return nil
	}
	if dir, all := strings.CutSuffix(name, "/..."); all {
		return c.mustBeDir(dir)
	}
	if err := c.mustBeDir(name); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.file(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") {
			return nil
		}
	}
	return fmt.Errorf("there are no Go files in %s", name)
}

// A makefile is what pages may ask make for.
type makefile struct {
	targets map[string]bool
	text    string
}

var makeTarget = regexp.MustCompile(`(?m)^([A-Za-z0-9][A-Za-z0-9_.-]*):(?:[^=]|$)`)

func (c *Course) readMakefile() (*makefile, error) {
	text, err := readFile(c.file("Makefile"))
	if err != nil {
		return nil, fmt.Errorf("the Makefile: %w", reason(err))
	}
	m := &makefile{map[string]bool{}, string(text)}
	for _, found := range makeTarget.FindAllStringSubmatch(m.text, -1) {
		m.targets[found[1]] = true
	}
	return m, nil
}

var makeVariable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`)

func (c *Course) checkMake(args []string) error {
	m, err := c.makefile()
	if err != nil {
		return err
	}
	for _, arg := range args {
		variable := makeVariable.FindStringSubmatch(arg)
		switch {
		case strings.HasPrefix(arg, "-"):
		case variable != nil:
			if !regexp.MustCompile(`\$\(` + variable[1] + `\)|\$\(origin ` + variable[1] + `\)`).MatchString(m.text) {
				return fmt.Errorf("the Makefile knows no variable %s", variable[1])
			}
		case !m.targets[arg]:
			return fmt.Errorf("the Makefile has no target %s", arg)
		}
	}
	return nil
}

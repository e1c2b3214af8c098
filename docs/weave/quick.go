package weave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	md "github.com/yuin/goldmark/ast"
	"mvdan.cc/sh/v3/syntax"

	"example.com/overlap/internal/process"
)

// A QuickBlock is a block of commands that is marked quick.
type QuickBlock struct {
	Page   string // from the root
	Line   int    // of its first command
	Script string
}

// QuickBlocks are the blocks of these pages, of all without names.
func (c *Course) QuickBlocks(names ...string) ([]QuickBlock, error) {
	names, _, err := c.choose(names) // Check tells of those that cannot be read
	if err != nil {
		return nil, err
	}
	var blocks []QuickBlock
	for _, name := range names {
		p, err := c.page(name)
		if err != nil {
			return nil, err
		}
		_ = md.Walk(p.doc, func(n md.Node, entering bool) (md.WalkStatus, error) {
			if block, ok := n.(*md.FencedCodeBlock); ok && entering && block.Info != nil {
				if words := strings.Fields(string(block.Info.Value(p.text))); len(words) == 2 && words[0] == "sh" && words[1] == "quick" {
					text, line := scriptOf(p, block)
					blocks = append(blocks, QuickBlock{name, line, text})
				}
			}
			return md.WalkContinue, nil
		})
	}
	return blocks, nil
}

// CanRun says why a block cannot be run here, if it cannot: there is no sh, as on
// Windows, or no C compiler for the race detector.
func (c *Course) CanRun(b QuickBlock) error {
	if _, err := exec.LookPath("sh"); err != nil {
		return errors.New("there is no sh to run the commands with")
	}
	if c.cannotRace(b.Script) {
		return errors.New("the race detector needs a C compiler")
	}
	return nil
}

// RunQuick runs the commands of a block as sh does, in a directory that has the
// repository's files, and that is removed afterwards. It returns how long that took, and
// what went wrong, with the line of the command: one whose exit status is not 0, or
// that is at work when ctx ends.
func (c *Course) RunQuick(ctx context.Context, b QuickBlock) (time.Duration, *Problem) {
	wrong := func(line int, format string, args ...any) *Problem {
		return &Problem{b.Page, line, fmt.Sprintf(format, args...)}
	}
	script, err := parseScript(b.Script)
	if err != nil {
		return 0, wrong(b.Line, "no shell understands this: %v", err)
	}
	w, err := c.scratch()
	if err != nil {
		return 0, wrong(b.Line, "%v", err)
	}
	defer w.remove()
	commands, err := w.commands()
	if err != nil {
		return 0, wrong(b.Line, "%v", err)
	}
	progress := filepath.Join(commands, "line")
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", traced(script, b.Script, progress))
	cmd.Dir = w.dir
	cmd.Env = append(environment(), "PWD="+w.dir, "PATH="+commands+string(os.PathListSeparator)+os.Getenv("PATH"))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	err = process.Run(cmd)
	took := time.Since(began)
	if err == nil {
		return took, nil
	}
	line := 1
	if text, err := os.ReadFile(progress); err == nil {
		line, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	command := cut(lineAt(b.Script, line), 100)
	if ctx.Err() != nil {
		return took, wrong(b.Line+line-1, "%s: still at work after %v, and ended", command, took.Round(time.Millisecond))
	}
	said := strings.TrimSpace(w.normal(output.String()))
	if said == "" {
		said = "it printed nothing"
	}
	return took, wrong(b.Line+line-1, "%s: %v: %s", command, err, said)
}

func lineAt(text string, line int) string {
	lines := strings.Split(text, "\n")
	return strings.TrimSpace(lines[min(max(line, 1), len(lines))-1])
}

// traced is the script with the line of each command written to a file before it.
func traced(script *syntax.File, text, progress string) string {
	var b strings.Builder
	at := 0
	for _, s := range script.Stmts {
		begin := int(s.Pos().Offset())
		b.WriteString(text[at:begin])
		fmt.Fprintf(&b, "echo %d >%s\n", s.Pos().Line(), quoted(progress))
		at = begin
	}
	b.WriteString(text[at:])
	return b.String()
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// commands makes a directory for PATH with what stands for overlap, go and make. The
// latter two work in the repository itself, in the directory that the script is in: the go
// command does not build what it finds by a link.
func (w *scratch) commands() (string, error) {
	if w.course.options.Program == "" {
		return "", errors.New("no program stands for overlap")
	}
	dir := filepath.Join(w.dir, "bin", ".commands")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	overlap := "#!/bin/sh\n"
	for _, variable := range w.course.options.Env {
		name, value, _ := strings.Cut(variable, "=")
		overlap += name + "=" + quoted(value) + " "
	}
	overlap += "exec " + quoted(w.course.options.Program) + ` "$@"` + "\n"
	scripts := map[string]string{
		filepath.Join(dir, "overlap"):          overlap,
		filepath.Join(w.dir, "bin", "overlap"): overlap,
	}
	for _, name := range []string{"go", "make"} {
		real, err := exec.LookPath(name)
		if err != nil {
			continue // then a script that needs it says so
		}
		if real, err = filepath.Abs(real); err != nil {
			return "", err
		}
		scripts[filepath.Join(dir, name)] = fmt.Sprintf("#!/bin/sh\ncase $PWD in\n%s*) cd %s\"${PWD#%s}\" || exit ;;\nesac\nexec %s \"$@\"\n",
			quoted(w.dir), quoted(w.course.root), quoted(w.dir), quoted(real))
	}
	for name, text := range scripts {
		if err := os.WriteFile(name, []byte(text), 0o777); err != nil {
			return "", err
		}
	}
	return dir, nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/overlap/docs/weave"
	"example.com/overlap/internal/spell"
)

const docsManual = `
Usage: overlap docs [flags] [PAGE...]

Docs makes all that is generated in the Markdown pages of this repository anew, and
draws their figures; with names, in these pages. Nothing in the course is pasted: code
is cut from compiled files, outputs are those of recorded commands, tables and charts
are made from the reference results. ` + "`go doc ./docs/weave`" + ` tells how a page marks the
places.

-check changes nothing. It names file and line of what has drifted or cannot be made,
of dead links and anchors, of Go that is not cut from a file, and of commands that
would not work. Recorded commands that are exact are run again and compared.

-record runs commands that docs/runs/runs.txt lists: the NAMEs that are given, those that
are not recorded yet if none is, every one for the name all. A recording that is there is
replaced. Then the pages are made.

-quick runs the commands of all blocks that are marked "sh quick", in a directory that
is removed afterwards. Each block must end well within two seconds.

It must be started in the module's directory, or below it; PAGEs are named from there.

Exit status: 1 if something is wrong with a page or a command failed, 2 for bad usage,
130 after Ctrl-C.

Examples:
  overlap docs
  overlap docs README.md docs/README.md
  overlap docs -check
  overlap docs -record overlapping-three-sequential pool-timeline
  overlap docs -quick
`

// quickLimit is how long a block that is marked quick may take.
const quickLimit = 2 * time.Second

func (c console) docs(ctx context.Context, flags *flag.FlagSet, args []string) int {
	check := flags.Bool("check", false, "change nothing, say what is wrong")
	record := flags.Bool("record", false, "record commands of docs/runs/runs.txt anew, by their NAMEs")
	quick := flags.Bool("quick", false, "run the commands of the blocks that are marked quick")
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	for _, arg := range flags.Args() {
		if strings.HasPrefix(arg, "-") {
			return c.misused(flags, fmt.Errorf("%s stands after a name; flags come first", arg))
		}
	}
	if (*check && (*record || *quick)) || (*record && *quick) {
		return c.misused(flags, errors.New("want one of -check, -record and -quick"))
	}
	if c.dry {
		return 0
	}
	root, err := moduleRoot()
	if err != nil {
		return c.broken(flags, err)
	}
	names := flags.Args()
	if !*record {
		if names, err = fromRoot(root, names); err != nil {
			return c.broken(flags, err)
		}
	}
	problems, err := c.weave(ctx, root, names, *check, *record, *quick)
	for _, p := range problems {
		fmt.Fprintln(c.stderr, p)
	}
	switch {
	case ctx.Err() != nil:
		return interrupted
	case err != nil:
		return c.broken(flags, err)
	case len(problems) > 0:
		fmt.Fprintf(c.stderr, "overlap docs: %s\n", spell.Count(len(problems), "problem"))
		return failed
	}
	return 0
}

// weave does what was asked for, and says what it did.
func (c console) weave(ctx context.Context, root string, names []string, check, record, quick bool) ([]weave.Problem, error) {
	course, err := openCourse(root)
	if err != nil {
		return nil, err
	}
	switch {
	case check:
		problems, err := course.Check(ctx, names...)
		for _, skipped := range course.Skipped() {
			fmt.Fprintf(c.stderr, "overlap docs: %s\n", skipped)
		}
		return problems, err
	case quick:
		return c.runQuick(ctx, course, names)
	case record:
		done, err := course.Record(ctx, names...)
		for _, name := range done {
			fmt.Fprintf(c.stdout, "recorded %s\n", name)
		}
		if ctx.Err() != nil {
			return nil, err
		}
		changed, problems, failed := course.Fill()
		c.list(changed)
		return problems, errors.Join(err, failed)
	}
	changed, problems, err := course.Fill(names...)
	c.list(changed)
	return problems, err
}

// list prints the files that changed.
func (c console) list(names []string) {
	for _, name := range names {
		fmt.Fprintln(c.stdout, name)
	}
}

// runQuick gives a block that takes too long a second chance: the first time,
// the go command may have had to build something.
func (c console) runQuick(ctx context.Context, course *weave.Course, names []string) ([]weave.Problem, error) {
	blocks, err := course.QuickBlocks(names...)
	if err != nil {
		return nil, err
	}
	var problems []weave.Problem
	for _, b := range blocks {
		if err := course.CanRun(b); err != nil {
			fmt.Fprintf(c.stderr, "%s:%d is not run: %v\n", b.Page, b.Line, err)
			continue
		}
		took, problem := course.RunQuick(ctx, b)
		if problem == nil && took > quickLimit {
			if took, problem = course.RunQuick(ctx, b); problem == nil && took > quickLimit {
				problem = &weave.Problem{File: b.Page, Line: b.Line, Text: fmt.Sprintf("the block took %v, want at most %v", took.Round(time.Millisecond), quickLimit)}
			}
		}
		if ctx.Err() != nil {
			return problems, ctx.Err()
		}
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		fmt.Fprintf(c.stdout, "%s:%d: %v\n", b.Page, b.Line, took.Round(time.Millisecond))
	}
	return problems, nil
}

// openCourse opens the course of the module at root; this program stands for the
// overlap command.
func openCourse(root string) (*weave.Course, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return weave.Open(root, weave.Options{Overlap: accepts, Program: program, Env: []string{asCommand + "=1"}})
}

// asCommand is set in the environment of this program where it stands for the overlap
// command. A test's program is the test otherwise.
const asCommand = "OVERLAP_AS_COMMAND"

// accepts says what is wrong with the arguments of a command.
func accepts(args []string) error {
	var stderr bytes.Buffer
	c := console{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr, dry: true}
	if c.main(context.Background(), args) == 0 {
		return nil
	}
	line, _, _ := strings.Cut(stderr.String(), "\n")
	return errors.New(line)
}

// moduleRoot is the directory of the go.mod that is nearest above.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("there is no go.mod in %s or above: start it in the module's directory", dir)
		}
	}
}

// fromRoot turns names of files into paths from the root.
func fromRoot(root string, names []string) ([]string, error) {
	names = slices.Clone(names)
	for i, name := range names {
		full, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		if names[i], err = filepath.Rel(root, full); err != nil {
			return nil, err
		}
	}
	return names, nil
}

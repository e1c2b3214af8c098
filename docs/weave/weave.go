// Package weave fills the marked places in Markdown pages with what is generated, and
// checks the pages: nothing in them is pasted.
//
// # Marked places
//
// A marked place stands between two comments, which a code host does not show. What is
// between them is made anew by [Course.Fill]; each comment has a line of its own:
//
//	<!-- gen: code PATH NAME... -->            code, cut from a Go file that is compiled, or from a Python file
//	<!-- gen: diff PATH NAME PATH NAME -->     the lines in which two pieces of code differ
//	<!-- gen: run NAME -->                     the recorded output of a command
//	<!-- gen: output PITFALL broken|mended|plain [go|python3] -->
//	                                           the recorded output of a pitfall's program, or its part in one language
//	<!-- gen: timeline NAME [SPAN] -->         a recorded timeline; SPAN is the least length of its axis
//	<!-- gen: chart ID [FILE] -->              a chart of the report of the reference results
//	<!-- gen: table BENCHMARK [UNIT] -->       a row a group, a column a model
//	<!-- gen: rows FILE TITLE: GROUP [UNIT]; ... -->
//	                                          a row a model, in the order of the first column; a column each of these
//	<!-- gen: versions FILE -->               of what stood beside the models in that run
//	<!-- gen: clauses -->                     which clause of the contract each library of bench/peers keeps, and what broke the others
//	<!-- gen: guards -->                      the guards, from the outermost to the innermost, and which clauses they alter
//	<!-- gen: cost MODEL... -->                what models cost, a row a model
//	<!-- gen: verdict GROUP [UNIT] -->         what is proven of a group
//	<!-- gen: machine [FILE] -->               what the reference results were measured on
//	<!-- gen: syllabus -->                     the chapters
//	<!-- gen: pitfalls -->                     the pitfalls
//	<!-- gen: pitfall NAME -->                 one of them, as a line
//	<!-- gen: phrases -->                      the phrases of the phrasebook, as a table
//	<!-- gen: phrase KEY -->                   the programs of one of them
//	<!-- gen: left-out -->                     what the phrasebook leaves out, and why
//	<!-- end -->                               ends each of these
//
// Within a sentence, but never at the beginning of a line, where Markdown would take
// the line for HTML:
//
//	<!-- = time GROUP MODEL -->...<!-- / -->        the median of a makespan
//	<!-- = times GROUP A B -->...<!-- / -->         how many times A's is B's
//	<!-- = ideal GROUP -->...<!-- / -->             the makespan of one job after another, computed
//	<!-- = value UNIT GROUP MODEL -->...<!-- / -->  the median of another unit
//
// # Where it comes from
//
// All paths are from the root of the repository. A NAME in PATH is a declaration (Run,
// Job, Job.Do), cut without its doc comment, or a region, the lines between
// "//region NAME" and "//endregion". PATH must be compiled: in a package that
// `go list ./...` knows or, below docs/pitfalls, with the build tag pitfall. Of a Python
// file, PATH.py, a NAME is a region, between "# region NAME" and "# endregion".
//
// docs/code/phrasebook/phrases.txt lists the phrases of the phrasebook, see [ParsePhrases].
//
// docs/runs/runs.txt lists the recorded commands, see [ParseRuns]. docs/runs/NAME.txt is
// what one printed, NAME.json the timeline that it recorded. bench/results/reference.txt
// and reference-FILE.txt are the reference results. docs/pitfalls/NAME has a manifest,
// pitfall.txt, and the recorded outputs. docs/figures is drawn.
//
// # What is checked
//
// [Course.Check] names file and line of every place that has drifted or cannot be
// filled, every dead link and anchor, in Markdown or HTML, every Go block that is not
// generated, and every command that would not work. Commands stand in fenced blocks: "sh"
// for a reader to run, whose flags, paths, targets and names of tests are checked, and
// "sh quick" for those that [Course.RunQuick] runs. Of a program of the course the flags
// are those that it defines with package flag.
//
// A page in which an end is missing is not written, nor a place in which a heading stands
// that is not generated: what is between the markers may be the author's. A page that
// is read-only or a symbolic link is not written either.
package weave

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Where things stand, from the root.
const (
	docsDir      = "docs"
	runsDir      = "docs/runs"
	runsFile     = "docs/runs/runs.txt"
	figuresDir   = "docs/figures"
	pitfallsDir  = "docs/pitfalls"
	resultsDir   = "bench/results"
	pitfallsTag  = "pitfall"
	manifestName = "pitfall.txt"
)

// Options are what a course needs of the program that it is about.
type Options struct {
	// Overlap checks the arguments of an overlap command and does nothing else. Nil
	// accepts all.
	Overlap func(args []string) error

	// Program is the executable that stands for the overlap command, with Env
	// added to its environment. Only what runs commands needs it.
	Program string
	Env     []string
}

// A Course is the pages of a repository and what they are made from. It reads
// most files once: after a change make a new one. It is not safe for concurrent use, but
// for RunQuick.
type Course struct {
	root    string
	options Options

	references func() ([]*reference, error)
	compiled   func() (map[string]bool, error)
	pitfallGo  func() (map[string]bool, error)
	runs       func() ([]Run, error)
	goEnv      func() goEnv
	makefile   func() (*makefile, error)
	figures    map[string]figure // drawn so far, by file
	line       int               // of the place that is being filled
	parsed     map[string]*page
}

// A Problem is what is wrong at a line of a file.
type Problem struct {
	File string // from the root, with slashes
	Line int    // from 1; 0 if it is the file as a whole
	Text string
}

// String is FILE:LINE: TEXT.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Open returns the course of the repository at root. The error says so if there is no
// go.mod in it.
func Open(root string, options Options) (*Course, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, fmt.Errorf("%s is not the root of the repository: %w", root, err)
	}
	c := &Course{root: root, options: options, figures: map[string]figure{}, parsed: map[string]*page{}}
	c.references = sync.OnceValues(c.readReferences)
	c.compiled = sync.OnceValues(c.compiledFiles)
	c.pitfallGo = sync.OnceValues(func() (map[string]bool, error) {
		return c.goFiles(".", "-tags", pitfallsTag, "./"+pitfallsDir+"/...")
	})
	c.runs = sync.OnceValues(c.readRuns)
	c.goEnv = sync.OnceValue(c.readGoEnv)
	c.makefile = sync.OnceValues(c.readMakefile)
	return c, nil
}

// file is the name that the system has for a path from the root.
func (c *Course) file(name string) string { return filepath.Join(c.root, filepath.FromSlash(name)) }

// reportMark begins pages that overlap report writes: they are not the course's.
const reportMark = "<!-- made by overlap report -->"

// nodeModules is where npm puts what others wrote.
const nodeModules = "node_modules"

// Pages are the Markdown files of the repository, from the root and sorted: all but those
// in testdata, in node_modules, in bin, in hidden directories, and those of overlap report.
// Files whose names begin with a dot are none: an editor leaves them behind. What
// cannot be read is left out; Check tells of it.
func (c *Course) Pages() ([]string, error) {
	pages, _, err := c.findPages()
	return pages, err
}

// findPages also says which files cannot be read, and why.
func (c *Course) findPages() (pages []string, unreadable []Problem, err error) {
	err = filepath.WalkDir(c.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil && name == c.root {
			return err
		}
		rel, outside := filepath.Rel(c.root, name)
		if outside != nil {
			return outside
		}
		rel = filepath.ToSlash(rel)
		if err != nil {
			unreadable = append(unreadable, Problem{rel, 0, reason(err).Error()})
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		base := entry.Name()
		switch {
		case entry.IsDir() && name != c.root && (strings.HasPrefix(base, ".") || base == "testdata" || base == nodeModules || base == "bin" && filepath.Dir(name) == c.root):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(base, ".md") || strings.HasPrefix(base, "."):
			return nil
		}
		text, err := readFile(name)
		switch {
		case err != nil:
			unreadable = append(unreadable, Problem{rel, 0, unread(entry, err)})
		case !strings.HasPrefix(string(text), reportMark):
			pages = append(pages, rel)
		}
		return nil
	})
	return pages, unreadable, err
}

// unread says why a page cannot be read.
func unread(entry fs.DirEntry, err error) string {
	if entry.Type()&fs.ModeSymlink != 0 && errors.Is(err, fs.ErrNotExist) {
		return "it cannot be read: it is a symbolic link to nothing"
	}
	return fmt.Sprintf("it cannot be read: %v", reason(err))
}

// choose returns the pages that are named, or all, and which of them cannot be read.
func (c *Course) choose(names []string) (chosen []string, unreadable []Problem, err error) {
	all, problems, err := c.findPages()
	if err != nil || len(names) == 0 {
		return all, problems, err
	}
	for _, name := range names {
		name = path.Clean(filepath.ToSlash(name))
		i := slices.IndexFunc(problems, func(p Problem) bool { return p.File == name })
		switch {
		case i >= 0:
			unreadable = append(unreadable, problems[i])
		case slices.Contains(all, name):
			chosen = append(chosen, name)
		default:
			return nil, nil, fmt.Errorf("%s is no page of the course", name)
		}
	}
	return chosen, unreadable, nil
}

// Fill makes all that is generated in the pages anew, and draws the figures that they
// show; without names, in all pages. Done twice it changes nothing the second time. It returns the files that
// changed. A place that cannot be filled is left as it was, and is a problem; the error
// is for what ended the work.
func (c *Course) Fill(names ...string) (changed []string, problems []Problem, err error) {
	names, problems, err = c.choose(names)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		p, err := c.page(name)
		if err != nil {
			problems = append(problems, Problem{name, 0, reason(err).Error()})
			continue
		}
		filled, _, found := c.weave(p)
		problems = append(problems, found...)
		if filled == string(p.text) {
			continue
		}
		if p.crlf {
			filled = strings.ReplaceAll(filled, "\n", "\r\n")
		}
		if now, err := readFile(c.file(name)); err != nil || !bytes.Equal(now, p.read) {
			problems = append(problems, Problem{name, 0, "it was changed meanwhile and is left alone: once more"})
			continue
		}
		if _, err := modeFor(c.file(name)); err != nil {
			problems = append(problems, Problem{name, 0, err.Error()})
			continue
		}
		if err := replaceFile(c.file(name), []byte(filled)); err != nil {
			return changed, problems, err
		}
		delete(c.parsed, name)
		changed = append(changed, name)
	}
	drawn, err := c.writeFigures()
	return append(changed, drawn...), sorted(problems), err
}

// weave returns a page with all places filled, which of them that changed, and what is
// wrong with its places. A page in which an end is missing stays as it is: which text is
// the author's own cannot be known.
func (c *Course) weave(p *page) (filled string, drifted, problems []Problem) {
	problems = slices.Clone(p.problems)
	if p.unclosed != nil {
		return string(p.text), nil, problems
	}
	var b strings.Builder
	at := 0
	for _, place := range p.places {
		want, err := c.fill(p, place)
		if _, none := errors.AsType[notRecorded](err); none && place.args[0] == "timeline" && p.showsRun(place.args[1]) {
			continue // said where the run is shown
		}
		if err != nil {
			problems = append(problems, Problem{p.name, place.line, fmt.Sprintf("%s: %v", place, err)})
			continue
		}
		if heading, line := p.lostHeading(place, want); heading != "" {
			problems = append(problems, Problem{p.name, line, fmt.Sprintf(
				"the heading %q stands within %s of line %d and would be lost: put <!-- end --> where what is generated ends", heading, place, place.line)})
			continue
		}
		have := string(p.text[place.begin:place.end])
		if want != have {
			line, was, is := firstDifference(have, want)
			if !place.inline {
				line++ // the marker has a line of its own
			}
			drifted = append(drifted, Problem{p.name, place.line + line,
				fmt.Sprintf("%s has drifted: %s stands where %s should: make docs", place, was, is)})
		}
		b.Write(p.text[at:place.begin])
		b.WriteString(want)
		at = place.end
	}
	b.Write(p.text[at:])
	return b.String(), drifted, problems
}

// firstDifference returns the first line, from 0, in which two texts differ, and what
// stands there.
func firstDifference(have, want string) (line int, was, is string) {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	for line < min(len(a), len(b))-1 && a[line] == b[line] {
		line++
	}
	show := func(lines []string) string {
		if line == len(lines)-1 && lines[line] == "" { // behind the last line
			return "nothing"
		}
		return fmt.Sprintf("%q", cut(lines[line], 70))
	}
	return line, show(a), show(b)
}

// cut shortens a text for a message.
func cut(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}

func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return problems
}

// Package pitfalls runs the broken programs of the course, and proves that they
// still fail for the reason that their pages tell of.
//
// A pitfall is a directory:
//
//	NAME/pitfall.txt              the manifest: what is run, and what must come of it
//	NAME/broken/                  a program, or a test, that is broken
//	NAME/mended/                  the same, mended: the difference is the lesson
//	NAME/plain/                   what plain goroutines do in the same place, where that is told
//	NAME/README.md                the page
//	NAME/broken.out, mended.out   what both print, for the page; and plain.out
//
// Every Go file of a pitfall begins with `//go:build pitfall`, so that nothing but
// the manifest's own commands compiles it. A pitfall of asyncio is there twice, in Python
// and on package eventloop: broken/main.py and broken/main.go.
//
//	go test ./docs/pitfalls           both programs of each do what the manifest says
//	go test ./docs/pitfalls -update   and what they print is recorded
//
// # The manifest
//
// Lines are `key: value`. Blank lines, and lines that begin with #, are left out.
//
//	title: Two goroutines write one map
//	detector: race detector
//	label: varies
//	broken: go run -race -tags pitfall ./broken
//	broken exit: nonzero
//	broken want: WARNING: DATA RACE
//	mended: go run -race -tags pitfall ./mended
//	mended exit: 0
//	mended want: counted 1000
//
// The keys:
//
//   - title is the mistake, in words.
//   - detector is who finds it, one of [Detectors]; if several do, they stand with
//     commas between them.
//   - label is `exact` if the output is the same each time (once it is normalised),
//     else `varies`.
//   - go (may be left out) is the release of Go that this was written for.
//   - mended by (may be left out) is the release that mended it: `mended by: Go 1.22`.
//   - broken is a command of go or python3, run in the pitfall's directory, with variables
//     of the environment before it (`GOMAXPROCS=1 go run ...`). It is split at blanks; no shell
//     reads it. It may stand more than once, for a pitfall that two detectors find:
//     each begins a command, and the lines after it belong to that command.
//   - broken exit is the exit status, a number, or `nonzero` for any but 0. `go run`
//     itself exits with 1 whatever its program exits with; what counts is the program's.
//   - broken want is text that must stand in the output. It may stand more than once,
//     and at least once with each command: a program must fail for its reason.
//   - mended, mended exit and mended want likewise; a want may be left out here, for
//     go vet says nothing when it finds nothing.
//   - plain, plain exit and plain want likewise; all of them may be left out.
//
// What is recorded, and compared with what is wanted, is normalised: see [Machine.Run].
package pitfalls

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ManifestName is the name of a manifest within the directory of its pitfall.
const ManifestName = "pitfall.txt"

// A Pitfall is what its manifest says of it.
type Pitfall struct {
	Name     string // of the directory; it names the pitfall
	Dir      string // the directory itself
	Title    string
	Detector string // one of Detectors, or several with commas between them
	Label    Label
	Go       string // the release it was written for, such as 1.26; empty is none
	MendedBy string // the release of Go that mended it, such as Go 1.22; empty is none
	Broken   []Command
	Mended   []Command
	Plain    []Command // none in most
}

// A Label says if two runs print the same.
type Label string

const (
	Exact  Label = "exact"
	Varies Label = "varies"
)

// A Variant is one of the programs of a pitfall.
type Variant string

const (
	Broken Variant = "broken"
	Mended Variant = "mended"
	Plain  Variant = "plain" // plain goroutines in the place of asyncio
)

// Variants returns all that a pitfall may have, the broken one first.
func Variants() []Variant { return []Variant{Broken, Mended, Plain} }

// Variants returns those that this pitfall has, the broken one first.
func (p *Pitfall) Variants() []Variant {
	return slices.DeleteFunc(Variants(), func(v Variant) bool { return len(p.Commands(v)) == 0 })
}

// Commands returns what is run for one of the programs.
func (p *Pitfall) Commands(v Variant) []Command { return *p.commands(v) }

func (p *Pitfall) commands(v Variant) *[]Command {
	switch v {
	case Broken:
		return &p.Broken
	case Mended:
		return &p.Mended
	default:
		return &p.Plain
	}
}

// NeedsRace tells if a command needs the race detector, and so, on most systems,
// cgo and a C compiler.
func (p *Pitfall) NeedsRace() bool {
	return p.any(func(c Command) bool { return slices.Contains(c.Args, "-race") })
}

// NeedsPython tells if a command is one of python3.
func (p *Pitfall) NeedsPython() bool { return p.any(Command.ofPython) }

func (p *Pitfall) any(is func(Command) bool) bool {
	return slices.ContainsFunc(slices.Concat(p.Broken, p.Mended, p.Plain), is)
}

// WithoutPython is the pitfall without the commands of python3, for a machine that has
// none.
func (p *Pitfall) WithoutPython() *Pitfall {
	q := *p
	for _, v := range Variants() {
		*q.commands(v) = slices.DeleteFunc(slices.Clone(p.Commands(v)), Command.ofPython)
	}
	return &q
}

// Measures tells if the pitfall is found by measuring: then nothing may run beside it.
func (p *Pitfall) Measures() bool {
	return slices.Contains(strings.Split(p.Detector, ", "), "measurement")
}

// Recorded returns the path of the file that keeps what a program printed.
func (p *Pitfall) Recorded(v Variant) string { return filepath.Join(p.Dir, string(v)+".out") }

// A Command is one command of a manifest, and what must come of it.
type Command struct {
	Line  int      // of the manifest, where the command stands
	Text  string   // as it stands there
	Env   []string // NAME=value, those that stand before it
	Args  []string // the words of the command itself; the first is go or python3
	Exit  Exit
	Wants []string // text that the output must hold
}

// runs tells if the command is of the form `go VERB ...`.
func (c Command) runs(verb string) bool {
	return len(c.Args) > 1 && c.Args[0] == "go" && c.Args[1] == verb
}

func (c Command) ofPython() bool { return c.Args[0] == "python3" }

// An Exit is the exit status that a command must have.
type Exit int

// Nonzero is any exit status but 0.
const Nonzero Exit = -1

// Is tells if status is the one that is wanted.
func (e Exit) Is(status int) bool {
	if e == Nonzero {
		return status != 0
	}
	return status == int(e)
}

func (e Exit) String() string {
	if e == Nonzero {
		return "nonzero"
	}
	return strconv.Itoa(int(e))
}

// Detectors returns who may find a pitfall.
func Detectors() []string {
	return []string{
		"race detector", "runtime", "deadlock", "vet", "synctest", "leak check",
		"record of the mock server", "result", "measurement",
		"Python's warnings", "asyncio's debug mode", "asyncio's log", "eventloop's debug mode", "eventloop's log",
	}
}

// Read reads the manifest of the pitfall in dir. An error names file and line.
func Read(dir string) (*Pitfall, error) {
	path := filepath.Join(dir, ManifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// ReadAll reads the manifests of all pitfalls below root, in the order of their
// names. What has no manifest is no pitfall. An error names file and line; of several
// bad manifests all are told.
func ReadAll(root string) ([]*Pitfall, error) {
	paths, err := filepath.Glob(filepath.Join(root, "*", ManifestName))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var all []*Pitfall
	var failed error
	for _, path := range paths {
		p, err := Read(filepath.Dir(path))
		all, failed = append(all, p), errors.Join(failed, err)
	}
	if failed != nil {
		return nil, failed
	}
	return all, nil
}

// Parse reads the text of a manifest. path is where it stands: it names the pitfall,
// and an error, which reads path:line: what is wrong.
func Parse(path, text string) (*Pitfall, error) {
	dir := filepath.Dir(path)
	m := manifest{p: &Pitfall{Dir: dir, Name: filepath.Base(dir)}, line: map[string]int{}}
	for line := range strings.Lines(text) {
		m.at++
		if err := m.read(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, m.at, err)
		}
	}
	if at, err := m.end(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, at, err)
	}
	return m.p, nil
}

// A manifest is one that is being read.
type manifest struct {
	p    *Pitfall
	at   int            // the line
	line map[string]int // key -> where it stood last; that of an exit goes with its command
}

func (m *manifest) read(line string) error {
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if !utf8.ValidString(line) {
		return errors.New("not UTF-8")
	}
	key, value, ok := strings.Cut(line, ":")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || key == "" {
		return fmt.Errorf("%q is not of the form key: value", line)
	}
	if value == "" {
		return fmt.Errorf("%s: nothing stands after it", key)
	}
	p := m.p
	switch key {
	case "title":
		return m.once(key, &p.Title, value, nil)
	case "detector":
		return m.once(key, &p.Detector, value, knownDetectors)
	case "label":
		return m.once(key, (*string)(&p.Label), value, knownLabel)
	case "go":
		return m.once(key, &p.Go, value, release)
	case "mended by":
		return m.once(key, &p.MendedBy, value, func(s string) error {
			number, ok := strings.CutPrefix(s, "Go ")
			if !ok {
				return fmt.Errorf("%q, want a release such as Go 1.22", s)
			}
			return release(number)
		})
	}
	variant, rest, _ := strings.Cut(key, " ")
	if v := Variant(variant); slices.Contains(Variants(), v) {
		switch rest {
		case "":
			return m.command(v, value)
		case "exit":
			return m.exit(v, value)
		case "want":
			return m.want(v, value)
		}
	}
	return fmt.Errorf("unknown key %q (title, detector, label, go, mended by, broken, broken exit, broken want, and the same with mended and with plain)", key)
}

// once keeps the value of a key that may stand once, if check has nothing against it.
func (m *manifest) once(key string, to *string, value string, check func(string) error) error {
	if before, ok := m.line[key]; ok {
		return fmt.Errorf("%s stands in line %d already", key, before)
	}
	if check != nil {
		if err := check(value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	m.line[key], *to = m.at, value
	return nil
}

func knownDetectors(list string) error {
	for _, d := range strings.Split(list, ", ") {
		if !slices.Contains(Detectors(), d) {
			return fmt.Errorf("unknown %q (%s)", d, strings.Join(Detectors(), ", "))
		}
	}
	return nil
}

func knownLabel(s string) error {
	if l := Label(s); l != Exact && l != Varies {
		return fmt.Errorf("%q, want exact or varies", s)
	}
	return nil
}

func release(s string) error {
	major, minor, ok := strings.Cut(s, ".")
	if _, err := strconv.ParseUint(minor, 10, 16); !ok || err != nil || major != "1" {
		return fmt.Errorf("%q, want a release such as 1.26", s)
	}
	return nil
}

// command begins a command; what was said of the one before must be whole.
func (m *manifest) command(v Variant, text string) error {
	if err := m.whole(v); err != nil {
		return err
	}
	if i := strings.IndexAny(text, "\"'`|&;<>\\"); i >= 0 {
		return fmt.Errorf("%s: %q: no shell reads it, it is split at blanks", v, text[i])
	}
	words := strings.Fields(text)
	c := Command{Line: m.at, Text: text}
	for len(words) > 0 && strings.Contains(words[0], "=") {
		c.Env, words = append(c.Env, words[0]), words[1:]
	}
	if len(words) < 2 || words[0] != "go" && words[0] != "python3" {
		return fmt.Errorf("%s: %q is not a command of go or python3", v, text)
	}
	c.Args = words
	if c.runs("test") && !slices.Contains(words, "-count=1") {
		return fmt.Errorf("%s: go test shows the result of an earlier run again: say -count=1", v)
	}
	list := m.p.commands(v)
	*list = append(*list, c)
	delete(m.line, string(v)+" exit")
	return nil
}

// last returns the command that an exit or a want belongs to.
func (m *manifest) last(v Variant, key string) (*Command, error) {
	list := *m.p.commands(v)
	if len(list) == 0 {
		return nil, fmt.Errorf("%s %s stands before its command, %s", v, key, v)
	}
	return &list[len(list)-1], nil
}

func (m *manifest) exit(v Variant, value string) error {
	c, err := m.last(v, "exit")
	if err != nil {
		return err
	}
	status := Nonzero
	if value != "nonzero" {
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil {
			return fmt.Errorf("%s exit: %q, want a number from 0 to 255, or nonzero", v, value)
		}
		status = Exit(n)
	}
	var text string
	if err := m.once(string(v)+" exit", &text, value, nil); err != nil {
		return err
	}
	c.Exit = status
	return nil
}

func (m *manifest) want(v Variant, value string) error {
	c, err := m.last(v, "want")
	if err != nil {
		return err
	}
	c.Wants = append(c.Wants, value)
	return nil
}

// whole tells what the last command of a variant, if there is one, still lacks.
func (m *manifest) whole(v Variant) error {
	list := *m.p.commands(v)
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	if _, ok := m.line[string(v)+" exit"]; !ok {
		return fmt.Errorf("the command of line %d lacks %s exit", c.Line, v)
	}
	if v == Broken && len(c.Wants) == 0 {
		return fmt.Errorf("the command of line %d lacks %s want: a program must fail for its reason", c.Line, v)
	}
	return nil
}

// end tells what the whole manifest lacks, and of which line.
func (m *manifest) end() (int, error) {
	for _, key := range []string{"title", "detector", "label"} {
		if _, ok := m.line[key]; !ok {
			return max(m.at, 1), fmt.Errorf("ends without %s", key)
		}
	}
	for _, v := range Variants() {
		list := *m.p.commands(v)
		if len(list) == 0 && v == Plain {
			continue
		}
		if len(list) == 0 {
			return max(m.at, 1), fmt.Errorf("ends without %s", v)
		}
		if err := m.whole(v); err != nil {
			return list[len(list)-1].Line, err
		}
	}
	return 0, nil
}

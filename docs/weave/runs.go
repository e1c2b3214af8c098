package weave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"mvdan.cc/sh/v3/syntax"

	"example.com/overlap/internal/process"
)

// A Run is a recorded command.
type Run struct {
	Name    string
	Exact   bool     // it prints the same on every machine, every time; else it varies
	Exit    int      // the exit status that it is recorded with
	Command string   // as the page shows it
	Env     []string // what stands before the command: GOMAXPROCS=1
	Args    []string // overlap, go or make, and its arguments
	Line    int      // in the list
}

// timelineFile is the name of the recorded timeline, or "".
func (r Run) timelineFile() string {
	for i, arg := range r.Args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case name != "-timeline" && name != "--timeline":
		case given:
			return value
		case i+1 < len(r.Args):
			return r.Args[i+1]
		}
	}
	return ""
}

var runName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// ParseRuns reads the list of recorded commands: a line each, with empty lines and
// comments, which begin with #, between them.
//
//	NAME exact|varies [exit=STATUS] COMMAND
//
// exact is for a command that prints the same everywhere; [Course.Check] runs it and
// compares. The command is overlap, go or make, with its arguments quoted as in a shell,
// and maybe GOMAXPROCS=1 or the like before it; -timeline NAME.json in it records a
// timeline, too, and pages leave it out of the command that they show. The errors name
// the file and the line, each bad line has one.
func ParseRuns(file, text string) ([]Run, error) {
	var runs []Run
	var errs []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRun(line)
		if err == nil && slices.ContainsFunc(runs, func(other Run) bool { return other.Name == r.Name }) {
			err = fmt.Errorf("there is another run called %s", r.Name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, i+1, err))
			continue
		}
		r.Line = i + 1
		runs = append(runs, r)
	}
	return runs, errors.Join(errs...)
}

func parseRun(line string) (Run, error) {
	next := func() string {
		field, rest := line, ""
		if i := strings.IndexAny(line, " \t"); i >= 0 {
			field, rest = line[:i], line[i:]
		}
		line = strings.TrimLeft(rest, " \t")
		return field
	}
	r := Run{Name: next()}
	if !runName.MatchString(r.Name) || r.Name == "all" {
		return r, fmt.Errorf("%q is no name for a run: want small letters, digits and -", r.Name)
	}
	switch label := next(); label {
	case "exact":
		r.Exact = true
	case "varies":
	default:
		return r, fmt.Errorf("%s is labelled %q, want exact or varies", r.Name, label)
	}
	if text, ok := strings.CutPrefix(line, "exit="); ok {
		number, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
		status, err := strconv.Atoi(number)
		if err != nil || status < 1 || status > 255 {
			return r, fmt.Errorf("%s has exit=%s, want a status from 1 to 255", r.Name, number)
		}
		r.Exit = status
		next()
	}
	r.Command = line
	var err error
	if r.Env, r.Args, err = simpleCommand(r.Command); err != nil {
		return r, fmt.Errorf("%s: %w", r.Name, err)
	}
	if !slices.Contains([]string{"overlap", "go", "make"}, r.Args[0]) {
		return r, fmt.Errorf("%s begins with %q, want overlap, go or make", r.Name, r.Args[0])
	}
	if file := r.timelineFile(); file != "" && file != r.Name+".json" {
		return r, fmt.Errorf("%s has -timeline %s, want -timeline %s.json", r.Name, file, r.Name)
	}
	return r, nil
}

// simpleCommand reads a command without operators or variables.
func simpleCommand(text string) (env, args []string, err error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, nil, fmt.Errorf("no command that a shell understands: %w", err)
	}
	errSimple := errors.New("want one command, without pipes, variables and the like")
	if len(file.Stmts) != 1 {
		return nil, nil, errSimple
	}
	s := file.Stmts[0]
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(s.Redirs) > 0 || s.Negated || s.Background || len(call.Args) == 0 {
		return nil, nil, errSimple
	}
	for _, a := range call.Assigns {
		value, ok := literal(a.Value)
		if !ok {
			return nil, nil, errSimple
		}
		env = append(env, a.Name.Value+"="+value)
	}
	for _, w := range call.Args {
		arg, ok := literal(w)
		if !ok {
			return nil, nil, errSimple
		}
		args = append(args, arg)
	}
	return env, args, nil
}

// literal is a word without variables, with its quotes taken off.
func literal(w *syntax.Word) (string, bool) {
	if w == nil {
		return "", true
	}
	var b strings.Builder
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescape(part.Value))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, part := range part.Parts {
				lit, ok := part.(*syntax.Lit)
				if !ok {
					return "", false
				}
				b.WriteString(strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`, "\\`", "`").Replace(lit.Value))
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// unescape takes off the backslashes of a word that is not quoted.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func (c *Course) readRuns() ([]Run, error) {
	text, err := readFile(c.file(runsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", runsFile, reason(err))
	}
	return ParseRuns(runsFile, strings.ReplaceAll(string(text), "\r\n", "\n"))
}

// run returns a command of the list.
func (c *Course) run(name string) (Run, error) {
	runs, err := c.runs()
	for _, r := range runs { // one bad line does not spoil the others
		if r.Name == name {
			return r, nil
		}
	}
	if err != nil {
		return Run{}, err
	}
	return Run{}, fmt.Errorf("%s lists no run called %s", runsFile, name)
}

// A recording is a file that holds what a command printed:
//
//	# go1.26.0, linux/amd64, 2 cores
//	$ overlap run -n 3
//	...
type recording struct{ machine, command, output string }

func readRecording(name string) (recording, error) {
	data, err := readFile(name)
	if err != nil {
		return recording{}, reason(err)
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	machine, rest, ok := strings.Cut(text, "\n")
	machine, isStamp := strings.CutPrefix(machine, "# ")
	command, output, ok2 := strings.Cut(rest, "\n")
	command, isCommand := strings.CutPrefix(command, "$ ")
	if !ok || !ok2 || !isStamp || !isCommand {
		return recording{}, errors.New(`no recording: want "# MACHINE", "$ COMMAND" and the output`)
	}
	return recording{machine, command, output}, nil
}

func (r recording) String() string { return "# " + r.machine + "\n$ " + r.command + "\n" + r.output }

// ownNames is what stands in an output for something of the reader's machine.
var ownNames = regexp.MustCompile(`\b0xaddr|\$GOROOT\b|\$GOMODCACHE\b|\b[Gg]oroutine \d`)

// markdown is how a page shows it.
func (r recording) markdown(exact bool) string {
	shown := stamp(r.machine, exact)
	times, names := goTestTime.MatchString(r.output), ownNames.MatchString(r.output)
	but := ""
	switch {
	case times && names:
		but = "exact, but for paths, addresses, the numbers of goroutines and how long the tests took"
	case names:
		but = "exact, but for paths, addresses and the numbers of goroutines"
	case times:
		but = exactLabel + ", but for how long the tests took"
	}
	if exact && but != "" {
		shown = strings.Replace(shown, exactLabel, but, 1)
	}
	return fence("text", "$ "+r.command+"\n"+r.output) + shown
}

// withoutTimeline is the command without the flag that records the timeline: readers
// need no file of it.
func (r Run) withoutTimeline() string {
	file := r.timelineFile()
	if file == "" {
		return r.Command
	}
	flag := regexp.MustCompile(`\s+--?timeline(?:=|\s+)(?:` + regexp.QuoteMeta(file) + `|"` + regexp.QuoteMeta(file) + `"|'` + regexp.QuoteMeta(file) + `')(\s|$)`)
	return flag.ReplaceAllString(r.Command, "$1")
}

// A notRecorded is the error for a run that has no text yet.
type notRecorded string

func (n notRecorded) Error() string {
	return fmt.Sprintf("%s is not recorded yet: overlap docs -record %s", string(n), string(n))
}

func (c *Course) recorded(r Run) (recording, error) {
	name := runsDir + "/" + r.Name + ".txt"
	found, err := readRecording(c.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found, notRecorded(r.Name)
	case err != nil:
		return found, fmt.Errorf("%s: %w", name, err)
	case found.command != r.Command:
		return found, fmt.Errorf("%s is recorded with another command, %q: overlap docs -record %s", r.Name, found.command, r.Name)
	}
	return found, nil
}

func (c *Course) fillRun(_ *page, args []string) (string, error) {
	r, err := c.run(args[0])
	if err != nil {
		return "", err
	}
	found, err := c.recorded(r)
	if err != nil {
		return "", err
	}
	found.command = r.withoutTimeline()
	return found.markdown(r.Exact), nil
}

// Record runs commands of the list, all that are not recorded yet if none is named, every
// one for the name "all", and keeps what they print, with the machine and the Go version. It returns the names of those
// that it recorded. A command that ends with another exit status than the list says
// is an error, and its recording stays as it was; the others are run.
func (c *Course) Record(ctx context.Context, names ...string) ([]string, error) {
	all, err := c.runs()
	if err != nil {
		return nil, err
	}
	var chosen []Run
	if len(names) == 1 && names[0] == "all" {
		chosen, names = all, nil
	} else if len(names) == 0 {
		chosen = slices.DeleteFunc(slices.Clone(all), c.isRecorded)
	}
	for _, name := range names {
		r, err := c.run(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, r)
	}
	var done []string
	var errs []error
	for _, r := range chosen {
		if err := c.record(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %s: %w", runsFile, r.Line, r.Name, err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		done = append(done, r.Name)
	}
	return done, errors.Join(errs...)
}

// isRecorded says whether all files of a run are there and of its command.
func (c *Course) isRecorded(r Run) bool {
	if _, err := c.recorded(r); err != nil {
		return false
	}
	if r.timelineFile() == "" {
		return true
	}
	_, err := os.Stat(c.file(runsDir + "/" + r.Name + ".json"))
	return err == nil
}

func (c *Course) record(ctx context.Context, r Run) error {
	w, err := c.scratch()
	if err != nil {
		return err
	}
	defer w.remove()
	output, err := w.output(ctx, r)
	if err != nil {
		return err
	}
	if file := r.timelineFile(); file != "" {
		data, err := readFile(filepath.Join(w.dir, file))
		if err != nil {
			return fmt.Errorf("it recorded no timeline: %w", err)
		}
		if err := replaceFile(c.file(runsDir+"/"+file), data); err != nil {
			return err
		}
	}
	text := recording{thisMachine(), r.Command, output}.String()
	return replaceFile(c.file(runsDir+"/"+r.Name+".txt"), []byte(text))
}

func thisMachine() string {
	cores := "cores"
	if runtime.NumCPU() == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s, %s/%s, %d %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cores)
}

// patience is how long a recorded command may take.
const patience = 10 * time.Minute

// output runs a command and returns what a page shows of it: what it prints on
// standard output, of the go command on standard error, too. If there is nothing, what
// it prints on standard error; progress stands there, else.
func (w *scratch) output(ctx context.Context, r Run) (string, error) {
	if err := leavesResults(r.Args); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var cmd *exec.Cmd
	if r.Args[0] == "overlap" {
		if w.course.options.Program == "" {
			return "", errors.New("no program stands for overlap")
		}
		cmd = exec.CommandContext(ctx, w.course.options.Program, r.Args[1:]...)
		cmd.Env = append(environment(), w.course.options.Env...)
		cmd.Dir = w.dir
	} else {
		cmd = exec.CommandContext(ctx, r.Args[0], w.atHome(r)...)
		cmd.Env = environment()
		cmd.Dir = w.course.root
	}
	cmd.Env = append(cmd.Env, r.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if r.Args[0] == "go" {
		cmd.Stderr = &stdout // one writer: the order is kept
	}
	err := process.Run(cmd)
	status := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		status = exit.ExitCode()
	} else if err != nil {
		return "", errors.Join(err, ctx.Err())
	}
	if status != r.Exit {
		said := w.normal(stdout.String()) + w.normal(stderr.String())
		return "", fmt.Errorf("exit status %d, want %d: %s", status, r.Exit, strings.TrimSpace(cut(said, 2000)))
	}
	if stdout.Len() == 0 {
		stdout = stderr
	}
	text := w.normal(stdout.String())
	if status != 0 && !strings.HasPrefix(lastLine(text), "exit status ") { // go run says it itself
		text += fmt.Sprintf("exit status %d\n", status)
	}
	return text, nil
}

// atHome are the arguments of a run in the course's own directory. Its timeline is to
// be where that of others is, and not there.
func (w *scratch) atHome(r Run) []string {
	args := slices.Clone(r.Args[1:])
	if file := r.timelineFile(); file != "" {
		for i, arg := range args {
			if before, ok := strings.CutSuffix(arg, file); ok && (before == "" || strings.HasSuffix(before, "-timeline=")) {
				args[i] = before + filepath.Join(w.dir, file)
			}
		}
	}
	return args
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// normal takes out of a command's output what is this machine's own: where its files
// are, and what the go command downloads.
func (w *scratch) normal(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, dir := range []string{w.dir, w.real, w.course.root} {
		text = strings.ReplaceAll(text, dir+string(filepath.Separator), "")
		text = strings.ReplaceAll(text, dir, ".")
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "go: downloading ") && !strings.HasPrefix(line, "make: Entering ") && !strings.HasPrefix(line, "make: Leaving ") {
			b.WriteString(line)
		}
	}
	text = b.String()
	for name, dir := range w.course.goEnv().dirs {
		text = strings.ReplaceAll(text, dir, "$"+name)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// A goEnv is what the go command knows of itself.
type goEnv struct {
	dirs map[string]string // by the names that `go env` has for them
	race bool              // the race detector works: it needs cgo, and so a C compiler
}

func (c *Course) readGoEnv() goEnv {
	cmd := exec.Command("go", "env", "GOROOT", "GOMODCACHE", "CGO_ENABLED")
	cmd.Dir = c.root
	out, err := cmd.Output()
	lines := strings.Split(strings.ReplaceAll(string(out), "\r", ""), "\n")
	if err != nil || len(lines) < 3 || lines[0] == "" || lines[1] == "" {
		return goEnv{race: true} // then the directories stand in the output
	}
	return goEnv{map[string]string{"GOROOT": lines[0], "GOMODCACHE": lines[1]}, lines[2] == "1"}
}

var raceFlag = regexp.MustCompile(`(?m)(^|\s)--?race(\s|$)`)

// cannotRace says whether commands need the race detector where there is none.
func (c *Course) cannotRace(commands string) bool {
	return raceFlag.MatchString(commands) && !c.goEnv().race
}

// Skipped are the exact commands that Check did not run, and why.
func (c *Course) Skipped() []string {
	runs, _ := c.runs()
	var skipped []string
	for _, r := range runs {
		if r.Exact && c.cannotRace(r.Command) {
			skipped = append(skipped, r.Name+" is not compared: the race detector needs a C compiler")
		}
	}
	return skipped
}

// goTestTime is how long go test says that tests took.
var goTestTime = regexp.MustCompile(`(?m)\t(?:\d+\.\d+s|\(cached\))$|\(\d+\.\d+s\)$`)

// checkExact runs the exact commands, as many at once as there are cores, and compares:
// those that pages show, or all. A problem names the places that show the line.
func (c *Course) checkExact(ctx context.Context, shown map[string][]Problem, all bool) ([]Problem, error) {
	runs, _ := c.runs() // bad lines are reported with the list
	problems := make([]*Problem, len(runs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range runs {
		if !r.Exact || !all && shown[r.Name] == nil || c.cannotRace(r.Command) {
			continue
		}
		found, err := c.recorded(r)
		if err != nil {
			continue // reported with the list
		}
		group.Go(func() (err error) {
			problems[i], err = c.checkOne(ctx, r, found, shown[r.Name])
			return err
		})
	}
	err := group.Wait()
	var inexact []Problem
	for _, p := range problems {
		if p != nil {
			inexact = append(inexact, *p)
		}
	}
	return inexact, err
}

// checkOne runs an exact command and compares.
func (c *Course) checkOne(ctx context.Context, r Run, found recording, shown []Problem) (*Problem, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	w, err := c.scratch()
	if err != nil {
		return nil, err
	}
	defer w.remove()
	output, err := w.output(ctx, r)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return &Problem{runsFile, r.Line, fmt.Sprintf("%s: %v", r.Name, err)}, nil
	}
	have, want := goTestTime.ReplaceAllString(found.output, " -"), goTestTime.ReplaceAllString(output, " -")
	if have == want {
		return nil, nil
	}
	line, was, is := firstDifference(have, want)
	text := fmt.Sprintf("%s is exact, and now prints %s where %s is recorded: overlap docs -record %s, or say that it varies", r.Name, is, was, r.Name)
	for _, place := range shown {
		text += fmt.Sprintf("; %s:%d shows it", place.File, place.Line+3+line) // below the marker, the fence, and the command
	}
	return &Problem{runsDir + "/" + r.Name + ".txt", line + 3, text}, nil
}

// checkRuns compares the list with the recordings that there are.
func (c *Course) checkRuns() []Problem {
	runs, err := c.runs()
	problems := asProblems(runsFile, err)
	listed := map[string]bool{filepath.Base(runsFile): true}
	for _, r := range runs {
		listed[r.Name+".txt"] = true
		_, err := c.recorded(r)
		if err != nil {
			problems = append(problems, Problem{runsFile, r.Line, err.Error()})
		}
		_, neither := errors.AsType[notRecorded](err) // the timeline comes with the text
		if file := r.timelineFile(); file != "" {
			listed[file] = true
			if _, err := os.Stat(c.file(runsDir + "/" + file)); err != nil && !neither {
				problems = append(problems, Problem{runsFile, r.Line, fmt.Sprintf("the timeline of %s is not recorded yet: overlap docs -record %s", r.Name, r.Name)})
			}
		}
		err = c.checkCommand(".", r.Args)
		if err == nil {
			err = leavesResults(r.Args)
		}
		if err != nil {
			problems = append(problems, Problem{runsFile, r.Line, fmt.Sprintf("%s: %v", r.Name, err)})
		}
	}
	entries, err := os.ReadDir(c.file(runsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, Problem{runsDir, 0, err.Error()})
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			problems = append(problems, Problem{runsDir + "/" + e.Name(), 0, "of no run that " + runsFile + " lists"})
		}
	}
	return problems
}

// asProblems takes joined errors that name their file and line apart.
func asProblems(file string, err error) []Problem {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []Problem
		for _, err := range joined.Unwrap() {
			problems = append(problems, asProblems(file, err)...)
		}
		return problems
	}
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, file+":"); ok {
		if number, rest, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				return []Problem{{file, line, rest}}
			}
		}
	}
	return []Problem{{file, 0, strings.TrimPrefix(text, file+": ")}}
}

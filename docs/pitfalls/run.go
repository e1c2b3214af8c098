package pitfalls

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/internal/process"
	"example.com/overlap/internal/python"
)

// A Machine is what the programs run on. It is made by [ThisMachine] and may be used
// from many goroutines at once.
type Machine struct {
	Go     string // go1.26.8
	GOOS   string
	GOARCH string
	Cores  int
	Cgo    bool   // on most systems the race detector needs it
	Python string // the version of python3, such as 3.13.0; empty if there is none, or an older one than 3.11

	timeout time.Duration // of a command, compiling included
	paths   []place       // that differ between machines
}

// ThisMachine asks the go command for its version and its directories. It fails where
// there is no go command, or no module around the current directory.
func ThisMachine(ctx context.Context) (*Machine, error) {
	keys := []string{"GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED", "GOMOD", "GOROOT", "GOMODCACHE"}
	out, err := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, keys...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var env map[string]string
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	if !filepath.IsAbs(env["GOMOD"]) || env["GOMOD"] == os.DevNull {
		return nil, errors.New("go env GOMOD: there is no module here")
	}
	m := &Machine{
		Go: env["GOVERSION"], GOOS: env["GOOS"], GOARCH: env["GOARCH"],
		Cores:   runtime.NumCPU(),
		Cgo:     env["CGO_ENABLED"] == "1",
		timeout: time.Minute,
		paths: []place{
			{filepath.Dir(env["GOMOD"]), "overlap"},
			{env["GOROOT"], "$GOROOT"},
			{env["GOMODCACHE"], "$GOMODCACHE"},
		},
	}
	if found, err := python.Find(ctx, "python3"); err == nil {
		m.Python = found.Version
		m.paths = append(m.paths, place{found.Library, "$PYTHON"})
	}
	return m, nil
}

// String is the first line of a recorded output, without its newline.
func (m *Machine) String() string {
	cores := "cores"
	if m.Cores == 1 {
		cores = "core"
	}
	return fmt.Sprintf("# %s, %s/%s, %d %s", m.Go, m.GOOS, m.GOARCH, m.Cores, cores)
}

// stamp is the first line of what is recorded of commands.
func (m *Machine) stamp(commands []Command) string {
	if !slices.ContainsFunc(commands, Command.ofPython) {
		return m.String()
	}
	return strings.Replace(m.String(), m.Go, m.Go+", Python "+m.Python, 1)
}

// Compile compiles what the pitfalls import, so that a cold build cache does not use up
// the time that their commands have; with the race detector only for those that need it,
// since a large library takes minutes with it. What does not compile is told by the command
// that needs it.
func (m *Machine) Compile(ctx context.Context, all []*Pitfall) error {
	var plain, race []string
	for _, p := range all {
		plain = append(plain, p.Dir)
		if p.NeedsRace() {
			race = append(race, p.Dir)
		}
	}
	if err := m.compile(ctx, plain); err != nil || !m.Cgo {
		return err
	}
	return m.compile(ctx, race, "-race")
}

func (m *Machine) compile(ctx context.Context, dirs []string, flags ...string) error {
	if len(dirs) == 0 {
		return nil
	}
	args := slices.Concat([]string{"list", "-e", "-export", "-deps", "-test", "-tags", "pitfall"}, flags)
	for _, dir := range dirs {
		args = append(args, "./"+filepath.ToSlash(dir)+"/...")
	}
	if _, err := m.run(ctx, ".", Command{Args: append([]string{"go"}, args...)}, 0); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// A Recording is what came of the commands of one program.
type Recording struct {
	Machine string // its String, with the version of Python if that is used
	Steps   []Step // one for each command
}

// A Step is what came of one command.
type Step struct {
	Command string // as it stands in the manifest
	Exit    int    // the exit status; that of the program, for go run
	Output  string // standard output and standard error as they came, normalised
}

// String is the content of a recorded file: the machine, and each command after $,
// with its output.
func (r Recording) String() string {
	var b strings.Builder
	b.WriteString(r.Machine + "\n")
	for _, s := range r.Steps {
		b.WriteString("$ " + s.Command + "\n" + s.Output)
		if s.Output != "" && !strings.HasSuffix(s.Output, "\n") {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// Run runs the commands of one program of p, one after another, in p's directory, and
// says in its error what did not come as the manifest wants it. The recording holds
// what there is, also with an error.
//
// Each command is a process group of its own, which is killed when the command has
// ended, when ctx ends, and after a minute: no process stays behind. (Where there are
// no process groups, as on Windows, only the command itself is killed.) Its
// temporary files go too. GODEBUG, GOMAXPROCS, GORACE, GOTRACEBACK, GOGC and what begins
// with PYTHON come from the manifest only, not from whoever runs the test.
//
// The output is normalised, so that runs of one program can be compared:
//
//   - goroutines but the first are numbered from 2, in the order in which they are
//     named; addresses are 0xaddr1, 0xaddr2 and so on, so that one that is named
//     twice is seen to be the same; offsets into functions (+0x1c4) are left out, and
//     so are arguments that the runtime itself is not sure of (0xa0? becomes ?)
//   - paths begin at the pitfall's directory, else with overlap/ (this module),
//     $GOROOT, $GOMODCACHE, $PYTHON (its library) or $TMPDIR
//   - the times that go test tells are 0.00s; dates are 2009-11-10 23:00:00, as in Go's
//     playground, but for those of 2000, where synctest's clock begins
//   - process ids and the ports of the loopback are pid N and :PORT
func (m *Machine) Run(ctx context.Context, p *Pitfall, v Variant) (Recording, error) {
	r := Recording{Machine: m.stamp(p.Commands(v))}
	for _, c := range p.Commands(v) {
		if err := ctx.Err(); err != nil {
			return r, context.Cause(ctx)
		}
		out, err := m.run(ctx, p.Dir, c, m.timeout)
		r.Steps = append(r.Steps, Step{Command: c.Text, Exit: out.status, Output: out.text})
		if err != nil {
			return r, fmt.Errorf("%s: %s: %w\n%s", p.at(c), c.Text, err, out.text)
		}
	}
	return r, p.Judge(v, r)
}

// at is where a command stands.
func (p *Pitfall) at(c Command) string {
	return fmt.Sprintf("%s:%d", filepath.Join(p.Dir, ManifestName), c.Line)
}

// Judge says what in a recording is not as the manifest wants it of a program; nil if
// all is.
func (p *Pitfall) Judge(v Variant, r Recording) error {
	commands := p.Commands(v)
	if len(r.Steps) != len(commands) {
		return fmt.Errorf("%s: %d commands, %d were run", filepath.Join(p.Dir, ManifestName), len(commands), len(r.Steps))
	}
	var failed error
	for i, c := range commands {
		s := r.Steps[i]
		var wrong []string
		if !c.Exit.Is(s.Exit) {
			wrong = append(wrong, fmt.Sprintf("exit status %d, want %s", s.Exit, c.Exit))
		}
		for _, want := range c.Wants {
			if !strings.Contains(s.Output, want) {
				wrong = append(wrong, fmt.Sprintf("the output lacks %q", want))
			}
		}
		if len(wrong) > 0 {
			failed = errors.Join(failed, fmt.Errorf("%s: %s: %s\n%s", p.at(c), c.Text, strings.Join(wrong, "; "), s.Output))
		}
	}
	return failed
}

// Distinct is an error if what the mended program did is also all that is wanted of the
// broken one, or the other way round: then the manifest cannot tell them apart.
func (p *Pitfall) Distinct(broken, mended Recording) error {
	for _, cross := range []struct {
		wanted, from Variant
		did          Recording
	}{{Broken, Mended, mended}, {Mended, Broken, broken}} {
		if len(cross.did.Steps) == len(p.Commands(cross.wanted)) && p.Judge(cross.wanted, cross.did) == nil {
			return fmt.Errorf("%s: the %s program does all that is wanted of the %s one: the manifest cannot tell them apart",
				filepath.Join(p.Dir, ManifestName), cross.from, cross.wanted)
		}
	}
	return nil
}

// Record writes a recording to the file that keeps it.
func (p *Pitfall) Record(v Variant, r Recording) error {
	return os.WriteFile(p.Recorded(v), []byte(r.String()), 0o644)
}

// Drift is an error if the recorded text is not what this recording would be written
// as: another command, or, with the label exact, another output on the same version
// of Go and the same system.
func (p *Pitfall) Drift(v Variant, recorded string, now Recording) error {
	path := p.Recorded(v)
	machine, rest, _ := strings.Cut(recorded, "\n")
	for _, s := range now.Steps {
		found := false
		for line := range strings.Lines(recorded) {
			found = found || strings.TrimSuffix(line, "\n") == "$ "+s.Command
		}
		if !found {
			return fmt.Errorf("%s: records another command than %s", path, s.Command)
		}
	}
	if p.Label != Exact || system(machine) != system(now.Machine) {
		return nil
	}
	if _, want, _ := strings.Cut(now.String(), "\n"); rest != want {
		line := 2
		a, b := strings.Split(rest, "\n"), strings.Split(want, "\n")
		for i := 0; i < min(len(a), len(b)) && a[i] == b[i]; i++ {
			line++
		}
		return fmt.Errorf("%s:%d: the label is exact, but now it prints\n%s", path, line, want)
	}
	return nil
}

// system is the first line of a recording without the number of cores.
func system(machine string) string {
	if i := strings.LastIndex(machine, ","); i >= 0 {
		return machine[:i]
	}
	return machine
}

// An outcome is what came of a process.
type outcome struct {
	status int
	text   string // normalised
}

// run runs one command in dir, for as long as timeout, or without end if that is 0. How
// the command exits is no error; an error is that it does not start, does not end in
// time, or leaves a process that still holds its output.
func (m *Machine) run(ctx context.Context, dir string, c Command, timeout time.Duration) (outcome, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return outcome{}, err
	}
	// A go command that is killed leaves its temporary files: they get a place that
	// can be removed. GOTMPDIR is set where programs cannot be run from elsewhere.
	tmp, err := os.MkdirTemp(os.Getenv("GOTMPDIR"), "pitfall-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(tmp)

	timed := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("has not ended after %v", timeout))
		defer cancel()
	}
	cmd := exec.CommandContext(timed, c.Args[0], c.Args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(environment(tmp), c.Env...)
	out := output{left: 1 << 20}
	cmd.Stdout, cmd.Stderr = &out, &out
	err = process.Run(cmd)

	paths := append([]place{{dir, ""}, {tmp, "$TMPDIR"}}, m.paths...)
	o := outcome{status: cmd.ProcessState.ExitCode(), text: newNormaliser(paths).normalise(out.String())}
	var exited *exec.ExitError
	switch {
	case timed.Err() != nil:
		return o, context.Cause(timed)
	case err != nil && !errors.As(err, &exited):
		return o, err
	case out.cut:
		return o, errors.New("prints more than 1 MiB")
	}
	if c.runs("run") && o.status == 1 {
		o.status = programStatus(o.text)
	}
	return o, nil
}

// environment is that of a command: nothing that changes what a program of Go or Python
// does, and temporary files in tmp.
func environment(tmp string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GODEBUG", "GOMAXPROCS", "GORACE", "GOTRACEBACK", "GOGC", "GOMEMLIMIT"}, name) ||
			strings.HasPrefix(name, "PYTHON") && name != "PYTHONHOME" // says where it is installed
	})
	for _, name := range []string{"TMPDIR", "GOTMPDIR", "TMP", "TEMP"} {
		env = append(env, name+"="+tmp)
	}
	return env
}

// programStatus is the exit status of the program that go run ran, as go run tells it
// in its last line. It tells none if the program did not compile.
func programStatus(output string) int {
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	if text, ok := strings.CutPrefix(lines[len(lines)-1], "exit status "); ok {
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	}
	return 1
}

// An output keeps the first part of what is written to it, for a program that is
// broken may print without end.
type output struct {
	bytes.Buffer
	left int
	cut  bool
}

func (o *output) Write(p []byte) (int, error) {
	n := min(len(p), o.left)
	o.Buffer.Write(p[:n])
	o.left -= n
	o.cut = o.cut || n < len(p)
	return len(p), nil
}

// Package rounds runs Go benchmarks so that a comparison of their models can be
// trusted: in rounds, every cell once a round, each in a fresh process, in an
// order that is random, balanced and recorded.
//
// `go test -count=10` runs one benchmark ten times in a row. When the machine's
// speed drifts, as it does on every shared machine, the drift looks like a
// difference between the benchmarks: twelve copies of one model compared in that
// way gave 20 'significant' differences. Rounds spread the drift over all.
//
// The output is the standard benchmark format
// (https://go.dev/design/14313-benchmark-format), so benchstat and every other
// tool reads it.
package rounds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/results"
)

// Config says what to run. Package, Rounds and Out must be set.
type Config struct {
	Dir       string        // where Package is resolved; empty is the current directory
	Package   string        // whose benchmarks are run
	Bench     string        // regular expression of benchmarks, as -bench takes it; empty is all
	Rounds    int           // samples of each cell; benchstat needs 6 for an interval, 10 is a good number
	For       time.Duration // if not 0, as many rounds as fit into it, an even number from 2, in place of Rounds
	Control   string        // the model that stands in twice, the noise floor; empty is pool, or else the first; NoControl is none
	CPU       []int         // values of GOMAXPROCS; none leaves it to the machine
	BenchTime string        // of each cell in each round, as -benchtime takes it; empty is 100ms
	Seed      uint64        // of the order
	// Calibrate finds out what this machine can measure, in one line that is recorded and given
	// to the benchmarks (CalibrationEnv). It is called once, after the build. Nil is none:
	// then no cell is marked as saturated.
	Calibrate func(context.Context) (string, error)
	Args      []string // further flags for the test binary
	Out       string   // file for the results; must not exist
}

// NoControl is the Control of a run without one.
const NoControl = "none"

// An Interrupted error says that a run ended early: Finished rounds are in the
// file, whole. It unwraps to the cause.
type Interrupted struct {
	Finished int
	cause    error
}

func (e *Interrupted) Error() string {
	if e.Finished == 1 {
		return fmt.Sprintf("stopped after 1 whole round: %v", e.cause)
	}
	return fmt.Sprintf("stopped after %d whole rounds: %v", e.Finished, e.cause)
}

func (e *Interrupted) Unwrap() error { return e.cause }

// A Report is what Run did.
type Report struct {
	Rounds    int               // whole rounds in the file
	LeftOut   map[string]string // benchmark name -> why it was not run
	Saturated int               // cells that this machine cannot measure; the file says why
	Models    []string          // in the order of the benchmarks
	Building  time.Duration
	WarmUp    time.Duration
	Measured  time.Duration // the rounds alone
}

// Progress is told what Run is doing. Its methods are called from one goroutine.
type Progress interface {
	// Say is called with a line about each phase: building, warm-up.
	Say(line string)
	// Warming is called before each benchmark of the warm-up, with how many were
	// begun before. How many there are is what the warm-up finds out.
	Warming(before int, name string)
	// Cells is called once, after the warm-up, with what is to be measured, and how often.
	Cells(cells []Cell, rounds int)
	// Step is called before each cell: the round from 1, of how many; the cell's place
	// in the round from 1, of how many; the time left for all rounds (an estimate).
	Step(round, rounds, step, steps int, cell Cell, left time.Duration)
	// Done is called after the last step, also when the run failed.
	Done()
}

// Run builds the package's test binary, runs every matching benchmark once to
// find the cells and to warm up, and then runs the rounds. Each whole round is
// appended to config.Out at once, so whatever ends the run, the finished rounds
// are kept; when ctx ends or a benchmark fails, the error is an *Interrupted if at least
// one round is there.
func Run(ctx context.Context, config Config, progress Progress) (*Report, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "overlap-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)

	if err := os.MkdirAll(filepath.Dir(config.Out), 0o755); err != nil { // before all that takes time
		return nil, err
	}
	report := &Report{LeftOut: map[string]string{}}
	began := time.Now()
	progress.Say("building the benchmarks of " + config.Package)
	bin, err := build(ctx, config.Dir, config.Package, tmp)
	if err != nil {
		return nil, err
	}
	bin.args = config.Args
	report.Building = time.Since(began)
	progress.Say(fmt.Sprintf("built in %s", seconds(report.Building)))
	if config.Calibrate != nil {
		bin.calibration, err = config.Calibrate(ctx)
		switch {
		case err != nil:
			return nil, err
		case strings.ContainsAny(bin.calibration, "\r\n"):
			return nil, errors.New("calibration is more than one line")
		}
	}

	began = time.Now()
	progress.Say("warming up: every benchmark once")
	all, err := warmUp(ctx, bin, config, progress)
	if err != nil {
		return nil, err
	}
	control, err := all.addTwins(config.Control)
	if err != nil {
		return nil, err
	}
	switch round := newEstimate(all, config.benchTime()).left(all.cells); {
	case config.For > 0:
		config.Rounds = fit(config.For, round)
		if config.For < 2*round {
			progress.Say(fmt.Sprintf("a round takes about %v: two, the least, may not fit into %v", round.Round(time.Millisecond), config.For))
		}
	case config.Rounds%2 == 1 && config.Rounds > 1:
		progress.Say(fmt.Sprintf("%d rounds: with an even number, every model would precede every other equally often", config.Rounds))
	}
	report.WarmUp, report.LeftOut, report.Models = time.Since(began), all.leftOut, modelsOf(all.cells)
	report.Saturated = len(all.saturated)
	progress.Say(fmt.Sprintf("warmed up in %s: %d cells, %d of them saturated, %d left out",
		seconds(report.WarmUp), len(all.cells), len(all.saturated), len(all.leftOut)))
	progress.Cells(all.cells, config.Rounds)

	out, err := os.OpenFile(config.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	if _, err := out.WriteString(header(config, all.config, bin.calibration, control)); err != nil {
		return nil, err
	}
	began = time.Now()
	err = measureAll(ctx, bin, config, all, out, report, progress)
	report.Measured = time.Since(began)
	if err == nil {
		err = out.Close()
	}
	switch {
	case err == nil:
		return report, nil
	case report.Rounds > 0:
		return report, &Interrupted{Finished: report.Rounds, cause: err}
	default:
		return nil, errors.Join(err, os.Remove(config.Out))
	}
}

// fit is how many rounds of a length fit into a time: an even number, as every
// second round is the one before it backwards, and at least two.
func fit(all, round time.Duration) int { return max(2, fitMore(all, round)) }

// fitMore is how many further rounds fit, perhaps none.
func fitMore(left, round time.Duration) int {
	return max(0, int(left/max(1, round))/2*2)
}

// addTwins gives each cell of the control's model a twin, and returns the model.
// Without models there is no control.
func (f *found) addTwins(control string) (string, error) {
	models := modelsOf(f.cells)
	switch {
	case control == NoControl || control == "" && len(models) == 0:
		return "", nil
	case control == "" && slices.Contains(models, "pool"):
		control = "pool"
	case control == "":
		control = models[0]
	case !slices.Contains(models, control):
		return "", fmt.Errorf("control is %q, want one of %s, or %s", control, strings.Join(models, ", "), NoControl)
	}
	for _, c := range slices.Clone(f.cells) {
		if c.Model() == control {
			twin := c
			twin.Twin = true
			f.cells = append(f.cells, twin)
			f.took[twin] = f.took[c]
			if why, ok := f.saturated[c]; ok {
				f.saturated[twin] = why
			}
		}
	}
	return control, nil
}

func modelsOf(cells []Cell) []string {
	var models []string
	for _, c := range cells {
		if m := c.Model(); m != "" && !slices.Contains(models, m) {
			models = append(models, m)
		}
	}
	return models
}

// Validate returns an error that names the setting that makes no sense.
func (c Config) Validate() error {
	if c.For < 0 {
		return fmt.Errorf("for is %v, want more than 0s", c.For)
	}
	if c.Rounds < 1 && c.For == 0 {
		return fmt.Errorf("rounds is %d, want at least 1", c.Rounds)
	}
	for i, n := range c.CPU {
		if n < 1 {
			return fmt.Errorf("cpu is %d, want at least 1", n)
		}
		if slices.Contains(c.CPU[:i], n) {
			return fmt.Errorf("cpu holds %d twice, which would count every sample twice", n)
		}
	}
	for _, arg := range c.Args {
		if strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.") {
			return fmt.Errorf("%s is a flag of go test, and those are set by the rounds", arg)
		}
	}
	if _, err := os.Stat(c.Out); err == nil {
		return fmt.Errorf("%s is there already: results are never overwritten", c.Out)
	}
	if d, err := time.ParseDuration(c.benchTime()); (err != nil || d <= 0) && !iterations.MatchString(c.benchTime()) {
		return fmt.Errorf("benchtime is %q, want a time such as 100ms or a number of operations such as 10x", c.benchTime())
	}
	if _, err := regexp.Compile(c.Bench); err != nil {
		return fmt.Errorf("bench is no pattern: %w", err)
	}
	return nil
}

var iterations = regexp.MustCompile(`^[1-9][0-9]*x$`)

func (c Config) benchTime() string {
	if c.BenchTime == "" {
		return "100ms"
	}
	return c.BenchTime
}

func (c Config) cpus() []int {
	if len(c.CPU) == 0 {
		return []int{0}
	}
	return c.CPU
}

// warmUp finds the cells at every GOMAXPROCS.
func warmUp(ctx context.Context, bin *binary, config Config, progress Progress) (found, error) {
	pattern := config.Bench
	if pattern == "" {
		pattern = "."
	}
	all := nothingFound()
	begun := 0
	for _, cpu := range config.cpus() {
		f, err := bin.discover(ctx, pattern, cpu, func(name string) { progress.Warming(begun, name); begun++ })
		if err != nil {
			return found{}, err
		}
		all.cells = append(all.cells, f.cells...)
		all.config = f.config
		maps.Copy(all.took, f.took)
		maps.Copy(all.saturated, f.saturated)
		maps.Copy(all.leftOut, f.leftOut)
	}
	if len(all.cells) == 0 {
		return found{}, fmt.Errorf("no benchmark of %s matches %q", config.Package, pattern)
	}
	// What the first process measured of the machine is given to all others, so
	// that they do the same work.
	if spin := configValue(all.config, "spin"); spin != "" {
		bin.args = append([]string{"-spin=" + spin}, bin.args...)
	}
	return all, nil
}

// measureAll runs the rounds. What is in out at the end are whole rounds.
func measureAll(ctx context.Context, bin *binary, config Config, all found, out *os.File, report *Report, progress Progress) error {
	defer progress.Done()
	estimate := newEstimate(all, config.benchTime())
	began := time.Now()
	for round := 0; round < config.Rounds; round++ {
		if config.For > 0 && round > 0 && round%2 == 0 { // by now it is known how long a round takes
			config.Rounds = round + fitMore(config.For-time.Since(began), time.Since(began)/time.Duration(round))
			if round == config.Rounds {
				break
			}
		}
		order := Order(all.cells, config.Seed, round)
		var lines []string
		for i, c := range order {
			left := estimate.left(order[i:]) + time.Duration(config.Rounds-round-1)*estimate.left(order)
			progress.Step(round+1, config.Rounds, i+1, len(order), c, left)
			began := time.Now()
			results, err := bin.measure(ctx, c, config.benchTime())
			if err != nil {
				return err
			}
			estimate.took(c, time.Since(began))
			if why, ok := all.saturated[c]; ok {
				results = slices.Concat([]string{saturated + ": " + why}, results, []string{saturated + ":"})
			}
			lines = append(lines, results...)
		}
		whole, err := out.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, strings.Join(lines, "\n")+"\n"); err != nil {
			return errors.Join(err, out.Truncate(whole))
		}
		report.Rounds++
	}
	return nil
}

// estimate guesses how long a cell takes: at first from the warm-up, where it
// ran once, then from its last round.
type estimate map[Cell]time.Duration

func newEstimate(all found, benchtime string) estimate {
	timed, err := time.ParseDuration(benchtime)
	if err != nil {
		timed = 0 // a number of iterations, 100x: the warm-up ran one
	}
	e := estimate{}
	for _, c := range all.cells {
		e[c] = all.took[c] + timed
	}
	return e
}

func (e estimate) took(c Cell, d time.Duration) { e[c] = d }

func (e estimate) left(cells []Cell) time.Duration {
	var sum time.Duration
	for _, c := range cells {
		sum += e[c]
	}
	return sum
}

// header gives the run's configuration lines: those of the test binary, and what
// somebody needs to repeat it or to doubt it.
func header(config Config, lines []string, calibration, control string) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintln(&b, l)
	}
	fmt.Fprintf(&b, "cores: %d\n", runtime.NumCPU())
	fmt.Fprintf(&b, "toolchain: %s\n", runtime.Version())
	fmt.Fprintf(&b, "commit: %s\n", commit(config.Dir))
	fmt.Fprintf(&b, "date: %s\n", time.Now().UTC().Format(time.RFC3339))
	fmt.Fprintf(&b, "gomaxprocs: %s\n", gomaxprocs(config.CPU))
	fmt.Fprintf(&b, "seed: %d\n", config.Seed)
	fmt.Fprintln(&b, "order: groups, and models within a group, at random by the seed; every second round is the one before it backwards")
	fmt.Fprintf(&b, "benchtime: %s\n", config.benchTime())
	if calibration != "" {
		fmt.Fprintf(&b, "calibration: %s\n", calibration)
	}
	if control != "" {
		fmt.Fprintf(&b, "control: %s\n", control+results.Again)
	}
	return b.String()
}

// gomaxprocs are the values that cells are run at; a cell's own is in its name, unless it is 1.
func gomaxprocs(values []int) string {
	if len(values) == 0 {
		values = []int{runtime.GOMAXPROCS(0)}
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ","), "[]")
}

// commit names the commit of the checkout at dir, with +dirty if files were
// changed since, or unknown outside a checkout.
func commit(dir string) string {
	git := func(args ...string) (string, error) {
		return output(dir, "git", args...)
	}
	hash, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown"
	}
	if changed, err := git("status", "--porcelain", "--untracked-files=no"); err != nil || changed != "" {
		hash += "+dirty"
	}
	return hash
}

func configValue(lines []string, key string) string {
	for _, l := range lines {
		if k, v, ok := strings.Cut(l, ":"); ok && k == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

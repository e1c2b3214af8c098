package rounds

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/results"
)

// binary is a compiled test binary, started anew for each cell of each round: a
// process that has run nothing else has no warm heap, no idle connections and no
// goroutines left from another model.
type binary struct {
	path        string
	dir         string   // of the package, where go test would run it
	args        []string // given to every start
	calibration string   // of this machine; empty is none
	latencies   string   // the file in which a cell leaves the latencies of its jobs
}

// What a benchmark is told by its environment. A benchmark that heeds none of it
// is as good.
const (
	// CalibrationEnv holds the machine's calibration. By it a cell says, with b.Log,
	// that it is `saturated: ` and why.
	CalibrationEnv = "OVERLAP_CALIBRATION"
	// LatenciesEnv names a file for lines of a kind (send, intended) and a histogram. It
	// is set where a process runs one cell only, once.
	LatenciesEnv = "OVERLAP_LATENCIES"
)

// build compiles the tests of pkg, as seen from dir, into out.
func build(ctx context.Context, dir, pkg, out string) (*binary, error) {
	src, err := goOutput(ctx, dir, "list", "-f", "{{.Dir}}", pkg)
	if err != nil {
		return nil, fmt.Errorf("the package %s: %w", pkg, err)
	}
	path := filepath.Join(out, "bench.test")
	if _, err := goOutput(ctx, dir, "test", "-c", "-o", path, pkg); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("package %s has no tests", pkg)
	}
	return &binary{path: path, dir: strings.TrimSpace(src), latencies: filepath.Join(out, "latencies")}, nil
}

// goOutput runs the go command and returns what it prints; what it says on
// standard error becomes the error.
func goOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// Interrupted, the go command removes its temporary files; killed, it does not.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}

// output runs a command and returns what it prints, without the last newline.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// start runs the binary and calls line for each line that it prints.
func (b *binary) start(ctx context.Context, env []string, line func(string), args ...string) error {
	cmd := exec.CommandContext(ctx, b.path, append(append([]string{"-test.run=^$"}, args...), b.args...)...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), env...)
	if b.calibration != "" {
		cmd.Env = append(cmd.Env, CalibrationEnv+"="+b.calibration)
	}
	// A benchmark gets the chance to close its server before it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("test binary does not start: %w", err)
	}
	var said []string
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		said = append(said, lines.Text())
		line(lines.Text())
	}
	_, _ = io.Copy(io.Discard, stdout) // after a line too long to scan
	err = errors.Join(lines.Err(), cmd.Wait())
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(b.path), strings.Join(args, " "), err, strings.Join(said, "\n"), stderr.String())
	}
	return nil
}

// found is what one start of the whole binary tells: its cells, how long each
// took, those that this machine cannot measure, those that leave themselves out, and
// its configuration lines.
type found struct {
	cells     []Cell
	took      map[Cell]time.Duration
	saturated map[Cell]string   // why
	leftOut   map[string]string // benchmark name -> why
	config    []string
}

func nothingFound() found {
	return found{took: map[Cell]time.Duration{}, saturated: map[Cell]string{}, leftOut: map[string]string{}}
}

// saturated is the configuration key, and the beginning of the log line, that marks
// a cell which this machine cannot measure.
const saturated = "saturated"

var (
	configLine = regexp.MustCompile(`^[a-z][^\s:A-Z]*:\s`)
	nameLine   = regexp.MustCompile(`^(Benchmark\S*)$`)
	resultLine = regexp.MustCompile(`^(Benchmark\S+)\s+\d+\s`)
	logLine    = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)$`)
	skipLine   = regexp.MustCompile(`^\s*--- SKIP: (\S+)`)
)

// discover runs every benchmark that matches pattern once, which also warms the
// machine up; nothing of it is counted.
func (b *binary) discover(ctx context.Context, pattern string, cpu int, begin func(name string)) (found, error) {
	f := nothingFound()
	var name, logged string
	began := time.Now()
	err := b.start(ctx, nil, func(line string) {
		if m := nameLine.FindStringSubmatch(line); m != nil {
			name, logged, began = m[1], "", time.Now()
			begin(name)
		} else if m := resultLine.FindStringSubmatch(line); m != nil {
			c := Cell{Name: trimProcs(m[1], name), CPU: cpu}
			f.cells = append(f.cells, c)
			f.took[c] = time.Since(began)
			if why, ok := strings.CutPrefix(logged, saturated+": "); ok {
				f.saturated[c] = why
			}
		} else if m := logLine.FindStringSubmatch(line); m != nil {
			logged = m[1]
		} else if m := skipLine.FindStringSubmatch(line); m != nil {
			f.leftOut[m[1]] = logged
		} else if configLine.MatchString(line) {
			f.config = append(f.config, line)
		}
	}, "-test.v", "-test.benchtime=1x", "-test.bench="+pattern, "-test.cpu="+cpuFlag(cpu))
	return f, err
}

// trimProcs takes the -N of GOMAXPROCS off a result's name. A name may end in
// -N of its own, so the name that was announced before decides.
func trimProcs(printed, announced string) string {
	if strings.HasPrefix(printed, announced) {
		return announced
	}
	return printed
}

// measure runs one cell and returns its result lines, and after them its latencies.
func (b *binary) measure(ctx context.Context, c Cell, benchtime string) ([]string, error) {
	if err := os.Remove(b.latencies); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var lines []string
	err := b.start(ctx, []string{LatenciesEnv + "=" + b.latencies}, func(line string) {
		if resultLine.MatchString(line) {
			lines = append(lines, c.rename(line))
		}
	}, "-test.bench="+c.pattern(), "-test.benchtime="+benchtime, "-test.cpu="+cpuFlag(c.CPU))
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s printed no result", c.Name)
	}
	latencies, err := os.ReadFile(b.latencies)
	if errors.Is(err, os.ErrNotExist) {
		return lines, nil
	}
	name := strings.Fields(lines[0])[0]
	for line := range strings.Lines(string(latencies)) {
		kind, histogram, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("%s left latencies that are none: %q", c.Name, line)
		}
		lines = append(lines, results.LatencyLine(name, kind, histogram))
	}
	return lines, err
}

func cpuFlag(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

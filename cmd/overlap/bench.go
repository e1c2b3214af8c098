package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench"
	"example.com/overlap/bench/calibrate/measure"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/verdict"
)

const benchManual = `
Usage: overlap bench [flags] [-- flags of the benchmark]

Bench compares the models: it calibrates the machine, builds the benchmarks, runs
each once to warm up, and then runs them in rounds, every cell in a process of its own
and in an order that changes from round to round. It writes the results in Go's
benchmark format and ends in benchstat's tables and a verdict in words.

The calibration finds out what this machine can measure: how late its timers are, how
many pages a second loopback carries, what counting a job costs, how many cores there
really are. A cell beyond that is marked as saturated, with the reason, and not ranked.

One model stands in twice, as itself and as NAME-again. By how much the two differ
is the noise floor of the run: no model is called slower for a difference below it.

It must be started in the module's directory; of another module than this one, -pkg
names the package, such as -pkg . for the one you stand in. Ctrl-C keeps every finished round.
What stands after -- goes to the benchmark itself: -latency 5ms,20ms, -tasks 500,
-inflight 50, -processors 4, -buffer 0, -workers 2,4,8, -rate 500,1000, -arrivals
constant,poisson, -full (cells that take over two seconds an operation, too), -sweep
(BenchmarkSweep, which takes minutes).

Exit status: 1 if a benchmark failed, 2 for bad usage, 130 after Ctrl-C or SIGTERM.

Examples:
  overlap bench
  overlap bench -bench Pages -rounds 20 -cpu 1,2
  overlap bench -for 10m -control goroutines-limit
  overlap bench -bench Dispatch -benchtime 200ms -- -workers 4
  overlap bench -bench Pages -unit jobs/s,B/op
  overlap bench -bench Open -- -rate 200,300,350 -arrivals constant,poisson
  overlap bench -bench Pages -- -latency 100ms -tasks 5000 -inflight 500
`

func (c console) bench(ctx context.Context, flags *flag.FlagSet, args []string) int {
	config := rounds.Config{}
	flags.StringVar(&config.Bench, "bench", ".", "`pattern` of the benchmarks to run, as go test's -bench takes it")
	flags.IntVar(&config.Rounds, "rounds", 10, "`number` of samples of each cell; benchstat needs 6 for an interval")
	flags.StringVar(&config.BenchTime, "benchtime", "50ms", "`time` for each cell in each round, or a number of operations such as 100x")
	flags.StringVar(&config.Package, "pkg", "./bench", "`package` whose benchmarks are run")
	flags.StringVar(&config.Out, "o", "", "`file` for the results (named by the time; in bench/results if that is there)")
	flags.Uint64Var(&config.Seed, "seed", 0, "`seed` of the order; 0 takes a random one, which is recorded")
	flags.DurationVar(&config.For, "for", 0, "`time` to measure for, such as 2m: as many rounds as fit, in place of -rounds")
	flags.StringVar(&config.Control, "control", "", "the `model` that stands in twice under two names, for the noise floor (pool, or else the first); none for none")
	var units unitList
	units.flag(flags)
	calibrated := flags.Bool("calibrate", true, "calibrate the machine first, about 3 s; with =false no cell is marked as saturated")
	flags.Func("cpu", "comma-separated `values` of GOMAXPROCS to sweep (the machine's)", func(list string) (err error) {
		config.CPU, err = parseCPU(list)
		return err
	})
	if i := slices.Index(args, "--"); i >= 0 {
		args, config.Args = args[:i], args[i+1:]
	}
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	if flags.NArg() > 0 {
		return c.misused(flags, fmt.Errorf("%q is no flag; flags of the benchmark stand after --", flags.Arg(0)))
	}
	if config.Seed == 0 {
		config.Seed = rand.Uint64N(1_000_000) + 1
	}
	if config.Out == "" {
		config.Out = outFile(config.Dir, time.Now())
	}
	if err := config.Validate(); err != nil {
		return c.misused(flags, err)
	}

	units.tidy(func(line string) { fmt.Fprintf(c.stderr, "overlap bench: %s\n", line) })
	for _, unit := range units.units {
		if _, err := verdict.DirectionOf(unit); err != nil {
			return c.misused(flags, err)
		}
	}

	if c.dry {
		return 0
	}
	progress := &benchProgress{w: c.stderr}
	if *calibrated {
		config.Calibrate = func(ctx context.Context) (string, error) { return c.calibrate(ctx, progress) }
	}
	report, err := rounds.Run(ctx, config, progress)
	kept := func(why error) {
		fmt.Fprintf(c.stderr, "overlap bench: %v\nThe finished rounds are kept in %s. Read them with\n  overlap compare %s\n",
			why, config.Out, config.Out)
	}
	stopped, ok := errors.AsType[*rounds.Interrupted](err)
	if ok {
		kept(stopped)
	}
	switch {
	case ok && ctx.Err() == nil:
		return failed
	case err != nil && ctx.Err() != nil:
		if report == nil {
			fmt.Fprintln(c.stderr, "overlap bench: interrupted before the first round was finished; nothing is kept")
		}
		return interrupted
	case err != nil:
		return c.broken(flags, err)
	}
	if err := c.summary(ctx, config, units, report); err != nil {
		kept(err)
		if ctx.Err() != nil {
			return interrupted
		}
		return failed
	}
	return 0
}

// outFile is where results go if nobody says: to bench/results, as this module has it, or
// else to the current directory.
func outFile(dir string, now time.Time) string {
	name := now.Format("2006-01-02T150405") + ".txt"
	results := filepath.Join(dir, "bench", "results")
	if info, err := os.Stat(results); err == nil && info.IsDir() {
		return filepath.Join(results, name)
	}
	return filepath.Join(dir, "bench-"+name)
}

// calibrate finds out what this machine can measure, and prints it.
func (c console) calibrate(ctx context.Context, progress *benchProgress) (string, error) {
	progress.Say("calibrating this machine: about 3 s")
	began := time.Now()
	machine, err := measure.Machine(ctx, progress.calibrating, bench.Watched)
	progress.Done()
	if err != nil {
		return "", err
	}
	progress.Say(fmt.Sprintf("calibrated in %.1f s:", time.Since(began).Seconds()))
	if why := machine.ShortOfCores(runtime.GOMAXPROCS(0)); why != "" {
		progress.Say("warning: " + why)
	}
	return machine.String(), machine.Write(c.stderr)
}

func parseCPU(list string) (cpus []int, err error) {
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a whole number from 1", field)
		}
		cpus = append(cpus, n)
	}
	return cpus, nil
}

// summary prints benchstat's tables and what is proven, in words.
func (c console) summary(ctx context.Context, config rounds.Config, units unitList, report *rounds.Report) error {
	set, err := results.ReadFiles(config.Out)
	if err != nil {
		return err
	}
	all := units.judgements(set)
	var rankings []*verdict.Ranking
	for _, j := range all {
		ranking, err := verdict.Within(set, j.unit)
		if err != nil {
			return err
		}
		rankings = append(rankings, ranking.Only(j.shows))
	}
	err = c.tables(ctx, "bench", config.Dir, func(b verdict.Benchstat) error {
		return b.Models(ctx, c.stdout, config.Out, set, report.Models, append(unitsOf(all), "x-ideal"))
	})
	if err != nil {
		return err
	}
	for i, ranking := range rankings {
		heading(c.stdout, all, i)
		if err := ranking.Write(c.stdout, leftOut(report.LeftOut, rankings, i)); err != nil {
			return err
		}
	}
	if floors := verdict.Floors(set); floors != "" {
		fmt.Fprintf(c.stdout, "\n%s\n", floors)
	}
	fmt.Fprintf(c.stdout, "\nbuilt in %s, warmed up in %s, measured %d rounds in %s: %s\n",
		report.Building.Round(time.Second), report.WarmUp.Round(time.Second), report.Rounds, report.Measured.Round(time.Second), config.Out)
	return nil
}

// leftOut are the benchmarks that were not run and that are told of with one ranking: the
// first that has their group, or else the first of all.
func leftOut(all map[string]string, rankings []*verdict.Ranking, i int) map[string]string {
	told := map[string]string{}
	for name, why := range all {
		at := slices.IndexFunc(rankings, func(r *verdict.Ranking) bool { return r.HasGroup(name) })
		if max(at, 0) == i {
			told[name] = why
		}
	}
	return told
}

// benchProgress shows a benchmark's progress.
type benchProgress struct {
	w     io.Writer
	meter *meter // of the warm-up, then of the rounds
}

func (p *benchProgress) Say(line string) {
	p.Done()
	fmt.Fprintln(p.w, line)
}

// Cells warns of what would be known at the end only: that so few rounds prove nothing.
func (p *benchProgress) Cells(cells []rounds.Cell, n int) {
	models := map[string]int{}
	for _, c := range cells {
		if c.Model() != "" && !c.Twin {
			models[c.Group()]++
		}
	}
	if need := verdict.Rounds(slices.Collect(maps.Values(models))); n < need {
		p.Say(fmt.Sprintf("%d rounds are too few to prove anything: it takes %d of each cell for so many comparisons", n, need))
	}
}

func (p *benchProgress) calibrating(what string) {
	if p.meter == nil {
		p.meter = newMeter(p.w, unknown)
	}
	p.meter.show(0, what, 0)
}

func (p *benchProgress) Warming(before int, name string) {
	if p.meter == nil {
		p.meter = newMeter(p.w, unknown)
	}
	p.meter.show(before, strings.TrimPrefix(name, "Benchmark"), 0)
}

func (p *benchProgress) Step(round, rounds, step, steps int, cell rounds.Cell, left time.Duration) {
	if round == 1 && step == 1 {
		p.Done()
		p.meter = newMeter(p.w, rounds*steps)
		fmt.Fprintf(p.w, "measuring %d cells in %d rounds: about %v\n", steps, rounds, left.Round(time.Second))
	}
	p.meter.show((round-1)*steps+step-1, fmt.Sprintf("round %d/%d: %s %s", round, rounds, cell.Model(), strings.TrimPrefix(cell.Group(), "Benchmark")), left)
}

func (p *benchProgress) Done() {
	if p.meter != nil {
		p.meter.end()
		p.meter = nil
	}
}

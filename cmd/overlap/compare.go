package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

const compareManual = `
Usage: overlap compare [flags] FILE
       overlap compare [flags] OLD NEW

Compare judges what bench wrote, or any file in Go's benchmark format. Of one file it
compares the models of each benchmark with each other: which is the best, by how
much, why, and where one overtakes another. Of two files it compares each cell with
itself: what became better or worse. Above stand benchstat's tables, as they are.

A difference is claimed only if it is proven at 0.05 over all comparisons together
(Mann-Whitney, Holm's correction) and larger than the noise floor, which is by how
much a model differed from itself under another name. Of all else it says 'no
difference that this run can show'. -bench chooses what is shown; what is claimed
stays that of the whole run. Each unit is judged for itself.

Between two runs the machine changes too. What it does to two runs of the same code, try
first; it may be more than the noise floor, which is of one run.

Results of two machines are compared with a warning. Too few samples to prove anything,
a unit that is not there, and one run given as two are errors.

The tables need benchstat, as a tool of the module that you stand in or on PATH;
without it they are left out.

Exit status: 1 if there is nothing to judge by, or with -fail-over for a proven
regression or a benchmark that is gone, 2 for bad usage, 130 after Ctrl-C or SIGTERM.

Examples:
  overlap compare bench/results/reference.txt
  overlap compare -bench Pages -unit jobs/s,B/op bench/results/reference.txt
  overlap compare before.txt after.txt
  overlap compare -fail-over 5% before.txt after.txt
`

// comparison is what the flags ask for.
type comparison struct {
	unitList
	failOver float64 // a share; below 0 for none
	bench    *regexp.Regexp
}

func (c console) compare(ctx context.Context, flags *flag.FlagSet, args []string) int {
	want := comparison{failOver: -1}
	want.unitList.flag(flags)
	flags.Func("fail-over", "exit with status 1 for a regression that is proven to be larger than this `share`, such as 5% or 0.05; for two files", func(text string) (err error) {
		want.failOver, err = parseShare(text)
		return err
	})
	flags.Func("bench", "`pattern` of the benchmarks to show, without their models (all)", func(text string) (err error) {
		want.bench, err = regexp.Compile(text)
		return err
	})
	if status, ok := c.ready(flags, args, func(flags *flag.FlagSet) error { return want.check(flags.Args()) }); !ok {
		return status
	}
	want.tidy(func(line string) { fmt.Fprintf(c.stderr, "overlap compare: %s\n", line) })

	err := c.judge(ctx, want, flags.Args())
	switch {
	case ctx.Err() != nil:
		return interrupted
	case err != nil:
		return c.broken(flags, err)
	}
	return 0
}

// check says what is wrong with the arguments.
func (want comparison) check(files []string) error {
	switch {
	case len(files) == 0:
		return errors.New("which file? One to compare its models, or two: OLD NEW")
	case len(files) > 2:
		return fmt.Errorf("%d files; want one to compare its models, or two: OLD NEW", len(files))
	case len(files) == 1 && want.failOver >= 0:
		return errors.New("-fail-over is for two files: OLD NEW")
	case len(files) == 2 && sameFile(files[0], files[1]):
		return fmt.Errorf("%s and %s are the same file", files[0], files[1])
	}
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// parseShare reads 5% and 0.05.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(number, 64)
	if percent {
		n /= 100
	}
	if err != nil || !(n >= 0 && n <= 1000) || !percent && n >= 1 {
		return 0, errors.New("want a share such as 5% or 0.05")
	}
	return n, nil
}

func (want comparison) shows(group string) bool {
	return want.bench == nil || want.bench.MatchString(group) || want.bench.MatchString("Benchmark"+group)
}

// judge reads the files, prints tables and sentences, and returns what fails the command.
func (c console) judge(ctx context.Context, want comparison, files []string) error {
	var sets []*results.Set
	for _, path := range files {
		set, err := results.ReadFiles(path)
		if err != nil {
			return err
		}
		if err := cmp.Or(verdict.Check(set), ctx.Err()); err != nil {
			return err
		}
		c.warn(verdict.Mixed(set))
		sets = append(sets, set)
	}
	if len(sets) == 2 {
		c.warn(verdict.Differences(sets[0], sets[1]))
	}
	shown := make([]*results.Set, len(sets))
	for i, set := range sets {
		var err error
		if shown[i], err = want.of(set); err != nil {
			return err
		}
	}
	all := want.judgements(shown...)
	for i, set := range sets {
		for _, unit := range unitsOf(all) {
			if err := cmp.Or(set.MustHave(unit), shown[i].MustHave(unit)); err != nil {
				return err
			}
		}
	}
	if len(sets) == 2 {
		return c.across(ctx, want, all, files, sets, shown)
	}
	return c.within(ctx, want, all, files[0], sets[0], shown[0])
}

// of are the set's groups that are shown.
func (want comparison) of(set *results.Set) (*results.Set, error) {
	shown := *set
	shown.Groups = slices.DeleteFunc(slices.Clone(set.Groups), func(g results.Group) bool { return !want.shows(g.Name) })
	if len(shown.Groups) > 0 {
		return &shown, nil
	}
	var names []string
	for _, g := range set.Groups {
		names = append(names, g.Name)
	}
	return nil, fmt.Errorf("%s: -bench %s matches none of %s", strings.Join(set.Files, ", "), want.bench, strings.Join(names, ", "))
}

func (c console) warn(lines []string) {
	for _, line := range lines {
		fmt.Fprintf(c.stderr, "overlap compare: warning: %s\n", line)
	}
}

// within compares the models of one run.
func (c console) within(ctx context.Context, want comparison, all []judgement, file string, set, shown *results.Set) error {
	var rankings []*verdict.Ranking
	for _, j := range all {
		ranking, err := verdict.Within(set, j.unit)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		rankings = append(rankings, ranking)
	}
	err := c.tables(ctx, "compare", "", func(b verdict.Benchstat) error {
		models := slices.SortedFunc(slices.Values(shown.Models()), palette.Compare)
		return b.Models(ctx, c.stdout, file, shown, models, unitsOf(all))
	})
	if err != nil {
		return err
	}
	for i, ranking := range rankings {
		heading(c.stdout, all, i)
		if err := ranking.Only(want.and(all[i])).Write(c.stdout, nil); err != nil {
			return err
		}
		if ranking.Need > 0 {
			return fmt.Errorf("%s: %s", file, ranking.Notes()[0])
		}
	}
	if !slices.ContainsFunc(rankings, func(r *verdict.Ranking) bool { return r.Family > 0 }) {
		return fmt.Errorf("%s: %s", file, rankings[0].Notes()[0])
	}
	return nil
}

// and is what both show.
func (want comparison) and(j judgement) func(group string) bool {
	return func(group string) bool { return want.shows(group) && j.shows(group) }
}

// across compares two runs.
func (c console) across(ctx context.Context, want comparison, all []judgement, files []string, sets, shown []*results.Set) error {
	var each []*verdict.Changes
	for _, j := range all {
		changes, err := verdict.Between(sets[0], sets[1], j.unit)
		if err != nil {
			return err
		}
		each = append(each, changes)
	}
	err := c.tables(ctx, "compare", "", func(b verdict.Benchstat) error {
		return b.Runs(ctx, c.stdout, [2]string(files), [2]*results.Set(shown), unitsOf(all))
	})
	if err != nil {
		return err
	}
	var worse, gone []string
	for i, changes := range each {
		if changes.Need > 0 {
			return fmt.Errorf("%s, %s: %s", files[0], files[1], changes.Notes()[0])
		}
		heading(c.stdout, all, i)
		changes = changes.Only(want.and(all[i]))
		if err := changes.Write(c.stdout); err != nil {
			return err
		}
		gone = append(gone, changes.OnlyOld...)
		if want.failOver >= 0 {
			for _, r := range changes.Regressions(want.failOver) {
				worse = append(worse, fmt.Sprintf("%s: %s (%s)", r.Name(), strings.TrimSuffix(changes.Sentence(r), "."), changes.Unit))
			}
		}
	}
	var failures []error
	if len(worse) > 0 {
		failures = append(failures, fmt.Errorf("worse by more than %.4g %%, and proven:\n  %s", 100*want.failOver, strings.Join(worse, "\n  ")))
	}
	if slices.Sort(gone); want.failOver >= 0 && len(gone) > 0 {
		failures = append(failures, fmt.Errorf("gone from the new run:\n  %s", strings.Join(slices.Compact(gone), "\n  ")))
	}
	return errors.Join(failures...)
}

// tables prints benchstat's tables, or says why they are left out.
func (c console) tables(ctx context.Context, command, dir string, print func(verdict.Benchstat) error) error {
	benchstat, err := verdict.FindBenchstat(ctx, dir)
	if err == nil {
		return print(benchstat)
	}
	if ctx.Err() == nil {
		fmt.Fprintf(c.stderr, "overlap %s: the tables are left out: %v\n", command, err)
	}
	return ctx.Err()
}

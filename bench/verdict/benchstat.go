package verdict

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"

	"example.com/overlap/bench/results"
)

// ignored are the configuration keys that tell runs apart which can well be compared;
// benchstat would give each of their values tables of its own.
func ignored() []string {
	return []string{"benchtime", "commit", "date", "seed", "spin", "toolchain", "calibration", "control", "saturated", "gomaxprocs", "order"}
}

// A Benchstat is the benchstat command.
type Benchstat struct {
	path string
}

// FindBenchstat looks for benchstat: first as a tool in the go.mod of the module at dir,
// which the go command builds if it has not before, then on PATH. The error says
// how to get it.
func FindBenchstat(ctx context.Context, dir string) (Benchstat, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", "benchstat")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err == nil {
		return Benchstat{path: strings.TrimSpace(string(out))}, nil
	}
	if ctx.Err() != nil {
		return Benchstat{}, context.Cause(ctx)
	}
	path, err := exec.LookPath("benchstat")
	if err != nil {
		return Benchstat{}, errors.New("benchstat is neither a tool of this module (go get -tool golang.org/x/perf/cmd/benchstat@latest) nor on PATH (go install golang.org/x/perf/cmd/benchstat@latest)")
	}
	return Benchstat{path: path}, nil
}

// Models prints the models of a raw file side by side, for each benchmark in its set
// tables of those of the units that it has. The columns are in the order of models, but
// one that was not run everywhere comes after those that were: benchstat
// compares with the first column. Of a benchmark without models there is one column.
//
// Benchstat orders rows and columns as it first meets them, which would be the
// random order of the first round, so it is given a sorted copy.
func (b Benchstat) Models(ctx context.Context, w io.Writer, file string, set *results.Set, models, units []string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	printed := false
	for _, groups := range benchmarks(set) {
		args := []string{"-ignore", strings.Join(ignored(), ",")}
		columns := columnsOf(groups, models)
		if len(columns) > 0 {
			args = append(args, "-col", "/model")
		} else {
			columns = []string{""}
		}
		if !anyHas(groups, units) {
			continue
		}
		args = append(args, "-filter", filter(units))
		text, err := b.tables(ctx, args, []string{file}, []string{sortedCopy(content, groups, columns)})
		if err != nil {
			return err
		}
		if printed { // the file's configuration lines once are enough
			text = append([]byte("\n"), text[1+bytes.Index(text, []byte("\n ")):]...)
		}
		printed = true
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// Runs prints two raw files side by side, in the units given; the rows are in the order of the sets.
func (b Benchstat) Runs(ctx context.Context, w io.Writer, files [2]string, sets [2]*results.Set, units []string) error {
	var copies []string
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var groups []*results.Group
		for j := range sets[i].Groups {
			groups = append(groups, &sets[i].Groups[j])
		}
		copies = append(copies, sortedCopy(content, groups, append(modelsIn(groups), "")))
	}
	text, err := b.tables(ctx, []string{"-ignore", strings.Join(ignored(), ","), "-filter", filter(units)}, files[:], copies)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// filter picks units, whose names benchstat's filters may not be able to read bare.
func filter(units []string) string {
	var quoted []string
	for _, u := range units {
		quoted = append(quoted, strconv.Quote(u))
	}
	return ".unit:(" + strings.Join(quoted, " OR ") + ")"
}

// tables runs benchstat on texts that it knows by the names of their files.
func (b Benchstat) tables(ctx context.Context, args, files, texts []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "overlap-tables-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for i, text := range texts {
		copied := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return nil, err
		}
		label := strings.ReplaceAll(filepath.Base(files[i]), "=", "-") // benchstat splits there
		for j := range i {
			if filepath.Base(files[j]) == filepath.Base(files[i]) {
				label = strings.ReplaceAll(files[i], "=", "-")
			}
		}
		args = append(args, label+"="+copied)
	}
	cmd := exec.CommandContext(ctx, b.path, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("benchstat %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), nil
}

// benchmarks are the set's groups by package and by their name up to the first slash.
func benchmarks(set *results.Set) [][]*results.Group {
	var all [][]*results.Group
	for i := range set.Groups {
		g := &set.Groups[i]
		at := slices.IndexFunc(all, func(of []*results.Group) bool {
			return of[0].Package == g.Package && of[0].Benchmark == g.Benchmark
		})
		if at < 0 {
			all, at = append(all, nil), len(all)
		}
		all[at] = append(all[at], g)
	}
	return all
}

func anyHas(groups []*results.Group, units []string) bool {
	return slices.ContainsFunc(groups, func(g *results.Group) bool {
		return slices.ContainsFunc(g.Cells, func(c results.Cell) bool {
			return slices.ContainsFunc(units, func(unit string) bool { return len(c.Samples[unit]) > 0 })
		})
	})
}

func modelsIn(groups []*results.Group) []string {
	var models []string
	for _, g := range groups {
		for _, c := range g.Cells {
			if c.Model != "" && !slices.Contains(models, c.Model) {
				models = append(models, c.Model)
			}
		}
	}
	return models
}

// columnsOf are a benchmark's models in the order of models, those that were run
// everywhere first; a model that is not in models comes last.
func columnsOf(groups []*results.Group, models []string) []string {
	there := modelsIn(groups)
	order := slices.DeleteFunc(slices.Clone(models), func(m string) bool { return !slices.Contains(there, m) })
	for _, m := range there {
		if !slices.Contains(order, m) {
			order = append(order, m)
		}
	}
	var everywhere, partly []string
	for _, m := range order {
		if slices.ContainsFunc(groups, func(g *results.Group) bool { return g.Cell(m) == nil }) {
			partly = append(partly, m)
		} else {
			everywhere = append(everywhere, m)
		}
	}
	return append(everywhere, partly...)
}

// sortedCopy are the results of the groups, in their order and in that of columns, with
// the configuration that each of them had.
func sortedCopy(content []byte, groups []*results.Group, columns []string) string {
	var all []*benchfmt.Result
	place := map[*benchfmt.Result][2]int{}
	in := benchfmt.NewReader(bytes.NewReader(content), "")
	for in.Scan() {
		result, ok := in.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		pkg := result.GetConfig("pkg")
		group, model := results.Split(string(result.Name))
		row := slices.IndexFunc(groups, func(g *results.Group) bool { return g.Name == group && g.Package == pkg })
		column := slices.Index(columns, model)
		if row >= 0 && column >= 0 {
			result = result.Clone()
			all = append(all, result)
			place[result] = [2]int{row, column}
		}
	}
	slices.SortStableFunc(all, func(a, b *benchfmt.Result) int {
		return cmp.Or(cmp.Compare(place[a][0], place[b][0]), cmp.Compare(place[a][1], place[b][1]))
	})
	var text bytes.Buffer
	out := benchfmt.NewWriter(&text)
	for _, result := range all {
		_ = out.Write(result) // to memory
	}
	return text.String()
}

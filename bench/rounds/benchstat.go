package rounds

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A Benchstat is the benchstat command that the module at Dir names as a tool
// in its go.mod.
type Benchstat struct {
	path string
}

// FindBenchstat builds benchstat, if the go command has not built it before. The
// error says so if the module has no such tool.
func FindBenchstat(ctx context.Context, dir string) (Benchstat, error) {
	path, err := goOutput(ctx, dir, "tool", "-n", "benchstat")
	if err != nil {
		return Benchstat{}, fmt.Errorf("benchstat is needed as a tool of the module (go get -tool golang.org/x/perf/cmd/benchstat@latest): %w", err)
	}
	return Benchstat{path: strings.TrimSpace(path)}, nil
}

// Tables prints the models of a result file side by side, a table for each
// benchmark: the time of an operation and, where there is one, how many times the
// ideal makespan that is. models is the order of the columns, but a model that was
// not run everywhere comes after those that were: benchstat compares with the
// first column.
//
// Benchstat orders rows and columns as it first meets them, which would be the
// random order of the first round, so it is given a sorted copy.
func (b Benchstat) Tables(ctx context.Context, w io.Writer, file string, ranking Ranking, models []string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "overlap-tables-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, filepath.Base(file))
	for i, name := range ranking.benchmarks() {
		if err := os.WriteFile(copied, []byte(ranking.sorted(string(content), name, models)), 0o600); err != nil {
			return err
		}
		var table bytes.Buffer
		if err := b.run(ctx, &table, "-col", "/model", "-filter", ".unit:(sec/op OR x-ideal)", copied); err != nil {
			return err
		}
		text := table.Bytes()
		if i > 0 { // the file's configuration lines once are enough
			text = append([]byte("\n"), text[1+bytes.Index(text, []byte("\n ")):]...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// benchmarks are the names of the groups up to their first slash, in order.
func (r Ranking) benchmarks() []string {
	var names []string
	for _, g := range r.Groups {
		if name := g.benchmark(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (g Group) benchmark() string {
	name, _ := cutProcs(g.Name)
	name, _, _ = strings.Cut(name, "/")
	return name
}

func (g Group) has(model string) bool {
	return slices.ContainsFunc(g.Models, func(p Place) bool { return p.Model == model })
}

// sorted are the lines of one benchmark, in the order of the groups and of
// columns, after the configuration lines.
func (r Ranking) sorted(content, benchmark string, models []string) string {
	var config, results []string
	place := map[string][2]int{}
	columns := r.columns(benchmark, models)
	for line := range strings.Lines(content) {
		if configLine.MatchString(line) {
			config = append(config, line)
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		group, model := splitName(benchfmt.Name(strings.TrimPrefix(fields[0], "Benchmark")))
		row := slices.IndexFunc(r.Groups, func(g Group) bool { return g.Name == group && g.benchmark() == benchmark })
		column := slices.Index(columns, model)
		if row >= 0 && column >= 0 {
			results = append(results, line)
			place[line] = [2]int{row, column}
		}
	}
	slices.SortStableFunc(results, func(a, b string) int {
		return cmp.Or(cmp.Compare(place[a][0], place[b][0]), cmp.Compare(place[a][1], place[b][1]))
	})
	return strings.Join(append(config, results...), "")
}

// columns are a benchmark's models, those that were run everywhere first.
func (r Ranking) columns(benchmark string, models []string) []string {
	var everywhere, partly []string
	for _, m := range models {
		has, all := false, true
		for _, g := range r.Groups {
			if g.benchmark() == benchmark {
				here := g.has(strings.TrimSuffix(m, again))
				has = has || here
				all = all && here
			}
		}
		switch {
		case has && all:
			everywhere = append(everywhere, m)
		case has:
			partly = append(partly, m)
		}
	}
	return append(everywhere, partly...)
}

func (b Benchstat) run(ctx context.Context, w io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, b.path, args...)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("benchstat %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return nil
}

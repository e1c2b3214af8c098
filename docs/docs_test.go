// Package docs holds the course, and the test that keeps its pages true: nothing
// in them is pasted. Tables and numbers are made from the reference run, outputs
// from recorded runs, both kept as files beside their machine and version.
//
//	go test ./docs           fails when a page has drifted
//	go test ./docs -update   writes the pages anew (make docs)
//	go test ./docs -record   runs the recorded commands again, then -update
//
// What is generated stands between markers that a code host does not show: a
// block from <!-- gen: ... --> to <!-- end -->, a number within a sentence from
// <!-- = ... --> to <!-- / -->.
package docs

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/verdict"
)

var (
	update = flag.Bool("update", false, "write the generated parts of the pages anew")
	record = flag.Bool("record", false, "run the recorded commands again")
)

// generated are the pages with generated parts, seen from here.
func generated() []string { return []string{"../README.md", "README.md"} }

// recorded are the commands whose outputs the pages show, by name.
func recorded() map[string]string {
	return map[string]string{
		"three-sequential": "overlap run -model sequential -n 3 -latency 300ms",
		"three-goroutines": "overlap run -model goroutines -n 3 -latency 300ms",
	}
}

func TestPagesAreUpToDate(t *testing.T) {
	if *record {
		for name, command := range recorded() {
			require.NoError(t, recordRun(name, command))
		}
	}
	ref, err := readReference("../bench/results/reference.txt")
	require.NoError(t, err)
	for _, path := range generated() {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		want, err := ref.fill(string(text))
		require.NoError(t, err, path)
		if *update || *record {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(text), "%s has drifted from the runs it tells of: make docs", path)
	}
}

// Links within the repository lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, path := range generated() {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		code := regexp.MustCompile(`(?m)^    .*$`)
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			if !strings.Contains(m[1], "://") {
				require.FileExists(t, filepath.Join(filepath.Dir(path), m[1]), "%s links to %s", path, m[1])
			}
		}
	}
}

// recordRun keeps what a command of this module prints, under what it ran on.
func recordRun(name, command string) error {
	args := strings.Fields(command)
	cmd := exec.Command("go", append([]string{"run", "../cmd/overlap"}, args[1:]...)...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	machine := fmt.Sprintf("# %d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	return os.WriteFile(runFile(name), []byte(machine+"\n$ "+command+"\n"+string(out)), 0o644)
}

func runFile(name string) string { return filepath.Join("runs", name+".txt") }

// A reference is the run that the pages tell of.
type reference struct {
	set     *results.Set
	ranking *verdict.Ranking // by the time of an operation
}

func readReference(path string) (*reference, error) {
	set, err := results.ReadFiles(path)
	if err != nil {
		return nil, err
	}
	ranking, err := verdict.Within(set, "sec/op")
	return &reference{set, ranking}, err
}

var (
	block  = regexp.MustCompile(`(?s)(<!-- gen: ([^>]*?) -->\n).*?(<!-- end -->)`)
	inline = regexp.MustCompile(`(?s)(<!-- = ([^>]*?) -->).*?(<!-- / -->)`)
)

// fill replaces all that is generated in a page.
func (ref *reference) fill(page string) (string, error) {
	var failed error
	replace := func(marked *regexp.Regexp, make func(args []string) (string, error)) {
		page = marked.ReplaceAllStringFunc(page, func(found string) string {
			parts := marked.FindStringSubmatch(found)
			text, err := make(strings.Fields(parts[2]))
			if err != nil && failed == nil {
				failed = fmt.Errorf("%s: %w", parts[2], err)
			}
			return parts[1] + text + parts[3]
		})
	}
	replace(block, ref.block)
	replace(inline, ref.inline)
	return page, failed
}

func (ref *reference) block(args []string) (string, error) {
	switch {
	case len(args) == 1 && args[0] == "machine":
		return ref.machine() + "\n", nil
	case len(args) == 2 && args[0] == "table":
		return ref.table(args[1])
	case len(args) == 2 && args[0] == "run":
		text, err := os.ReadFile(runFile(args[1]))
		if err != nil {
			return "", err
		}
		return "```\n" + string(text) + "```\n", nil
	}
	return "", fmt.Errorf("want machine, table BENCHMARK or run NAME")
}

func (ref *reference) machine() string {
	return fmt.Sprintf("%s, %s cores, %s/%s, %s; %d rounds of commit %s on %s.",
		ref.set.Value("cpu"), ref.set.Value("cores"), ref.set.Value("goos"), ref.set.Value("goarch"), ref.set.Value("toolchain"),
		ref.ranking.Groups[0].Places[0].Samples, ref.set.Value("commit"), ref.set.Value("date")[:len("2006-01-02")])
}

// table has a row for each group of a benchmark and a column for each model: those
// of this module, then what is measured beside them. A time is bold if it is the fastest of its row, or not proven
// slower; italic if the cell was left out and its makespan computed; in parentheses if the
// machine was saturated, so that it is not ranked.
func (ref *reference) table(benchmark string) (string, error) {
	var rows []*verdict.Group
	for i := range ref.ranking.Groups {
		if g := &ref.ranking.Groups[i]; strings.HasPrefix(g.Name, benchmark+"/") {
			rows = append(rows, g)
		}
	}
	if rows == nil {
		return "", fmt.Errorf("the reference run has no such benchmark")
	}
	var b strings.Builder
	b.WriteString("| " + benchmark + " |")
	models := modelsOf(rows)
	for _, m := range models {
		b.WriteString(" " + m + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(models)) + "\n")
	for _, g := range rows {
		fmt.Fprintf(&b, "| %s |", strings.ReplaceAll(strings.TrimPrefix(withoutProcs(g.Name), benchmark+"/"), "/", ", "))
		for _, m := range models {
			text, err := cell(g, m)
			if err != nil {
				return "", err
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

func modelsOf(groups []*verdict.Group) []string {
	var names, others []string
	for _, m := range bench.Models[int, int, int](bench.Limit{InFlight: 1}) {
		names = append(names, m.Name)
	}
	for _, g := range groups {
		for _, p := range g.Places {
			if !slices.Contains(names, p.Model) && !slices.Contains(others, p.Model) {
				others = append(others, p.Model)
			}
		}
	}
	slices.Sort(others)
	return append(names, others...)
}

func cell(g *verdict.Group, model string) (string, error) {
	p := g.Place(model)
	saturated := slices.IndexFunc(g.Saturated, func(c *results.Cell) bool { return c.Model == model })
	switch {
	case saturated >= 0:
		times := slices.Sorted(slices.Values(g.Saturated[saturated].Samples["sec/op"]))
		return fmt.Sprintf("(%s)", digits(inSeconds((times[(len(times)-1)/2]+times[len(times)/2])/2))), nil
	case p == nil:
		d, err := sequentially(g.Name)
		return fmt.Sprintf("*%v*", d), err
	case !p.Worse:
		return fmt.Sprintf("**%s**", digits(timeOf(p))), nil
	default:
		return digits(timeOf(p)), nil
	}
}

func timeOf(p *verdict.Place) time.Duration { return inSeconds(p.Median) }

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// sequentially is the makespan of the jobs of a group of BenchmarkPages, one after
// another, in virtual time.
func sequentially(group string) (time.Duration, error) {
	m := regexp.MustCompile(`^Pages/latency=([^/]+)/(?:inflight=\d+/)?tasks=(\d+)`).FindStringSubmatch(group)
	if m == nil {
		return 0, fmt.Errorf("a cell of %s is missing", group)
	}
	wait, err := time.ParseDuration(m[1])
	if err != nil {
		return 0, err
	}
	tasks, err := strconv.Atoi(m[2])
	return schedule.Sequential(slices.Repeat([]schedule.Job{{Wait: wait}}, tasks)).Makespan, err
}

// inline is a number within a sentence: time GROUP MODEL, ideal GROUP, or
// times GROUP MODEL MODEL, which is how many times longer the first took.
func (ref *reference) inline(args []string) (string, error) {
	switch {
	case len(args) == 3 && args[0] == "time":
		d, err := ref.median(args[1], args[2])
		return digits(d), err
	case len(args) == 4 && args[0] == "times":
		a, err := ref.median(args[1], args[2])
		if err != nil {
			return "", err
		}
		b, err := ref.median(args[1], args[3])
		if err != nil {
			return "", err
		}
		factor := float64(a) / float64(b)
		if factor < 10 {
			return fmt.Sprintf("%.2f", factor), nil
		}
		return fmt.Sprintf("%.0f", factor), nil
	case len(args) == 2 && args[0] == "ideal":
		d, err := sequentially(args[1])
		return d.String(), err
	}
	return "", fmt.Errorf("want time GROUP MODEL, times GROUP MODEL MODEL or ideal GROUP")
}

func (ref *reference) median(group, model string) (time.Duration, error) {
	for i := range ref.ranking.Groups {
		g := &ref.ranking.Groups[i]
		if p := g.Place(model); p != nil && withoutProcs(g.Name) == group {
			return timeOf(p), nil
		}
	}
	return 0, fmt.Errorf("the reference run has no model %s in %s", model, group)
}

func withoutProcs(name string) string { return regexp.MustCompile(`-\d+$`).ReplaceAllString(name, "") }

// digits keeps three digits.
func digits(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// The test can fail: a page with a wrong number, an unknown marker, a missing run.
func TestFill(t *testing.T) {
	ref, err := readReference("../bench/results/reference.txt")
	require.NoError(t, err)
	for _, c := range []struct{ name, page, want string }{
		{"nothing generated", "5 x", "5 x"},
		{"a number", "<!-- = ideal Pages/latency=10ms/tasks=1000 -->7s<!-- / -->!", "<!-- = ideal Pages/latency=10ms/tasks=1000 -->10s<!-- / -->!"},
	} {
		got, err := ref.fill(c.page)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, got, c.name)
	}
	table, err := ref.fill("<!-- gen: table Pages -->\n<!-- end -->")
	require.NoError(t, err)
	require.Contains(t, table, "| Pages | sequential | goroutines | goroutines-limit | pool | pool-counter | pool-steal | pipeline |\n| --- | ---: |")
	require.Contains(t, table, "| latency=50ms, inflight=150, tasks=500 | *25s* | (")
	for page, want := range map[string]string{
		"<!-- gen: table Nothing -->\n<!-- end -->":       "no such benchmark",
		"<!-- gen: run nothing -->\n<!-- end -->":         "nothing.txt",
		"<!-- gen: song -->\n<!-- end -->":                "want machine, table BENCHMARK or run NAME",
		"<!-- = time Pages/x pool --><!-- / -->":          "no model pool in Pages/x",
		"<!-- = times Pages/x pool pool --><!-- / -->":    "no model pool in Pages/x",
		"<!-- = ideal Dispatch/tasks=10000 --><!-- / -->": "a cell of Dispatch/tasks=10000 is missing",
		"<!-- = song --><!-- / -->":                       "want time GROUP MODEL",
	} {
		_, err := ref.fill(page)
		require.ErrorContains(t, err, want)
	}
}

package rounds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// journal is a Progress that remembers, and may do something at a step.
type journal struct {
	said   []string
	warmed int
	steps  []string
	done   int
	cells  string
	at     func(round, step int)
	left   []time.Duration
}

func (j *journal) Say(line string) { j.said = append(j.said, line) }
func (j *journal) Cells(cells []Cell, rounds int) {
	j.cells = fmt.Sprint(len(cells), " cells, ", rounds, " rounds")
}

func (j *journal) Warming(before int, _ string) { j.warmed = max(j.warmed, before+1) }
func (j *journal) Done()                        { j.done++ }

func (j *journal) Step(round, _, step, steps int, cell Cell, left time.Duration) {
	j.steps = append(j.steps, fmt.Sprintf("%d %d/%d %s", round, step, steps, cell.Name))
	j.left = append(j.left, left)
	if j.at != nil {
		j.at(round, step)
	}
}

func config(t *testing.T) Config {
	return Config{
		Package: "./testdata/fake", Rounds: 2, BenchTime: "1x", Seed: 5, Control: NoControl,
		Out: filepath.Join(t.TempDir(), "new", "results.txt"),
	}
}

func TestRun(t *testing.T) {
	c := config(t)
	var j journal
	report, err := Run(t.Context(), c, &j)
	require.NoError(t, err)
	require.Equal(t, 2, report.Rounds)
	require.Equal(t, []string{"a", "b", "c"}, report.Models)
	require.Equal(t, map[string]string{"BenchmarkFast/size=3/model=slow": "it would take an hour"}, report.LeftOut)
	require.Positive(t, report.Building)
	require.Positive(t, report.WarmUp)
	require.Positive(t, report.Measured)

	text, err := os.ReadFile(c.Out)
	require.NoError(t, err)
	for _, key := range []string{"goos", "goarch", "pkg", "cores", "toolchain", "commit", "date", "gomaxprocs", "order"} {
		require.Regexp(t, `(?m)^`+key+`: \S`, string(text))
	}
	for _, line := range []string{"spin: 77", "seed: 5", "benchtime: 1x"} {
		require.Contains(t, string(text), line+"\n")
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "Benchmark") {
			names = append(names, strings.Fields(line)[0])
			if strings.HasPrefix(line, "BenchmarkFast") {
				require.Contains(t, line, " 77.00 spin", "every process is given what the first one measured")
			}
		}
	}
	require.Len(t, names, 8)
	backwards := slices.Clone(names[4:])
	slices.Reverse(backwards)
	require.Equal(t, names[:4], backwards, "the second round is the first one backwards")

	require.Equal(t, "4 cells, 2 rounds", j.cells)
	require.Len(t, j.steps, 8)
	require.Regexp(t, `^1 1/4 Benchmark`, j.steps[0])
	require.Regexp(t, `^2 4/4 Benchmark`, j.steps[7])
	require.Positive(t, j.left[0])
	require.Equal(t, 1, j.done)
	require.Equal(t, "building the benchmarks of ./testdata/fake", j.said[0])

	var tables strings.Builder
	set, err := results.ReadFiles(c.Out)
	require.NoError(t, err)
	benchstat, err := verdict.FindBenchstat(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, benchstat.Models(t.Context(), &tables, c.Out, set, report.Models, []string{"sec/op"}))
	require.Regexp(t, `│\s+a\s+│\s+b\s+│\s+c\s+│`, tables.String())
	require.Contains(t, tables.String(), "sec/op")
	require.NotContains(t, tables.String(), "spin/op")
}

// The control's model runs twice a round, in processes of their own, and the file
// knows which it is.
func TestRunWithAControl(t *testing.T) {
	for _, c := range []struct{ control, model string }{{"", "a"}, {"b", "b"}} {
		config := config(t)
		config.Control = c.control
		var j journal
		report, err := Run(t.Context(), config, &j)
		require.NoError(t, err)
		require.Contains(t, report.Models, c.model+"-again")
		text, err := os.ReadFile(config.Out)
		require.NoError(t, err)
		require.Contains(t, string(text), "control: "+c.model+"-again\n")
		require.Equal(t, 2, len(regexp.MustCompile(`(?m)^BenchmarkFast/size=3/model=`+c.model+`(-2)?\s`).FindAllString(string(text), -1)))
		require.Equal(t, 2, len(regexp.MustCompile(`(?m)^BenchmarkFast/size=3/model=`+c.model+`-again(-2)?\s`).FindAllString(string(text), -1)))
		set, err := results.ReadFiles(config.Out)
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(runtime.GOMAXPROCS(0)), set.Value("gomaxprocs"))
		ranking, err := verdict.Within(set, "sec/op")
		require.NoError(t, err)
		require.Equal(t, c.model, ranking.Floor.Control)
		require.Positive(t, ranking.Floor.Difference)
	}
}

func TestRunFitsItsRoundsIntoATime(t *testing.T) {
	c := config(t)
	c.Rounds, c.For = 0, time.Nanosecond
	var j journal
	report, err := Run(t.Context(), c, &j)
	require.NoError(t, err)
	require.Equal(t, 2, report.Rounds)
	require.Regexp(t, `a round takes about \S+: two, the least, may not fit into 1ns`, strings.Join(j.said, "\n"))

	// It is not the warm-up alone that says how many: what rounds take is seen.
	c = config(t)
	c.Rounds, c.For, c.BenchTime = 0, 4*time.Second, "1x" // of which it is thought that a round takes next to nothing
	report, err = Run(t.Context(), c, &journal{at: func(int, int) { time.Sleep(100 * time.Millisecond) }})
	require.NoError(t, err)
	require.GreaterOrEqual(t, report.Rounds, 2)
	require.LessOrEqual(t, report.Rounds, 10, "of four cells, each more than 100 ms")
	require.Zero(t, report.Rounds%2)
	for _, f := range []struct {
		all, round time.Duration
		want       int
	}{{0, time.Second, 2}, {time.Minute, 10 * time.Second, 6}, {69 * time.Second, 10 * time.Second, 6}, {80 * time.Second, 10 * time.Second, 8}, {time.Second, 0, 1_000_000_000}} {
		require.Equal(t, f.want, fit(f.all, f.round))
	}
}

func TestRunSweepsGOMAXPROCS(t *testing.T) {
	c := config(t)
	c.CPU, c.Rounds, c.Bench = []int{1, 2}, 1, "Fast/size=3/model=a"
	report, err := Run(t.Context(), c, &journal{})
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, report.Models)
	text, err := os.ReadFile(c.Out)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^BenchmarkFast/size=3/model=a\s`, string(text))
	require.Regexp(t, `(?m)^BenchmarkFast/size=3/model=a-2\s`, string(text))
}

// However a run ends, its whole rounds are in the file, and nothing else.
func TestRunKeepsWholeRounds(t *testing.T) {
	why := errors.New("no more patience")
	for _, c := range []struct {
		name        string
		round, step int
		kept        int
	}{
		{"ended in the first round", 1, 3, 0},
		{"ended at the start of the second", 2, 1, 1},
		{"ended in the second", 2, 4, 1},
		{"ended in the third", 3, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			config := config(t)
			config.Rounds = 3
			j := journal{at: func(round, step int) {
				if round == c.round && step == c.step {
					cancel(why)
				}
			}}
			report, err := Run(ctx, config, &j)
			require.ErrorIs(t, err, why)
			require.Equal(t, 1, j.done)
			if c.kept == 0 {
				require.Nil(t, report)
				require.NoFileExists(t, config.Out)
				return
			}
			stopped, ok := errors.AsType[*Interrupted](err)
			require.True(t, ok)
			require.Equal(t, c.kept, stopped.Finished)
			require.Equal(t, c.kept, report.Rounds)
			require.Regexp(t, fmt.Sprintf(`^stopped after %d whole rounds?: no more patience$`, c.kept), err.Error())
			text, err := os.ReadFile(config.Out)
			require.NoError(t, err)
			require.Equal(t, 4*c.kept, strings.Count(string(text), "\nBenchmark"))
			require.True(t, strings.HasSuffix(string(text), "\n"))
		})
	}
}

func TestRunStopsWhenABenchmarkFails(t *testing.T) {
	c := config(t)
	c.Rounds = 3
	c.Args = []string{"-fail-after", filepath.Join(t.TempDir(), "starts")} // the warm-up, the first round; fails in the second
	report, err := Run(t.Context(), c, &journal{})
	stopped, ok := errors.AsType[*Interrupted](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 1, stopped.Finished)
	require.Equal(t, 1, report.Rounds)
	require.ErrorContains(t, err, "broken on purpose")
	require.ErrorContains(t, err, "model=b")
}

func TestRunEndsBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("never mind")
	cancel(why)
	_, err := Run(ctx, config(t), &journal{})
	require.ErrorIs(t, err, why)
}

func TestRunRefuses(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there.txt")
	require.NoError(t, os.WriteFile(there, nil, 0o600))
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no rounds", func(c *Config) { c.Rounds = 0 }, "rounds is 0, want at least 1"},
		{"a time below nothing", func(c *Config) { c.For = -1 }, "for is -1ns, want more than 0s"},
		{"a control that is no model", func(c *Config) { c.Control = "fly" }, `control is "fly", want one of a, b, c, or none`},
		{"GOMAXPROCS below one", func(c *Config) { c.CPU = []int{1, 0} }, "cpu is 0, want at least 1"},
		{"GOMAXPROCS twice", func(c *Config) { c.CPU = []int{1, 2, 1} }, "cpu holds 1 twice"},
		{"a flag of go test", func(c *Config) { c.Args = []string{"-test.count=3"} }, "-test.count=3 is a flag of go test, and those are set by the rounds"},
		{"a benchtime without a unit", func(c *Config) { c.BenchTime = "10" }, `benchtime is "10", want a time such as 100ms or a number of operations such as 10x`},
		{"a benchtime of nothing", func(c *Config) { c.BenchTime = "0s" }, `benchtime is "0s"`},
		{"no operations", func(c *Config) { c.BenchTime = "0x" }, `benchtime is "0x"`},
		{"a broken pattern", func(c *Config) { c.Bench = "a(" }, "bench is no pattern: "},
		{"results that are there", func(c *Config) { c.Out = there }, "there.txt is there already: results are never overwritten"},
		{"no such package", func(c *Config) { c.Package = "./nowhere" }, "nowhere"},
		{"a package without tests", func(c *Config) { c.Package = "./testdata/none" }, "./testdata/none has no tests"},
		{"a package that does not compile", func(c *Config) { c.Package = "./testdata/broken" }, "broken_test.go:4"},
		{"a pattern that nothing matches", func(c *Config) { c.Bench = "Nothing" }, `no benchmark of ./testdata/fake matches "Nothing"`},
		{"an unknown flag", func(c *Config) { c.Args = []string{"-colour=red"} }, "-colour"},
		{"results in a place that is a file", func(c *Config) { c.Out = filepath.Join(there, "x.txt") }, "there.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := config(t)
			c.change(&config)
			report, err := Run(t.Context(), config, &journal{})
			require.ErrorContains(t, err, c.want)
			require.Nil(t, report)
			if config.Out != there {
				require.NoFileExists(t, config.Out)
			}
		})
	}
}

func TestCommitOutsideOfACheckout(t *testing.T) {
	require.Equal(t, "unknown", commit(t.TempDir()))
}

// What Run makes for itself is gone when it ends, however it ends.
func TestRunLeavesNothingBehind(t *testing.T) {
	for name, at := range map[string]int{"to the end": 0, "ended in the second round": 2} {
		t.Run(name, func(t *testing.T) {
			config := config(t)
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			t.Setenv("TMP", temporary)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, _ = Run(ctx, config, &journal{at: func(round, step int) {
				if round == at {
					cancel()
				}
			}})
			left, err := filepath.Glob(filepath.Join(temporary, "overlap-*"))
			require.NoError(t, err)
			require.Empty(t, left)
			require.FileExists(t, config.Out)
		})
	}
}

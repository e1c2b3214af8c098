package verdict

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
)

func seeds() []string {
	return []string{
		"goos: linux\nBenchmarkP/tasks=3/model=a-2 1 5 ns/op\nBenchmarkP/tasks=3/model=b-2 1 6 ns/op\n",
		"BenchmarkP/model=-2 1 5 ns/op\nUnit ns/op better=higher\n",
		"BenchmarkX/model=a/model=b 1 5 ns/op 7 B/op\n",
		"control: a-again\nBenchmarkX/model=a 1 5 ns/op\nBenchmarkX/model=a-again 1 6 ns/op\n",
		"control: a-again\nBenchmarkX/model=a 1 0 ns/op\nBenchmarkX/model=a-again 1 6 ns/op\nBenchmarkX/model=b 1 0 ns/op\n",
		"BenchmarkX/model=a 1 5e-324 sec/op\nBenchmarkX/model=b 1 1e308 sec/op\nBenchmarkX/model=b 1 1.7e308 sec/op\n",
		"cores: 1e400\ninflight: x\nBenchmarkX/cpu=1us/tasks=0/model=a 1 0 ns/op 0 x-ideal 0 peak-inflight 0 jobs/s 0 cpu-ns/job\nBenchmarkX/cpu=1us/tasks=0/model=sequential 1 5 ns/op\n",
		"calibration: loopback=0/s a=1e999 b cores=-1\nsaturated: x\nBenchmarkX/model=a 1 5 ns/op\n",
		lines(10, "X/tasks=0", map[string]float64{"a": 0, "b": 5}) + lines(10, "X/tasks=1", map[string]float64{"a": 5, "b": 0}),
		lines(10, "X/tasks=9e307", map[string]float64{"a": 1, "b": 5}) + lines(10, "X/tasks=1e308", map[string]float64{"a": 5, "b": 1}) + lines(10, "X/tasks=-1", map[string]float64{"a": 5, "b": 1}),
		lines(10, "X/cpu=1us", map[string]float64{"a": 1, "b": 5}) + lines(10, "X/cpu=100000h", map[string]float64{"a": 5, "b": 1}) + lines(10, "X/cpu=50%", map[string]float64{"a": 1, "b": 5}),
		"Benchmark\nBenchmark/model=0 0 1 ns/op",
	}
}

// sound says what holds of every ratio.
func sound(t *testing.T, r Ratio) {
	require.False(t, math.IsNaN(r.Estimate) || math.IsNaN(r.Lo) || math.IsNaN(r.Hi), "%v", r)
	require.True(t, r.Lo <= r.Estimate && r.Estimate <= r.Hi, "%v", r)
}

// Whatever a file holds, what can be read can be judged, by every unit, and whatever is
// claimed is above the floor and under the level.
func FuzzWithin(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := results.Read(strings.NewReader(text), "run.txt")
		if err != nil {
			return
		}
		_ = Check(set)
		Mixed(set)
		for _, unit := range set.Units() {
			r, err := Within(set, unit)
			if err != nil {
				require.NotEmpty(t, err.Error())
				continue
			}
			require.False(t, math.IsNaN(r.Floor.Difference))
			for _, g := range r.Groups {
				for _, p := range g.Places {
					sound(t, p.Factor)
					require.True(t, p.P >= 0 && p.P <= 1 && p.Holm >= min(1, p.P), "%v", p)
					require.True(t, !p.Worse || p.Holm < Alpha && p.Factor.Estimate > 1+r.Floor.Difference, "%v", p)
				}
			}
			var words strings.Builder
			require.NoError(t, r.Write(&words, map[string]string{"BenchmarkX/model=c": "why"}))
			require.NotContains(t, words.String(), "NaN")
			require.NoError(t, r.Only(func(string) bool { return false }).Write(io.Discard, nil))
			for _, groups := range benchmarks(set) {
				sortedCopy([]byte(text), groups, columnsOf(groups, set.Models()))
			}
		}
	})
}

func FuzzBetween(f *testing.F) {
	for i, s := range seeds() {
		f.Add(s, seeds()[(i+1)%len(seeds())])
		f.Add(s, strings.ReplaceAll(s, "5", "7"))
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		old, err := results.Read(strings.NewReader(before), "old.txt")
		if err != nil {
			return
		}
		set, err := results.Read(strings.NewReader(after), "new.txt")
		if err != nil {
			return
		}
		Differences(old, set)
		for _, unit := range set.Units() {
			c, err := Between(old, set, unit)
			if err != nil {
				require.NotEmpty(t, err.Error())
				continue
			}
			for _, cell := range c.Cells {
				sound(t, cell.Factor)
				require.False(t, math.IsNaN(cell.Worse()))
				require.True(t, cell.Result == NotShown || cell.Holm < Alpha && cell.Factor.off() > c.Floor.Difference, "%v", cell)
				require.True(t, cell.Result != Regressed || cell.Worse() > 0, "%v", cell)
			}
			var words strings.Builder
			require.NoError(t, c.Write(&words))
			require.NotContains(t, words.String(), "NaN")
			require.LessOrEqual(t, len(c.Regressions(0.05)), len(c.Regressions(0)))
		}
	})
}

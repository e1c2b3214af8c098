package rounds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

// results are n lines a model, around the given nanoseconds, 1 % apart.
func lines(n int, group string, nanoseconds map[string]float64) string {
	var b strings.Builder
	for model, ns := range nanoseconds {
		for i := range n {
			fmt.Fprintf(&b, "Benchmark%s/model=%s-2 1 %.1f ns/op\n", group, model, ns*(1+0.01*float64(i-n/2)))
		}
	}
	return b.String()
}

func rank(t *testing.T, text string) Ranking {
	t.Helper()
	r, err := Rank(strings.NewReader(text), "results.txt")
	require.NoError(t, err)
	return r
}

func TestRankPutsTheFastestFirst(t *testing.T) {
	r := rank(t, lines(10, "Pages/tasks=5", map[string]float64{"pool": 1000, "sequential": 9000, "pipeline": 1010}))
	require.Len(t, r.Groups, 1)
	require.Equal(t, "Pages/tasks=5-2", r.Groups[0].Name)
	require.Equal(t, []string{"pool", "pipeline", "sequential"}, mapped(r.Groups[0].Models, func(p Place) string { return p.Model }))
	require.Equal(t, []bool{false, false, true}, mapped(r.Groups[0].Models, func(p Place) bool { return p.Slower }))
	require.Equal(t, 10, r.Groups[0].Models[0].Samples)
	require.InDelta(t, float64(time.Microsecond), float64(r.Groups[0].Models[0].Median), 10)
}

// Of 40 comparisons of equal models two would be 'significant' at 0.05 each.
func TestHolmCorrectsForManyComparisons(t *testing.T) {
	r := Ranking{}
	for i := range 10 {
		r.Groups = append(r.Groups, Group{Models: []Place{{Median: 1}, {Median: 2, p: 0.001}, {Median: 2, p: 0.0051 + 0.001*float64(i)}, {Median: 2, p: 0.02}, {Median: 2, p: 0.04}}})
	}
	r.holm()
	for _, g := range r.Groups {
		require.Equal(t, []bool{false, true, false, false, false}, mapped(g.Models, func(p Place) bool { return p.Slower }))
	}
	alone := Ranking{Groups: []Group{{Models: []Place{{Median: 1}, {Median: 2, p: 0.04}}}}}
	alone.holm()
	require.True(t, alone.Groups[0].Models[1].Slower)
	step := Ranking{Groups: []Group{{Models: []Place{{Median: 1}, {Median: 2, p: 0.02}, {Median: 2, p: 0.04}}}}} // 0.02 < 0.05/2, then 0.04 < 0.05
	step.holm()
	require.True(t, step.Groups[0].Models[2].Slower)
}

func TestShortOf(t *testing.T) {
	places := func(models, samples int) Group {
		return Group{Models: slices.Repeat([]Place{{Samples: samples}}, models)}
	}
	for _, c := range []struct {
		name    string
		ranking Ranking
		short   int
	}{
		{"nothing to compare", Ranking{Groups: []Group{places(1, 1)}}, 0},
		{"two models, 2/C(8,4) = 0.029", Ranking{Groups: []Group{places(2, 4)}}, 0},
		{"two models, 2/C(6,3) = 0.1", Ranking{Groups: []Group{places(2, 3)}}, 4},
		{"fifty models, 2/C(12,6) = 0.0022 and 0.05/49 = 0.0010", Ranking{Groups: []Group{places(50, 6)}}, 7},
		{"fifty models, 2/C(14,7) = 0.0006", Ranking{Groups: []Group{places(50, 7)}}, 0},
		{"the group with the fewest decides", Ranking{Groups: []Group{places(2, 10), places(2, 3)}}, 5},
	} {
		require.Equal(t, c.short, c.ranking.shortOf(), c.name)
	}
}

func TestCompareNames(t *testing.T) {
	names := []string{
		"Dispatch/tasks=10000/workers=2-2",
		"Dispatch/tasks=10000/workers=8-2",
		"Pages",
		"Pages/latency=10ms/tasks=100-1",
		"Pages/latency=10ms/tasks=100-2",
		"Pages/latency=10ms/tasks=1000-2",
		"Pages/latency=50ms/tasks=100-2",
		"Process/cpu=1us-2",
		"Process/cpu=50us-2",
		"Process/cpu=1ms-2",
		"Process/kind=b-2",
		"Process/kind=c",
	}
	shuffled := slices.Clone(names)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, compareNames)
	require.Equal(t, names, shuffled)
}

func TestCutProcs(t *testing.T) {
	for _, c := range []struct {
		name, rest string
		procs      int
	}{
		{"a=1-2", "a=1", 2}, {"a=1", "a=1", 1}, {"a=x-y", "a=x-y", 1}, {"a=1-0", "a=1-0", 1}, {"", "", 1}, {"7", "7", 1},
	} {
		rest, procs := cutProcs(c.name)
		require.Equal(t, c.rest, rest)
		require.Equal(t, c.procs, procs)
	}
}

func TestRankRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "results.txt: no result has a /model= in its name and a time"},
		{"results without models", "BenchmarkX-2 1 5 ns/op\n", "no result has a /model="},
		{"results without a time", "BenchmarkX/model=a-2 1 5 B/op\n", "no result has a /model="},
		{"a broken line", "goos: linux\nBenchmarkX/model=a-2 1 five ns/op\n", "results.txt:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Rank(strings.NewReader(c.text), "results.txt")
			require.ErrorContains(t, err, c.want)
		})
	}
	var syntax *benchfmt.SyntaxError
	_, err := Rank(strings.NewReader("BenchmarkX/model=a-2 1 five ns/op\n"), "results.txt")
	require.ErrorAs(t, err, &syntax)
}

func TestWriteSaysItInWords(t *testing.T) {
	text := lines(10, "Pages/tasks=5", map[string]float64{"pool": 20_345_678, "sequential": 2_034_567_890, "pipeline": 20_600_000}) +
		lines(10, "Pages/tasks=50", map[string]float64{"pool": 1000, "pipeline": 13_460})
	leftOut := map[string]string{
		"BenchmarkPages/tasks=50/model=sequential": "its makespan is 5s, computed",
		"BenchmarkOther/tasks=5/model=sequential":  "no reason",
	}
	var b strings.Builder
	require.NoError(t, rank(t, text).Write(&b, leftOut))
	require.Equal(t, `Pages/tasks=5
  fastest: pool, 20.2ms an operation (median of 10)
  no difference proven: pipeline 1.01x
  slower: sequential 100x
Pages/tasks=50
  fastest: pool, 995ns an operation (median of 10)
  slower: pipeline 13.5x
  not run: sequential, its makespan is 5s, computed
Slower is proven at 0.05 over all comparisons together (Mann-Whitney, Holm's correction).
`, b.String())
}

func TestWriteTellsSweepsOfGOMAXPROCSApart(t *testing.T) {
	text := strings.ReplaceAll(lines(3, "X/a=1", map[string]float64{"m": 100}), "-2 ", "-4 ") + lines(3, "X/a=1", map[string]float64{"m": 100, "n": 300})
	var b strings.Builder
	require.NoError(t, rank(t, text).Write(&b, nil))
	require.Equal(t, `X/a=1, GOMAXPROCS 2
  fastest: m, 100ns an operation (median of 3)
  no difference proven: n 3.00x
X/a=1, GOMAXPROCS 4
  fastest: m, 100ns an operation (median of 3)
With so few rounds nothing can be proven: 4 are the least for this many comparisons.
`, b.String())
}

// The control's twin is not ranked; what it differs by is the floor below which
// nothing is called slower.
func TestTheControlGivesTheNoiseFloor(t *testing.T) {
	text := "control: pool-again\n" +
		lines(10, "Pages/tasks=5", map[string]float64{"pool": 1000, "pool-again": 1100, "near": 1090, "far": 1200}) +
		lines(10, "Pages/tasks=50", map[string]float64{"pool": 1000, "pool-again": 950})
	r := rank(t, text)
	require.Equal(t, "pool", r.Control)
	require.InDelta(t, 0.1, r.Floor, 1e-9)
	require.Equal(t, []string{"pool", "near", "far"}, mapped(r.Groups[0].Models, func(p Place) string { return p.Model }))
	require.Equal(t, []bool{false, false, true}, mapped(r.Groups[0].Models, func(p Place) bool { return p.Slower }), "near is slower for certain, by less than the floor")
	require.True(t, rank(t, strings.TrimPrefix(text, "control: pool-again\n")).Groups[0].Models[1].Slower, "without a control there is no floor")
	var words strings.Builder
	require.NoError(t, r.Write(&words, nil))
	require.Contains(t, words.String(), "The noise floor is 10.0 %: so much pool differed from itself, run twice under two names. Nothing below it is called slower.\n")
	require.NotContains(t, words.String(), "pool-again")
	require.Contains(t, r.sorted(text, "Pages", []string{"pool", "near", "far", "pool-again"}), "/model=pool-again-2 ", "benchstat shows the twin")

	_, err := Rank(strings.NewReader("control: a-again\nBenchmarkX/model=a 1 NaN ns/op\nBenchmarkX/model=a-again 1 5 ns/op\n"), "results.txt")
	require.EqualError(t, err, "results.txt: the times of the control a are no times")
	_, err = Rank(strings.NewReader("control: a-again\nBenchmarkX/model=a-again 1 5 ns/op\n"), "results.txt")
	require.ErrorContains(t, err, "no result has a /model=")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteReturnsTheWritersError(t *testing.T) {
	r := rank(t, lines(3, "X", map[string]float64{"m": 1}))
	require.EqualError(t, r.Write(brokenWriter{}, nil), "disk full")
}

// Benchstat is given rows in the order of their names, columns in the order of
// the models, those with gaps last.
func TestSorted(t *testing.T) {
	text := "goos: linux\nspin: 5\n" +
		"BenchmarkP/tasks=1000/model=b-2 1 4 ns/op\n" +
		"BenchmarkQ/model=a-2 1 9 ns/op\n" +
		"BenchmarkP/tasks=100/model=b-2 1 2 ns/op\n" +
		"BenchmarkP/tasks=100/model=a-2 1 1 ns/op\n" +
		"BenchmarkP/tasks=1000/model=c-2 1 3 ns/op\n" +
		"BenchmarkP/tasks=100/model=c-2 1 3 ns/op\n" +
		"BenchmarkP/tasks=100/model=b-2 2 2 ns/op\n"
	require.Equal(t, "goos: linux\nspin: 5\n"+
		"BenchmarkP/tasks=100/model=b-2 1 2 ns/op\n"+
		"BenchmarkP/tasks=100/model=b-2 2 2 ns/op\n"+
		"BenchmarkP/tasks=100/model=c-2 1 3 ns/op\n"+
		"BenchmarkP/tasks=100/model=a-2 1 1 ns/op\n"+
		"BenchmarkP/tasks=1000/model=b-2 1 4 ns/op\n"+
		"BenchmarkP/tasks=1000/model=c-2 1 3 ns/op\n",
		rank(t, text).sorted(text, "P", []string{"a", "b", "c"}))
	require.Equal(t, []string{"P", "Q"}, rank(t, text).benchmarks())
}

func FuzzRank(f *testing.F) {
	f.Add("goos: linux\nBenchmarkP/tasks=3/model=a-2 1 5 ns/op\nBenchmarkP/tasks=3/model=b-2 1 6 ns/op\n")
	f.Add("BenchmarkP/model=-2 1 5 ns/op\nUnit ns/op better=higher\n")
	f.Add("BenchmarkX/model=a/model=b 1 NaN ns/op 7 B/op\n")
	f.Add("control: a-again\nBenchmarkX/model=a 1 5 ns/op\nBenchmarkX/model=a-again 1 6 ns/op\n")
	f.Add("BenchmarkX/model=a 1 -5 ns/op\nBenchmarkX/model=b 1 1e300 sec/op\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Rank(strings.NewReader(text), "results.txt")
		if err != nil {
			require.Contains(t, err.Error(), "results.txt")
			return
		}
		var words strings.Builder
		require.NoError(t, r.Write(&words, map[string]string{"BenchmarkX/model=c": "why"}))
		for _, name := range r.benchmarks() {
			r.sorted(text, name, []string{"a", "b"})
		}
	})
}

package verdict

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
)

var update = flag.Bool("update", false, "write the golden sentences anew")

// lines are n lines a model, around the given nanoseconds, 1 % apart.
func lines(n int, group string, nanoseconds map[string]float64) string {
	return linesIn("ns/op", n, group, nanoseconds)
}

func linesIn(unit string, n int, group string, values map[string]float64) string {
	var b strings.Builder
	for _, model := range slices.Sorted(maps.Keys(values)) {
		for i := range n {
			fmt.Fprintf(&b, "Benchmark%s/model=%s-2 1 %.1f %s\n", group, model, values[model]*(1+0.01*float64(i-n/2)), unit)
		}
	}
	return b.String()
}

func read(t testing.TB, text string) *results.Set {
	t.Helper()
	set, err := results.Read(strings.NewReader(text), "run.txt")
	require.NoError(t, err)
	return set
}

func rank(t testing.TB, text string) *Ranking {
	t.Helper()
	r, err := Within(read(t, text), "sec/op")
	require.NoError(t, err)
	return r
}

func models(g Group) (names []string) {
	for _, p := range g.Places {
		names = append(names, p.Model)
	}
	return names
}

func worse(g Group) (all []bool) {
	for _, p := range g.Places {
		all = append(all, p.Worse)
	}
	return all
}

func TestWithinPutsTheFastestFirst(t *testing.T) {
	r := rank(t, lines(10, "Pages/tasks=5", map[string]float64{"pool": 1000, "sequential": 9000, "pipeline": 1010}))
	require.Len(t, r.Groups, 1)
	g := r.Groups[0]
	require.Equal(t, "Pages/tasks=5-2", g.Name)
	require.Equal(t, []string{"pool", "pipeline", "sequential"}, models(g))
	require.Equal(t, []bool{false, false, true}, worse(g))
	require.Equal(t, 3, r.Family)
	require.Zero(t, r.Need)
	require.Equal(t, 10, g.Places[0].Samples)
	require.InDelta(t, 0.995e-6, g.Places[0].Median, 1e-12)
	require.InDelta(t, 9, g.Place("sequential").Factor.Estimate, 1e-6)
	require.InDelta(t, 2.0/184756, g.Place("sequential").P, 1e-9)
	require.InDelta(t, 3*2.0/184756, g.Place("sequential").Holm, 1e-9)
	require.Nil(t, g.Place("queue"))

	pair, ok := g.Pair("sequential", "pipeline")
	require.True(t, ok)
	require.True(t, pair.Proven)
	require.InDelta(t, 1.01/9, pair.Factor.Estimate, 1e-4)
	_, ok = g.Pair("pool", "queue")
	require.False(t, ok)
}

func TestWithinKnowsWhichEndIsBetter(t *testing.T) {
	set := read(t, linesIn("jobs/s", 10, "X", map[string]float64{"few": 1000, "many": 3000}))
	r, err := Within(set, "jobs/s")
	require.NoError(t, err)
	require.Equal(t, Higher, r.Better)
	require.Equal(t, []string{"many", "few"}, models(r.Groups[0]))
	require.InDelta(t, 3, r.Groups[0].Places[1].Factor.Estimate, 1e-6)
	require.True(t, r.Groups[0].Places[1].Worse)
}

func TestWithinRefuses(t *testing.T) {
	set := read(t, "BenchmarkX/model=a-2 1 5 ns/op 7 peak-inflight 3 MB/s\n")
	for _, c := range []struct{ unit, want string }{
		{"furlongs", `run.txt: no result has the unit "furlongs"; there are B/s, peak-inflight, sec/op`},
		{"", `no result has the unit ""`},
		{"ns/op", "the unit ns/op is called sec/op here"},
		{"MB/s", "the unit MB/s is called B/s here"},
		{"peak-inflight", "whether more or less peak-inflight is better is not known"},
	} {
		_, err := Within(set, c.unit)
		require.ErrorContains(t, err, c.want)
		_, err = Between(set, set, c.unit)
		require.ErrorContains(t, err, c.want)
	}
	for unit := range directions() {
		require.Equal(t, unit, Tidy(unit), "the names are those of a Set")
	}
}

// The family is all pairs of all groups: what is proven alone need not be among many.
func TestTheFamilyIsEveryPair(t *testing.T) {
	pair := "" // p = 0.0079 of five against five
	for _, v := range []string{"a-2 1 100", "a-2 1 101", "a-2 1 102", "a-2 1 103", "a-2 1 104", "b-2 1 200", "b-2 1 201", "b-2 1 202", "b-2 1 203", "b-2 1 204"} {
		pair += "BenchmarkX/n=1/model=" + v + " ns/op\n"
	}
	r := rank(t, pair)
	require.True(t, r.Groups[0].Places[1].Worse)
	same := map[string]float64{}
	for i := range 5 { // ten pairs more, where all is equal; and then one more
		same[string(rune('p'+i))] = 100
	}
	r = rank(t, pair+lines(10, "Y", same))
	require.Equal(t, 11, r.Family)
	require.False(t, r.Groups[0].Places[1].Worse, "0.0079 * 11 = 0.087")
	require.Equal(t, 6, r.Groups[0].Need)
	require.Zero(t, r.Need, "the other group has enough")
	require.Contains(t, r.Sentences(&r.Groups[0]), "There are too few samples here to prove anything: it takes 6 of each cell.")
}

func TestTooFewSamples(t *testing.T) {
	two := map[string]float64{"a": 100, "b": 900}
	for _, c := range []struct {
		name, text string
		need       int
	}{
		{"nothing to compare", lines(1, "X", map[string]float64{"a": 1}), 0},
		{"four of each", lines(4, "X", two), 0},
		{"three of each", lines(3, "X", two), 4},
		{"one group has enough", lines(3, "X", two) + lines(10, "Y", two), 0},
	} {
		r := rank(t, c.text)
		require.Equal(t, c.need, r.Need, c.name)
	}
	r := rank(t, lines(3, "X", two))
	require.False(t, r.Groups[0].Places[1].Worse)
	require.NotContains(t, strings.Join(r.Sentences(&r.Groups[0]), "\n"), "too few samples here", "that is said once, of all")
	require.Equal(t, "With so few samples nothing can be proven: it takes 4 of each cell for 1 comparison.", r.Notes()[0])
}

// The control's twin is not ranked; what it differs by is the floor below which
// nothing is claimed.
func TestTheControlGivesTheNoiseFloor(t *testing.T) {
	text := "control: pool-again\n" +
		lines(10, "Pages/tasks=5", map[string]float64{"pool": 1000, "pool-again": 1100, "near": 1090, "far": 1200}) +
		lines(10, "Pages/tasks=50", map[string]float64{"pool": 1000, "pool-again": 950})
	r := rank(t, text)
	require.Equal(t, Floor{Known: true, Difference: r.Floor.Difference, Control: "pool", Group: "Pages/tasks=5-2"}, r.Floor)
	require.InDelta(t, 0.1, r.Floor.Difference, 1e-9)
	require.Equal(t, []string{"pool", "near", "far"}, models(r.Groups[0]))
	require.Equal(t, []bool{false, false, true}, worse(r.Groups[0]), "near is slower for certain, by less than the floor")
	require.True(t, rank(t, strings.TrimPrefix(text, "control: pool-again\n")).Groups[0].Place("near").Worse, "without a control there is no floor")
	var words strings.Builder
	require.NoError(t, r.Write(&words, nil))
	require.Contains(t, words.String(), "The noise floor is 10.0 %: so much pool differed from itself at most, run twice under two names, in Pages/tasks=5-2. Nothing below it is claimed.\n")
	require.Contains(t, words.String(), "pool against near (1.09 times, below the noise floor): no difference that this run can show.\n")
	require.NotContains(t, words.String(), "pool-again")
}

func TestTheFloorIsOfTheUnit(t *testing.T) {
	text := "control: a-again\n"
	for i := range 10 {
		text += fmt.Sprintf("BenchmarkX/model=a 1 %d ns/op %d B/op 0 allocs/op\nBenchmarkX/model=a-again 1 %d ns/op %d B/op %d allocs/op\n", 100+i, 1000, 130+i, 1000, min(i, 1))
	}
	for unit, want := range map[string]float64{"sec/op": 0.287, "B/op": 0, "allocs/op": math.Inf(1)} {
		r, err := Within(read(t, text), unit)
		require.NoError(t, err)
		require.True(t, r.Floor.Known)
		if math.IsInf(want, 1) {
			require.Equal(t, want, r.Floor.Difference, unit)
			require.Contains(t, r.Floor.String(), "The noise floor has no bound: a, run twice under two names, had 0 under one of them alone, in X. So nothing is claimed.")
			continue
		}
		require.InDelta(t, want, r.Floor.Difference, 0.001, unit)
	}
}

func TestTheFloorIsUnknown(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no control", "BenchmarkX/model=a 1 5 ns/op\n", "No model ran twice under two names"},
		{"the twin is gone", "control: a-again\nBenchmarkX/model=a 1 5 ns/op\n", "No group has a under both its names in this unit"},
		{"only the twin is there", "control: a-again\nBenchmarkX/model=a-again 1 5 ns/op\n", "No group has a under both its names in this unit"},
		{"the control is saturated", "control: a-again\nsaturated: why\nBenchmarkX/model=a 1 5 ns/op\nBenchmarkX/model=a-again 1 9 ns/op\n", "No group has a under both its names in this unit"},
	} {
		r := rank(t, c.text)
		require.False(t, r.Floor.Known, c.name)
		require.Zero(t, r.Floor.Difference, c.name)
		require.Contains(t, r.Floor.String(), c.want, c.name)
	}
}

func TestSaturatedCellsAreNotRanked(t *testing.T) {
	r := rank(t, lines(10, "X", map[string]float64{"b": 1000, "c": 2000})+
		"saturated: it asks for 90000 requests/s\n"+lines(10, "X", map[string]float64{"a": 100, "d": 10}))
	g := r.Groups[0]
	require.Equal(t, []string{"b", "c"}, models(g))
	require.Len(t, g.Saturated, 2)
	require.Equal(t, 1, r.Family)
	require.Contains(t, r.Sentences(&g), "not ranked: a and d are saturated, it asks for 90000 requests/s")

	r = rank(t, "control: a-again\nsaturated: why\n"+lines(1, "X", map[string]float64{"a": 100, "a-again": 100}))
	require.Equal(t, []string{"not ranked: a is saturated, why"}, r.Sentences(&r.Groups[0]))
}

// The first by its median need not be so by its distribution; then nothing is said of the two.
func TestAMedianThatMisleads(t *testing.T) {
	text := ""
	for i := range 100 {
		a, b := 9.9, 10.0
		if i%10 < 4 {
			a, b = 100, 1
		}
		text += fmt.Sprintf("BenchmarkX/model=a 1 %v ns/op\nBenchmarkX/model=b 1 %v ns/op\n", a+float64(i)/10000, b+float64(i)/10000)
	}
	r := rank(t, text)
	g := &r.Groups[0]
	require.Equal(t, "b", g.Places[0].Model, "a has the better median, and is proven worse")
	require.Less(t, g.Places[1].Median, g.Places[0].Median)
	require.True(t, g.Places[1].Worse)
	require.Contains(t, r.Sentences(g)[1], "b is 9.")
}

// factLines are lines with more units, so many of each.
func factLines(group, model string, ns float64, units string) string {
	text := ""
	for i := range 10 {
		text += fmt.Sprintf("Benchmark%s/model=%s-2 1 %.2f ns/op %s\n", group, model, ns*(1+0.002*float64(i)), units)
	}
	return text
}

func TestThePriceIsThatOfAnAdvantage(t *testing.T) {
	price := func(ns float64, goroutines string) string {
		r := rank(t, factLines("X", "a", 100, "1000 peak-goroutines")+factLines("X", "b", ns, goroutines+" peak-goroutines"))
		return strings.Join(r.Sentences(&r.Groups[0]), "\n")
	}
	require.Contains(t, price(200, "100"), "Its price: 1000 goroutines at the peak; b takes 100.")
	require.NotContains(t, price(200, "900"), "price", "no more than the other")
	require.NotContains(t, price(100.1, "100"), "price", "no advantage")
}

func TestCoresAreThoseThatMayBeUsed(t *testing.T) {
	for procs, want := range map[string]string{"": "a uses 1.0 of 1 core: CPU decides.", "-2": "a uses 1.0 of 2 cores."} {
		text := factLines("X", "a", 100, "1000 cpu-ns/job 1e6 jobs/s") + factLines("X", "b", 200, "1000 cpu-ns/job 1e6 jobs/s")
		r := rank(t, "cores: 2\n"+strings.ReplaceAll(text, "-2 ", procs+" "))
		require.Contains(t, strings.Join(r.Sentences(&r.Groups[0]), "\n"), want)
	}
}

// CPU time is a family of its own, and may show what the time of an operation hides.
func TestCPUTimeIsASecondWitness(t *testing.T) {
	text := "control: a-again\n"
	for i := range 10 {
		for model, cpu := range map[string]int{"a": 1000, "a-again": 1010, "b": 1100, "c": 1005} {
			text += fmt.Sprintf("BenchmarkX/model=%s 1 %d ns/op %d cpu-ns/job\n", model, 100+7*((i+cpu)%10), cpu+i)
		}
	}
	r := rank(t, text)
	require.NotNil(t, r.CPU)
	require.InDelta(t, 0.01, r.CPU.Floor.Difference, 1e-3)
	g := &r.Groups[0]
	words := strings.Join(r.Sentences(g), "\n")
	require.Contains(t, words, NoDifference)
	require.Regexp(t, `By CPU time a job costs a 1µs; b 1.10 times as much \(1.10 to 1.10\)\.`, words)
	require.Contains(t, strings.Join(r.Notes(), "\n"), "CPU time is judged in the same way, for itself: 3 comparisons, a floor of 1.0 %.")
	other, err := Within(read(t, text), "cpu-sec/job")
	require.NoError(t, err)
	require.Nil(t, other.CPU)
}

// What has nothing to compare is not an error: tables can be made of it.
func TestNothingToCompare(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no models", "BenchmarkServe-2 1 5 ns/op\nBenchmarkServe-2 1 6 ns/op\n", "No result has a /model= in its name, so there is nothing to rank."},
		{"one model", lines(3, "X", map[string]float64{"a": 5}), "X\n  a alone can be ranked: 5ns an operation (median of 3).\nNo group has two models that can be ranked, so there is nothing to compare."},
		{"all saturated", "saturated: why\n" + lines(3, "X", map[string]float64{"a": 5, "b": 6}), "X\n  not ranked: a and b are saturated, why\nNo group has two models"},
	} {
		var b strings.Builder
		r := rank(t, c.text)
		require.NoError(t, r.Write(&b, nil), c.name)
		require.True(t, strings.HasPrefix(b.String(), c.want), b.String())
		require.Zero(t, r.Need, c.name)
	}
}

func TestCellsThatLackTheUnit(t *testing.T) {
	r := rank(t, lines(10, "X", map[string]float64{"a": 5, "b": 50})+linesIn("B/op", 10, "X", map[string]float64{"c": 5}))
	require.Equal(t, []string{"a", "b"}, models(r.Groups[0]))
	require.Contains(t, r.Sentences(&r.Groups[0]), "not ranked: c has no sec/op")
}

// Each file in testdata is judged, and what is said is kept beside it: NAME.txt and
// NAME.want; NAME.old.txt makes it a comparison of two runs. The unit is in the first line.
func TestGoldenSentences(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		if strings.HasSuffix(path, ".old.txt") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			set, err := results.ReadFiles(path)
			require.NoError(t, err)
			unit := cmpOr(set.Value("unit"), "sec/op")
			name := strings.TrimSuffix(path, ".txt")
			var got strings.Builder
			if _, err := os.Stat(name + ".old.txt"); err == nil {
				old, err := results.ReadFiles(name + ".old.txt")
				require.NoError(t, err)
				changes, err := Between(old, set, unit)
				require.NoError(t, err)
				for _, d := range Differences(old, set) {
					fmt.Fprintln(&got, "warning:", d)
				}
				require.NoError(t, changes.Write(&got))
			} else {
				r, err := Within(set, unit)
				require.NoError(t, err)
				require.NoError(t, r.Write(&got, map[string]string{
					"BenchmarkPages/latency=50ms/inflight=100/tasks=1000/model=sequential": "its makespan is 50s, computed; -full runs it",
					"BenchmarkNowhere/model=sequential":                                    "no reason",
				}))
			}
			if *update {
				require.NoError(t, os.WriteFile(name+".want", []byte(got.String()), 0o644))
			}
			want, err := os.ReadFile(name + ".want")
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func TestWriteTellsSweepsOfGOMAXPROCSApart(t *testing.T) {
	text := strings.ReplaceAll(lines(4, "X/a=1", map[string]float64{"m": 100}), "-2 ", "-4 ") + lines(4, "X/a=1", map[string]float64{"m": 100, "n": 300})
	var b strings.Builder
	require.NoError(t, rank(t, text).Write(&b, nil))
	require.True(t, strings.HasPrefix(b.String(), `X/a=1, GOMAXPROCS 2
  m is the fastest: 99.5ns an operation (median of 4).
  m is 3.00 times as fast as n (2.91 to 3.09).
X/a=1, GOMAXPROCS 4
  m alone can be ranked: 99.5ns an operation (median of 4).
`), b.String())
}

func TestWriteTellsPackagesApart(t *testing.T) {
	var b strings.Builder
	require.NoError(t, rank(t, "pkg: a\n"+lines(4, "X", map[string]float64{"m": 100})+"pkg: b\n"+lines(4, "X", map[string]float64{"m": 200})).Write(&b, nil))
	require.Contains(t, b.String(), "X, a\n  m alone can be ranked: 99.5ns")
	require.Contains(t, b.String(), "X, b\n  m alone can be ranked: 199ns")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteReturnsTheWritersError(t *testing.T) {
	r := rank(t, lines(3, "X", map[string]float64{"m": 1}))
	require.EqualError(t, r.Write(brokenWriter{}, nil), "disk full")
	c, err := Between(read(t, lines(3, "X", map[string]float64{"m": 1})), read(t, lines(3, "X", map[string]float64{"m": 2})), "sec/op")
	require.NoError(t, err)
	require.EqualError(t, c.Write(brokenWriter{}), "disk full")
}

// -bench shows a part of the run; what is claimed of it stays that of the whole.
func TestOnlyShowsAPart(t *testing.T) {
	whole := rank(t, "control: a-again\n"+lines(10, "X/tasks=1", map[string]float64{"a": 100, "a-again": 100, "b": 110})+
		lines(10, "X/tasks=9", map[string]float64{"a": 130, "a-again": 100, "b": 50}))
	part := whole.Only(func(group string) bool { return strings.Contains(group, "tasks=1-") })
	require.Len(t, part.Groups, 1)
	require.False(t, part.Groups[0].Places[1].Worse)
	require.Equal(t, whole.Floor, part.Floor)
	require.Equal(t, 2, part.Family)
	require.Len(t, whole.Groups, 2)
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0.020345678, "sec/op", "20.3ms an operation"},
		{1.5e-10, "sec/op", "0.15ns an operation"},
		{995e-9, "sec/op", "995ns an operation"},
		{12.345, "sec/op", "12.3s an operation"},
		{0, "sec/op", "0ns an operation"},
		{13.4e-9, "sec/job", "13.4ns a job"},
		{13.4e-6, "cpu-sec/job", "13.4µs of CPU a job"},
		{34651280, "B/op", "33.05Mi B/op"},
		{999, "B/op", "999 B/op"},
		{0, "allocs/op", "0 allocs/op"},
		{1873, "jobs/s", "1873 jobs/s"},
		{75119444, "jobs/s", "75.12M jobs/s"},
		{1.068, "x-ideal", "1.07 x-ideal"},
		{1e308, "B/op", "1e+308 B/op"},
		{5e-324, "B/op", "4.94e-324 B/op"},
	} {
		require.Equal(t, c.want, Format(c.value, c.unit))
	}
	for factor, want := range map[float64]string{1.005: "1.00", 1.9: "1.90", 9.994: "9.99", 13.46: "13.5", 100: "100", 0.5: "0.50", 0.001: "0.001", 1e9: "1e+09", 0: "0"} {
		require.Equal(t, want, Times(factor))
	}
	require.Equal(t, "+Inf", Times(math.Inf(1)))
	for share, want := range map[float64]string{0: "0.0 %", 0.0724: "7.2 %", 0.0001: "0.01 %", 1e5: "10000000 %"} {
		require.Equal(t, want, percent(share))
	}
}

// Left out is told in the paragraph of the group, and what no group is of, at the end.
func TestWhatWasNotRunIsTold(t *testing.T) {
	r := rank(t, "BenchmarkX/jobs=3/model=a-2 1 5 ns/op\nBenchmarkX/jobs=4/model=a-2 1 5 ns/op\n")
	require.True(t, r.HasGroup("BenchmarkX/jobs=3/model=slow"))
	require.False(t, r.HasGroup("BenchmarkX/jobs=5/model=slow"))
	var text strings.Builder
	require.NoError(t, r.Write(&text, map[string]string{
		"BenchmarkX/jobs=3/model=slow":    "it would take an hour",
		"BenchmarkX/jobs=4/model=counter": "counter has no open loop",
		"BenchmarkX/jobs=5/model=a":       "there is no memory",
	}))
	require.True(t, strings.HasPrefix(text.String(), `X/jobs=3
  a alone can be ranked: 5ns an operation (median of 1).
  not run: slow, it would take an hour
X/jobs=4
  a alone can be ranked: 5ns an operation (median of 1).
  not run: counter has no open loop
X/jobs=5/model=a
  not run: there is no memory
`), text.String())
}

func TestFloors(t *testing.T) {
	set := read(t, `control: a-again
BenchmarkX/n=1/model=a 1 100 ns/op 50 jobs/s 7 laps 0 late-jobs/op
BenchmarkX/n=1/model=a-again 1 103 ns/op 50 jobs/s 9 laps 4 late-jobs/op
BenchmarkX/n=2/model=a 1 100 ns/op
BenchmarkX/n=2/model=a-again 1 92 ns/op
`)
	require.Equal(t, "Noise floors by unit: jobs/s 0.0 %, late-jobs/op no bound, sec/op 8.7 %.", Floors(set), "the largest of all groups, of what can be judged")
	require.Empty(t, Floors(read(t, "BenchmarkX/n=1/model=a 1 100 ns/op\n")))
}

func TestOwnUnit(t *testing.T) {
	set := read(t, "BenchmarkOpen/model=a 1 3 intended-p99-ms 4 B/op\nBenchmarkPages/model=a 1 9 ns/op 3 intended-p99-ms\nBenchmarkX/model=a 1 4 B/op\n")
	units := map[string]string{}
	for i := range set.Groups {
		units[set.Groups[i].Benchmark] = OwnUnit(&set.Groups[i])
	}
	require.Equal(t, map[string]string{"Open": "intended-p99-ms", "Pages": "sec/op", "X": "sec/op"}, units)
}

// What is better at its other end would be praised for being worse.
func TestWhichEndOfAUnitIsBetter(t *testing.T) {
	var higher []string
	for unit, direction := range directions() {
		if direction == Higher {
			higher = append(higher, unit)
		}
	}
	require.ElementsMatch(t, []string{"jobs/s", "msgs/s", "B/s"}, higher)
	_, err := DirectionOf("peak-inflight")
	require.ErrorContains(t, err, "whether more or less peak-inflight is better is not known")
}

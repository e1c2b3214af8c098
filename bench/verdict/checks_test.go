package verdict

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
)

func TestCheckFindsAFileTakenTwice(t *testing.T) {
	once := lines(5, "X", map[string]float64{"a": 100, "b": 200})
	require.NoError(t, Check(read(t, once)))
	require.EqualError(t, Check(read(t, once+once)), "run.txt: every cell's samples are the same 2 times over, as if a file was taken 2 times")
	require.NoError(t, Check(read(t, once+lines(5, "X", map[string]float64{"a": 100, "b": 201}))))
	require.NoError(t, Check(read(t, once+once+"BenchmarkX/model=a-2 1 7 ns/op\n")))
	require.NoError(t, Check(read(t, "BenchmarkX 1 5 ns/op\nBenchmarkX 1 5 ns/op\n")), "two equal samples may be")
	require.NoError(t, Check(read(t, "BenchmarkX 1 5 B/op\nBenchmarkX 1 5 B/op\nBenchmarkX 1 5 B/op\nBenchmarkX 1 5 B/op\n"+
		"BenchmarkY 1 5 B/op\nBenchmarkY 1 5 B/op\nBenchmarkY 1 5 B/op\nBenchmarkY 1 5 B/op\n")), "and so may allocations")
}

func TestBetweenRefusesOneRunAsTwo(t *testing.T) {
	run := lines(5, "X", map[string]float64{"a": 100, "b": 200})
	more := lines(5, "X", map[string]float64{"a": 130, "b": 230})
	for name, text := range map[string]string{"the same": run, "a copy with more in it": run + more} {
		_, err := Between(read(t, run), read(t, text), "sec/op")
		require.EqualError(t, err, "run.txt and run.txt hold the same samples: that is one run, not two", name)
		_, err = Between(read(t, text), read(t, run), "sec/op")
		require.Error(t, err, name)
	}
	_, err := Between(read(t, run), read(t, more), "sec/op")
	require.NoError(t, err)
}

func TestDifferences(t *testing.T) {
	at := func(config string) []string {
		return Differences(read(t, "cpu: A\ncores: 2\ncommit: 1\ncalibration: overshoot/1ms=130us loopback=17850/s cores=1.98\nBenchmarkX 1 5 ns/op\n"),
			read(t, config+"BenchmarkX 1 5 ns/op\n"))
	}
	calibration := "calibration: overshoot/1ms=130us loopback=17850/s cores=1.98\n"
	require.Empty(t, at("cpu: A\ncores: 2\ncommit: 2\n"+calibration))
	require.Empty(t, at("cpu: A\ncores: 2\n"), "no calibration, no difference")
	require.Empty(t, at("cpu: A\ncores: 2\ncalibration: overshoot/1ms=200us loopback=10000/s\n"), "under twice as much")
	require.Equal(t, []string{"cpu is A in run.txt, B in run.txt", "cores is 2 in run.txt, not told in run.txt"}, at("cpu: B\n"))
	require.Equal(t, []string{"calibration: overshoot/1ms is 130us in run.txt, 2ms in run.txt", "calibration: loopback is 17850/s in run.txt, 500/s in run.txt"},
		at("cpu: A\ncores: 2\ncalibration: overshoot/1ms=2ms loopback=500/s nonsense =5\n"))

	require.Empty(t, Mixed(read(t, "cpu: A\nBenchmarkX 1 5 ns/op\n")))
	require.Equal(t, []string{"cpu is A and B within run.txt"}, Mixed(read(t, "cpu: A\nBenchmarkX 1 5 ns/op\ncpu: B\nBenchmarkX 1 5 ns/op\n")))
}

func TestDifferentWorkIsAFloor(t *testing.T) {
	run := func(spin int, ns float64) *results.Set {
		return read(t, fmt.Sprintf("spin: %d\ncontrol: a-again\n", spin)+lines(10, "X", map[string]float64{"a": ns, "a-again": ns, "b": ns}))
	}
	old, new := run(960, 100), run(1035, 107.8)
	require.Equal(t, []string{"spin is 960 in run.txt, 1035 in run.txt, so what works does 7.8 % more work in one of them, and nothing below that is claimed; -- -spin 960 makes a run of the same work as the first"}, Differences(old, new))
	changes, err := Between(old, new, "sec/op")
	require.NoError(t, err)
	require.Empty(t, changes.Regressions(0))
	require.Equal(t, "The floor is 7.8 %: so much more CPU work the jobs of one run did. Nothing below it is claimed.", changes.Floor.String())

	changes, err = Between(run(960, 100), run(960, 107.8), "sec/op")
	require.NoError(t, err)
	require.Len(t, changes.Regressions(0), 2, "the same work")
	require.Empty(t, Differences(run(960, 100), run(960, 107.8)))
}

// A share is passed if the whole interval is beyond it, not the estimate alone.
func TestARegressionIsProvenToBeLarger(t *testing.T) {
	old := read(t, "BenchmarkX 1 100 ns/op\nBenchmarkX 1 101 ns/op\nBenchmarkX 1 102 ns/op\nBenchmarkX 1 103 ns/op\nBenchmarkX 1 104 ns/op\n")
	new := read(t, "BenchmarkX 1 107 ns/op\nBenchmarkX 1 108 ns/op\nBenchmarkX 1 109 ns/op\nBenchmarkX 1 110 ns/op\nBenchmarkX 1 111 ns/op\n")
	for unit, sets := range map[string][2]*results.Set{"sec/op": {old, new}} {
		changes, err := Between(sets[0], sets[1], unit)
		require.NoError(t, err)
		factor := changes.Cells[0].Factor
		require.Greater(t, factor.Estimate, 1.06)
		require.Less(t, factor.Lo, 1.06)
		require.Len(t, changes.Regressions(factor.Lo-1.001), 1)
		require.Empty(t, changes.Regressions(0.06))
	}
}

func TestTooManyModelsAreRefused(t *testing.T) {
	var text strings.Builder
	for i := range 800 {
		fmt.Fprintf(&text, "BenchmarkX/model=m%d 1 5 ns/op\n", i)
	}
	_, err := Within(read(t, text.String()), "sec/op")
	require.EqualError(t, err, "run.txt: 800 models in X and 319600 comparisons in all; 250000 are the most that are judged")
}

// Drift of the machine between two runs may meet one benchmark alone.
func TestABenchmarkThatShifted(t *testing.T) {
	models := func(x, y float64) string {
		a, b := map[string]float64{}, map[string]float64{}
		for i := range 6 {
			a[fmt.Sprint("m", i)], b[fmt.Sprint("m", i)] = x, y
		}
		return lines(10, "X", a) + lines(10, "Y", b)
	}
	changes, err := Between(read(t, models(100, 100)), read(t, models(125, 100.01)), "sec/op")
	require.NoError(t, err)
	require.Equal(t, []string{"X: 6 of its 6 cells changed in one direction, to 1.25 times at the median: if the code did not change everywhere, the machine did, between the two runs."}, changes.shifted)
}

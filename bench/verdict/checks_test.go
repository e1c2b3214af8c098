package verdict

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckFindsAFileTakenTwice(t *testing.T) {
	once := lines(5, "X", map[string]float64{"a": 100, "b": 200})
	require.NoError(t, Check(read(t, once)))
	require.EqualError(t, Check(read(t, once+once)), "run.txt: the second half of every cell's samples is the first half again, as if a file was taken twice")
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

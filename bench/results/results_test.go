package results

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
)

func histogram(t testing.TB, microseconds ...int64) string {
	h := hdrhistogram.New(1, 3_600_000_000, 3)
	for _, us := range microseconds {
		require.NoError(t, h.RecordValue(us))
	}
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	return string(encoded)
}

func read(t *testing.T, text string) *Set {
	t.Helper()
	set, err := Read(strings.NewReader(text), "run.txt")
	require.NoError(t, err)
	return set
}

func TestReadSortsResultsIntoCells(t *testing.T) {
	set := read(t, `goos: linux
cores: 2
control: pool-again
pkg: example.com/a
BenchmarkPages/latency=10ms/tasks=1000/model=pool-2  1 2000 ns/op 7 jobs/s
BenchmarkPages/latency=10ms/tasks=100/model=pool-2   1 200 ns/op
PASS
saturated: it asks for too much
BenchmarkPages/latency=10ms/tasks=100/model=goroutines-2 1 100 ns/op
saturated:
BenchmarkPages/latency=10ms/tasks=100/model=pool-again-2 1 201 ns/op
BenchmarkPages/latency=10ms/tasks=100/model=pool-2   1 202 ns/op
BenchmarkPlain-2 5 3 ns/op
`)
	require.Equal(t, []string{"run.txt"}, set.Files)
	require.Equal(t, "linux", set.Value("goos"))
	require.Equal(t, "", set.Value("saturated"))
	require.Equal(t, "", set.Value("nothing"))
	require.Equal(t, []string{"jobs/s", "sec/op"}, set.Units())
	require.Equal(t, []string{"pool", "goroutines"}, set.Models())
	model, twin := set.Control()
	require.Equal(t, []string{"pool", "pool-again"}, []string{model, twin})

	var names []string
	for _, g := range set.Groups {
		names = append(names, g.Name)
	}
	require.Equal(t, []string{"Pages/latency=10ms/tasks=100-2", "Pages/latency=10ms/tasks=1000-2", "Plain-2"}, names)
	g := &set.Groups[0]
	require.Equal(t, "example.com/a", g.Package)
	require.Equal(t, "Pages", g.Benchmark)
	require.Equal(t, 2, g.Procs)
	require.Equal(t, []Param{{"latency", "10ms"}, {"tasks", "100"}}, g.Params)
	require.Equal(t, "Pages/latency=10ms-2", g.Without("tasks"))
	tasks, ok := g.Param("tasks")
	require.True(t, ok)
	require.Equal(t, "100", tasks)
	_, ok = g.Param("model")
	require.False(t, ok)
	require.InDeltaSlice(t, []float64{200e-9, 202e-9}, g.Cell("pool").Samples["sec/op"], 1e-15)
	require.Empty(t, g.Cell("pool").Saturated)
	require.Equal(t, "it asks for too much", g.Cell("goroutines").Saturated)
	require.Equal(t, 9, g.Cell("goroutines").Line)
	require.Nil(t, g.Cell("pipeline"))
	require.Equal(t, "", set.Groups[2].Cells[0].Model)

	require.NoError(t, set.MustHave("jobs/s"))
	require.EqualError(t, set.MustHave("ns/op"), `run.txt: no result has the unit "ns/op"; there are jobs/s, sec/op`)
}

func TestOnePackageDoesNotMixWithAnother(t *testing.T) {
	set := read(t, "pkg: a\nBenchmarkX/model=m-2 1 5 ns/op\npkg: b\nBenchmarkX/model=m-2 1 6 ns/op\n")
	require.Len(t, set.Groups, 2)
	require.InDeltaSlice(t, []float64{5e-9}, set.Groups[0].Cells[0].Samples["sec/op"], 1e-15)
	require.InDeltaSlice(t, []float64{6e-9}, set.Groups[1].Cells[0].Samples["sec/op"], 1e-15)
	require.Empty(t, set.Values("pkg"))
}

func TestLatenciesAreMerged(t *testing.T) {
	set := read(t, fmt.Sprintf("BenchmarkX/model=m-2 1 5 ns/op\n%s\nBenchmarkX/model=m-2 1 6 ns/op\n%s\n%s\n",
		LatencyLine("BenchmarkX/model=m-2", "send", histogram(t, 100, 100)),
		LatencyLine("BenchmarkX/model=m-2", "send", histogram(t, 900)),
		LatencyLine("BenchmarkX/model=m-2", "intended", histogram(t, 5000))))
	latencies := set.Groups[0].Cells[0].Latencies
	require.EqualValues(t, 3, latencies["send"].Count())
	median, ok := latencies["send"].Quantile(0.5)
	require.True(t, ok)
	require.Equal(t, 100*time.Microsecond, median)
	longest, _ := latencies["send"].Quantile(1)
	require.Equal(t, 900*time.Microsecond, longest)
	require.EqualValues(t, 1, latencies["intended"].Count())
	require.InDeltaSlice(t, []float64{5e-9, 6e-9}, set.Groups[0].Cells[0].Samples["sec/op"], 1e-15)
}

func TestReadFilesPutsSamplesTogether(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i, text := range []string{
		"cpu: a\nBenchmarkX/model=m-2 1 5 ns/op\n",
		"cpu: b\nBenchmarkX/model=m-2 1 6 ns/op\nBenchmarkX/model=n-2 1 7 ns/op\n",
	} {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
		require.NoError(t, os.WriteFile(paths[i], []byte(text), 0o600))
	}
	set, err := ReadFiles(paths...)
	require.NoError(t, err)
	require.Equal(t, paths, set.Files)
	require.Equal(t, []string{"a", "b"}, set.Values("cpu"))
	require.InDeltaSlice(t, []float64{5e-9, 6e-9}, set.Groups[0].Cell("m").Samples["sec/op"], 1e-15)
	require.Equal(t, paths[1], set.Groups[0].Cell("n").File)

	_, err = ReadFiles(paths[0], filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = ReadFiles(dir)
	require.ErrorContains(t, err, dir)
}

func TestReadRefuses(t *testing.T) {
	good := "BenchmarkX/model=m-2 1 5 ns/op\n"
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "run.txt: no benchmark results in it"},
		{"another text", "# Results\n\nnothing\n", "run.txt: no benchmark results in it"},
		{"a failed run", "goos: linux\nFAIL\n", "run.txt: no benchmark results in it"},
		{"go test -json", `{"Time":"2026-11-23T09:50:25Z","Action":"start"}` + "\n", "run.txt:1: this is the output of go test -json"},
		{"go test -json, later", good + `{"Action":"start"}` + "\n", "run.txt:2: this is the output of go test -json"},
		{"a binary", good + "\x00\x01\n", "run.txt:2: a zero byte"},
		{"a word for a number", "goos: linux\nBenchmarkX-2 1 five ns/op\n", "run.txt:2: parsing measurement"},
		{"a cut line", good + "BenchmarkX/model=m-2 1 5", "run.txt:2: "},
		{"no iterations", "BenchmarkX-2 x 5 ns/op\n", "run.txt:1: parsing iteration count"},
		{"not a number", "BenchmarkX-2 1 NaN ns/op\n", "run.txt:1: NaN sec/op is no measurement"},
		{"an infinite one", "BenchmarkX-2 1 +Inf ns/op\n", "run.txt:1: +Inf ns/op is no measurement"},
		{"a negative one", "BenchmarkX-2 1 -5 B/op\n", "run.txt:1: -5 B/op is below 0"},
		{"a unit twice", "BenchmarkX-2 1 5 ns/op 6 ns/op\n", "run.txt:1: the unit sec/op stands there twice"},
		{"a line without end", good + strings.Repeat("x", 1<<20), "run.txt:2: the line is longer than 64 KiB"},
		{"latencies of nothing", good + LatencyLine("BenchmarkX/model=n-2", "send", histogram(t, 1)) + "\n", "run.txt:2: latencies of BenchmarkX/model=n-2, which has no result"},
		{"latencies of no kind", good + LatencyLine("BenchmarkX/model=m-2", "sent", histogram(t, 1)) + "\n", `run.txt:2: latencies of the kind "sent", want send or intended`},
		{"damaged latencies", good + LatencyLine("BenchmarkX/model=m-2", "send", histogram(t, 1)[:20]) + "\n", "run.txt:2: latencies of BenchmarkX/model=m-2: "},
		{"latencies without a kind", good + "latency BenchmarkX/model=m-2 x\n", "run.txt:2: a latency line has four fields, this has 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.text), "run.txt")
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ name, group, model string }{
		{"BenchmarkPages/tasks=5/model=pool-2", "Pages/tasks=5-2", "pool"},
		{"BenchmarkPages/model=pool-steal/tasks=5", "Pages/tasks=5", "pool-steal"},
		{"X", "X", ""},
		{"BenchmarkX/warm/n=1-8", "X/warm/n=1-8", ""},
		{"BenchmarkX/model=", "X", ""},
		{"", "", ""},
	} {
		group, model := Split(c.name)
		require.Equal(t, c.group, group, c.name)
		require.Equal(t, c.model, model, c.name)
	}
}

func TestCompareNames(t *testing.T) {
	names := []string{
		"Dispatch/tasks=10000/workers=2-2",
		"Dispatch/tasks=10000/workers=8-2",
		"Mix/cpu=0%",
		"Mix/cpu=5%",
		"Mix/cpu=50%",
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
	slices.SortFunc(shuffled, CompareNames)
	require.Equal(t, names, shuffled)
}

func TestCutProcs(t *testing.T) {
	for _, c := range []struct {
		name, rest string
		procs      int
	}{
		{"a=1-2", "a=1", 2}, {"a=1", "a=1", 1}, {"a=x-y", "a=x-y", 1}, {"a=1-0", "a=1-0", 1}, {"", "", 1}, {"7", "7", 1},
	} {
		rest, procs := CutProcs(c.name)
		require.Equal(t, c.rest, rest)
		require.Equal(t, c.procs, procs)
	}
}

func TestTheReferenceRunIsRead(t *testing.T) {
	set, err := ReadFiles("reference.txt")
	require.NoError(t, err)
	require.NotEmpty(t, set.Models())
	require.Contains(t, set.Units(), "sec/op")
}

func FuzzRead(f *testing.F) {
	f.Add("goos: linux\nBenchmarkX/a=1/model=m-2 1 5 ns/op 3 B/op\n")
	f.Add("saturated: why\nBenchmarkX/model=m 1 5 ns/op\nsaturated:\nBenchmarkX/model=n 1 5 ns/op\n")
	f.Add("BenchmarkX/model=m-2 1 5 ns/op\n" + LatencyLine("BenchmarkX/model=m-2", "send", histogram(f, 1, 10, 100000)) + "\n")
	f.Add(`{"Time":"2026"}` + "\n")
	f.Add("Unit ns/op better=lower\nBenchmarkX 1 1e308 ns/op\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := Read(strings.NewReader(text), "run.txt")
		if err != nil {
			require.Contains(t, err.Error(), "run.txt")
			return
		}
		require.NotEmpty(t, set.Groups)
		for _, g := range set.Groups {
			require.NotEmpty(t, g.Cells)
			for i, c := range g.Cells {
				require.Same(t, &g.Cells[i], g.Cell(c.Model), "one cell a model")
				require.NotEmpty(t, c.Samples)
			}
		}
	})
}

func TestMedianAndPlainName(t *testing.T) {
	set := read(t, "BenchmarkX/n=1/model=m-2 1 5 B/op\nBenchmarkX/n=1/model=m-2 1 9 B/op\nBenchmarkX/n=1/model=m-2 1 6 B/op 3 laps\nBenchmarkX/n=1/model=m-2 1 7 B/op\n")
	g := &set.Groups[0]
	require.Equal(t, "X/n=1", g.Plain())
	median, ok := g.Cells[0].Median("B/op")
	require.True(t, ok)
	require.InDelta(t, 6.5, median, 1e-12)
	median, ok = g.Cells[0].Median("laps")
	require.True(t, ok)
	require.InDelta(t, 3, median, 1e-12)
	_, ok = g.Cells[0].Median("sec/op")
	require.False(t, ok)
	require.Equal(t, []float64{5, 9, 6, 7}, g.Cells[0].Samples["B/op"], "in their order")
}

package report

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/results"
)

// Whatever a raw file holds, its report is well-formed, or reading it is an error.
func FuzzReport(f *testing.F) {
	latencies := cost.NewLatencies()
	for i := range 200 {
		latencies.Record(time.Duration(i*i) * time.Microsecond)
	}
	text, err := latencies.Encode()
	require.NoError(f, err)
	name := "BenchmarkX/tasks=9/model=pool-2"
	f.Add(name + " 1 5 ns/op\n" + results.LatencyLine(name, "send", text) + "\n" + results.LatencyLine(name, "intended", text) + "\n")
	f.Add("control: a-again\nBenchmarkX/model=a 1 5 ns/op\nBenchmarkX/model=a-again 1 0 ns/op\n")
	f.Add("BenchmarkX/n=1/model=a 1 1e308 ns/op 1e-300 x-ideal\nBenchmarkX/n=10/model=a 1 0 ns/op\nBenchmarkX/n=100/model=a 1 1e-320 ns/op 1e308 x-ideal\n")
	f.Add("BenchmarkX/n=1e300/model=a 1 5 B/job\nBenchmarkX/n=5e-324/model=a 1 5 B/job\nBenchmarkX/n=0/model=a 1 1.7e308 B/job\n")
	f.Add(strings.Repeat("BenchmarkX/model=a 1 1.7e308 B/job\n", 6) + "BenchmarkX/model=a 1 5 B/job\n")
	f.Add("saturated: why\nBenchmarkX/over=cpu/cpu=0%/model=\xff<&>\"' 1 5 ns/op 1 ns/job\nBenchmarkX/over=cpu/cpu=50%/model=b 1 5 ns/op\nBenchmarkX/over=cpu/cpu=100%/model=b 1 5 ns/op\n")
	f.Add("BenchmarkX///=/model=/model=-8 1 5 =+@\nBenchmarkX/package=1/unit=2-8 1 5 |\n")
	whole, err := os.ReadFile(madeUp)
	require.NoError(f, err)
	f.Add(string(whole[:6000]))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			t.Skip("it takes long, and shows no more")
		}
		set, err := results.Read(strings.NewReader(text), "run.txt")
		if err != nil {
			return
		}
		r, err := New(set, Options{Title: text[:min(len(text), 50)]})
		require.NoError(t, err)
		files, err := r.Files()
		require.NoError(t, err)
		for _, file := range files {
			require.NoError(t, check(file))
		}
		var again bytes.Buffer
		r, err = New(set, Options{Title: text[:min(len(text), 50)]})
		require.NoError(t, err)
		require.NoError(t, r.HTML(&again))
		require.Equal(t, string(files[0].Data), again.String())
	})
}

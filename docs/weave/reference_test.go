package weave

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// raw is a made-up run: pool is twice as fast as sequential, the rest is not ranked or
// left out.
func raw() string {
	var b strings.Builder
	b.WriteString("goos: linux\ngoarch: amd64\npkg: example.com/overlap/bench\ncpu: Some_CPU\ncores: 2\ntoolchain: go1.26.0\ncommit: abc\ndate: 2026-11-23T13:50:52Z\ncontrol: pool-again\n")
	for i := range 10 {
		line := func(name string, ns, goroutines int) {
			fmt.Fprintf(&b, "Benchmark%s-2 1 %d ns/op %d ns/job %d cpu-ns/job 17400000 B/op 185983 allocs/op %d peak-goroutines 5487736 peak-heap-B 1.5 p99-ms\n",
				name, ns+i*1000, (ns+i)/1000, ns/500, goroutines)
		}
		for _, twin := range []string{"pool", "pool-again"} {
			line("Pages/latency=10ms/inflight=30/tasks=100/model="+twin, 50_000_000, 30)
			line("Dispatch/tasks=1000/workers=8/model="+twin, 87_591, 8)
			line("Pages/latency=50ms/inflight=150/tasks=500/model="+twin, 220_000_000, 150)
		}
		line("Pages/latency=10ms/inflight=30/tasks=100/model=sequential", 1_100_000_000, 1)
		line("Dispatch/tasks=1000/workers=8/model=sequential", 2_000, 0)
		line("Dispatch/tasks=1000/workers=8/model=bare-go", 900_000, 999)
		b.WriteString("saturated: asks for too much\n")
		line("Pages/latency=50ms/inflight=150/tasks=500/model=goroutines", 90_123_456, 2696)
		b.WriteString("saturated:\n")
	}
	return b.String()
}

const sweep = "goos: linux\ngoarch: arm64\ncores: 1\ntoolchain: go1.27\nBenchmarkSweep/tasks=10/model=pool 1 5000 ns/op\nBenchmarkSweep/tasks=100/model=pool 1 50000 ns/op\nBenchmarkSweep/tasks=1000/model=pool 1 500000 ns/op\n"

func withReference(t testing.TB, page string) *Course {
	return course(t, files{"docs/a.md": page, "bench/results/reference.txt": raw(), "bench/results/reference-sweep.txt": sweep,
		"bench/results/references.txt": "not one", "bench/results/mine.txt": "not one"})
}

const machineStamp = "\n*Medians; go1.26.0, linux/amd64, 2 cores; varies from run to run.*\n"

func TestReferenceBlocks(t *testing.T) {
	for _, c := range []struct{ name, marker, want string }{
		{"a table of times", "table Pages", "| Pages | sequential | goroutines | pool |\n| --- | ---: | ---: | ---: |\n" +
			"| latency=10ms, inflight=30, tasks=100 | 1.1s | – | **50ms** |\n" +
			"| latency=50ms, inflight=150, tasks=500 | *25s* | (90.1ms) | **220ms** |\n" + machineStamp},
		{"with what is measured beside the models", "table Dispatch", "| Dispatch | sequential | pool | bare-go |\n| --- | ---: | ---: | ---: |\n| tasks=1000, workers=8 | **6.5µs** | 92.1µs | 905µs |\n" + machineStamp},
		{"a table of bytes", "table Pages B/op", "| Pages, B/op | sequential | goroutines | pool |\n| --- | ---: | ---: | ---: |\n" +
			"| latency=10ms, inflight=30, tasks=100 | **17.4 MB** | – | **17.4 MB** |\n" +
			"| latency=50ms, inflight=150, tasks=500 | – | (17.4 MB) | **17.4 MB** |\n" + machineStamp},
		{"a table of short times, in the words of the raw file", "table Dispatch ns/job", "| Dispatch, ns/job | sequential | pool | bare-go |\n| --- | ---: | ---: | ---: |\n| tasks=1000, workers=8 | **2.00ns** | 87.0ns | 900ns |\n" + machineStamp},
		{"a table of one group", "table Dispatch/tasks=1000 peak-goroutines", "| Dispatch/tasks=1000, peak-goroutines | sequential | pool | bare-go |\n| --- | ---: | ---: | ---: |\n| workers=8 | **0** | 8 | 999 |\n" + machineStamp},
		{"a table from another run", "table Sweep", "| Sweep | pool |\n| --- | ---: |\n| tasks=10 | **5µs** |\n| tasks=100 | **50µs** |\n| tasks=1000 | **500µs** |\n\n*Medians; go1.27, linux/arm64, 1 core; varies from run to run.*\n"},
		{"the machine", "machine", "Some_CPU, 2 cores, linux/amd64, go1.26.0; 10 rounds of commit abc on 2026-11-23.\n"},
		{"the cost", "cost sequential pool goroutines", "| model | empty job | 500 pages of 50 ms | CPU a page | allocated | allocations | goroutines at the peak | heap at the peak |\n" +
			"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n" +
			"| sequential | 2.00ns | *25s* | – | – | – | – | – |\n" +
			"| pool | 87.0ns | 220ms | 440µs | 17.4 MB | 185,983 | 150 | 5.49 MB |\n" +
			"| goroutines | – | (90.1ms) | (180µs) | (17.4 MB) | (185,983) | (2,696) | (5.49 MB) |\n" + machineStamp},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, problems := filled(t, withReference(t, "<!-- gen: "+c.marker+" -->\n<!-- end -->\n"), "docs/a.md")
			require.Empty(t, problems)
			require.Equal(t, "<!-- gen: "+c.marker+" -->\n"+c.want+"<!-- end -->\n", text)
		})
	}
}

func TestVerdict(t *testing.T) {
	text, problems := filled(t, withReference(t, "<!-- gen: verdict Pages/latency=10ms/inflight=30/tasks=100 -->\n<!-- end -->\n"), "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "-->\n- pool")
	require.Contains(t, text, "sequential")
	require.Contains(t, text, "\n\n*Computed by overlap compare; go1.26.0, linux/amd64, 2 cores; varies from run to run.*\n<!-- end -->\n")
	byMemory, problems := filled(t, withReference(t, "<!-- gen: verdict Pages/latency=10ms/inflight=30/tasks=100 peak-goroutines -->\n<!-- end -->\n"), "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, byMemory, "peak-goroutines")
}

func TestNumbers(t *testing.T) {
	const pages, full = "Pages/latency=10ms/inflight=30/tasks=100", "Pages/latency=50ms/inflight=150/tasks=500"
	for marker, want := range map[string]string{
		"time " + pages + " pool":                       "50ms",
		"time " + pages + "-2 pool":                     "50ms",
		"time " + full + " goroutines":                  "(90.1ms)",
		"times " + pages + " sequential pool":           "22",
		"times " + pages + " pool sequential":           "0.05",
		"ideal Pages/latency=10ms/tasks=1000":           "10s",
		"ideal " + full:                                 "25s",
		"value peak-goroutines " + full + " goroutines": "(2,696)",
		"value allocs/op " + full + " pool":             "185,983",
		"value p99-ms " + full + " pool":                "1.5ms",
		"value cpu-ns/job " + full + " pool":            "440µs",
		"time Sweep/tasks=10 pool":                      "5µs",
	} {
		text, problems := filled(t, withReference(t, "a <!-- = "+marker+" -->old<!-- / -->.\n"), "docs/a.md")
		require.Empty(t, problems, marker)
		require.Equal(t, "a <!-- = "+marker+" -->"+want+"<!-- / -->.\n", text)
	}
}

func TestReferenceErrors(t *testing.T) {
	const full = "Pages/latency=50ms/inflight=150/tasks=500"
	for marker, want := range map[string]string{
		"gen: table Nothing":                                  "the reference run has no such benchmark",
		"gen: table Pages songs/op":                           "the reference run has no songs/op of it",
		"gen: machine none":                                   "there is no bench/results/reference-none.txt",
		"gen: cost":                                           "want cost MODEL...",
		"gen: cost pool none":                                 "the reference run has no model none",
		"gen: verdict Pages/none":                             "the reference run has no group Pages/none",
		"gen: verdict " + full + " songs":                     "bench/results/reference.txt: no result has the unit \"songs\"",
		"= time Pages/x pool":                                 "the reference run has no group Pages/x",
		"= time " + full + " none":                            "the reference run has no model none in " + full,
		"= value x " + full + " pool":                         "the reference run has no x of pool in " + full,
		"= times " + full + " pool none":                      "the reference run has no model none in " + full,
		"= ideal Dispatch/tasks=1000":                         "what is ideal is known of Pages/latency=.../tasks=..., not of Dispatch/tasks=1000",
		"= ideal Pages/latency=x/tasks=10":                    `time: invalid duration "x"`,
		"= ideal Pages/latency=1s/tasks=99999999999999999999": "99999999999999999999 tasks are too many",
		"= times " + full + " goroutines pool":                "the machine was saturated by goroutines, so it is not compared: asks for too much",
	} {
		page := "<!-- " + marker + " -->\n<!-- end -->\n"
		if strings.HasPrefix(marker, "=") {
			page = "a <!-- " + marker + " --><!-- / -->\n"
		}
		text, problems := filled(t, withReference(t, page), "docs/a.md")
		require.Len(t, problems, 1, marker)
		require.Contains(t, problems[0], "docs/a.md:1: "+marker+": ")
		require.Contains(t, problems[0], want)
		require.Equal(t, page, text)
		require.NotContains(t, problems[0], os.TempDir())
	}

	c := course(t, files{"a.md": "<!-- gen: machine -->\n<!-- end -->\n"})
	_, problems := filled(t, c, "a.md")
	require.Equal(t, []string{"a.md:1: gen: machine: there is no bench/results/reference.txt"}, problems)
	c = course(t, files{"a.md": "<!-- gen: machine -->\n<!-- end -->\n\n<!-- gen: cost pool -->\n<!-- end -->\n", "bench/results/reference-sweep.txt": sweep})
	_, problems = filled(t, c, "a.md")
	require.Equal(t, []string{"a.md:1: gen: machine: there is no bench/results/reference.txt", "a.md:4: gen: cost pool: there is no bench/results/reference.txt"}, problems)
	c = course(t, files{"a.md": "<!-- gen: cost pool -->\n<!-- end -->\n", "bench/results/reference.txt": sweep})
	_, problems = filled(t, c, "a.md")
	require.Equal(t, []string{"a.md:1: gen: cost pool: the reference run has no group Dispatch"}, problems)
	c = course(t, files{"a.md": "<!-- gen: machine -->\n<!-- end -->\n", "bench/results/reference.txt": "goos: linux\nBenchmarkX 1 five ns/op\n"})
	_, problems = filled(t, c, "a.md")
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "reference.txt:2: ")
}

// The run that the pages tell of has what the cost table shows, of every model.
func TestTheReferenceRun(t *testing.T) {
	data, err := os.ReadFile("../../bench/results/reference.txt")
	require.NoError(t, err)
	c := course(t, files{"a.md": "<!-- gen: cost sequential goroutines goroutines-limit pool pool-counter pool-steal pipeline -->\n<!-- end -->\n",
		"bench/results/reference.txt": string(data)})
	text, problems := filled(t, c, "a.md")
	require.Empty(t, problems)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| sequential") {
			require.NotContains(t, line, "–")
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{1.23456, "sec/op", "1.23s"}, {8.7591e-8, "sec/job", "87.6ns"}, {2.5e-9, "cpu-sec/job", "2.50ns"}, {0, "sec/op", "0s"},
		{12.345, "p99-ms", "12.3ms"}, {3670, "sched-p99-us", "3.67ms"}, {1234, "allocs/op", "1,234"}, {2.5, "x-ideal", "2.50"},
	} {
		require.Equal(t, c.want, format(c.value, c.unit), c)
	}
}

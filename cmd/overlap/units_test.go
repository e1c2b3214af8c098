package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// closedAndOpen is a raw file of a closed and an open loop, in each of which the pool is
// better by the factor.
func closedAndOpen(t *testing.T, pool float64, open bool) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(pool*100)))
	var b strings.Builder
	for range 10 {
		for _, model := range []string{"pool", "sequential"} {
			v := 9 * (1 + 0.01*rng.Float64())
			if model == "pool" {
				v *= pool
			}
			fmt.Fprintf(&b, "BenchmarkPages/tasks=100/model=%s-2 1 %.4f ns/op %.4f p99-ms\n", model, v*1000, v)
			if open {
				fmt.Fprintf(&b, "BenchmarkOpen/rate=300/model=%s-2 1 %.4f p99-ms %.4f intended-p99-ms 3 B/op\n", model, v, 2*v)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "run.txt")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

// Who names no unit has each benchmark judged by the one that is its own.
func TestAnOpenLoopIsJudgedByItsLatency(t *testing.T) {
	both := closedAndOpen(t, 0.5, true)
	s := overlapCommand(t, "compare", both)
	require.Equal(t, 0, s.status, s.stderr)
	closed, open, ok := strings.Cut(s.stdout, "By intended-p99-ms\n\n")
	require.True(t, ok, s.stdout)
	require.Contains(t, closed, "\nBy sec/op\n\nPages/tasks=100\n  pool is the fastest: ")
	require.NotContains(t, closed[strings.Index(closed, "By sec/op"):], "Open/")
	require.Contains(t, open, "Open/rate=300\n  pool has the least: ")
	require.NotContains(t, open, "Pages/")

	s = overlapCommand(t, "compare", "-bench", "Open", both)
	require.Equal(t, 0, s.status, s.stderr)
	require.NotContains(t, s.stdout, "By ", "one unit needs no heading")
	require.Contains(t, s.stdout, "Open/rate=300\n  pool has the least: ")

	s = overlapCommand(t, "compare", "-unit", "sec/op", both)
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, "Open/rate=300\n  not ranked: no model has sec/op\n")

	s = overlapCommand(t, "compare", "-fail-over", "5%", closedAndOpen(t, 0.4, true), both)
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "Pages/tasks=100-2/model=pool: pool takes 1.2")
	require.Contains(t, s.stderr, "Open/rate=300-2/model=pool: pool has 1.2")

	s = overlapCommand(t, "compare", closedAndOpen(t, 0.4, false), both)
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, ": Open/rate=300-2/model=pool, Open/rate=300-2/model=sequential.\n", "only in one of the runs")

	s = overlapCommand(t, "compare", "-fail-over", "5%", both, closedAndOpen(t, 0.5001, false))
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "gone from the new run:\n  Open/rate=300-2/model=pool\n  Open/rate=300-2/model=sequential\n")
}

func TestLeftOutIsToldWhereItBelongs(t *testing.T) {
	set, err := results.ReadFiles(closedAndOpen(t, 0.5, true))
	require.NoError(t, err)
	var l unitList
	var rankings []*verdict.Ranking
	for _, j := range l.judgements(set) {
		r, err := verdict.Within(set, j.unit)
		require.NoError(t, err)
		rankings = append(rankings, r.Only(j.shows))
	}
	require.Len(t, rankings, 2)
	all := map[string]string{
		"BenchmarkPages/tasks=100/model=slow":        "it would take an hour",
		"BenchmarkOpen/rate=300/model=pool-counter":  "pool-counter has no open loop",
		"BenchmarkWaiting/jobs=1000000/model=a-fork": "there is no memory for it",
	}
	require.Equal(t, map[string]string{
		"BenchmarkPages/tasks=100/model=slow":        "it would take an hour",
		"BenchmarkWaiting/jobs=1000000/model=a-fork": "there is no memory for it",
	}, leftOut(all, rankings, 0))
	require.Equal(t, map[string]string{"BenchmarkOpen/rate=300/model=pool-counter": "pool-counter has no open loop"}, leftOut(all, rankings, 1))
}

// The units of bench -unit are looked at before anything is measured.
func TestBenchByUnits(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results.txt")
	s := overlapCommand(t, "bench", "-unit", "furlongs", "-o", out)
	require.Equal(t, badUsage, s.status)
	require.Contains(t, s.stderr, "whether more or less furlongs is better is not known")
	require.NoFileExists(t, out)

	s = overlapCommand(t, "bench", "-calibrate=false", "-unit", "ns/op,allocs/op", "-pkg", fake, "-control", "none", "-bench", "Fast", "-rounds", "1", "-benchtime", "1x", "-o", out)
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "overlap bench: ns/op is called sec/op here, as benchstat has it\n")
	require.Contains(t, s.stderr, `no result has the unit "allocs/op"; there are `)
	require.Contains(t, s.stderr, "The finished rounds are kept in "+out)

	s = overlapCommand(t, "bench", "-calibrate=false", "-unit", "sec/op", "-pkg", fake, "-control", "none", "-bench", "Fast", "-rounds", "1", "-benchtime", "1x", "-o", out+"2")
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, "Fast/size=3\n")
}

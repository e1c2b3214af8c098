package verdict_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/verdict"
)

// BenchmarkVerdicts measures the judge itself, on whole runs of package selftest at the
// budget of make bench. One operation is all runs, about five minutes together:
//
//   - identical: three runs of twelve names of one model. false-differences are the claims of
//     one, by the time of an operation or by the CPU time of a job, of 33 comparisons; at most
//     one is allowed.
//   - slowed: ten runs of a model and of the same with 10 % more CPU work. found is in how many
//     the sentences say that it is worse, by either; at least nine are wanted. found-by-time and
//     found-by-cpu say by which: other programs on the machine can hide it from the first.
//
// floor-% is the median of the noise floors, worst-floor-% the largest; cpu-floor-% that by CPU
// time. Run it with make bench-selftest, on a machine that does nothing else.
func BenchmarkVerdicts(b *testing.B) {
	b.Run("identical", func(b *testing.B) {
		const runs = 3
		for b.Loop() {
			var floors floors
			claimed, compared := 0, 0
			for run := range runs {
				r := judged(b, "Identical", run, runs)
				floors.add(r)
				g := &r.Groups[0]
				require.Len(b, g.Places, 12)
				for _, p := range g.Places[1:] {
					compared++
					if cpu, ok := r.CPU.Groups[0].Pair(g.Places[0].Model, p.Model); p.Worse || ok && cpu.Proven {
						claimed++
					}
				}
				say(b, run, r)
			}
			b.ReportMetric(float64(compared), "comparisons")
			b.ReportMetric(float64(claimed), "false-differences")
			floors.report(b)
			if claimed > 1 {
				b.Errorf("%d of %d comparisons claim a difference between a model and itself; one is allowed", claimed, compared)
			}
		}
	})
	b.Run("slowed", func(b *testing.B) {
		const runs = 10
		for b.Loop() {
			var floors floors
			var found, byTime, byCPU float64
			var factors []float64
			for run := range runs {
				r := judged(b, "Slowed", run, runs)
				floors.add(r)
				time, ok := r.Groups[0].Pair("plain", "slowed")
				require.True(b, ok)
				cpu, ok := r.CPU.Groups[0].Pair("plain", "slowed")
				require.True(b, ok)
				if time.Proven && time.Factor.Estimate > 1 {
					byTime++
				}
				if cpu.Proven && cpu.Factor.Estimate > 1 {
					byCPU++
				}
				if (time.Proven || cpu.Proven) && (!time.Proven || time.Factor.Estimate > 1) && (!cpu.Proven || cpu.Factor.Estimate > 1) {
					found++
				}
				factors = append(factors, time.Factor.Estimate)
				say(b, run, r)
			}
			slices.Sort(factors)
			b.ReportMetric(runs, "runs")
			b.ReportMetric(found, "found")
			b.ReportMetric(byTime, "found-by-time")
			b.ReportMetric(byCPU, "found-by-cpu")
			b.ReportMetric((factors[runs/2-1]+factors[runs/2])/2, "times-median")
			floors.report(b)
			if found < 9 {
				b.Errorf("a model that is 10 %% slower was found in %v of %d runs; nine are wanted", found, runs)
			}
		}
	})
}

// floors are those of several runs, in percent.
type floors struct{ time, cpu []float64 }

func (f *floors) add(r *verdict.Ranking) {
	f.time, f.cpu = append(f.time, 100*r.Floor.Difference), append(f.cpu, 100*r.CPU.Floor.Difference)
}

func (f *floors) report(b *testing.B) {
	middle := func(values []float64) float64 {
		slices.Sort(values)
		return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	b.ReportMetric(middle(f.time), "floor-%")
	b.ReportMetric(slices.Max(f.time), "worst-floor-%")
	b.ReportMetric(middle(f.cpu), "cpu-floor-%")
}

func say(b *testing.B, run int, r *verdict.Ranking) {
	b.Logf("run %d: floor %.2f %%, by CPU time %.2f %%\n%s", run+1, 100*r.Floor.Difference, 100*r.CPU.Floor.Difference,
		strings.Join(r.Sentences(&r.Groups[0]), "\n"))
}

// judged is what a whole run shows: fresh processes, at make bench's budget.
func judged(b *testing.B, benchmark string, run, runs int) *verdict.Ranking {
	dir := os.Getenv("OVERLAP_SELFTEST_OUT") // where the raw files are kept; else they are not
	if dir == "" {
		dir = b.TempDir()
	}
	out := filepath.Join(dir, fmt.Sprintf("%s-%d-%d.txt", benchmark, time.Now().Unix(), run+1))
	_, err := rounds.Run(b.Context(), rounds.Config{
		Package: "../selftest", Bench: benchmark, Rounds: 10, BenchTime: "50ms", Seed: uint64(run + 1), Out: out,
	}, &quiet{what: fmt.Sprintf("%s, run %d of %d", benchmark, run+1, runs)})
	require.NoError(b, err)
	set, err := results.ReadFiles(out)
	require.NoError(b, err)
	ranking, err := verdict.Within(set, "sec/op")
	require.NoError(b, err)
	require.Len(b, ranking.Groups, 1)
	require.NotNil(b, ranking.CPU)
	require.True(b, ranking.Floor.Known && ranking.CPU.Floor.Known)
	return ranking
}

// quiet tells of a run in one line.
type quiet struct{ what string }

func (*quiet) Say(string)          {}
func (*quiet) Warming(int, string) {}
func (*quiet) Done()               {}

func (*quiet) Cells([]rounds.Cell, int) {}

func (q *quiet) Step(round, _, step, _ int, _ rounds.Cell, left time.Duration) {
	if round == 1 && step == 1 {
		fmt.Fprintf(os.Stderr, "%s: about %v\n", q.what, left.Round(time.Second))
	}
}

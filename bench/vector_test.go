package bench

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/calibrate"
	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/openloop"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// slow calibrates a machine on which little can be measured.
func slow(t *testing.T) calibrate.Calibration {
	c, err := calibrate.Parse("overshoot/100us=1ms overshoot/1ms=1ms overshoot/10ms=1ms overshoot/50ms=1ms loopback=4000/s harness=100ns cores=2")
	require.NoError(t, err)
	return c
}

func TestTheRunnerAndTheBenchmarksMeanTheSameVariables(t *testing.T) {
	require.Equal(t, rounds.CalibrationEnv, calibrationEnv)
	require.Equal(t, rounds.LatenciesEnv, latenciesEnv)
}

// Every cell reports what it cost, and leaves its latencies where they are wanted.
func TestCostVector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latencies")
	t.Setenv(latenciesEnv, path)
	common := []string{"jobs/s", "ns/job", "cpu-ns/job", "peak-inflight", "peak-goroutines", "peak-heap-B", "peak-stack-B", "cancel-ms"}
	if runtime.GOOS == "linux" {
		common = append(common, "peak-rss-B")
	}
	waiting := []string{"x-ideal", "p50-ms", "p95-ms", "p99-ms", "p99.9-ms"}
	const jobs = 8
	for _, c := range []struct {
		name string
		job  schedule.Job
		has  []string
		not  []string
	}{
		{"waiting jobs", schedule.Job{Wait: 2 * time.Millisecond}, slices.Concat(common, waiting), nil},
		{"jobs that work", schedule.Job{Work: 100 * time.Microsecond}, slices.Concat(common, waiting), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, m := range Models[int, stamped[uint64], uint64](Limit{InFlight: 4}) {
				_ = os.Remove(path)
				failed, skipped, metrics := outcome(t, func(b *testing.B) { mixedCell(t, jobs, c.job).run(b, m) })
				require.False(t, failed)
				require.False(t, skipped)
				for _, unit := range c.has {
					require.Contains(t, metrics, unit, m.Name)
				}
				require.Equal(t, m.Stream != nil, slices.Contains(keys(metrics), "first-result-ms"), m.Name)
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				kind, encoded, ok := strings.Cut(strings.TrimSpace(string(text)), " ")
				require.True(t, ok)
				require.Equal(t, "send", kind)
				latencies, err := cost.DecodeLatencies(encoded)
				require.NoError(t, err)
				require.EqualValues(t, jobs, latencies.Count(), m.Name)
				least, _ := latencies.Quantile(0)
				require.GreaterOrEqual(t, least, c.job.Wait, m.Name)
			}
		})
	}
	t.Run("empty jobs, whose latencies nobody takes", func(t *testing.T) {
		_ = os.Remove(path)
		_, _, metrics := outcome(t, func(b *testing.B) { cpuCell(50, 0).run(b, Models[int, uint64, uint64](Limit{InFlight: 4})[3]) })
		for _, unit := range common {
			require.Contains(t, metrics, unit)
		}
		for _, unit := range waiting {
			require.NotContains(t, metrics, unit)
		}
		require.NoFileExists(t, path)
	})
}

func keys(metrics map[string]float64) (units []string) {
	for unit := range metrics {
		units = append(units, unit)
	}
	return units
}

// Resident memory is that of the process, so it is no cell's where several share one.
func TestResidentMemoryIsReportedInAProcessOfItsOwn(t *testing.T) {
	t.Setenv(latenciesEnv, "")
	_, _, metrics := outcome(t, func(b *testing.B) { cpuCell(5, 0).run(b, Models[int, uint64, uint64](Limit{InFlight: 1})[0]) })
	require.NotContains(t, metrics, "peak-rss-B")
}

func TestSaturatedCells(t *testing.T) {
	machine := slow(t)
	for _, c := range []struct {
		name   string
		jobs   int
		job    schedule.Job
		online bool
		want   string
	}{
		{"asks for little", 10, schedule.Job{Wait: 10 * time.Millisecond}, true, ""},
		{"asks for too much", 11, schedule.Job{Wait: 10 * time.Millisecond}, true, "asks for 1,100 requests/s, over a quarter of the 4,000/s that this machine's loopback carries"},
		{"asks for as much, but nobody", 11, schedule.Job{Wait: 10 * time.Millisecond}, false, ""},
		{"a wait that the timer blurs", 1, schedule.Job{Wait: 9 * time.Millisecond}, false, "waits 9 ms, under ten times the 1 ms that a timer is late on this machine"},
		{"a job that counting blurs", 1, schedule.Job{Work: 900 * time.Nanosecond}, false, "takes 900 ns a job, and counting one costs 100 ns of this machine: over a tenth"},
		{"nothing to wait for", 1, schedule.Job{}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := mixedCell(t, c.jobs, c.job)
			cell.online = c.online
			all := Models[int, stamped[uint64], uint64](Limit{InFlight: 1})[1]
			require.Equal(t, c.want, cell.saturated(machine, cell.ideal(all)))
			require.Empty(t, cell.saturated(calibrate.Calibration{}, cell.ideal(all)))
		})
	}
	require.Equal(t, "asks for 1,500 requests/s, over a quarter of the 4,000/s that this machine's loopback carries", openCell{rate: 1500, latency: time.Second}.saturated(machine))
	require.Equal(t, "waits 5 ms, under ten times the 1 ms that a timer is late on this machine", openCell{rate: 5, latency: 5 * time.Millisecond}.saturated(machine))
	require.Empty(t, openCell{rate: 1000, latency: 10 * time.Millisecond}.saturated(machine))
}

// No schedule is faster than the cores can do the work in it.
func TestIdealKnowsTheCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	cell := mixedCell(t, 10, schedule.Job{Wait: time.Millisecond, Work: 4 * time.Millisecond})
	models := Models[int, stamped[uint64], uint64](Limit{InFlight: 5})
	require.Equal(t, 50*time.Millisecond, cell.ideal(models[0]))
	require.Equal(t, 21*time.Millisecond, cell.ideal(models[1]), "the wait, and then each of two cores works 20 ms")
	cell.costs = slices.Repeat([]schedule.Job{{Wait: 30 * time.Millisecond, Work: time.Millisecond}}, 10)
	require.Equal(t, 35*time.Millisecond, cell.ideal(models[1]))
	require.Equal(t, 62*time.Millisecond, cell.ideal(models[2]), "the limit of 5 is what takes longer")
}

// By Little's law: rate times latency.
func TestPagesAskForAsMuchAsTheMachineCarries(t *testing.T) {
	s := settings{buffer: 7}
	for latency, want := range map[time.Duration]int{10 * time.Millisecond: 30, 50 * time.Millisecond: 150, 100 * time.Microsecond: 1} {
		require.Equal(t, Limit{InFlight: want, Process: runtime.GOMAXPROCS(0), Buffer: 7}, s.limit(latency))
	}
	s.inFlight, s.processors = 5, 3
	require.Equal(t, Limit{InFlight: 5, Process: 3, Buffer: 7}, s.limit(time.Second))
}

func TestADamagedCalibrationFailsTheBenchmark(t *testing.T) {
	t.Setenv(calibrationEnv, "loopback=fast")
	failed, _, _ := outcome(t, func(b *testing.B) { calibration(b) })
	require.True(t, failed)
}

// From cancel to return is as long as the jobs that run take to heed it.
func TestCancelled(t *testing.T) {
	for _, m := range Models[int, int, int](Limit{InFlight: 4}) {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var begun atomic.Int64
				job := overlap.Job[int, int, int]{
					Fetch: func(ctx context.Context, key int) (int, error) {
						time.Sleep(time.Duration(begun.Add(1)) * time.Millisecond)
						<-ctx.Done()
						time.Sleep(time.Second)
						return 0, ctx.Err()
					},
					Process: func(_ context.Context, body int) (int, error) { return body, nil },
				}
				peak := 10
				if m.Peak > 0 {
					peak = min(m.Peak, 4) // as many fetchers as that, whatever else it holds
				}
				took := cancelled(t.Context(), m.Run, job, make([]int, 10), peak)
				require.Equal(t, time.Second+time.Duration(peak)*time.Millisecond, took)
				require.EqualValues(t, peak, begun.Load())
			})
		})
	}
	require.Zero(t, cancelled(t.Context(), Models[int, int, int](Limit{InFlight: 4})[0].Run, overlap.Job[int, int, int]{
		Process: func(context.Context, int) (int, error) { return 0, nil },
	}, nil, 0), "there are no keys")
}

// Jobs that failed have no latency, and the next model starts with none.
func TestStamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watch := new(stopwatch)
		job := stamp(overlap.Job[int, int, int]{
			Fetch: func(_ context.Context, key int) (int, error) {
				time.Sleep(time.Duration(key) * time.Second)
				if key == 3 {
					return 0, context.Canceled
				}
				return key, nil
			},
			Process: func(_ context.Context, body int) (int, error) {
				if body == 2 {
					return 0, context.Canceled
				}
				time.Sleep(time.Second)
				return body, nil
			},
		}, watch)
		pool.Run(t.Context(), job, []int{1}, 1) // before it is started: taken by nobody
		watch.start()
		pool.Run(t.Context(), job, []int{1, 2, 3, 4}, 2)
		l := watch.now.Load()
		require.EqualValues(t, 2, l.Count())
		least, _ := l.Quantile(0)
		most, _ := l.Quantile(1)
		require.InEpsilon(t, 2*time.Second, least, 0.001)
		require.InEpsilon(t, 5*time.Second, most, 0.001)
		watch.start()
		require.Zero(t, watch.now.Load().Count())
	})
}

func TestOpenLoopCells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latencies")
	t.Setenv(latenciesEnv, path)
	c := openCell{site: startSite(t, 5), latency: time.Millisecond, rate: 100, schedule: openloop.Constant(100)}
	for _, m := range Models[openloop.Arrival[string], openloop.Sent[pages.Body], pages.Page](Limit{InFlight: 4}) {
		_ = os.Remove(path)
		failed, skipped, metrics := outcome(t, func(b *testing.B) { c.run(b, m) })
		require.False(t, failed)
		require.Equal(t, m.Stream == nil, skipped, m.Name)
		if skipped {
			continue
		}
		require.Equal(t, 100.0, metrics["offered-jobs/s"])
		for _, unit := range []string{"jobs/s", "dropped-jobs/op", "late-jobs/op", "cpu-ns/job", "p99-ms", "intended-p50-ms", "intended-p99.9-ms"} {
			require.Contains(t, metrics, unit)
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Regexp(t, `^send HIST\S+\nintended HIST\S+\n$`, string(text))
	}
}

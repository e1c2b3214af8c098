package faults

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
)

// samplesOf are n samples, so many jobs apart, whose measures are what level gives.
func samplesOf(n int, jobs int64, level func(i int) [measures]int64) []Sample {
	var samples []Sample
	for i := range n {
		samples = append(samples, Sample{Jobs: int64(i+1) * jobs, Measured: level(i)})
	}
	return samples
}

// noisy is a process with 10,000 in flight as it was seen: goroutines come and go by some, the
// live heap by some percent, memory is taken in steps and kept.
func noisy(draw *rand.Rand, leak [measures]float64, jobs int64) func(i int) [measures]int64 {
	rss := 700e6
	return func(i int) (now [measures]int64) {
		done := float64(i+1) * float64(jobs)
		heap := 300e6 + 6e6*draw.NormFloat64() + 6e6*math.Sin(float64(i)/5)
		rss = max(rss, 690e6+2*heap-600e6) + leak[resident]*float64(jobs)
		now[goroutineCount] = int64(30_000 + 40*draw.NormFloat64() + leak[goroutineCount]*done)
		now[liveHeap] = int64(heap + leak[liveHeap]*done)
		now[resident] = int64(rss)
		now[descriptorCount] = int64(10_000 + 15*draw.NormFloat64() + leak[descriptorCount]*done)
		return now
	}
}

// At 2,500 jobs a second a model that has a quarter of ten minutes does so many.
const quarterSamples, quarterJobs = 150, 2500

func TestWhatDoesNotGrowIsFlat(t *testing.T) {
	for seed := range uint64(300) {
		draw := rand.New(rand.NewPCG(seed, 0))
		for _, trend := range judge(samplesOf(quarterSamples, quarterJobs, noisy(draw, [measures]float64{}, quarterJobs)), quarterSamples*quarterJobs, [measures]int64{}) {
			require.False(t, trend.Unknown)
			require.True(t, trend.Flat(), "seed %d: %+v", seed, trend)
		}
	}
}

func TestALeakIsFoundWhileTheJobsRun(t *testing.T) {
	leaks := [measures]float64{goroutineCount: 1.0 / 1000, liveHeap: 100, resident: 500, descriptorCount: 1.0 / 1000}
	for m := range leaks {
		t.Run(allowances()[m].name, func(t *testing.T) {
			var leak [measures]float64
			leak[m] = leaks[m]
			for seed := range uint64(100) {
				draw := rand.New(rand.NewPCG(seed, 0))
				for i, trend := range judge(samplesOf(quarterSamples, quarterJobs, noisy(draw, leak, quarterJobs)), quarterSamples*quarterJobs, [measures]int64{}) {
					require.Equal(t, i == m, trend.Grew(), "seed %d: %+v", seed, trend)
				}
			}
		})
	}
}

func TestWhatIsLeftIsFound(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 0))
	samples := samplesOf(quarterSamples, quarterJobs, noisy(draw, [measures]float64{}, quarterJobs))
	jobs := int64(quarterSamples * quarterJobs)
	for name, left := range map[string][measures]int64{
		"a goroutine":        {goroutineCount: 1},
		"a descriptor":       {descriptorCount: 1},
		"100 bytes of a job": {liveHeap: 100 * jobs},
	} {
		t.Run(name, func(t *testing.T) {
			for i, trend := range judge(samples, jobs, left) {
				require.Equal(t, left[i] > 0, trend.Leaked(), "%+v", trend)
			}
		})
	}
	for _, trend := range judge(nil, jobs, [measures]int64{goroutineCount: 1}) {
		require.Equal(t, trend.Name == "goroutines", trend.Leaked(), "it is seen without a sample, too")
	}
	for _, trend := range judge(samples, jobs, [measures]int64{liveHeap: 10 * jobs, resident: 1 << 40, goroutineCount: -3}) {
		require.False(t, trend.Leaked(), "%+v", trend)
	}
}

func TestWhatIsNotMeasuredIsSaidSo(t *testing.T) {
	for _, trend := range judge(samplesOf(parts-1, 10, func(int) [measures]int64 { return [measures]int64{} }), 10, [measures]int64{}) {
		require.True(t, trend.Unknown, "too few samples")
	}
	trends := judge(samplesOf(100, 10, func(int) [measures]int64 { return [measures]int64{resident: -1} }), 10, [measures]int64{})
	require.True(t, trends[resident].Unknown)
	require.False(t, trends[liveHeap].Unknown)
	require.True(t, trends[resident].Flat())
}

// TestARealLeakIsFound has a pool do jobs that leak, or that do not, and looks at this process.
func TestARealLeakIsFound(t *testing.T) {
	const batches, batch, workers = 96, 3000, 50
	var kept [][]byte
	over := make(chan struct{})
	defer close(over)
	for _, c := range []struct {
		name  string
		leak  func(i int)
		grows int // the measure; -1: none
	}{
		{"nothing", func(int) {}, -1},
		{"a goroutine for 1,000 jobs", func(i int) {
			if i%1000 == 0 {
				go func() { <-over }()
			}
		}, goroutineCount},
		{"100 bytes a job", func(i int) {
			if i == 0 { // a job of many leaks for all of them: it needs no lock so
				for range batch {
					kept = append(kept, make([]byte, 100))
				}
			}
		}, liveHeap},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := make([]int, batch)
			for i := range keys {
				keys[i] = i
			}
			job := overlap.Job[int, int, int]{
				Fetch:   func(_ context.Context, i int) (int, error) { c.leak(i); return i, nil },
				Process: func(_ context.Context, i int) (int, error) { return i, nil },
			}
			before := settled()
			samples := samplesOf(batches, batch, func(int) [measures]int64 {
				_, err := overlap.Values(pool.Run(t.Context(), job, keys, workers))
				require.NoError(t, err)
				return settled()
			})
			left := leftOver(before, c.grows < 0)
			for m, trend := range judge(samples, batches*batch, left) {
				if m == resident || trend.Unknown {
					continue // what the kernel counts is not to the point in so short a time
				}
				require.Equal(t, m == c.grows, trend.Grew(), "%+v", trend)
				require.Equal(t, m == c.grows, trend.Leaked(), "%+v", trend)
			}
			runtime.KeepAlive(kept)
			kept = nil
		})
	}
}

// TestChanceOf holds the exact distribution against all orders of a few values, and against
// Kendall's table.
func TestChanceOf(t *testing.T) {
	for n := 2; n <= 7; n++ {
		counts, total := map[int]int{}, 0
		var permute func(values []int, k int)
		permute = func(values []int, k int) {
			if k == len(values) {
				s := 0
				for i := range values {
					for j := range i {
						if values[i] > values[j] {
							s++
						} else {
							s--
						}
					}
				}
				counts[s]++
				total++
				return
			}
			for i := k; i < len(values); i++ {
				values[k], values[i] = values[i], values[k]
				permute(values, k+1)
				values[k], values[i] = values[i], values[k]
			}
		}
		values := make([]int, n)
		for i := range values {
			values[i] = i
		}
		permute(values, 0)
		pairs := n * (n - 1) / 2
		for s := -pairs; s <= pairs; s++ {
			sum := 0
			for other, count := range counts {
				if other >= s {
					sum += count
				}
			}
			require.InDelta(t, float64(sum)/float64(total), chanceOf(n, s), 1e-12, "n=%d s=%d", n, s)
		}
	}
	// M. G. Kendall, Rank Correlation Methods: n = 10, S of 25 or more: 0.014.
	require.InDelta(t, 0.014, chanceOf(10, 25), 0.0005)
}

func TestMeasureSeesThisProcess(t *testing.T) {
	before := measure()
	require.Positive(t, before[goroutineCount])
	require.Positive(t, settled()[liveHeap])
	if runtime.GOOS != "linux" {
		t.Skip("resident memory and descriptors are read on Linux")
	}
	require.Positive(t, before[resident])
	first, second := measure()[descriptorCount], int64(0)
	server, err := mockserver.Start("", mockserver.Settings{})
	require.NoError(t, err)
	second = measure()[descriptorCount]
	require.NoError(t, server.Close())
	require.Greater(t, second, first)
}

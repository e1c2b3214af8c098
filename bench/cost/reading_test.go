package cost

import (
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// haveCPU skips a test where the platform has no CPU time, and checks that it says so.
func haveCPU(t *testing.T) {
	t.Helper()
	if _, err := CPU(); errors.Is(err, errors.ErrUnsupported) {
		require.ErrorContains(t, err, "client CPU time")
		t.Skip(err)
	}
}

var sink int

func spin() {
	n := 0
	for i := range 300_000_000 {
		n += i ^ n
	}
	sink = n
}

// used is what f used.
func used(f func()) Used {
	var before, after Reading
	before.Start()
	f()
	after.Stop()
	return after.Sub(&before)
}

func TestASpinUsesMoreCPUThanASleep(t *testing.T) {
	haveCPU(t)
	asleep := used(func() { time.Sleep(50 * time.Millisecond) })
	busy := used(spin)
	require.NoError(t, asleep.CPUErr)
	require.NoError(t, busy.CPUErr)
	require.Greater(t, busy.CPU, asleep.CPU)
	require.GreaterOrEqual(t, asleep.CPU, time.Duration(0))
}

func TestCPUIsOfAllThreads(t *testing.T) {
	haveCPU(t)
	before, err := CPU()
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // not unlocked: its thread ends with it, and still counts
		spin()
	}()
	<-done
	after, err := CPU()
	require.NoError(t, err)
	require.Greater(t, after-before, used(func() { time.Sleep(time.Millisecond) }).CPU)
}

func TestCPUIsNotKnownIfEitherReadingFailed(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct{ before, after error }{
		"before": {broken, nil},
		"after":  {nil, broken},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := &Reading{cpu: time.Second, err: c.before}, &Reading{cpu: 5 * time.Second, err: c.after}
			u := after.Sub(before)
			require.ErrorIs(t, u.CPUErr, broken)
			require.Zero(t, u.CPU)
			var sum Used
			sum.Add(Used{CPU: time.Second})
			sum.Add(u)
			require.ErrorIs(t, sum.CPUErr, broken)
		})
	}
}

func TestGCShareIsAbsentUnlessACycleEnded(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	none := used(func() { sink = len(make([]byte, 1<<20)) })
	_, ok := none.GC.Share()
	require.False(t, ok)
	require.Zero(t, none.GC)

	one := used(runtime.GC)
	share, ok := one.GC.Share()
	require.True(t, ok)
	require.Positive(t, share)
	require.LessOrEqual(t, share, 1.0)
	require.Positive(t, one.GC.Collector)
	require.LessOrEqual(t, one.GC.Spare, one.GC.Collector)
	require.LessOrEqual(t, one.GC.Busy, one.GC.Total)
}

func TestGCShare(t *testing.T) {
	for _, c := range []struct {
		name  string
		gc    GC
		share float64
		ok    bool
	}{
		{"no cycle ended", GC{}, 0, false},
		{"a quarter of what was busy", GC{Collector: 1, Busy: 4, Total: 8}, 0.25, true},
		{"marking on idle Ps counts", GC{Collector: 4, Spare: 3, Busy: 4, Total: 8}, 1, true},
		{"estimates that do not fit are kept in bounds", GC{Collector: 5, Busy: 4, Total: 8}, 1, true},
		{"nothing was busy, by the estimate", GC{Collector: 1, Busy: -1, Total: 8}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			share, ok := c.gc.Share()
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.share, share)
		})
	}
}

func TestEveryMetricIsInThisRuntime(t *testing.T) {
	var r Reading
	r.Start()
	for _, s := range r.samples {
		require.NotEqual(t, metrics.KindBad, s.Value.Kind(), s.Name)
	}
	for _, s := range levelMetrics() {
		one := []metrics.Sample{s}
		metrics.Read(one)
		require.Equal(t, metrics.KindUint64, one[0].Value.Kind(), s.Name)
	}
}

func TestAReadingThatWasNeverTakenGivesNothing(t *testing.T) {
	var before, after Reading
	u := after.Sub(&before)
	require.Equal(t, Used{}, u)
	_, ok := u.Sched.Quantile(0.99)
	require.False(t, ok)
}

func TestAReadingAllocatesOnlyOnce(t *testing.T) {
	var r Reading
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Start(); r.Stop() }))
}

func TestSchedulingDelaysAreSeen(t *testing.T) {
	u := used(func() {
		var all sync.WaitGroup
		for range 1000 {
			all.Go(runtime.Gosched)
		}
		all.Wait()
	})
	require.Positive(t, u.Sched.Count())
	p50, ok := u.Sched.Quantile(0.5)
	require.True(t, ok)
	p99, ok := u.Sched.Quantile(0.99)
	require.True(t, ok)
	require.LessOrEqual(t, p50, p99)
}

func TestSchedQuantile(t *testing.T) {
	inf := math.Inf(1)
	// under zero, 0-1 µs, 1-2 µs, 2-4 µs, more
	buckets := []float64{-inf, 0, 1e-6, 2e-6, 4e-6, inf}
	for _, c := range []struct {
		name     string
		from, to []uint64
		q        float64
		want     time.Duration
		ok       bool
	}{
		{"nothing at all", []uint64{0, 0, 0, 0, 0}, []uint64{0, 0, 0, 0, 0}, 0.99, 0, false},
		{"nothing in between", []uint64{1, 9, 9, 9, 9}, []uint64{1, 9, 9, 9, 9}, 0.99, 0, false},
		{"only what came in between", []uint64{0, 0, 0, 1000, 0}, []uint64{0, 1, 0, 1000, 0}, 0.99, time.Microsecond, true},
		{"the upper bound of the bucket", []uint64{0, 0, 0, 0, 0}, []uint64{0, 0, 0, 1, 0}, 0.5, 4 * time.Microsecond, true},
		{"the 99th of 100", []uint64{0, 0, 0, 0, 0}, []uint64{0, 0, 99, 1, 0}, 0.99, 2 * time.Microsecond, true},
		{"the 99th of 101 is the 100th", []uint64{0, 0, 0, 0, 0}, []uint64{0, 0, 99, 2, 0}, 0.99, 4 * time.Microsecond, true},
		{"the 7th of 100", []uint64{0, 0, 0, 0, 0}, []uint64{0, 7, 93, 0, 0}, 0.07, time.Microsecond, true},
		{"the shortest", []uint64{0, 0, 0, 0, 0}, []uint64{0, 1, 0, 9, 0}, 0, time.Microsecond, true},
		{"the longest", []uint64{0, 0, 0, 0, 0}, []uint64{0, 1, 0, 9, 0}, 1, 4 * time.Microsecond, true},
		{"beyond 1 is 1", []uint64{0, 0, 0, 0, 0}, []uint64{0, 1, 0, 9, 0}, 7, 4 * time.Microsecond, true},
		{"not a number is 0", []uint64{0, 0, 0, 0, 0}, []uint64{0, 1, 0, 9, 0}, math.NaN(), time.Microsecond, true},
		{"below zero is zero", []uint64{0, 0, 0, 0, 0}, []uint64{1, 0, 0, 0, 0}, 0.5, 0, true},
		{"beyond the last bound is that bound", []uint64{0, 0, 0, 0, 0}, []uint64{0, 0, 0, 0, 1}, 0.5, 4 * time.Microsecond, true},
		{"readings the wrong way round", []uint64{0, 5, 0, 0, 0}, []uint64{0, 0, 0, 0, 0}, 0.5, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := between(&metrics.Float64Histogram{Counts: c.from, Buckets: buckets}, &metrics.Float64Histogram{Counts: c.to, Buckets: buckets})
			got, ok := s.Quantile(c.q)
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.want, got)
		})
	}
	t.Run("one bucket for everything", func(t *testing.T) {
		_, ok := Sched{counts: []uint64{3}, buckets: []float64{-inf, inf}}.Quantile(0.5)
		require.False(t, ok)
	})
}

func TestUsedAddsUp(t *testing.T) {
	buckets := []float64{0, 1e-6, 2e-6}
	one := Used{CPU: 1, GC: GC{Collector: 1, Spare: 2, Busy: 3, Total: 4}, Sched: Sched{counts: []uint64{99, 0}, buckets: buckets}}
	two := Used{CPU: 2, GC: GC{Collector: 10, Spare: 20, Busy: 30, Total: 40}, Sched: Sched{counts: []uint64{0, 1}, buckets: buckets}}
	var sum Used
	sum.Add(one)
	sum.Add(two)
	sum.Add(Used{})
	require.Equal(t, Used{CPU: 3, GC: GC{Collector: 11, Spare: 22, Busy: 33, Total: 44}, Sched: Sched{counts: []uint64{99, 1}, buckets: buckets}}, sum)
	require.Equal(t, []uint64{99, 0}, one.Sched.counts) // not shared with the sum
	p99, ok := sum.Sched.Quantile(0.99)                 // of the 100 together; the mean of both p99 would be 1.5 µs
	require.True(t, ok)
	require.Equal(t, time.Microsecond, p99)
}

func BenchmarkCPU(b *testing.B) {
	for b.Loop() {
		if _, err := CPU(); err != nil {
			b.Skip(err)
		}
	}
}

func BenchmarkReading(b *testing.B) {
	var before, after Reading
	b.Run("start", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			before.Start()
		}
	})
	b.Run("stop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			after.Stop()
		}
	})
	b.Run("sub", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			after.Sub(&before)
		}
	})
}

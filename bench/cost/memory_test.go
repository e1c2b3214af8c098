package cost

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

// hold returns a little more than 64 MiB, every page of it touched: growth is net of
// what else was freed meanwhile.
func hold() []byte {
	b := make([]byte, 65*mib)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

func TestMemoryHeldIsSeen(t *testing.T) {
	w := WatchMemory(0)
	b := hold()
	w.Sample()
	runtime.KeepAlive(b)
	got := w.Stop()
	require.GreaterOrEqual(t, got.Heap, int64(64*mib))
	require.Equal(t, 1, got.Samples)
	require.Equal(t, got, w.Stop())

	w.Sample() // too late
	require.Equal(t, got, w.Stop())
}

func TestMemoryHeldBeforeIsNot(t *testing.T) {
	b := hold()
	w := WatchMemory(0)
	w.Sample()
	require.Less(t, w.Stop().Heap, int64(mib))
	runtime.KeepAlive(b)
}

func TestParkedStacksAreSeen(t *testing.T) {
	const n = 10_000
	w := WatchMemory(0)
	leave := make(chan struct{})
	var parked, all sync.WaitGroup
	parked.Add(n + 100) // the first few find stacks that were already set apart
	for range n + 100 {
		all.Go(func() { parked.Done(); <-leave })
	}
	parked.Wait()
	w.Sample()
	close(leave)
	all.Wait()
	require.GreaterOrEqual(t, w.Stop().Stacks, int64(n*2048)) // a stack begins at 2 KB
}

// The sampler sees what is gone by the time of the last sample. Its goroutine ends:
// the bubble would not, otherwise.
func TestTheSamplerSeesAPeakThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := WatchMemory(10 * time.Millisecond)
		time.Sleep(15 * time.Millisecond)
		b := hold()
		time.Sleep(10 * time.Millisecond)
		runtime.KeepAlive(b)
		b = nil
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		got := w.Stop()
		require.GreaterOrEqual(t, got.Heap, int64(64*mib))
		require.Equal(t, 4, got.Samples) // at 10, 20, 30 ms, and the last
		require.Equal(t, 10*time.Millisecond, got.Gap)
	})
}

func TestAPeakWithinAGapIsNotSeenAndTheGapIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := WatchMemory(time.Hour)
		b := hold()
		time.Sleep(time.Minute)
		runtime.KeepAlive(b)
		b = nil
		runtime.GC()
		got := w.Stop()
		require.Less(t, got.Heap, int64(mib))
		require.Equal(t, 1, got.Samples)
		require.Equal(t, time.Minute, got.Gap)
	})
}

func TestSamplesFromManyGoroutines(t *testing.T) {
	w := WatchMemory(time.Microsecond)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { w.Sample() })
	}
	all.Wait()
	for range 2 {
		all.Go(func() { w.Stop() })
	}
	all.Wait()
	require.GreaterOrEqual(t, w.Stop().Samples, 9)
}

func BenchmarkMemorySample(b *testing.B) {
	b.Run("rough", func(b *testing.B) {
		w, samples := WatchMemory(0), levelMetrics()
		b.ReportAllocs()
		for b.Loop() {
			w.see(roughLevel(samples))
		}
	})
	b.Run("exact", func(b *testing.B) {
		w := WatchMemory(0)
		b.ReportAllocs()
		for b.Loop() {
			w.Sample()
		}
	})
}

func BenchmarkWatchMemory(b *testing.B) {
	for b.Loop() {
		WatchMemory(0).Stop()
	}
}

package cpu

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// near has two counters side by side: on one cache line, wherever it lies.
type near struct{ a, b atomic.Int64 }

// far keeps them apart.
type far struct {
	a atomic.Int64
	_ [128]byte // keeps b off a's cache line, and off the next one
	b atomic.Int64
}

// BenchmarkCounters lets two goroutines count. What differs is where their counters
// lie in memory.
func BenchmarkCounters(b *testing.B) {
	count := func(b *testing.B, first, second *atomic.Int64) {
		var wg sync.WaitGroup
		for _, counter := range []*atomic.Int64{first, second} {
			wg.Go(func() {
				for range b.N {
					counter.Add(1)
				}
			})
		}
		wg.Wait()
	}
	b.Run("one", func(b *testing.B) {
		var one atomic.Int64
		count(b, &one, &one)
	})
	b.Run("two-near", func(b *testing.B) {
		two := new(near)
		count(b, &two.a, &two.b)
	})
	b.Run("two-far", func(b *testing.B) {
		two := new(far)
		count(b, &two.a, &two.b)
	})
}

// A line of 64 bytes, the most common, and the one beside it, which some processors
// fetch along with it.
func TestWhereTheCountersLie(t *testing.T) {
	require.EqualValues(t, 8, unsafe.Offsetof(near{}.b))
	require.Greater(t, unsafe.Offsetof(far{}.b), uintptr(128))
}

func TestSpeedup(t *testing.T) {
	for _, c := range []struct {
		name   string
		serial float64
		cores  int
		want   float64
	}{
		{"all of it can be divided", 0, 8, 8},
		{"nothing can be divided", 1, 8, 1},
		{"half, two cores", 0.5, 2, 4.0 / 3},
		{"half, as many cores as you like", 0.5, math.MaxInt32, 2},
		{"a tenth, as many cores as you like", 0.1, math.MaxInt32, 10},
		{"one core", 0.3, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.InDelta(t, c.want, Speedup(c.serial, c.cores), 1e-6)
		})
	}
}

func TestWorkReturns(t *testing.T) {
	require.Positive(t, Work(10_000, 0.25, 2))
}

package openloop

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// first returns so many values of seq.
func first[T any](n int, seq iter.Seq[T]) []T {
	var got []T
	for v := range seq {
		if got = append(got, v); len(got) == n {
			break
		}
	}
	return got
}

func TestConstant(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		name string
		rate float64
		want []time.Duration
	}{
		{"a hundred a second", 100, []time.Duration{0, 10 * ms, 20 * ms, 30 * ms}},
		{"one in two seconds", 0.5, []time.Duration{0, 2000 * ms, 4000 * ms, 6000 * ms}},
		{"gaps that are no whole number of nanoseconds", 3, []time.Duration{0, 333_333_333, 666_666_667, 1_000_000_000}},
		{"the highest rate", 1e9, []time.Duration{0, 1, 2, 3}},
		{"the second would come after the end of time", 1e-300, []time.Duration{0}},
		{"no rate", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, first(4, Constant(c.rate).Starts()))
		})
	}
	t.Run("rounding does not add up", func(t *testing.T) {
		starts := first(3_000_001, Constant(3).Starts())
		require.Equal(t, 1_000_000*time.Second, starts[3_000_000])
	})
}

func TestPoisson(t *testing.T) {
	const n, rate = 20_000, 250
	starts := first(n, Poisson(rate, 1).Starts())
	require.Equal(t, starts, first(n, Poisson(rate, 1).Starts()), "one seed, one schedule")
	require.NotEqual(t, starts, first(n, Poisson(rate, 2).Starts()))
	require.True(t, slices.IsSorted(starts))

	// Kolmogorov and Smirnov's largest distance of the gaps from the exponential
	// distribution. The seed is fixed, so this cannot fail by chance.
	gaps := make([]float64, n)
	var before time.Duration
	for i, start := range starts {
		gaps[i] = (start - before).Seconds()
		before = start
	}
	related := 0.0 // of each gap and the next, if they are not independent
	for i := range n - 1 {
		related += (gaps[i]*rate - 1) * (gaps[i+1]*rate - 1) / n
	}
	require.InDelta(t, 0, related, 3/math.Sqrt(n), "a gap tells of the next")
	slices.Sort(gaps)
	distance := 0.0
	for i, gap := range gaps {
		f := 1 - math.Exp(-gap*rate)
		distance = max(distance, f-float64(i)/n, float64(i+1)/n-f)
	}
	require.Less(t, distance*math.Sqrt(n), 1.63, "gaps are not exponential (level 1 %%)")

	require.Empty(t, first(1, Poisson(1e-300, 1).Starts()), "after the end of time")
	require.Empty(t, first(1, Poisson(math.NaN(), 1).Starts()))
}

func TestScheduleString(t *testing.T) {
	require.Equal(t, "100/s, constant", fmt.Sprint(Constant(100)))
	require.Equal(t, "0.5/s, Poisson, seed 7", fmt.Sprint(Poisson(0.5, 7)))
}

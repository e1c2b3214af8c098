package guard

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The waits are what the formula says: even between 0 and min(Cap, Base*2^(n-1)). The
// distance to that distribution (Kolmogorov and Smirnov's) is larger by chance once in 10^12 runs:
// sqrt(ln(2*10^12) / (2*samples)).
func TestWaitsAreFullJitter(t *testing.T) {
	const samples = 20_000
	most := math.Sqrt(math.Log(2e12) / (2 * samples))
	policy := RetryPolicy{Base: 100 * time.Millisecond, Cap: time.Second}.filled()
	for i, bound := range []time.Duration{100, 200, 400, 800, 1000, 1000, 1000} {
		bound *= time.Millisecond
		drawn := make([]time.Duration, samples)
		for j := range drawn {
			waits := policy.waits()
			for range i + 1 {
				drawn[j] = waits.NextBackOff() / 2
			}
		}
		slices.Sort(drawn)
		require.GreaterOrEqual(t, drawn[0], time.Duration(0))
		require.LessOrEqual(t, drawn[samples-1], bound)
		require.Less(t, drawn[0], bound/500, "or it is by chance, once in 10^17 runs")
		require.Greater(t, drawn[samples-1], bound-bound/500)
		distance := 0.0
		for j, d := range drawn {
			distance = max(distance, math.Abs(float64(d)/float64(bound)-(float64(j)+0.5)/samples))
		}
		require.Less(t, distance, most, "wait %d", i+1)
	}
}

func TestWaitsAtTheEdges(t *testing.T) {
	for name, tt := range map[string]struct {
		base, most, bound time.Duration
	}{
		"a cap below the base": {time.Hour, time.Second, time.Second},
		"the shortest":         {1, 1, 1},
		"the longest":          {math.MaxInt64, math.MaxInt64, math.MaxInt64},
		"grown to the longest": {1, math.MaxInt64, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			for range 100 {
				waits := RetryPolicy{Base: tt.base, Cap: tt.most}.filled().waits()
				largest := time.Duration(0)
				for range 100 {
					wait := waits.NextBackOff() / 2
					require.GreaterOrEqual(t, wait, time.Duration(0))
					require.LessOrEqual(t, wait, tt.bound)
					largest = max(largest, wait)
				}
				if tt.bound == math.MaxInt64 {
					require.Greater(t, largest, 24*time.Hour)
				}
			}
		})
	}
}

func TestStandardPolicy(t *testing.T) {
	p := RetryPolicy{}.filled()
	require.Equal(t, 4, p.Tries)
	require.Equal(t, 100*time.Millisecond, p.Base)
	require.Equal(t, 10*time.Second, p.Cap)
	require.Equal(t, time.Minute, p.Patience)
	h := HedgePolicy{}.filled()
	require.Equal(t, 95.0, h.Percentile)
	require.Equal(t, 100, h.MinSamples)
	require.EqualValues(t, 59_000, h.Budget.share)
}

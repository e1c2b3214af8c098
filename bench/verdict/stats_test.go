package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The critical values of U for a two-sided test at 0.05, as printed in every textbook,
// are one less than the least k with P(U <= k) >= 0.025.
func TestQuantileU(t *testing.T) {
	for _, c := range []struct{ n, m, k int }{
		{1, 1, 0}, {3, 3, 0}, {4, 4, 1}, {5, 5, 3}, {6, 6, 6}, {8, 8, 14}, {10, 10, 24}, {20, 20, 128}, {5, 10, 9}, {10, 5, 9},
	} {
		require.Equal(t, c.k, quantileU(c.n, c.m), "%d %d", c.n, c.m)
	}
	require.InDelta(t, 1250-1.96*math.Sqrt(2500.0*101/12), float64(quantileU(50, 50)), 2) // still exact
	require.InDelta(t, 1275-1.96*math.Sqrt(2550.0*102/12), float64(quantileU(51, 50)), 2) // no longer
	require.Zero(t, quantileU(51, 1))

	// By hand: of all ways to choose 4 of 9 ranks, those with U <= k.
	less := func(k int) float64 {
		all, few := 0, 0
		for set := range 1 << 9 {
			u, seen := 0, 0
			for rank := range 9 {
				if set>>rank&1 == 1 {
					u += rank - seen
					seen++
				}
			}
			if seen == 4 {
				all++
				if u <= k {
					few++
				}
			}
		}
		return float64(few) / float64(all)
	}
	k := quantileU(4, 5)
	require.GreaterOrEqual(t, less(k), 0.025)
	require.Less(t, less(k-1), 0.025)
}

func TestRatioOf(t *testing.T) {
	a := []float64{100, 101, 102, 103, 104, 105, 106, 107, 108, 109}
	var b []float64
	for _, v := range a {
		b = append(b, 2*v)
	}
	r := ratioOf(a, b)
	require.InDelta(t, 2, r.Estimate, 1e-12)
	require.Less(t, r.Lo, 2.0)
	require.Greater(t, r.Lo, 1.9)
	require.Greater(t, r.Hi, 2.0)
	require.Less(t, r.Hi, 2.1)
	require.True(t, r.HasInterval())
	back := ratioOf(b, a)
	require.InDelta(t, 0.5, back.Estimate, 1e-12)
	require.InDelta(t, 1/r.Hi, back.Lo, 1e-12)
	require.InDelta(t, 1/r.Hi, r.inverse().Lo, 1e-12)
	require.InDelta(t, 1.0, r.off(), 1e-12)
	require.InDelta(t, 1.0, back.off(), 1e-12)

	// By definition: the middle of the sorted ratios, and the 3rd from either end.
	r = ratioOf([]float64{1, 2, 3, 4, 5}, []float64{2, 4, 7, 8, 9})
	var all []float64
	for _, x := range []float64{1, 2, 3, 4, 5} {
		for _, y := range []float64{2, 4, 7, 8, 9} {
			all = append(all, y/x)
		}
	}
	slices.Sort(all)
	require.InDelta(t, all[12], r.Estimate, 1e-12)
	require.Equal(t, Ratio{r.Estimate, all[2], all[22]}, r)
}

func TestRatioAtTheEdges(t *testing.T) {
	inf, tiny := math.Inf(1), math.SmallestNonzeroFloat64
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"nothing and nothing", []float64{0, 0}, []float64{0, 0}, 1},
		{"nothing and something", []float64{0}, []float64{5}, inf},
		{"something and nothing", []float64{5}, []float64{0}, 0},
		{"half of them nothing", []float64{0, 5}, []float64{5, 0}, 1},
		{"beyond all numbers", []float64{tiny}, []float64{1e308}, inf},
		{"too large to add", []float64{1e308, 1e308}, []float64{1.5e308, 1.7e308}, math.Sqrt(1.5 * 1.7)},
		{"too small to halve", []float64{tiny, tiny}, []float64{tiny, tiny}, 1},
	} {
		r := ratioOf(c.a, c.b)
		if math.IsInf(c.want, 1) {
			require.Equal(t, c.want, r.Estimate, c.name)
		} else {
			require.InDelta(t, c.want, r.Estimate, 1e-9, c.name)
		}
		require.False(t, r.HasInterval(), c.name)
		require.GreaterOrEqual(t, r.off(), 0.0, c.name)
	}
	require.Equal(t, tiny, median([]float64{tiny, tiny}))
	require.Equal(t, 1.7e308, median([]float64{1.7e308, 1.7e308}))
	require.InDelta(t, 2.5, median([]float64{1, 2, 3, 4}), 0)

	many := make([]float64, 3*most) // which would be nine million pairs
	for i := range many {
		many[i] = float64(1000 + i)
	}
	require.InDelta(t, 1, ratioOf(many, many).Estimate, 1e-9)
	require.Equal(t, []float64{1000, 3999}, []float64{thinned(many)[0], thinned(many)[most-1]})
}

// Of many samples whose true ratio is known, the interval holds it in 95 % and more.
func TestTheIntervalHoldsTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sample := func(scale float64) []float64 {
		s := make([]float64, 10)
		for i := range s {
			s[i] = scale * (1 + rng.ExpFloat64()) // skewed, as times are
		}
		slices.Sort(s)
		return s
	}
	held := 0
	for range 2000 {
		if r := ratioOf(sample(1), sample(1.3)); r.Lo <= 1.3 && 1.3 <= r.Hi {
			held++
		}
	}
	require.InDelta(t, 0.957, float64(held)/2000, 0.012) // 1 - 2*P(U <= 23) = 0.957 is exact
}

func TestPValue(t *testing.T) {
	// M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods, 1973, page 69:
	// permeability of the human chorioamnion; R has it as 0.1272 one-sided.
	x := sorted([]float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46})
	y := sorted([]float64{1.15, 0.88, 0.90, 0.74, 1.21})
	require.InDelta(t, 2*0.1272, pValue(x, y), 0.0001)
	require.Equal(t, pValue(x, y), pValue(y, x))
	require.Equal(t, 1.0, pValue([]float64{1, 1}, []float64{1, 1}))
}

// Of 40 comparisons of equal models two would be 'significant' at 0.05 each.
func TestHolmCorrectsForManyComparisons(t *testing.T) {
	var ps []float64
	for i := range 10 {
		ps = append(ps, 0.001, 0.0051+0.001*float64(i), 0.02, 0.04)
	}
	for i, p := range holm(ps) {
		require.Equal(t, ps[i] == 0.001, p < Alpha, "%v", ps[i])
	}
	require.Equal(t, []float64{0.04}, holm([]float64{0.04}))
	require.Equal(t, []float64{0.04, 0.04}, holm([]float64{0.02, 0.04}), "0.02 twice, then 0.04 once")
	require.Equal(t, []float64{0.06, 0.06}, holm([]float64{0.04, 0.03}), "never less than a smaller p")
	require.Equal(t, []float64{1, 1}, holm([]float64{0.9, 0.8}))
	require.Empty(t, holm(nil))
}

// The old rule was: p is compared with Alpha/m, the next with Alpha/(m-1), until one fails.
func TestHolmIsTheStepDown(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		ps := make([]float64, 1+rng.IntN(30))
		for i := range ps {
			ps[i] = rng.Float64() * rng.Float64() * 0.1
		}
		order := sorted(ps)
		bar := math.Inf(1) // of the first that fails
		for i, p := range order {
			if p >= Alpha/float64(len(ps)-i) {
				bar = p
				break
			}
		}
		for i, p := range holm(ps) {
			require.Equal(t, ps[i] < bar, p < Alpha)
		}
	}
}

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		name         string
		family, need int
	}{
		{"two models, 2/C(8,4) = 0.029", 1, 4},
		{"fifty models, 2/C(14,7) = 0.0006 and 0.05/49 = 0.0010", 49, 7},
		{"six models in ten groups, 2/C(16,8) = 0.00016", 150, 8},
		{"a thousand, 2/C(18,9) = 0.00004", 1000, 9},
	} {
		require.Equal(t, c.need, needed(c.family), c.name)
	}
	require.InDelta(t, 2.0/184756, leastP(10, 10), 1e-12)
	require.InDelta(t, 2.0/15, leastP(2, 4), 1e-12)
	require.InDelta(t, 2.0/15, leastP(4, 2), 1e-12)
	require.Equal(t, 1.0, leastP(1, 1))
}

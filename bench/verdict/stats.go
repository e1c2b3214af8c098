package verdict

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// Alpha is how often a whole family of comparisons may claim, anywhere in it, a
// difference that is not there. Intervals, each for itself, hold at 1-Alpha.
const Alpha = 0.05

// A Ratio is how many times one quantity is another, and between what it lies at
// 95 % confidence: the Hodges-Lehmann estimate, which is the median of the ratios of
// all pairs of samples, and the interval that inverting the Mann-Whitney test gives
// (J. L. Hodges and E. L. Lehmann, Estimates of location based on rank tests, 1963; D. F.
// Bauer, Constructing confidence sets using rank statistics, 1972; it is what R's
// wilcox.test(conf.int = TRUE) does, on logarithms).
//
// With too few samples for an interval Lo is 0 and Hi is +Inf. Where one side is 0
// the estimate may be 0 or +Inf; 0 against 0 is 1.
type Ratio struct{ Estimate, Lo, Hi float64 }

// HasInterval says whether there were samples enough for an interval.
func (r Ratio) HasInterval() bool { return r.Lo > 0 || !math.IsInf(r.Hi, 1) }

// inverse is the ratio the other way round.
func (r Ratio) inverse() Ratio { return Ratio{1 / r.Estimate, 1 / r.Hi, 1 / r.Lo} }

// off is the size of the difference, whichever way it goes: 0.03 for 1.03 times as
// much and for 1.03 times as little.
func (r Ratio) off() float64 { return max(r.Estimate, 1/r.Estimate) - 1 }

// most is how many samples of a side go into a Ratio. Of more, as many are taken at
// even distances of rank, which makes the interval wider than it need be.
const most = 1000

// ratioOf is how many times b's samples are a's. Both are sorted, neither is empty.
func ratioOf(a, b []float64) Ratio {
	a, b = thinned(a), thinned(b)
	ratios := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			ratios = append(ratios, times(y, x))
		}
	}
	slices.Sort(ratios)
	n := len(ratios)
	r := Ratio{Estimate: between(ratios[(n-1)/2], ratios[n/2]), Hi: math.Inf(1)}
	if k := quantileU(len(a), len(b)); k > 0 {
		r.Lo, r.Hi = ratios[k-1], ratios[n-k]
	}
	return r
}

// times is y/x, and 1 where both are 0.
func times(y, x float64) float64 {
	if x == y {
		return 1
	}
	return y / x
}

// between is the geometric mean, so that a ratio and its inverse agree.
func between(lo, hi float64) float64 {
	switch {
	case lo == hi:
		return lo
	case lo == 0 && math.IsInf(hi, 1):
		return 1
	}
	return math.Sqrt(lo) * math.Sqrt(hi)
}

func thinned(sorted []float64) []float64 {
	if len(sorted) <= most {
		return sorted
	}
	few := make([]float64, most)
	for i := range few {
		few[i] = sorted[i*(len(sorted)-1)/(most-1)]
	}
	return few
}

// quantileU is the least k with P(U <= k) >= Alpha/2 for samples of n and m values
// from one population: the pairwise ratios from the k-th to the k-th last are the
// interval. 0 says that there are too few.
func quantileU(n, m int) int {
	if n > stats.MannWhitneyExactLimit || m > stats.MannWhitneyExactLimit { // as the test does
		mean, variance := float64(n)*float64(m)/2, float64(n)*float64(m)*float64(n+m+1)/12
		return max(0, int(mean-0.5+stats.StdNormal.InvCDF(Alpha/2)*math.Sqrt(variance)))
	}
	key := [2]int{min(n, m), max(n, m)}
	if k, ok := quantiles.Load(key); ok {
		return k.(int)
	}
	dist := stats.UDist{N1: n, N2: m}
	k := sort.Search(n*m, func(k int) bool { return dist.CDF(float64(k)) >= Alpha/2 })
	quantiles.Store(key, k)
	return k
}

// quantiles remembers quantileU by the sizes of the samples: a table, not a state.
var quantiles sync.Map

// median returns the middle of sorted values, of which there is at least one.
func median(sorted []float64) float64 {
	lo, hi := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	return lo + (hi-lo)/2
}

func sorted(values []float64) []float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return s
}

// pValue is that of the Mann-Whitney test, two-sided: exact up to 50 samples a side, and
// up to 25 if values are equal.
func pValue(a, b []float64) float64 {
	p := benchmath.AssumeNothing.Compare(
		&benchmath.Sample{Values: a, Thresholds: &benchmath.DefaultThresholds},
		&benchmath.Sample{Values: b, Thresholds: &benchmath.DefaultThresholds}).P
	return min(1, p) // twice the half below the middle is more where values are equal
}

// holm returns the adjusted p-values of a family (S. Holm, A simple sequentially
// rejective multiple test procedure, 1979): the smallest of m is multiplied by m, the
// next by m-1 ..., and none is less than the one before it. Those under Alpha are
// proven, together, at Alpha.
func holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(ps[i], ps[j]) })
	adjusted := make([]float64, len(ps))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, ps[i]*float64(len(ps)-rank)))
		adjusted[i] = least
	}
	return adjusted
}

// leastP is the least p-value that n against m samples can give: 2/C(n+m, n).
func leastP(n, m int) float64 {
	p := 2.0
	for i := 1; i <= min(n, m); i++ {
		p *= float64(i) / float64(n+m-min(n, m)+i)
	}
	return min(1, p)
}

// needed is how many samples of each cell it takes before anything can be proven
// in a family of so many comparisons.
func needed(family int) int {
	n := 1
	for leastP(n, n)*float64(family) >= Alpha {
		n++
	}
	return n
}

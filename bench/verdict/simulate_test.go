package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// simulated is a run of ten rounds: skewed noise of a spread, and drift of the machine,
// which meets all models of a round alike. It is deterministic.
func simulated(rng *rand.Rand, models int, spread float64, scale func(model int) float64) string {
	var b strings.Builder
	b.WriteString("control: m00-again\n")
	for range 10 {
		drift := math.Exp(0.01 * rng.NormFloat64())
		for m := range models + 1 {
			name := fmt.Sprintf("m%02d", m)
			if m == models {
				m, name = 0, "m00-again"
			}
			fmt.Fprintf(&b, "BenchmarkX/model=%s 1 %.3f ns/op\n", name, 1e6*scale(m)*drift*math.Exp(spread*rng.NormFloat64()))
		}
	}
	return b.String()
}

// Twelve equal models, many runs: in at most one run of twenty anything at all is claimed.
func TestAmongEqualsNothingIsClaimed(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const runs = 300
	wrong, naive := 0, 0
	for range runs {
		g := rank(t, simulated(rng, 12, 0.05, func(int) float64 { return 1 })).Groups[0]
		claimed, looked := false, false
		for _, p := range g.Places[1:] {
			claimed = claimed || p.Worse
			looked = looked || p.P < Alpha
		}
		if claimed {
			wrong++
		}
		if looked {
			naive++
		}
	}
	t.Logf("%d, and %d without the correction", wrong, naive)
	require.LessOrEqual(t, wrong, runs/20)
	require.Greater(t, naive, runs/3, "each comparison with the best for itself, at 0.05, would claim one in most runs")
}

// Of two models of which one takes 10 % more, it is found, as long as the noise is half
// as large; among twelve, a third.
func TestATenthIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		name   string
		models int
		spread float64
	}{{"two models", 2, 0.05}, {"twelve", 12, 0.035}} {
		const runs = 100
		found := 0
		for range runs {
			g := rank(t, simulated(rng, c.models, c.spread, func(m int) float64 {
				if m == c.models-1 {
					return 1.1
				}
				return 1
			})).Groups[0]
			if pair, ok := g.Pair("m00", fmt.Sprintf("m%02d", c.models-1)); ok && pair.Proven && pair.Factor.Estimate > 1 {
				found++
			}
		}
		t.Logf("%s: %d of %d", c.name, found, runs)
		require.GreaterOrEqual(t, found, 90, c.name)
	}
}

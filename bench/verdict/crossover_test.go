package verdict

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// along are samples of models a and b at the values of a parameter.
func along(key string, values map[string][2]float64) string {
	text := ""
	for value, ns := range values {
		text += lines(10, fmt.Sprintf("X/%s=%s", key, value), map[string]float64{"a": ns[0], "b": ns[1]})
	}
	return text
}

func TestCrossovers(t *testing.T) {
	for _, c := range []struct {
		name, key string
		values    map[string][2]float64
		want      string
	}{
		{"halfway, in logarithms", "tasks", map[string][2]float64{"10": {100, 400}, "1000": {400, 100}}, "X: b overtakes a between tasks=10 and 1000, about 100."},
		{"the other model", "tasks", map[string][2]float64{"10": {400, 100}, "1000": {100, 400}}, "X: a overtakes b between tasks=10 and 1000, about 100."},
		{"nearer to where it is less", "workers", map[string][2]float64{"1": {100, 200}, "64": {900, 100}}, "X: b overtakes a between workers=1 and 64, about 2.7."},
		{"numbers, not words", "tasks", map[string][2]float64{"9": {100, 400}, "10": {100, 390}, "100": {400, 100}}, "X: b overtakes a between tasks=10 and 100, about 31."},
		{"a time", "cpu", map[string][2]float64{"1us": {100, 400}, "1ms": {400, 100}}, "X: b overtakes a between cpu=1us and 1ms, about 32µs."},
		{"a share", "cpu", map[string][2]float64{"10%": {100, 400}, "90%": {400, 100}}, "X: b overtakes a between cpu=10% and 90%, about 30%."},
		{"from nothing on", "cpu", map[string][2]float64{"0%": {100, 400}, "50%": {400, 100}}, "X: b overtakes a between cpu=0% and 50%, about 25%."},
		{"nothing proven between", "tasks", map[string][2]float64{"10": {100, 400}, "50": {100, 100}, "1000": {400, 100}}, "X: b overtakes a between tasks=10 and 1000, about 50."},
		{"one side is not proven", "tasks", map[string][2]float64{"10": {100, 101}, "1000": {400, 100}}, ""},
		{"no crossing", "tasks", map[string][2]float64{"10": {100, 400}, "1000": {100, 200}}, ""},
		{"no number", "kind", map[string][2]float64{"x": {100, 400}, "y": {400, 100}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rank(t, along(c.key, c.values))
			if c.want == "" {
				require.Empty(t, r.Crossovers)
				return
			}
			require.Len(t, r.Crossovers, 1)
			require.Equal(t, c.want, r.Crossovers[0].String())
		})
	}
}

func TestCrossoversThereAndBack(t *testing.T) {
	r := rank(t, along("tasks", map[string][2]float64{"1": {100, 400}, "100": {400, 100}, "10000": {100, 400}}))
	require.Len(t, r.Crossovers, 2)
	require.Equal(t, []string{"b", "a"}, []string{r.Crossovers[0].After, r.Crossovers[1].After})
}

// Two parameters at once, or GOMAXPROCS with one, say nothing about either.
func TestACrossoverHasAllElseEqual(t *testing.T) {
	early, late := map[string]float64{"a": 100, "b": 400}, map[string]float64{"a": 400, "b": 100}
	require.Empty(t, rank(t, lines(10, "X/tasks=1/limit=1", early)+lines(10, "X/tasks=9/limit=9", late)).Crossovers)
	require.Empty(t, rank(t, lines(10, "X/tasks=1", early)+lines(10, "Y/tasks=9", late)).Crossovers)
	require.Empty(t, rank(t, "pkg: a\n"+lines(10, "X/tasks=1", early)+"pkg: b\n"+lines(10, "X/tasks=9", late)).Crossovers)
	require.Len(t, rank(t, lines(10, "X/tasks=1/limit=9", early)+lines(10, "X/tasks=9/limit=9", late)).Crossovers, 1)
}

// A model below the floor overtakes nobody.
func TestACrossoverIsAboveTheFloor(t *testing.T) {
	text := lines(10, "X/tasks=1", map[string]float64{"a": 100, "b": 120}) + lines(10, "X/tasks=9", map[string]float64{"a": 120, "b": 100})
	require.Len(t, rank(t, text).Crossovers, 1)
	require.Empty(t, rank(t, "control: a-again\n"+text+lines(10, "X/tasks=9", map[string]float64{"a-again": 150})).Crossovers)
}

func TestLevel(t *testing.T) {
	inf := math.Inf(1)
	require.InDelta(t, 10, level([]crossed{{1, -1}, {100, 1}}), 1e-9)
	require.InDelta(t, 10, level([]crossed{{1, -inf}, {100, inf}}), 1e-9)
	require.InDelta(t, 50, level([]crossed{{0, -1}, {100, 1}}), 1e-9)
	require.InDelta(t, 100, level([]crossed{{1, -1}, {10, -1}, {1000, 1}}), 1e-9)
	for _, c := range []struct {
		value float64
		text  string
		want  string
	}{
		{312.4, "1000", "310"}, {99.6, "1000", "100"}, {2.71, "8", "2.7"}, {0.1811, "50%", "18%"}, {8123, "1ms", "8.1µs"}, {31_622_776, "1s", "32ms"}, {1234567, "9000000", "1200000"},
	} {
		require.Equal(t, c.want, like(c.value, c.text))
	}
}

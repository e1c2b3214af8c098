package palette

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// luminance as WCAG 2.2 has it.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	require.Regexp(t, `^#[0-9A-F]{6}$`, color)
	channel := func(hex string) float64 {
		n, err := strconv.ParseUint(hex, 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(color[1:3]) + 0.7152*channel(color[3:5]) + 0.0722*channel(color[5:7])
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextIsReadable(t *testing.T) {
	for _, c := range []Color{Ink, Muted} {
		for _, paper := range []Color{Paper, Faint} {
			require.GreaterOrEqual(t, contrast(t, c.Light, paper.Light), 4.5, c)
			require.GreaterOrEqual(t, contrast(t, c.Dark, paper.Dark), 4.5, c)
		}
	}
}

func TestColorsStandOut(t *testing.T) {
	for _, c := range Colors {
		require.GreaterOrEqual(t, contrast(t, c.Dark, Paper.Dark), 3.0, c)
		if !c.Pale {
			require.GreaterOrEqual(t, contrast(t, c.Light, Paper.Light), 2.2, c)
		}
	}
}

func TestKnownModelsLookDifferent(t *testing.T) {
	seen := map[Look]string{}
	for model, look := range known {
		require.Empty(t, seen[look], model)
		seen[look] = model
	}
	// Among the models themselves, colour alone and shape alone tell them apart.
	colors, markers := map[Color]string{}, map[Marker]string{}
	for _, model := range course {
		look, ok := Of(model)
		require.True(t, ok, model)
		require.Empty(t, colors[look.Color], model)
		require.Empty(t, markers[look.Marker], model)
		colors[look.Color], markers[look.Marker] = model, model
	}
}

func TestCompare(t *testing.T) {
	models := []string{"queue", "pipeline", "b", "sequential", "plain-loop", "pool", "a", "goroutines"}
	slices.SortFunc(models, Compare)
	require.Equal(t, []string{"sequential", "goroutines", "pool", "pipeline", "queue", "a", "b", "plain-loop"}, models)
}

func TestAllIsStable(t *testing.T) {
	var models []string
	for i := range 90 {
		models = append(models, fmt.Sprint("mine-", i))
	}
	models = append(models, "pool")
	looks := All(models)
	require.Len(t, looks, len(models))
	require.Equal(t, looks, All(models))
	pool, _ := Of("pool")
	require.Equal(t, pool, looks["pool"])
	seen := map[Look]string{}
	for _, m := range models {
		require.Empty(t, seen[looks[m]], m)
		seen[looks[m]] = m
	}
	require.NotEmpty(t, All([]string{"mine-0", "mine-0"}))

	// What another model is called changes nothing for those before it.
	require.Equal(t, looks["mine-0"], All([]string{"mine-0", "else"})["mine-0"])
}

func TestClass(t *testing.T) {
	require.Equal(t, "ink", Ink.Class())
	require.Equal(t, "c3", blue.Class())
	require.Empty(t, Color{Light: "#123456"}.Class())
	seen := map[string]bool{}
	for _, c := range append([]Color{Paper, Ink, Muted, Faint}, Colors...) {
		require.False(t, seen[c.Class()])
		seen[c.Class()] = true
	}
}

package bench

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// leftOut are the forms of the event loop that a benchmark does without, unless -full asks
// for all: they would show what others show, and `make bench` is to take three minutes.
var leftOut = map[string][]string{
	// A page is parsed too soon for threads to matter.
	"Pages": {"eventloop-to-thread"},
	// What is handed to threads here is nothing at all: Process has the small jobs.
	"Dispatch": {"eventloop-to-thread"},
	// Nothing waits, so a limit limits nothing.
	"Process": {"eventloop-limit"},
	// So few arrivals the loop serves as a pool does, and the other two have no Stream.
	"Open": {"eventloop", "eventloop-limit", "eventloop-to-thread"},
	// All others but goroutines have a limit here; threads are for work.
	"Sweep/over=tasks": {"eventloop", "eventloop-to-thread"},
	"Sweep/over=limit": {"eventloop", "eventloop-to-thread"},
	"Sweep/over=cpu":   {"eventloop"},
}

// shown are the models that stand in a benchmark.
func shown[K, B, R any](benchmark string, models []Model[K, B, R]) []Model[K, B, R] {
	if flags.full {
		return models
	}
	return slices.DeleteFunc(models, func(m Model[K, B, R]) bool { return slices.Contains(leftOut[benchmark], m.Name) })
}

func TestShown(t *testing.T) {
	names := func(benchmark string) (names []string) {
		for _, m := range shown(benchmark, Models[int, int, int](Limit{InFlight: 1})) {
			names = append(names, m.Name)
		}
		return names
	}
	all := names("none of them")
	require.Len(t, all, 10)
	for benchmark, left := range leftOut {
		for _, name := range left {
			require.Contains(t, all, name)
			require.NotContains(t, names(benchmark), name)
		}
		require.Len(t, names(benchmark), len(all)-len(left))
	}
	flags.full = true
	defer func() { flags.full = false }()
	require.Equal(t, all, names("Pages"))
}

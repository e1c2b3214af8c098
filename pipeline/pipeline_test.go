package pipeline_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/pipeline"
)

// Package bench/conform proves the contract, with every width. What it does
// not try is a bad buffer, as zero is a good one.
func TestBadWidths(t *testing.T) {
	began := false
	job := overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, n int) (int, error) {
			began = true
			return n, nil
		},
		Process: func(_ context.Context, n int) (int, error) { return n, nil },
	}
	for _, c := range []struct {
		name   string
		widths pipeline.Widths
		want   string
	}{
		{"the zero Widths", pipeline.Widths{}, "overlap: widths.Fetch is 0, want at least 1"},
		{"no processors", pipeline.Widths{Fetch: 1}, "overlap: widths.Process is 0, want at least 1"},
		{"a negative buffer", pipeline.Widths{Fetch: 1, Process: 1, Buffer: -1}, "overlap: widths.Buffer is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := []int{1, 2, 3}
			require.PanicsWithValue(t, c.want, func() { pipeline.Run(t.Context(), job, nil, c.widths) })
			require.PanicsWithValue(t, c.want, func() { pipeline.Run(t.Context(), job, keys, c.widths) })
			// At once, not when someone loops over it.
			require.PanicsWithValue(t, c.want, func() { pipeline.Stream(t.Context(), job, slices.Values(keys), c.widths) })
			require.False(t, began)
		})
	}
}

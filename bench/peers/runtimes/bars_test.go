package runtimes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/bars"
	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/results"
)

// A bar of a row that no benchmark has could never be measured.
func TestBarsAreOfRowsThatThereAre(t *testing.T) {
	names := map[string]bool{}
	for _, c := range runtimes.Clients() {
		names[c.Name] = true
	}
	for _, bar := range runtimes.Bars() {
		for _, f := range []bars.Figure{bar.Of, bar.Over} {
			require.True(t, f == (bars.Figure{}) || names[f.Model], "%s: %s", bar.What, f.Model)
		}
	}
}

func TestTheReferenceRunHasTheRowsOfAllBars(t *testing.T) {
	set, err := results.ReadFiles("../../results/reference-peers-clients.txt")
	require.NoError(t, err)
	findings := bars.Judge(set, runtimes.Bars())
	require.Len(t, findings, len(runtimes.Bars()))
	for _, f := range findings {
		require.Empty(t, f.Lacking, f.Bar.What)
	}
}

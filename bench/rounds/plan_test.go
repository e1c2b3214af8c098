package rounds

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func cells(groups, models int) []Cell {
	var list []Cell
	for g := range groups {
		for m := range models {
			list = append(list, Cell{Name: fmt.Sprintf("BenchmarkX/size=%d/model=m%d", g, m)})
		}
	}
	return list
}

func TestOrderHoldsEveryCellOnceAndGroupsTogether(t *testing.T) {
	all := cells(5, 4)
	for round := range 20 {
		order := Order(all, 7, round)
		require.ElementsMatch(t, all, order)
		groups := slices.Compact(mapped(order, Cell.Group))
		require.Len(t, groups, 5, "a group's cells are not together in %v", order)
	}
}

func TestOrderIsBalanced(t *testing.T) {
	all := cells(2, 5)
	before := map[[2]Cell]int{}
	const rounds = 10
	for round := range rounds {
		order := Order(all, 3, round)
		for i := range order {
			for j := range i {
				before[[2]Cell{order[j], order[i]}]++
			}
		}
	}
	for _, a := range all {
		for _, b := range all {
			if a != b {
				require.Equal(t, rounds/2, before[[2]Cell{a, b}], "%s before %s", a.Name, b.Name)
			}
		}
	}
}

func TestOrderDependsOnSeedRoundAndNothingElse(t *testing.T) {
	all := cells(4, 4)
	shuffled := slices.Clone(all)
	slices.Reverse(shuffled)
	require.Equal(t, Order(all, 1, 0), Order(shuffled, 1, 0))
	require.NotEqual(t, Order(all, 1, 0), Order(all, 2, 0))
	require.NotEqual(t, Order(all, 1, 0), Order(all, 1, 2))
}

func TestCell(t *testing.T) {
	for _, c := range []struct {
		cell                  Cell
		model, group, pattern string
	}{
		{Cell{Name: "BenchmarkX"}, "", "BenchmarkX", "^BenchmarkX$"},
		{Cell{Name: "BenchmarkX/a=1/model=pool"}, "pool", "BenchmarkX/a=1", "^BenchmarkX$/^a=1$/^model=pool$"},
		{Cell{Name: "BenchmarkX/model=pool/a=1.5", CPU: 4}, "pool", "BenchmarkX/a=1.5-4", `^BenchmarkX$/^model=pool$/^a=1\.5$`},
	} {
		require.Equal(t, c.model, c.cell.Model())
		require.Equal(t, c.group, c.cell.Group())
		require.Equal(t, c.pattern, c.cell.pattern())
	}
}

func TestTwins(t *testing.T) {
	c := Cell{Name: "BenchmarkX/a=1/model=pool/b=2", Twin: true}
	require.Equal(t, "pool-again", c.Model())
	require.Equal(t, "BenchmarkX/a=1/b=2", c.Group())
	require.Equal(t, Cell{Name: c.Name}.pattern(), c.pattern(), "it is the same benchmark")
	require.Equal(t, "BenchmarkX/a=1/model=pool-again/b=2-8 \t 1 5 ns/op", c.rename("BenchmarkX/a=1/model=pool/b=2-8 \t 1 5 ns/op"))
	require.Equal(t, "BenchmarkX/model=pool 1", Cell{Name: "BenchmarkX/model=pool"}.rename("BenchmarkX/model=pool 1"))
	twins := []Cell{{Name: "BenchmarkX/model=pool"}, c, {Name: c.Name}}
	reversed := slices.Clone(twins)
	slices.Reverse(reversed)
	require.Equal(t, Order(twins, 1, 0), Order(reversed, 1, 0))
}

func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

package guard

import (
	"math"
	"math/big"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// At any time, whatever the order: taken <= ratio * first, in whole numbers.
func TestBudgetNeverGivesMoreThanItsShare(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	for _, ratio := range []*big.Rat{
		big.NewRat(0, 1), big.NewRat(1, 1_000_000), big.NewRat(1, 20), big.NewRat(1, 10), big.NewRat(29, 100),
		big.NewRat(1, 3), big.NewRat(2, 3), big.NewRat(9_999_999, 10_000_000), big.NewRat(1, 1),
	} {
		value, _ := ratio.Float64()
		b := NewBudget(value)
		first, taken := int64(0), int64(0)
		for range 100_000 {
			if random.IntN(3) > 0 {
				b.first()
				first++
				continue
			}
			if !b.take() {
				continue
			}
			taken++
			if taken*ratio.Denom().Int64() > ratio.Num().Int64()*first {
				require.Failf(t, "too many", "ratio %v: %d taken of %d", ratio, taken, first)
			}
		}
		if value < 0.4 { // more is never asked for here
			require.InDelta(t, value*float64(first), float64(taken), 0.001*float64(first)+1, "ratio %v", ratio)
		}
	}
}

func TestBudgetGivesEachTenthTimeExactly(t *testing.T) {
	b := NewBudget(0.1)
	for i := 1; i <= 100_000; i++ {
		b.first()
		require.Equal(t, i%10 == 0, b.take(), i)
	}
	b = NewBudget(0.29)
	for range 100 {
		b.first()
	}
	for range 29 {
		require.True(t, b.take())
	}
	require.False(t, b.take())
}

func TestBudgetSavesAHundredAtMost(t *testing.T) {
	b := NewBudget(0.5)
	for range 1_000_000 {
		b.first()
	}
	for range 100 {
		require.True(t, b.take())
	}
	require.False(t, b.take())
}

func TestBudgetOfManyAtOnce(t *testing.T) {
	b := NewBudget(0.1)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				b.first()
				if b.take() {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 800, taken.Load())
}

func TestNoBudgetIsNoBound(t *testing.T) {
	var b *Budget
	b.first()
	require.True(t, b.take())
	require.False(t, new(Budget).take(), "one that nobody made gives nothing")
}

func TestNewBudgetRefuses(t *testing.T) {
	require.PanicsWithValue(t, "guard: ratio is -0.1, want 0 to 1", func() { NewBudget(-0.1) })
	require.PanicsWithValue(t, "guard: ratio is 1.1, want 0 to 1", func() { NewBudget(1.1) })
	require.PanicsWithValue(t, "guard: ratio is NaN, want 0 to 1", func() { NewBudget(math.NaN()) })
}

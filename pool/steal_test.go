package pool

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// A worker that finds every span empty does not go home while a thief carries
// keys: they are about to be in the thief's span, and more than the thief can do.
func TestNobodyGoesHomeWhileKeysAreCarried(t *testing.T) {
	s := deal(4, 2)
	for i := range s.all {
		s.all[i].bounds.Store(pack(0, 0))
	}
	s.full.Store(1) // what the thief carries
	claimed := make(chan int)
	go func() { claimed <- s.claim(0) }()
	for range 1000 {
		runtime.Gosched()
	}
	select {
	case key := <-claimed:
		require.Fail(t, "went home", "claimed %d", key)
	default:
	}
	s.all[1].bounds.Store(pack(2, 4))
	require.Equal(t, 3, <-claimed)
}

func TestClaimsEndWhenNothingIsLeft(t *testing.T) {
	s := deal(5, 2)
	var keys []int
	for key := s.claim(1); key != none; key = s.claim(1) {
		keys = append(keys, key)
	}
	require.ElementsMatch(t, []int{0, 1, 2, 3, 4}, keys)
	require.Equal(t, none, s.claim(0))
	require.Zero(t, s.full.Load())
}

func TestStealTakesTheBackHalf(t *testing.T) {
	for _, c := range []struct{ from, to, key, left, loot, full int }{
		{0, 10, 5, 5, 4, 2},
		{0, 3, 1, 1, 1, 2},
		{0, 2, 1, 1, 0, 1},
		{7, 8, 7, 0, 0, 0},
	} {
		s := deal(0, 2)
		s.all[0].bounds.Store(pack(c.from, c.to))
		s.full.Store(1)
		key, ok := s.steal(1, 0)
		require.True(t, ok)
		require.Equal(t, c.key, key)
		from, to := unpack(s.all[0].bounds.Load())
		require.Equal(t, c.left, to-from)
		from, to = unpack(s.all[1].bounds.Load())
		require.Equal(t, c.loot, to-from)
		require.EqualValues(t, c.full, s.full.Load())
	}
	s := deal(0, 2)
	_, ok := s.steal(0, 1)
	require.False(t, ok)
}

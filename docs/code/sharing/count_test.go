package sharing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLockedCountsAreRight(t *testing.T) {
	require.Equal(t, 80_000, WithMutex(8, 10_000))
	require.Equal(t, 80_000, WithAtomic(8, 10_000))
	require.Equal(t, 80_000, WithOwn(8, 10_000))
}

// With one goroutine there is nobody to race with.
func TestOneGoroutineNeedsNoLock(t *testing.T) {
	require.Equal(t, 10_000, WithNothing(1, 10_000))
}

package guard

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Hosts that nobody asks any more take no memory; those that somebody waits at stay one.
func TestHostsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosts{limit: 1, places: map[string]*places{}}
		for i := range 1000 {
			release, err := h.acquire(t.Context(), fmt.Sprint(i))
			require.NoError(t, err)
			require.Len(t, h.places, 1)
			release()
			require.Empty(t, h.places)
		}

		release, err := h.acquire(t.Context(), "host")
		require.NoError(t, err)
		at := h.places["host"]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = h.acquire(ctx, "host")
		require.Equal(t, context.DeadlineExceeded, err)
		require.Same(t, at, h.places["host"])

		second := make(chan func())
		go func() {
			release, _ := h.acquire(t.Context(), "host")
			second <- release
		}()
		synctest.Wait()
		release()
		require.Same(t, at, h.places["host"], "somebody has waited")
		(<-second)()
		require.Empty(t, h.places)
	})
}

// A flight that has landed, or that everybody has left, is not joined any more.
func TestFlightsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := flights[string, int]{inFlight: map[string]*flight[int]{}}
		fetch := func(context.Context, string) (int, error) { time.Sleep(time.Second); return 1, nil }
		first := fs.join(t.Context(), "key", fetch)
		require.Same(t, first, fs.join(t.Context(), "key", fetch))
		require.False(t, fs.leave("key", first))
		require.Len(t, fs.inFlight, 1)
		require.True(t, fs.leave("key", first))
		require.Empty(t, fs.inFlight)

		time.Sleep(time.Second / 2)
		second := fs.join(t.Context(), "key", fetch)
		require.NotSame(t, first, second)
		<-first.landed
		require.Same(t, second, fs.join(t.Context(), "key", fetch), "the end of the first is not that of the second")
		<-second.landed
		require.Empty(t, fs.inFlight)
		synctest.Wait()
	})
}

package live

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Once a second, what the room has done in it.
func TestMetrics(t *testing.T) {
	const clients, messages, interval = 4, 250, 10 * time.Millisecond
	bubble(t, Settings{Messages: messages, Interval: interval}, func(t *testing.T, r room) {
		var wg sync.WaitGroup
		wg.Go(func() { r.all(t, clients) })
		time.Sleep(interval / 2) // so that no figures are made while a message is said
		begin := time.Now()
		var all []Figures
		for f, err := range r.clients.Watch(t.Context()) {
			require.NoError(t, err)
			all = append(all, f)
			require.Equal(t, time.Duration(len(all))*time.Second, time.Since(begin))
			if len(all) == 4 {
				break
			}
		}
		wg.Wait()
		full := Figures{Over: time.Second, In: clients, Published: 100, Delivered: 400, P50: time.Microsecond, P99: time.Microsecond}
		first := full
		first.Over += interval / 2
		last := full
		last.In, last.Published, last.Delivered = 0, 50, 200
		require.Equal(t, []Figures{first, full, last, {Over: time.Second}}, all)
		require.Equal(t, 400.0, full.PerSecond())
		require.Zero(t, Figures{}.PerSecond())

		// Nobody watches for an hour; and the record is reset, which is no loss.
		time.Sleep(time.Hour)
		r.Reset()
		for f, err := range r.clients.Watch(t.Context()) {
			require.NoError(t, err)
			require.Greater(t, f.Over, time.Hour)
			require.Zero(t, f.Published)
			break
		}
	})
}

// A slow client shows in the figures: as delay where it is waited for, as drops where not.
func TestMetricsOfASlowClient(t *testing.T) {
	for _, slow := range []Slow{Wait, Drop} {
		bubble(t, Settings{Messages: 1000, Slow: slow, Queue: 4}, func(t *testing.T, r room) {
			r.clients.Pause = func(client int) time.Duration { return time.Duration(client) * 105 * time.Millisecond }
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { r.run(ctx, 2) })
			time.Sleep(5 * time.Millisecond) // so that no figures are made while a message is said
			seconds := 0
			for f, err := range r.clients.Watch(t.Context()) {
				require.NoError(t, err)
				if seconds++; seconds < 3 {
					continue // until the queue is full
				}
				require.EqualValues(t, 2, f.In)
				if slow == Wait {
					require.Zero(t, f.Dropped)
					require.Less(t, f.Published, int64(12))
					require.Greater(t, f.P99, 100*time.Millisecond)
				} else {
					require.EqualValues(t, 100, f.Published, "the second goes on as usual")
					require.InDelta(t, 90, f.Dropped, 2)
					require.Less(t, f.P50, time.Millisecond)
				}
				break
			}
			cancel()
			wg.Wait()
			synctest.Wait()
			balanced(t, r.Record())
		})
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	bubble(t, Settings{}, func(t *testing.T, r room) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2500*time.Millisecond, func() { cancel(cause) })
		begin := time.Now()
		n := 0
		var last error
		for _, err := range r.clients.Watch(ctx) {
			n++
			last = err
		}
		require.Equal(t, 3, n)
		require.EqualError(t, last, "live: metrics: enough")
		require.ErrorIs(t, last, cause)
		require.Equal(t, 2500*time.Millisecond, time.Since(begin))
	})
}

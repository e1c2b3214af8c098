package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
)

// Under each model, clients are in the room wave after wave: ceil(N/W)*M intervals, to the
// nanosecond, and no message is lost.
func TestModels(t *testing.T) {
	const (
		clients, limit = 20, 8
		messages       = 5
		interval       = 10 * time.Millisecond
	)
	type schedules struct {
		makespan time.Duration
		peak     int
	}
	limited := schedules{3 * messages * interval, limit} // waves of 8, 8 and 4
	others := map[string]schedules{
		"sequential":          {clients * messages * interval, 1},
		"goroutines":          {messages * interval, clients},
		"eventloop":           {messages * interval, clients},
		"eventloop-to-thread": {messages * interval, clients},
	}
	for _, m := range bench.Models[int, Received, Summary](bench.Limits(limit)[0]) {
		t.Run(m.Name, func(t *testing.T) {
			bubble(t, Settings{Messages: messages, Interval: interval}, func(t *testing.T, r room) {
				begin := time.Now()
				results := m.Run(t.Context(), r.clients.Job(), numbers(clients))
				took := time.Since(begin)
				want, ok := others[m.Name]
				if !ok {
					want = limited
				}
				require.Equal(t, want.makespan, took)
				jobs := make([]schedule.Job, clients)
				for i := range jobs {
					jobs[i].Wait = messages * interval
				}
				require.Equal(t, m.Ideal(jobs).Makespan, took)

				summaries, err := overlap.Values(results)
				require.NoError(t, err)
				for i, s := range summaries {
					require.Equal(t, i, s.Client)
					require.Equal(t, messages, s.Messages)
					require.Zero(t, s.Dropped+s.Lost)
					require.Equal(t, make([]time.Duration, messages), s.Latencies, "nothing takes time but waiting")
				}
				record := r.Record()
				require.EqualValues(t, clients, record.Finished)
				require.EqualValues(t, clients*messages, record.Delivered)
				require.EqualValues(t, want.peak, record.PeakIn)
				require.EqualValues(t, took/interval, record.Published, "nobody is talked to who is not there")
				balanced(t, record)
			})
		})
	}
}

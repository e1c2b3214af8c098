package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTotal(t *testing.T) {
	var empty, total Total
	_, ok := empty.Quantile(0.5)
	require.False(t, ok)
	require.Zero(t, empty.PerSecond())
	require.Equal(t, "0 clients received 0 messages, 0 a second; 0 dropped, 0 lost", empty.String())

	begin := time.Unix(1000, 0)
	first := Summary{Messages: 3, Dropped: 1, Posted: 2, Bytes: 30, First: begin.Add(time.Second), Last: begin.Add(3 * time.Second),
		Latencies: []time.Duration{-time.Second, time.Millisecond, 2 * time.Millisecond}}
	second := Summary{Messages: 2, Lost: 4, Bytes: 20, First: begin, Last: begin.Add(2 * time.Second),
		Latencies: []time.Duration{100 * time.Millisecond, 2 * time.Hour}}
	nothing := Summary{Dropped: 7}
	for _, s := range []Summary{first, nothing, second} {
		total.Add(s)
	}
	require.Equal(t, 3, total.Clients)
	require.EqualValues(t, 5, total.Messages)
	require.EqualValues(t, 8, total.Dropped)
	require.EqualValues(t, 4, total.Lost)
	require.EqualValues(t, 2, total.Posted)
	require.EqualValues(t, 50, total.Bytes)
	require.Equal(t, 5.0/3, total.PerSecond())
	for q, want := range map[float64]time.Duration{-1: time.Microsecond, 0.2: time.Microsecond, 0.4: time.Millisecond, 0.6: 2 * time.Millisecond, 0.8: 100 * time.Millisecond, 1: time.Hour, 2: time.Hour} {
		got, ok := total.Quantile(q)
		require.True(t, ok)
		require.InEpsilon(t, want, got, 0.001, "%v", q)
	}
	require.Contains(t, total.String(), "3 clients received 5 messages, 2 a second; 8 dropped, 4 lost; half of them within 2")

	// The same in two halves.
	var one, other, both Total
	one.Add(first)
	other.Add(second)
	other.Add(nothing)
	both.Merge(&empty)
	both.Merge(&one)
	both.Merge(&other)
	require.Equal(t, total, both)
}

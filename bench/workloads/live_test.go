package workloads

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/goroutines"
	"example.com/overlap/internal/twin"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/live"
)

// liveMain serves a room and exits if this process is to be one.
func liveMain() {
	twin.Main("the room", func(settings live.Settings) (string, func() error, error) {
		server, err := live.Start("", settings)
		if err != nil {
			return "", nil, err
		}
		return server.URL(), server.Close, nil
	})
}

// startRoom starts a room in a process of its own, that ends with the benchmark.
func startRoom(b *testing.B, settings live.Settings) (url string) {
	b.Helper()
	require.NoError(b, settings.Validate())
	room, err := twin.Start("the room", settings)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, room.Close()) })
	return room.URL
}

// BenchmarkLive has clients of a chat room, each of which connects and gets the next 20
// messages; the room has one every 5 ms, and waits for the slow. All at once, that is
// 20,000 deliveries a second; 20 at a time, 4,000.
func BenchmarkLive(b *testing.B) {
	const clients, limit, messages, interval = 100, 20, 20, 5 * time.Millisecond
	url := startRoom(b, live.Settings{Messages: messages, Interval: interval})
	keys := make([]int, clients)
	want := make([]overlap.Result[live.Summary], clients)
	for i := range keys {
		keys[i] = i
		want[i].Value = live.Summary{Client: i, Messages: messages}
	}
	bench.Comparison[int, live.Received, live.Summary]{
		Job:    live.Clients{URL: url}.Job(),
		Keys:   keys,
		Limits: bench.Limits(limit),
		Costs:  slices.Repeat([]schedule.Job{{Wait: messages * interval}}, clients),
		Want:   func() ([]overlap.Result[live.Summary], error) { return want, nil },
		Equal: func(a, b live.Summary) bool { // which messages they are, and how late, differs
			return a.Client == b.Client && a.Messages == b.Messages && a.Dropped == b.Dropped && a.Lost == b.Lost
		},
	}.Run(b)
}

// BenchmarkFanout has all clients in the room before the first message, so that each message
// goes to all: how late it comes to them, from when the room took it to when they have read
// it, and how many are delivered a second. 20,000 a second are asked for in either room. No
// client is slow, so waiting and dropping differ only where this machine is.
func BenchmarkFanout(b *testing.B) {
	const messages = 20
	for _, clients := range []int{100, 1000} {
		for _, slow := range []live.Slow{live.Wait, live.Drop} {
			b.Run(fmt.Sprintf("clients=%d/slow=%s", clients, slow), func(b *testing.B) {
				if err := mockserver.CheckFiles(clients); err != nil {
					b.Skip(err)
				}
				url := startRoom(b, live.Settings{
					Messages: messages, Interval: time.Duration(clients) * 50 * time.Microsecond,
					Gate: clients, GateTimeout: time.Minute, WriteTimeout: time.Minute, Slow: slow,
				})
				keys := make([]int, clients)
				for i := range keys {
					keys[i] = i
				}
				job := live.Clients{URL: url}.Job()
				var total live.Total
				var perSecond float64
				for b.Loop() {
					summaries, err := overlap.Values(goroutines.Run(b.Context(), job, keys))
					b.StopTimer()
					require.NoError(b, err)
					var run live.Total
					for _, s := range summaries {
						run.Add(s)
					}
					require.EqualValues(b, messages*clients, run.Messages+run.Dropped)
					if slow == live.Wait {
						require.Zero(b, run.Dropped)
					}
					perSecond += run.PerSecond()
					total.Merge(&run)
					require.NoError(b, closeGate(b.Context(), url))
					b.StartTimer()
				}
				for unit, q := range map[string]float64{"p50-ms": 0.50, "p99-ms": 0.99, "max-ms": 1} {
					latency, _ := total.Quantile(q)
					b.ReportMetric(float64(latency)/float64(time.Millisecond), unit)
				}
				b.ReportMetric(perSecond/float64(b.N), "msgs/s")
				b.ReportMetric(float64(total.Dropped)/float64(b.N), "dropped/op")
			})
		}
	}
}

// closeGate has the room's gate wait for everyone once more.
func closeGate(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, url+live.RecordPath, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

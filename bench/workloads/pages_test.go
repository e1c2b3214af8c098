package workloads

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// BenchmarkPages is one cell of package bench's, for the table of all workloads.
func BenchmarkPages(b *testing.B) {
	const tasks, inFlight, latency = 100, 30, 10 * time.Millisecond
	server, err := site.Start(mockserver.Settings{Seed: 1, Pages: tasks, PageSize: 4096, Links: 10})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Close()) })
	client := pages.NewClient(tasks, time.Minute)
	b.Cleanup(client.CloseIdleConnections)
	keys := make([]string, tasks)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s?latency=%v", server.PageURL(i), latency)
	}
	bench.Comparison[string, pages.Body, pages.Page]{
		Job:      pages.Job(client, 0),
		Keys:     keys,
		Limits:   []bench.Limit{{InFlight: inFlight, Process: runtime.GOMAXPROCS(0)}},
		Costs:    slices.Repeat([]schedule.Job{{Wait: latency}}, tasks),
		Loopback: true,
		Warm:     func(inFlight int) error { return pages.Connect(b.Context(), client, server.PageURL(0), inFlight) },
		Want:     func() ([]overlap.Result[pages.Page], error) { return server.Expected(b.Context(), keys) },
	}.Run(b)
}

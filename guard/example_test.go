package guard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// Every third answer of this server is an error, and some pages would never come. Each try
// has its time, and what is temporary is tried again.
func Example() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 50, Faults: mockserver.Faults{Status: 0.3, Hang: 0.02}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := pages.NewClient(10, 0)
	defer client.CloseIdleConnections()
	urls := make([]string, 50)
	for i := range urls {
		urls[i] = server.PageURL(i)
	}

	job := pages.Job(client, 0)
	job = guard.Timeout(job, time.Second)
	job = guard.Retry(job, guard.RetryPolicy{Tries: 8, Base: time.Millisecond, Temporary: pages.Temporary})
	results := pool.Run(context.Background(), job, urls, 10)

	fmt.Println(overlap.Failures(results), "failed")
	fmt.Println("more requests than pages:", server.Record().Requests > 50)
	// Output:
	// 0 failed
	// more requests than pages: true
}

// All of them, in the order of the package comment, under every model: each page comes, once for
// all who want it, and the server sees no more than the limits.
func TestAllGuardsInOrder(t *testing.T) {
	for _, m := range bench.Models[string, guard.Due[pages.Body], pages.Page](bench.Limit{InFlight: 20}) {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, err := mockserver.NewTransport(mockserver.Settings{
					Pages:   100,
					Latency: mockserver.Latency{Profile: mockserver.HeavyTail, Mean: 50 * time.Millisecond, PerRequest: true},
					Faults:  mockserver.Faults{Status: 0.2, Reset: 0.1, Hang: 0.05},
				})
				require.NoError(t, err)
				urls := make([]string, 200)
				for i := range urls {
					urls[i] = transport.PageURL(i / 2)
				}
				host := func(key string) string {
					u, err := url.Parse(key)
					require.NoError(t, err)
					return u.Host
				}

				job := pages.Job(&http.Client{Transport: transport}, 0)
				job = guard.Timeout(job, time.Second)
				job = guard.RateLimit(job, rate.NewLimiter(100, 1))
				job = guard.PerHost(job, host, 5)
				job = guard.Hedge(job, guard.HedgePolicy{MinSamples: 20})
				job = guard.Retry(job, guard.RetryPolicy{Tries: 10, Temporary: pages.Temporary, Budget: guard.NewBudget(1)})
				job = guard.SingleFlight(job)
				due := guard.Deadline(job, 10*time.Minute)
				ctx, due := guard.FailFast(t.Context(), due)
				begun := time.Now()
				results := m.Run(ctx, due, urls)

				require.NoError(t, overlap.Errors(results))
				for i, r := range results {
					require.Equal(t, urls[i], r.Value.URL)
				}
				record := transport.Record()
				require.LessOrEqual(t, record.PeakInFlight, int64(5))
				require.LessOrEqual(t, float64(record.Requests-1), 100*time.Since(begun).Seconds())
			})
		})
	}
}

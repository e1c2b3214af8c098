package guards

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// A job of BenchmarkRetry is tried so often, at most.
const tries = 4

type countJob = overlap.Job[string, int64, int64]

// retries are the rows of BenchmarkRetry.
func retries() []struct {
	model   string
	guarded func(countJob) countJob
} {
	policy := guard.RetryPolicy{Tries: tries, Base: 10 * time.Millisecond}
	return []struct {
		model   string
		guarded func(countJob) countJob
	}{
		{"pool", func(job countJob) countJob { return job }},
		{"pool-naive", naive},
		{"pool-retry", func(job countJob) countJob { return guard.Retry(job, policy) }},
		{"pool-retry-budget", func(job countJob) countJob {
			policy := policy
			policy.Budget = guard.NewBudget(0.1)
			return guard.Retry(job, policy)
		}},
	}
}

// naive is the loop that is written first: again, at once.
func naive(job countJob) countJob {
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key string) (body int64, err error) {
		for range tries {
			if body, err = fetch(ctx, key); err == nil {
				break
			}
		}
		return body, err
	}
	return job
}

// BenchmarkRetry asks a server that fails everything, by a pool of 100. It reports
//
//	requests/job   that arrived at the server
//	requests/s     likewise: the load that a server in trouble gets
//
// A job is as good under each of the rows: it fails.
func BenchmarkRetry(b *testing.B) {
	const jobs, inFlight = 2_000, 100
	server := startSite(b, mockserver.Settings{Seed: 1, Pages: jobs, Latency: mockserver.Latency{Mean: 20 * time.Millisecond}, Faults: mockserver.Faults{Status: 1}})
	for _, r := range retries() {
		b.Run(fmt.Sprintf("tasks=%d/inflight=%d/model=%s", jobs, inFlight, r.model), func(b *testing.B) {
			client := pages.NewClient(inFlight, time.Minute)
			defer client.CloseIdleConnections()
			require.NoError(b, pages.Connect(b.Context(), client, server.PageURL(0), inFlight))
			keys := make([]string, jobs)
			for i := range keys {
				keys[i] = server.PageURL(i)
			}
			job := r.guarded(pages.Count(client))
			_, err := server.Record()
			require.NoError(b, err)
			meter := startMeter(b)
			for b.Loop() {
				for _, result := range pool.Run(b.Context(), job, keys, inFlight) {
					require.Error(b, result.Err)
				}
			}
			meter.report(b, jobs)
			record, err := server.Record()
			require.NoError(b, err)
			b.ReportMetric(float64(record.Requests)/(float64(b.N)*float64(jobs)), "requests/job")
			b.ReportMetric(float64(record.Requests)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

// By the server's record, a budget of a tenth never lets more than 1.1 requests through for a
// job, under every model. Without one there are as many as tries.
func TestRetriesAtTheServer(t *testing.T) {
	const jobs, inFlight = 400, 20
	for _, m := range bench.Models[string, int64, int64](bench.Limit{InFlight: inFlight}) {
		t.Run(m.Name, func(t *testing.T) {
			server, err := mockserver.Start("", mockserver.Settings{Seed: 1, Pages: jobs, Faults: mockserver.Faults{Status: 1}})
			require.NoError(t, err)
			defer func() { require.NoError(t, server.Close()) }()
			client := pages.NewClient(jobs, time.Minute)
			defer client.CloseIdleConnections()
			keys := make([]string, jobs)
			for i := range keys {
				keys[i] = server.PageURL(i)
			}
			requests := func(policy guard.RetryPolicy) int64 {
				server.Reset()
				for _, result := range m.Run(t.Context(), guard.Retry(pages.Count(client), policy), keys) {
					status := new(pages.StatusError)
					require.ErrorAs(t, result.Err, &status)
				}
				return server.Record().Requests
			}
			policy := guard.RetryPolicy{Tries: tries, Base: time.Millisecond}
			if m.Name != "sequential" { // which would wait for each
				require.EqualValues(t, tries*jobs, requests(policy))
			}
			policy.Budget = guard.NewBudget(0.1)
			got := requests(policy)
			require.LessOrEqual(t, got, int64(jobs+jobs/10))
			require.Greater(t, got, int64(jobs))
		})
	}
}

package guards

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/site"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// The heavy tail of BenchmarkHedge: jobs that wait 40 ms in the mean, half of them less than
// 14 to 22 ms, a few of them seconds. 200 of them in flight are 5,000 to 6,500 requests a second
// where none is seconds long, a third of what loopback carries on two cores, so that it is
// waiting that is measured.
const (
	tailMean     = 40 * time.Millisecond
	tailInFlight = 200
	tailJobs     = 10_000 // a 99th percentile of so many has a hundred above it
	tailBefore   = 3_000  // by which a hedge knows the times, and which are not measured
)

// policies are those of BenchmarkHedge, by the name of their row. The budget of the standard
// one has a little room, which lets nearly all slow requests be hedged. The tight one is exactly
// what the percentile lets expect, 5 %, and is spent now and then just as a slow request needs it.
func policies() []row {
	return []row{
		{"pool", nil},
		{"pool-hedge", func() guard.HedgePolicy { return guard.HedgePolicy{} }},
		{"pool-hedge-tight", func() guard.HedgePolicy { return guard.HedgePolicy{Budget: guard.NewBudget(0.05)} }},
	}
}

type row struct {
	model  string
	policy func() guard.HedgePolicy // with a budget of its own; nil hedges nothing
}

func (r row) guarded(job overlap.Job[string, int64, int64]) overlap.Job[string, int64, int64] {
	if r.policy == nil {
		return job
	}
	return guard.Hedge(job, r.policy())
}

// BenchmarkHedge is 10,000 requests with latencies from heavy tails, drawn anew for each request.
// It reports
//
//	p50-ms ...     from the begin of Fetch to its end, of jobs
//	requests/job   that arrived at the server, with those before what is measured: the budget is
//	               one for both
//
// and what every benchmark does. Each process draws other latencies.
func BenchmarkHedge(b *testing.B) {
	server := startSite(b, mockserver.Settings{Seed: rand.Uint64(), Pages: tailJobs + tailBefore, PageSize: 512, Links: -1})
	for _, alpha := range []float64{1.1, 1.2, 1.5} {
		for _, r := range policies() {
			b.Run(fmt.Sprintf("alpha=%v/tasks=%d/inflight=%d/model=%s", alpha, tailJobs, tailInFlight, r.model), func(b *testing.B) {
				benchmarkHedge(b, server, alpha, r)
			})
		}
	}
}

func benchmarkHedge(b *testing.B, server *site.Site, alpha float64, r row) {
	const connections = 2 * tailInFlight
	if err := mockserver.CheckFiles(connections); err != nil {
		b.Skipf("this machine cannot: %v", err)
	}
	client := pages.NewClient(connections, time.Minute)
	defer client.CloseIdleConnections()
	require.NoError(b, pages.Connect(b.Context(), client, server.PageURL(0), tailInFlight+tailInFlight/10))
	keys := make([]string, tailJobs+tailBefore)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s?latency=%v&profile=%s&alpha=%v&perrequest=true", server.PageURL(i), tailMean, mockserver.HeavyTail, alpha)
	}
	var watch stopwatch
	job := watch.on(r.guarded(pages.Count(client)))
	run := func(keys []string) {
		require.NoError(b, overlap.Errors(pool.Run(b.Context(), job, keys, tailInFlight)))
	}
	_, err := server.Record()
	require.NoError(b, err)
	run(keys[tailJobs:])
	watch.start()
	meter := startMeter(b)
	for b.Loop() {
		run(keys[:tailJobs])
	}
	meter.report(b, tailJobs)
	watch.report(b)
	record, err := server.Record()
	require.NoError(b, err)
	b.ReportMetric(float64(record.Requests)/float64(b.N*tailJobs+tailBefore), "requests/job")
}

// A stopwatch takes the latencies of Fetches.
type stopwatch struct {
	now atomic.Pointer[cost.Latencies]
}

// start forgets what was before.
func (s *stopwatch) start() { s.now.Store(cost.NewLatencies()) }

// on is job, watched.
func (s *stopwatch) on(job overlap.Job[string, int64, int64]) overlap.Job[string, int64, int64] {
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key string) (int64, error) {
		begun := time.Now()
		body, err := fetch(ctx, key)
		if l := s.now.Load(); l != nil {
			l.Record(time.Since(begun))
		}
		return body, err
	}
	return job
}

// report reports percentiles, and leaves the whole distribution to a run of rounds.
func (s *stopwatch) report(b *testing.B) {
	l := s.now.Load()
	for _, q := range []struct {
		unit  string
		share float64
	}{{"p50-ms", 0.5}, {"p95-ms", 0.95}, {"p99-ms", 0.99}, {"p99.9-ms", 0.999}} {
		latency, _ := l.Quantile(q.share)
		b.ReportMetric(float64(latency)/1e6, q.unit)
	}
	path := os.Getenv(rounds.LatenciesEnv)
	if path == "" {
		return
	}
	text, err := l.Encode()
	require.NoError(b, err)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(b, err)
	_, err = fmt.Fprintf(file, "send %s\n", text)
	require.NoError(b, err)
	require.NoError(b, file.Close())
}

// A hedged run in virtual time is what BenchmarkHedge does, without HTTP: the same draws, guard
// and model. It returns the 99th percentile and the requests a job.
func inVirtualTime(t *testing.T, alpha float64, jobs int, r row) (p99 time.Duration, requests float64) {
	latency := mockserver.Latency{Profile: mockserver.HeavyTail, Mean: tailMean, Alpha: alpha, PerRequest: true}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all []time.Duration
		sent := 0
		before := map[string]int{} // requests for a key
		job := r.guarded(overlap.Job[string, int64, int64]{
			Fetch: func(ctx context.Context, key string) (int64, error) {
				mu.Lock()
				wait := latency.ForRequest(1, key, before[key])
				before[key]++
				sent++
				mu.Unlock()
				timer := time.NewTimer(wait)
				defer timer.Stop()
				select {
				case <-timer.C:
					return 0, nil
				case <-ctx.Done():
					return 0, context.Cause(ctx)
				}
			},
			Process: func(context.Context, int64) (int64, error) { return 0, nil },
		})
		fetch := job.Fetch
		job.Fetch = func(ctx context.Context, key string) (int64, error) {
			begun := time.Now()
			body, err := fetch(ctx, key)
			mu.Lock()
			all = append(all, time.Since(begun))
			mu.Unlock()
			return body, err
		}
		keys := make([]string, jobs+tailBefore)
		for i := range keys {
			keys[i] = mockserver.PagePath(i)
		}
		require.NoError(t, overlap.Errors(pool.Run(t.Context(), job, keys[jobs:], tailInFlight)))
		all = nil
		require.NoError(t, overlap.Errors(pool.Run(t.Context(), job, keys[:jobs], tailInFlight)))
		slices.Sort(all)
		p99, requests = all[len(all)*99/100], float64(sent)/float64(jobs+tailBefore)
	})
	return p99, requests
}

// inTheory is what the 99th percentile of a Pareto distribution is, in units of its shortest
// wait, and that of the shorter of a wait and the 95th percentile with another wait after it.
// That it is cut off, at 300, does not matter here: it is one wait in 500 or fewer.
func inTheory(alpha float64) (plain, hedged float64) {
	q := math.Pow(20, 1/alpha)
	plain = math.Pow(100, 1/alpha)
	low, high := 0.0, plain // of x, with P(both last beyond q+x) = 1/100
	for range 100 {
		if x := (low + high) / 2; math.Pow(x*(q+x), alpha) < 100 {
			low = x
		} else {
			high = x
		}
	}
	return plain, q + low
}

// By how much hedging cuts the 99th percentile is a matter of the tail: it is the theory that the
// simulation gives; a tight budget gives less.
func TestHedgeMeetsTheory(t *testing.T) {
	for _, c := range []struct {
		alpha         float64
		theory, tight float64 // times less; the second with the tight budget, at least
	}{{1.1, 3.51, 3.1}, {1.2, 3.05, 2.7}, {1.5, 2.24, 2}} {
		t.Run(fmt.Sprintf("alpha=%v", c.alpha), func(t *testing.T) {
			plain, hedged := inTheory(c.alpha)
			require.InDelta(t, c.theory, plain/hedged, 0.01)
			const jobs = 20_000
			got := map[string]time.Duration{}
			for _, r := range policies() {
				p99, requests := inVirtualTime(t, c.alpha, jobs, r)
				t.Logf("%-16s p99 %v, %.4f requests a job", r.model, p99, requests)
				got[r.model] = p99
				require.Less(t, requests, 1.06, r.model)
			}
			times := func(model string) float64 { return float64(got["pool"]) / float64(got[model]) }
			t.Logf("theory %.2f, standard %.2f, tight %.2f times less", plain/hedged, times("pool-hedge"), times("pool-hedge-tight"))
			require.InEpsilon(t, plain/hedged, times("pool-hedge"), 0.1)
			require.Greater(t, times("pool-hedge-tight"), c.tight)
			require.Less(t, times("pool-hedge-tight"), times("pool-hedge"))
		})
	}
}

// By the server's record there are no more second requests than the budget lets be, under every
// model, each for the page of its first.
func TestHedgesAtTheServer(t *testing.T) {
	const jobs, inFlight, share = 300, 8, 0.2
	for _, m := range bench.Models[string, int64, int64](bench.Limit{InFlight: inFlight}) {
		t.Run(m.Name, func(t *testing.T) {
			server, err := mockserver.Start("", mockserver.Settings{
				Seed: 1, Pages: jobs,
				Latency: mockserver.Latency{Profile: mockserver.HeavyTail, Mean: 3 * time.Millisecond, Alpha: 1.1, PerRequest: true},
			})
			require.NoError(t, err)
			defer server.Close()
			client := pages.NewClient(jobs, time.Minute)
			defer client.CloseIdleConnections()
			keys := make([]string, jobs)
			for i := range keys {
				keys[i] = server.PageURL(i)
			}
			job := guard.Hedge(pages.Count(client), guard.HedgePolicy{Percentile: 80, MinSamples: 10, Budget: guard.NewBudget(share)})
			require.NoError(t, overlap.Errors(m.Run(t.Context(), job, keys)))
			require.NoError(t, server.Close()) // what was cancelled may arrive until then
			record := server.Record()
			hedges := record.Requests - jobs
			require.Len(t, record.Paths, jobs)
			require.Equal(t, hedges, record.Duplicates, "a second request is for the page of the first")
			require.LessOrEqual(t, hedges, int64(share*jobs))
			require.LessOrEqual(t, record.Cancelled, hedges, "of two requests, one is cancelled at most")
			if m.Peak > 0 { // else all may have begun before a time is seen
				require.Positive(t, hedges)
			}
		})
	}
}

package guards_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/docs/code/guards"
	"example.com/overlap/goroutines"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// site is a mock server without a network, a job that fetches its pages, and their URLs.
func site(t *testing.T, settings mockserver.Settings) (*mockserver.Transport, guards.Job, []string) {
	server, err := mockserver.NewTransport(settings)
	require.NoError(t, err)
	urls := make([]string, settings.Pages)
	for i := range urls {
		urls[i] = server.PageURL(i)
	}
	return server, pages.Job(&http.Client{Transport: server}, 0), urls
}

// What the chapter says of the program night, in virtual time: all pages come, and the
// retries keep within their budget.
func TestGuarded(t *testing.T) {
	settings := mockserver.Settings{
		Pages:   100,
		Latency: mockserver.Latency{Mean: 50 * time.Millisecond},
		Faults:  mockserver.Faults{Status: 0.1, Hang: 0.05},
	}
	synctest.Test(t, func(t *testing.T) {
		server, job, urls := site(t, settings)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		require.NotZero(t, overlap.Failures(pool.Run(ctx, job, urls, 10)))
		require.Equal(t, time.Minute, time.Since(began)) // some hang
		require.EqualValues(t, 100, server.Record().Requests)
	})
	synctest.Test(t, func(t *testing.T) {
		server, job, urls := site(t, settings)
		began := time.Now()
		require.NoError(t, overlap.Errors(pool.Run(t.Context(), guards.Guarded(job), urls, 10)))
		require.Less(t, time.Since(began), 10*time.Second)
		require.LessOrEqual(t, server.Record().Requests, int64(150))
	})
}

// Twenty pages at once, of which ten a second get their turn: a timeout that is around the
// limiter counts the wait for it, too.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		around func(guards.Job, *rate.Limiter) guards.Job
		come   int
	}{
		{"Timeout around RateLimit", guards.Hasty, 5},
		{"RateLimit around Timeout", guards.Patient, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, job, urls := site(t, mockserver.Settings{Pages: 20, Latency: mockserver.Latency{Mean: 50 * time.Millisecond}})
			began := time.Now()
			results := goroutines.Run(t.Context(), c.around(job, rate.NewLimiter(10, 1)), urls)
			fmt.Fprintf(t.Output(), "%s: %d of 20 pages come, in %v; %d requests\n",
				c.name, 20-overlap.Failures(results), time.Since(began), server.Record().Requests)
			require.Equal(t, c.come, 20-overlap.Failures(results))
		})
	}
}

// A hundred requests fail at the same moment. Their second tries are spread over the bound,
// which is 100 ms for the first retry.
func TestComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		slots := make([]int, 5) // of 20 ms
		tried := map[int]bool{}
		job := guard.Retry(overlap.Job[int, int, int]{
			Fetch: func(_ context.Context, key int) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				if tried[key] {
					slots[min(time.Since(began)/(20*time.Millisecond), 4)]++
					return 0, nil
				}
				tried[key] = true
				return 0, &pages.StatusError{StatusCode: http.StatusServiceUnavailable}
			},
			Process: func(context.Context, int) (int, error) { return 0, nil },
		}, guard.RetryPolicy{Base: 100 * time.Millisecond})
		keys := make([]int, 100)
		for i := range keys {
			keys[i] = i
		}
		require.NoError(t, overlap.Errors(goroutines.Run(t.Context(), job, keys)))

		for i, n := range slots {
			fmt.Fprintf(t.Output(), "%3d to %3d ms: %2d %s\n", 20*i, 20*i+20, n, strings.Repeat("#", n))
		}
		require.Less(t, slices.Max(slots), 60) // were they not spread, one would have all
	})
}

// 5,000 pages, 50 in flight, from a server of which a few answers take long by chance. The
// second request is sent after the 95th percentile.
func TestTail(t *testing.T) {
	var before, after time.Duration
	for _, hedge := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server, job, urls := site(t, mockserver.Settings{Pages: 5000, PageSize: 512, Latency: mockserver.Latency{
				Profile: mockserver.HeavyTail, Alpha: 1.1, Mean: 50 * time.Millisecond, PerRequest: true,
			}})
			name := "without"
			if hedge {
				name, job = "hedged ", guard.Hedge(job, guard.HedgePolicy{})
			}
			took := timed(&job)
			require.NoError(t, overlap.Errors(pool.Run(t.Context(), job, urls, 50)))

			slices.Sort(*took)
			at := func(percent int) time.Duration { return (*took)[len(*took)*percent/100-1].Round(time.Millisecond) }
			requests := server.Record().Requests
			fmt.Fprintf(t.Output(), "%s  p50 %v, p95 %v, p99 %v, max %v, requests %d\n", name, at(50), at(95), at(99), at(100), requests)
			before, after = after, at(99)
			require.LessOrEqual(t, requests, int64(5300))
		})
	}
	require.Greater(t, before, 2*after)
}

// timed has a job note how long each Fetch takes.
func timed(job *guards.Job) *[]time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, url string) (pages.Body, error) {
		began := time.Now()
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
		}()
		return fetch(ctx, url)
	}
	return &took
}

// A hundred pages from a quick host and a hundred from a slow one, in turn.
func TestHosts(t *testing.T) {
	host := func(key string) string { name, _, _ := strings.Cut(key, "/"); return name }
	keys := make([]string, 200)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s/%d", []string{"quick", "slow"}[i%2], i)
	}
	for _, c := range []struct {
		name  string
		guard bool
		limit int
		quick time.Duration
	}{
		{"10 in flight", false, 10, 45*time.Second + 750*time.Millisecond},
		{"200 in flight, 5 at each host", true, 200, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var mu sync.Mutex
			last := map[string]time.Duration{}
			job := overlap.Job[string, string, int]{
				Fetch: func(_ context.Context, key string) (string, error) {
					time.Sleep(map[string]time.Duration{"quick": 50 * time.Millisecond, "slow": 5 * time.Second}[host(key)])
					mu.Lock()
					defer mu.Unlock()
					last[host(key)] = time.Since(began)
					return key, nil
				},
				Process: func(context.Context, string) (int, error) { return 0, nil },
			}
			if c.guard {
				job = guard.PerHost(job, host, 5)
			}
			require.NoError(t, overlap.Errors(goroutines.RunLimit(t.Context(), job, keys, c.limit)))
			fmt.Fprintf(t.Output(), "%s: the last of the quick host after %v, of the slow one after %v\n", c.name, last["quick"], last["slow"])
			require.Equal(t, c.quick, last["quick"])
		})
	}
}

// Three pages, each wanted by ten jobs at once.
func TestSingleFlight(t *testing.T) {
	for _, c := range []struct {
		name   string
		around func(guards.Job) guards.Job
		want   int64
	}{
		{"without it", func(job guards.Job) guards.Job { return job }, 30},
		{"with it", guard.SingleFlight[string, pages.Body, pages.Page], 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, job, urls := site(t, mockserver.Settings{Pages: 3, Latency: mockserver.Latency{Mean: time.Second}})
			require.NoError(t, overlap.Errors(goroutines.Run(t.Context(), c.around(job), slices.Repeat(urls, 10))))
			require.Equal(t, c.want, server.Record().Requests, c.name)
		})
	}
}

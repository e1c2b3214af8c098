package limits_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"example.com/overlap"
	"example.com/overlap/docs/code/limits"
	"example.com/overlap/goroutines"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// site is a mock server without a network, and the URLs of its pages.
func site(t *testing.T, settings mockserver.Settings) (*mockserver.Transport, []string) {
	server, err := mockserver.NewTransport(settings)
	require.NoError(t, err)
	urls := make([]string, settings.Pages)
	for i := range urls {
		urls[i] = server.PageURL(i)
	}
	return server, urls
}

func latency(mean time.Duration) mockserver.Latency { return mockserver.Latency{Mean: mean} }

// The law at work: so many in flight, each for so long, give so many a second. The
// server counts, and the time is exact.
func TestLittlesLaw(t *testing.T) {
	for _, c := range []struct {
		inFlight int
		latency  time.Duration
		want     float64 // pages a second
	}{
		{1, 20 * time.Millisecond, 50},
		{4, 20 * time.Millisecond, 200},
		{40, 20 * time.Millisecond, 2000},
		{4, 200 * time.Millisecond, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, urls := site(t, mockserver.Settings{Pages: 400, Latency: latency(c.latency)})
			job := pages.Job(&http.Client{Transport: server}, 0)
			began := time.Now()
			require.NoError(t, overlap.Errors(goroutines.RunLimit(t.Context(), job, urls, c.inFlight)))
			took := time.Since(began)

			require.EqualValues(t, c.inFlight, server.Record().PeakInFlight)
			require.InDelta(t, c.want, float64(len(urls))/took.Seconds(), 1e-6)
			fmt.Fprintf(t.Output(), "%2d in flight, %v each: %v for 400 pages, %v a second\n", c.inFlight, c.latency, took, c.want)
		})
	}
}

// A server that lets 200 requests a second through, and 20 at one moment. All 500
// at once: it answers 20. Four at once ask for 200 a second: it answers all.
func TestRateLimit(t *testing.T) {
	settings := mockserver.Settings{
		Pages:     500,
		Latency:   latency(20 * time.Millisecond),
		RateLimit: mockserver.RateLimit{PerSecond: 200, Burst: 20},
	}
	for _, c := range []struct {
		limit int
		want  map[int]int64 // answers by their status
	}{
		{500, map[int]int64{200: 20, 429: 480}},
		{4, map[int]int64{200: 500}},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, urls := site(t, settings)
			results := goroutines.RunLimit(t.Context(), pages.Job(&http.Client{Transport: server}, 0), urls, c.limit)
			require.Equal(t, c.want, server.Record().Status)
			require.EqualValues(t, c.want[429], overlap.Failures(results))
		})
	}
}

func TestSizes(t *testing.T) {
	t.Run("never more in flight than the limit, results in the order of the URLs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var g gauge
			urls := make([]string, 100)
			for i := range urls {
				urls[i] = fmt.Sprint(i)
			}
			sizes, err := limits.Sizes(t.Context(), urls, 4, func(_ context.Context, url string) (int, error) {
				defer g.add(-1)
				g.add(1)
				time.Sleep(20 * time.Millisecond)
				return len(url), nil
			})
			require.NoError(t, err)
			require.Equal(t, 4, g.most)
			require.Equal(t, 1, sizes[9])
			require.Equal(t, 2, sizes[10])
		})
	})
	t.Run("an error ends ctx for all; those after it are called all the same", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("page 2 is broken")
			var mu sync.Mutex
			called, ended := 0, 0
			began := time.Now()
			sizes, err := limits.Sizes(t.Context(), make([]string, 100), 1, func(ctx context.Context, _ string) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				called++
				if ctx.Err() != nil {
					ended++
					return 0, context.Cause(ctx)
				}
				time.Sleep(20 * time.Millisecond)
				if called == 3 {
					return 0, broken
				}
				return 1, nil
			})
			require.Equal(t, broken, err)
			require.Nil(t, sizes)
			require.Equal(t, 100, called)
			require.Equal(t, 97, ended)
			require.Equal(t, 60*time.Millisecond, time.Since(began))
		})
	})
	t.Run("the caller's ctx ends it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := limits.Sizes(ctx, make([]string, 100), 4, func(ctx context.Context, _ string) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
}

// A gauge counts what goes on at one time, and remembers the most.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

// seconds is a job of a second that counts itself in and out.
func seconds(g *gauge) overlap.Job[int, int, int] {
	return overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, key int) (int, error) {
			defer g.add(-1)
			g.add(1)
			time.Sleep(time.Second)
			return key, nil
		},
		Process: func(_ context.Context, body int) (int, error) { return body, nil },
	}
}

// Three calls at once, each with a limit of four: the other side sees twelve. With
// a semaphore that they share it sees four.
func TestALimitIsForOneCall(t *testing.T) {
	threeCalls := func(t *testing.T, job overlap.Job[int, int, int]) {
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				results := goroutines.RunLimit(t.Context(), job, make([]int, 40), 4)
				assert.Zero(t, overlap.Failures(results))
			})
		}
		calls.Wait()
	}
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		threeCalls(t, seconds(&g))
		require.Equal(t, 12, g.most)
	})
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		threeCalls(t, limits.Shared(seconds(&g), semaphore.NewWeighted(4)))
		require.Equal(t, 4, g.most)
	})
}

// Who waits for a place leaves when ctx ends.
func TestSharedHeedsCtx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := semaphore.NewWeighted(1)
		require.True(t, places.TryAcquire(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var g gauge
		for _, r := range goroutines.Run(ctx, limits.Shared(seconds(&g), places), make([]int, 5)) {
			require.ErrorIs(t, r.Err, context.DeadlineExceeded)
		}
		require.Zero(t, g.most)
	})
}

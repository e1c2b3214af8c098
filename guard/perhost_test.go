package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
)

func ExamplePerHost() {
	var mu sync.Mutex
	now, most := map[string]int{}, map[string]int{}
	host := func(key string) string {
		u, err := url.Parse(key)
		if err != nil {
			return ""
		}
		return u.Host
	}
	job := fetching(func(ctx context.Context, key string) (string, error) {
		at := host(key)
		mu.Lock()
		now[at]++
		most[at] = max(most[at], now[at])
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now[at]--
		mu.Unlock()
		return "", nil
	})

	var urls []string
	for page := range 20 {
		urls = append(urls, fmt.Sprintf("http://a.example/%d", page), fmt.Sprintf("http://b.example/%d", page))
	}
	pool.Run(context.Background(), guard.PerHost(job, host, 3), urls, 40)
	fmt.Println(most)
	// Output: map[a.example:3 b.example:3]
}

func itself(key string) string { return key }

// Ten of a slow host and ten of a quick one: each host has its two places, neither waits for the
// other.
func TestPerHostLimitsEachHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		inFlight, peak, last := map[string]int{}, map[string]int{}, map[string]time.Duration{}
		takes := map[string]time.Duration{"slow": time.Minute, "quick": time.Second}
		start := time.Now()
		job := guard.PerHost(fetching(func(ctx context.Context, key string) (string, error) {
			mu.Lock()
			inFlight[key]++
			peak[key] = max(peak[key], inFlight[key])
			mu.Unlock()
			err := pause(ctx, takes[key])
			mu.Lock()
			inFlight[key]--
			last[key] = time.Since(start)
			mu.Unlock()
			return "", err
		}), itself, 2)
		var keys []string
		for range 10 {
			keys = append(keys, "slow", "quick")
		}
		require.Zero(t, overlap.Failures(goroutines.Run(t.Context(), job, keys)))
		require.Equal(t, map[string]int{"slow": 2, "quick": 2}, peak)
		require.Equal(t, map[string]time.Duration{"slow": 5 * time.Minute, "quick": 5 * time.Second}, last)
	})
}

func TestPerHostServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		job := guard.PerHost(fetching(func(ctx context.Context, key string) (string, error) {
			order = append(order, key) // one at a time
			return "", pause(ctx, time.Hour)
		}), func(string) string { return "host" }, 1)
		var wg sync.WaitGroup
		want := []string{"a", "b", "c", "d"}
		for _, key := range want {
			wg.Go(func() { do(t.Context(), job, key) })
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, want, order)
	})
}

func TestPerHostWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := 0
		job := guard.PerHost(fetching(func(context.Context, string) (string, error) {
			begun++
			time.Sleep(time.Minute) // does not heed its context
			return "", nil
		}), itself, 1)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		go func() { _, _ = job.Fetch(t.Context(), "host") }()
		synctest.Wait()
		r, took := do(ctx, job, "host")
		require.Equal(t, time.Second, took)
		require.Equal(t, cause, r.Err)
		require.Equal(t, 1, begun)

		// The place is not lost.
		r, took = do(t.Context(), job, "host")
		require.NoError(t, r.Err)
		require.Equal(t, 2*time.Minute-time.Second, took)
	})
}

func TestPerHostFreesItsPlaceWhateverTheEnd(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		job := guard.PerHost(fetching(func(context.Context, string) (string, error) { return e.half() }), itself, 1)
		for range 3 {
			r, took := do(t.Context(), job, "host")
			e.is(t, r.Err)
			require.Zero(t, took)
		}

		// A function that cannot say the host fails that key, and holds up none.
		calls := 0
		job = guard.PerHost(job, func(string) string {
			if calls++; calls > 1 {
				return "host"
			}
			name, err := e.half()
			if err != nil {
				panic(err)
			}
			return name
		}, 1)
		for range 2 {
			r, _ := do(t.Context(), job, "host")
			require.Error(t, r.Err)
		}
	})
}

func TestPerHostRefuses(t *testing.T) {
	job := fetching(func(context.Context, string) (string, error) { return "", nil })
	require.PanicsWithValue(t, "guard: host is nil", func() { guard.PerHost(job, nil, 1) })
	require.PanicsWithValue(t, "overlap: limit is 0, want at least 1", func() { guard.PerHost(job, itself, 0) })
}

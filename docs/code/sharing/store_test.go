package sharing

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// askAll lets one goroutine for each path get it, all at once, from a store whose
// fetches take a second. It returns how many fetches there were, and how long all
// of it took. It must be called in a bubble.
func askAll(t *testing.T, store func(fetch func(string) string) Store, paths ...string) (fetches int, took time.Duration) {
	var n atomic.Int64
	s := store(func(path string) string {
		n.Add(1)
		time.Sleep(time.Second)
		return "the page " + path
	})
	start := time.Now()
	var wg sync.WaitGroup
	for _, path := range paths {
		wg.Go(func() {
			if got := s.Get(path); got != "the page "+path {
				t.Errorf("Get(%q) is %q", path, got)
			}
		})
	}
	wg.Wait()
	return int(n.Load()), time.Since(start)
}

func careless(fetch func(string) string) Store { return NewCareless(fetch) }
func held(fetch func(string) string) Store     { return NewHeld(fetch) }
func promised(fetch func(string) string) Store { return NewPromised(fetch) }

func tenTimes(path string) []string {
	paths := make([]string, 10)
	for i := range paths {
		paths[i] = path
	}
	return paths
}

// Under the race detector too there is nothing to see here but the count.
func TestTenAskForOnePage(t *testing.T) {
	for _, c := range []struct {
		name    string
		store   func(func(string) string) Store
		fetches int
	}{
		{"careless", careless, 10},
		{"promised", promised, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fetches, took := askAll(t, c.store, tenTimes("/page/0")...)
				t.Logf("10 asked for one page: %d fetched it, in %v", fetches, took)
				require.Equal(t, c.fetches, fetches)
				require.Equal(t, time.Second, took)
			})
		})
	}
}

// Virtual time does not see who waits for a mutex, so Held stands in real time; its
// fetches end when the test lets them, and no time is measured.
func TestHeldFetchesOneAtATime(t *testing.T) {
	var inFetch, most, fetches atomic.Int64
	s := held(func(path string) string {
		fetches.Add(1)
		most.Store(max(most.Load(), inFetch.Add(1)))
		inFetch.Add(-1)
		return "the page " + path
	})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { s.Get(fmt.Sprint("/page/", i/2)) })
	}
	wg.Wait()
	require.EqualValues(t, 50, fetches.Load(), "no page twice")
	require.EqualValues(t, 1, most.Load(), "one at a time")
}

func TestPromisedFetchesAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches, took := askAll(t, promised, "/a", "/b", "/c", "/a", "/b", "/c")
		require.Equal(t, 3, fetches)
		require.Equal(t, time.Second, took)
	})
}

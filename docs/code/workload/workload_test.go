package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// The program's whole output, as the chapter has it.
func Example() {
	fmt.Println(run(os.Stdout))
	// Output:
	// river  8 words, error: <nil>
	// fog    0 words, error: not on the shelf
	// door   7 words, error: <nil>
	// snow   4 words, error: <nil>
	// goroutines and a pool of 2 give the same: true
	// <nil>
}

func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site, err := mockserver.NewTransport(mockserver.Settings{
			Pages:   2_400,
			Latency: mockserver.Latency{Mean: 50 * time.Millisecond},
		})
		require.NoError(t, err)
		job := pages.Job(&http.Client{Transport: site}, 0)
		urls := make([]string, 2_400)
		for i := range urls {
			urls[i] = site.PageURL(i)
		}

		start := time.Now() // the bubble's clock
		results := sequential.Run(t.Context(), job, urls)
		require.NoError(t, overlap.Errors(results))
		require.Equal(t, 2_400*50*time.Millisecond, time.Since(start))
		require.EqualValues(t, 1, site.Record().PeakInFlight)
		t.Logf("2,400 pages of 50ms, one after another: %v", time.Since(start))
	})
}

// What the chapter says of the seed: the same pages fail, with the same faults.
func TestSameSeedSameFaults(t *testing.T) {
	faults := mockserver.Faults{Status: 0.1, Reset: 0.05}
	fails := func(seed uint64) (paths []string) {
		for i := range 200 {
			if path := mockserver.PagePath(i); faults.For(seed, path, 0) != mockserver.NoFault {
				paths = append(paths, path)
			}
		}
		return paths
	}
	require.Equal(t, fails(1), fails(1))
	require.NotEqual(t, fails(1), fails(2))
	require.Contains(t, fails(1), "/page/21")
}

// All at once takes as long as the slowest page, whatever the mean: the chapter's
// third run, in its own numbers.
func TestSlowestPageDecides(t *testing.T) {
	latency := mockserver.Latency{Profile: mockserver.HeavyTail, Mean: 100 * time.Millisecond}
	var slowest time.Duration
	below := 0
	for i := range 200 {
		wait := latency.For(1, mockserver.PagePath(i))
		slowest = max(slowest, wait)
		if wait < latency.Mean {
			below++
		}
	}
	require.Greater(t, slowest, 4*latency.Mean)
	require.Greater(t, below, 150)
}

package pool_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/pool"
)

// Package bench/conform proves the contract. Here is what these models say of
// themselves besides.

type (
	job    = overlap.Job[int, int, int]
	result = overlap.Result[int]
)

var forms = []struct {
	name string
	run  func(ctx context.Context, j job, keys []int, workers int) []result
}{
	{"Run", pool.Run[int, int, int]},
	{"RunCounter", pool.RunCounter[int, int, int]},
	{"RunSteal", pool.RunSteal[int, int, int]},
}

// claiming are the forms whose workers claim keys by index, here and there.
var claiming = forms[1:]

func process(_ context.Context, n int) (int, error) { return n, nil }

func upTo(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// inBubble counts the goroutines of this test's synctest bubble.
func inBubble() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), ", synctest bubble ")
}

// As many goroutines as there are workers, however many the keys; a limit that is
// far too large costs nothing.
func TestWorkersStarted(t *testing.T) {
	for _, c := range []struct {
		name             string
		keys, workers    int
		goroutinesWanted int
	}{
		{"more keys than workers", 100, 3, 3},
		{"fewer keys than workers", 4, 50, 4},
		{"no end of workers", 4, math.MaxInt, 4},
	} {
		for _, form := range forms {
			t.Run(form.name+": "+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					before, counted := inBubble(), 0
					j := job{Process: process, Fetch: func(_ context.Context, n int) (int, error) {
						if n == 0 {
							synctest.Wait()
							counted = inBubble() - before
						}
						time.Sleep(time.Second)
						return n, nil
					}}
					require.Zero(t, overlap.Failures(form.run(t.Context(), j, upTo(c.keys), c.workers)))
					require.Equal(t, c.goroutinesWanted, counted)
				})
			})
		}
	}
}

// RunCounter has a range for each core and RunSteal one for each worker, so they
// must be right for every number of either, ranges that share the keys unevenly
// among them.
func TestClaimsOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, cores := range []int{1, 2, 3, 7, 64} {
		for _, form := range claiming {
			t.Run(fmt.Sprint(form.name, ": cores=", cores), func(t *testing.T) {
				runtime.GOMAXPROCS(cores)
				for _, n := range []int{0, 1, 2, 3, 6, 7, 8, 63, 64, 65, 1000} {
					for _, workers := range []int{1, 2, 5, 64, 200} {
						keys := upTo(n)
						times := make([]int, n) // each key has one worker, or -race objects
						j := job{Process: process, Fetch: func(_ context.Context, key int) (int, error) {
							times[key]++
							return 10 * key, nil
						}}
						results := form.run(t.Context(), j, keys, workers)
						require.Len(t, results, n)
						for i, r := range results {
							require.Equal(t, result{Value: 10 * i}, r, "%d keys, %d workers", n, workers)
							require.Equal(t, 1, times[i], "%d keys, %d workers", n, workers)
						}
					}
				}
			})
		}
	}
}

// A worker whose own range is empty goes on with what others have left: no
// worker is idle while a job waits, however unevenly the work lies.
func TestClaimsLeaveNoWorkerIdle(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, form := range claiming {
		t.Run(form.name, func(t *testing.T) { leavesNoWorkerIdle(t, form.run) })
	}
}

func leavesNoWorkerIdle(t *testing.T, run func(context.Context, job, []int, int) []result) {
	synctest.Test(t, func(t *testing.T) {
		// Of 400 jobs only the first 100, one core's range, take any time.
		j := job{Process: process, Fetch: func(_ context.Context, n int) (int, error) {
			if n < 100 {
				time.Sleep(time.Second)
			}
			return n, nil
		}}
		begin := time.Now()
		require.Zero(t, overlap.Failures(run(t.Context(), j, upTo(400), 4)))
		require.Equal(t, 25*time.Second, time.Since(begin))
	})
}

package goroutines_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
)

// Package bench/conform proves the contract. Here is what these models say of
// themselves besides.

type (
	job    = overlap.Job[int, int, int]
	result = overlap.Result[int]
)

func process(_ context.Context, n int) (int, error) { return n, nil }

// inBubble counts the goroutines of this test's synctest bubble.
func inBubble() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), ", synctest bubble ")
}

func TestGoroutinesStarted(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(ctx context.Context, j job, keys []int) []result
		n    int
		want int
	}{
		{"unbounded: one for each job", goroutines.Run[int, int, int], 100, 100},
		{"with a limit: no more than that", func(ctx context.Context, j job, keys []int) []result {
			return goroutines.RunLimit(ctx, j, keys, 3)
		}, 100, 3},
		{"with a limit above the number of jobs", func(ctx context.Context, j job, keys []int) []result {
			return goroutines.RunLimit(ctx, j, keys, 1000)
		}, 7, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := inBubble()
				var counted []int
				j := job{Process: process, Fetch: func(_ context.Context, n int) (int, error) {
					if n == 0 || n == 50 && c.want == 3 { // at first, and again when goroutines have come and gone
						synctest.Wait()
						counted = append(counted, inBubble()-before)
					}
					time.Sleep(time.Second)
					return n, nil
				}}
				keys := make([]int, c.n)
				for i := range keys {
					keys[i] = i
				}
				require.Zero(t, overlap.Failures(c.run(t.Context(), j, keys)))
				require.NotEmpty(t, counted)
				for _, n := range counted {
					require.Equal(t, c.want, n)
				}
			})
		})
	}
}

// That Stream is unbounded is a warning in its documentation, and a fact.
func TestStreamGoesOnPulling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pulled, begun atomic.Int64
		j := job{Process: process, Fetch: func(_ context.Context, n int) (int, error) {
			begun.Add(1)
			return n, nil
		}}
		keys := func(yield func(int) bool) {
			for n := range 1000 {
				pulled.Add(1)
				if !yield(n) {
					return
				}
			}
		}
		var got []int
		for n, r := range goroutines.Stream(t.Context(), j, keys) {
			if got = append(got, r.Value); len(got) == 1 {
				synctest.Wait() // the consumer takes its time with the first result
				require.EqualValues(t, 1000, pulled.Load())
				require.EqualValues(t, 1000, begun.Load())
			}
			require.Equal(t, n, r.Value)
		}
		slices.Sort(got)
		require.Len(t, slices.Compact(got), 1000)
	})
}

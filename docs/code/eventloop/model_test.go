package loops_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/sequential"
)

const ms = time.Millisecond

// Ten pages, each 50 ms of waiting and 20 ms of work, under four models. Work is a
// sleep here, that of a virtual clock: it holds whatever runs it.
func TestModels(t *testing.T) {
	type (
		job    = overlap.Job[int, int, int]
		result = overlap.Result[int]
	)
	keys := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, c := range []struct {
		name string
		run  func(context.Context, job, []int) []result
		want time.Duration
	}{
		{"sequential", sequential.Run[int, int, int], 10 * (50 + 20) * ms},
		{"goroutines", goroutines.Run[int, int, int], (50 + 20) * ms},
		{"event loop", eventloop.Run[int, int, int], (50 + 10*20) * ms},
		{"event loop, 4 threads", func(ctx context.Context, j job, keys []int) []result {
			return eventloop.RunToThread(ctx, j, keys, 4)
		}, (50 + 3*20) * ms},
	} {
		synctest.Test(t, func(t *testing.T) {
			page := job{
				Fetch: func(_ context.Context, key int) (int, error) {
					time.Sleep(50 * ms)
					return key, nil
				},
				Process: func(_ context.Context, key int) (int, error) {
					time.Sleep(20 * ms)
					return key, nil
				},
			}
			began := time.Now()
			results := c.run(t.Context(), page, keys)
			took := time.Since(began)
			values, err := overlap.Values(results)
			require.NoError(t, err)
			require.Equal(t, keys, values)
			require.Equal(t, c.want, took, c.name)
			fmt.Fprintf(t.Output(), "%-22s %v\n", c.name, took)
		})
	}
}

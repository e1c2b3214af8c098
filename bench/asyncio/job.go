package asyncio

import (
	"context"
	"fmt"

	"example.com/overlap"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
)

// Jobs are models over jobs that fetch and process nothing, so many in a run: what is left is what
// the model itself takes for a job, its goroutine off the loop included. An operation is a
// job. The first run is not measured.
func Jobs(tasks int) []Row {
	over := func(run overlap.Runner[int, int, int]) func(context.Context, Meter, int) (int, error) {
		return func(ctx context.Context, m Meter, n int) (int, error) {
			job := overlap.Job[int, int, int]{
				Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
				Process: func(_ context.Context, key int) (int, error) { return key + 1, nil },
			}
			keys := make([]int, tasks)
			for i := range keys {
				keys[i] = i
			}
			rounds, total := roundsOf(tasks, n), 0
			for i := range rounds + 1 {
				if i == 1 {
					m.ResetTimer()
				}
				values, err := overlap.Values(run(ctx, job, keys))
				if err != nil {
					return 0, err
				}
				for _, v := range values {
					total += v
				}
			}
			m.StopTimer()
			if want := (rounds + 1) * tasks * (tasks + 1) / 2; total != want {
				return 0, fmt.Errorf("the results add up to %d, want %d", total, want)
			}
			return rounds * tasks, nil
		}
	}
	return []Row{
		{"eventloop", over(eventloop.Run[int, int, int])},
		{"goroutines", over(goroutines.Run[int, int, int])},
	}
}

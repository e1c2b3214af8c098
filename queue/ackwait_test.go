package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// The server waits longer than the worker does: the last try of a job whose function heeds ctx
// is recorded as what it was, before the server hands the job out once more and that worker finds
// that its tries are used up.
func TestALastTryThatEndsAtTheAckWaitIsNotLost(t *testing.T) {
	q := here(t)
	job := queue.Job[int, int, int]{Name: "last", AckWait: 500 * time.Millisecond, Tries: 1, Job: overlap.Job[int, int, int]{
		Fetch:   func(ctx context.Context, n int) (int, error) { <-ctx.Done(); return n, ctx.Err() },
		Process: func(_ context.Context, n int) (int, error) { return n, nil },
	}}
	working(t, q, job, 100)
	keys := make([]int, 40)
	for i := range keys {
		keys[i] = i
	}
	for _, r := range queue.Run(t.Context(), q, job, keys) {
		require.ErrorIs(t, r.Err, queue.ErrAckWait)
	}
}

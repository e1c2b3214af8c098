package queue_test

import (
	"context"
	"sync"
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

// A function that is deaf to ctx ends after its Run has given it up and tidied up: nothing is
// recorded any more, and there is one dead letter.
func TestALateTryOfARunThatHasEndedIsNotRecorded(t *testing.T) {
	t.Parallel() // it waits, mostly
	q := here(t)
	var late sync.WaitGroup
	gate := make(chan struct{})
	late.Add(1)
	job := queue.Job[string, string, string]{
		Name: "late", AckWait: 100 * time.Millisecond, Tries: 1,
		Job: overlap.Job[string, string, string]{
			Fetch:   func(_ context.Context, key string) (string, error) { defer late.Done(); <-gate; return key, nil },
			Process: func(_ context.Context, body string) (string, error) { return body, nil },
		},
	}
	end := working(t, q, job, 2) // the other hand gives it up
	require.ErrorIs(t, queue.Run(t.Context(), q, job, []string{"deaf"})[0].Err, queue.ErrLost)
	_, err := q.Status(t.Context(), "late") // asks the worker, who has heard of the Run's end before
	require.NoError(t, err)
	close(gate)
	late.Wait()
	end()
	status, err := q.Status(t.Context(), "late")
	require.NoError(t, err)
	require.Equal(t, queue.Status{Dead: 1, Redelivered: 1}, status)
}

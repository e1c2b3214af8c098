package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

func letters(t *testing.T, q *queue.Queue, job string) (all []queue.DeadLetter) {
	t.Helper()
	for letter, err := range q.Dead(t.Context(), job) {
		require.NoError(t, err)
		all = append(all, letter)
	}
	return all
}

func TestAPoisonedJobIsADeadLetterAfterItsTries(t *testing.T) {
	t.Parallel() // it waits, mostly
	const tries = 3
	for _, test := range []struct {
		name, key string
		code      string
		message   string
		is        error
		panicked  bool
		dies      bool
	}{
		{name: "it always fails", key: "fail", code: "on-purpose", message: "fail: " + errOnPurpose.Error(), is: errOnPurpose},
		{name: "it always panics", key: "panic", code: queue.CodePanic, message: "panic: panic", panicked: true},
		{name: "it ends its worker each time", key: "exit", code: queue.CodeLost, message: queue.ErrLost.Error(), is: queue.ErrLost, dies: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			q := opened(t, queue.Settings{Dir: dir})
			run := workerRun{
				Dir: dir, Name: "poison", Limit: 1, Tries: tries, AckWait: time.Second, Backoff: 200 * time.Millisecond,
				Record: filepath.Join(t.TempDir(), "record"),
			}
			record := &journal{path: run.Record}
			w := run.start(t)
			ran := make(chan []overlap.Result[string], 1)
			keys := []string{"ok 1", test.key, "ok 2"}
			go func() { ran <- queue.Run(t.Context(), q, run.job(), keys) }()
			for i := range tries {
				eventually(t, "another try", func() bool { return len(record.begun(t, test.key)) > i })
				if test.dies {
					require.NoError(t, w.Kill()) // it ends by itself, at once or before
					w = run.start(t)
				}
			}
			results := <-ran

			require.Equal(t, overlap.Result[string]{Value: outcomeOf("ok 1")}, results[0])
			require.Equal(t, overlap.Result[string]{Value: outcomeOf("ok 2")}, results[2])
			remote, ok := errors.AsType[*queue.RemoteError](results[1].Err)
			require.True(t, ok, "%v", results[1].Err)
			require.Equal(t, test.code, remote.Code)
			require.Contains(t, remote.Message, test.message)
			require.Equal(t, tries, remote.Tries)
			require.NotEmpty(t, remote.Worker)
			if test.is != nil {
				require.ErrorIs(t, remote, test.is)
			}
			if test.panicked {
				panicked, ok := errors.AsType[*overlap.PanicError](results[1].Err)
				require.True(t, ok)
				require.Equal(t, "panic", panicked.Value)
				require.Contains(t, string(panicked.Stack), "roles_test.go")
			}

			begun := record.begun(t, test.key)
			require.Len(t, begun, tries)
			for i := 1; i < tries && !test.dies; i++ {
				require.GreaterOrEqual(t, begun[i].at.Sub(begun[i-1].at), run.Backoff<<(i-1), "the wait before try %d", i+1)
			}

			eventually(t, "the dead letter", func() bool { return len(letters(t, q, run.Name)) > 0 })
			dead := letters(t, q, run.Name)
			require.Len(t, dead, 1)
			require.Equal(t, fmt.Sprintf("%q", test.key), string(dead[0].Key))
			letter, ok := errors.AsType[*queue.RemoteError](dead[0].Err)
			require.True(t, ok)
			require.Equal(t, remote.Message, letter.Message)
			require.Equal(t, remote.Code, letter.Code)
			require.NoError(t, w.Close())
			status, err := q.Status(t.Context(), run.Name)
			require.NoError(t, err)
			require.Equal(t, 1, status.Dead)
			require.Zero(t, status.Pending+status.InFlight)
		})
	}
}

// deadBatch is a batch of n jobs that are dead letters, and its collector's errors.
func deadBatch(t *testing.T, n int) (q *queue.Queue, run workerRun, keys []string) {
	dir := t.TempDir()
	q = opened(t, queue.Settings{Dir: dir})
	run = workerRun{
		Dir: dir, Name: "revive", Limit: 8, Tries: 1, AckWait: time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	for i := range n {
		keys = append(keys, fmt.Sprintf("fail %d", i))
	}
	_, err := queue.Add(t.Context(), q, run.job(), "batch", slices.Values(keys))
	require.NoError(t, err)
	w := run.start(t)
	for i, result := range queue.Collect(t.Context(), q, run.job(), "batch", keys) {
		require.ErrorIs(t, result.Err, errOnPurpose, keys[i])
	}
	require.NoError(t, w.Close())
	require.Len(t, letters(t, q, run.Name), n)
	return q, run, keys
}

// requireMended asserts that a worker that can does the revived jobs, each once.
func requireMended(t *testing.T, q *queue.Queue, run workerRun, keys []string) {
	t.Helper()
	require.Empty(t, letters(t, q, run.Name))
	run.Mended = true
	run.Record = filepath.Join(t.TempDir(), "record")
	w := run.start(t)
	for i, result := range queue.Collect(t.Context(), q, run.job(), "batch", keys) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(keys[i])}, result)
	}
	require.NoError(t, w.Close())
	js := streams(t, hostURL(t, run.Dir))
	require.EqualValues(t, len(keys), state(t, js, "OVERLAP_revive_results").Msgs)
	require.Zero(t, state(t, js, "OVERLAP_revive_jobs").Msgs)
	require.Empty(t, letters(t, q, run.Name))
	require.Equal(t, len(keys), (&journal{path: run.Record}).count(t), "executions by the mended worker")
}

func TestReviveTwiceLosesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	q, run, keys := deadBatch(t, 10)
	n, err := q.Revive(t.Context(), run.Name)
	require.NoError(t, err)
	require.Equal(t, len(keys), n)
	n, err = q.Revive(t.Context(), run.Name)
	require.NoError(t, err)
	require.Zero(t, n)
	requireMended(t, q, run, keys)
}

func TestTwoRevivesAtOnceLoseNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	q, run, keys := deadBatch(t, 50)
	var reviving sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		reviving.Go(func() { _, errs[i] = q.Revive(t.Context(), run.Name) })
	}
	reviving.Wait()
	require.NoError(t, errors.Join(errs...))
	requireMended(t, q, run, keys)
}

// A context that ends when it has been asked whether it has so many times.
type endsAfter struct {
	context.Context
	end func()

	mu   sync.Mutex
	left int
}

func (c *endsAfter) asked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		c.end()
	}
}

func (c *endsAfter) Done() <-chan struct{} {
	c.asked()
	return c.Context.Done()
}

func (c *endsAfter) Err() error {
	c.asked()
	return c.Context.Err()
}

func TestReviveInterruptedLosesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	q, run, keys := deadBatch(t, 10)
	interrupted, all := 0, 0
	for left := 1; ; left++ {
		inner, cancel := context.WithCancel(t.Context())
		ctx := &endsAfter{Context: inner, end: cancel, left: left}
		n, err := q.Revive(ctx, run.Name)
		cancel()
		if all += n; err == nil {
			break
		}
		interrupted++
		require.ErrorIs(t, err, context.Canceled)
	}
	t.Logf("interrupted %d times", interrupted)
	require.Greater(t, interrupted, len(keys))
	require.Equal(t, len(keys), all)
	requireMended(t, q, run, keys)
}

// What fails again while it is being revived is a dead letter again.
func TestReviveWhileWorkersFailLosesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	q, run, keys := deadBatch(t, 200)
	w := run.start(t)
	n, err := q.Revive(t.Context(), run.Name)
	require.NoError(t, err)
	require.Equal(t, len(keys), n)
	js := streams(t, hostURL(t, run.Dir))
	eventually(t, "the queue is empty", func() bool { return state(t, js, "OVERLAP_revive_jobs").Msgs == 0 })
	require.NoError(t, w.Close())
	require.Len(t, letters(t, q, run.Name), len(keys))
	n, err = q.Revive(t.Context(), run.Name)
	require.NoError(t, err)
	require.Equal(t, len(keys), n)
	requireMended(t, q, run, keys)
}

// A worker writes the dead letter before it acks the job: that ack must not take the job that was
// revived in between.
func TestReviveBeforeTheAckLosesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	q, run, keys := deadBatch(t, 1)
	letter := letters(t, q, run.Name)[0]
	js := streams(t, hostURL(t, run.Dir))
	_, err := js.Publish(t.Context(), "overlap.revive.job."+letter.Batch+"."+letter.ID, letter.Key)
	require.NoError(t, err)
	workers, err := js.Consumer(t.Context(), "OVERLAP_revive_jobs", "workers")
	require.NoError(t, err)
	job, err := workers.Next()
	require.NoError(t, err)

	n, err := q.Revive(t.Context(), run.Name)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_ = job.DoubleAck(t.Context()) // it may be refused: the job that it is of is gone
	require.EqualValues(t, 1, state(t, js, "OVERLAP_revive_jobs").Msgs)
	requireMended(t, q, run, keys)
}

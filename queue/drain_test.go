//go:build unix

package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

func waiting(from, to int) (keys []string) {
	for i := from; i < to; i++ {
		keys = append(keys, fmt.Sprintf("wait %d", i))
	}
	return keys
}

// A worker that is told to stop finishes what it runs, records it, and takes nothing more, also
// where it had asked for more; nothing is done twice for that.
func TestAWorkerDrains(t *testing.T) {
	dir := t.TempDir()
	q := opened(t, queue.Settings{Dir: dir})
	run := workerRun{
		Dir: dir, Name: "drain", Limit: 8, Tries: 5, AckWait: 30 * time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	add := func(keys []string) {
		added, err := queue.Add(t.Context(), q, run.job(), "batch", slices.Values(keys))
		require.NoError(t, err)
		require.Equal(t, len(keys), added.New)
	}
	record := &journal{path: run.Record}
	first := run.start(t)
	add(waiting(0, 4)) // so four hands are free, and the question for more is open
	eventually(t, "four jobs run", func() bool { return record.count(t) == 4 })
	require.NoError(t, syscall.Kill(first.pid, syscall.SIGTERM))
	eventually(t, "the worker is told to stop", func() bool { return len(record.of(t, "told")) == 1 })
	add(waiting(4, 20))
	for _, key := range waiting(0, 4) {
		run.open(t, key, 0)
	}
	eventually(t, "the worker has drained", func() bool { return len(record.of(t, "drained")) == 1 })
	require.Equal(t, "4", record.of(t, "drained")[0].key, "results that it recorded")
	require.Equal(t, 4, record.count(t), "jobs that it began")
	require.NoError(t, first.Close())

	second := run.start(t)
	for _, key := range waiting(4, 20) {
		run.open(t, key, 0)
	}
	keys := waiting(0, 20)
	for i, result := range queue.Collect(t.Context(), q, run.job(), "batch", keys) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(keys[i])}, result)
	}
	require.NoError(t, second.Close())
	require.Equal(t, len(keys), record.count(t), "executions")
	require.Empty(t, record.of(t, "error"))
}

// Work's own context, in this process.
func TestWorkReturnsWhenItHasDrained(t *testing.T) {
	dir := t.TempDir()
	q := opened(t, queue.Settings{Dir: dir})
	run := workerRun{Dir: dir, Name: "drain", Limit: 8, AckWait: 30 * time.Second, Record: filepath.Join(t.TempDir(), "record")}
	record := &journal{path: run.Record}
	_, err := queue.Add(t.Context(), q, run.job(), "batch", slices.Values(waiting(0, 20)))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	type ended struct {
		worked queue.Worked
		err    error
	}
	working := make(chan ended, 1)
	go func() {
		worked, err := queue.Work(ctx, q, run.job(), run.Limit)
		working <- ended{worked, err}
	}()
	eventually(t, "all hands have a job", func() bool { return record.count(t) == run.Limit })
	cancel()
	for _, key := range waiting(0, 20) {
		run.open(t, key, 0)
	}
	require.Equal(t, ended{queue.Worked{Done: run.Limit}, nil}, <-working)
	require.Equal(t, run.Limit, record.count(t))
	worked, err := queue.Work(ctx, q, run.job(), run.Limit)
	require.NoError(t, err, "a context that has ended before")
	require.Zero(t, worked)

	js := streams(t, hostURL(t, dir))
	require.EqualValues(t, 20-run.Limit, state(t, js, "OVERLAP_drain_jobs").Msgs)
	require.EqualValues(t, run.Limit, state(t, js, "OVERLAP_drain_results").Msgs)
}

// left is what a server keeps of everything but the batch "other".
func left(t *testing.T, js jetstream.JetStream, name string) (subjects []string) {
	t.Helper()
	for _, kind := range []string{"jobs", "results", "dead"} {
		for subject := range state(t, js, "OVERLAP_"+name+"_"+kind, jetstream.WithSubjectFilter(">")).Subjects {
			if !slices.Contains([]string{"again.other", "batch.other", "job.other", "result.other"}, kindAndBatch(subject)) {
				subjects = append(subjects, subject)
			}
		}
	}
	return subjects
}

func TestARunWhoseContextEndsLeavesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	cause := errors.New("enough")
	for _, test := range []struct {
		name   string
		before func(t *testing.T, w worker) // the context ends
		gone   bool                         // the worker does not answer
	}{
		{"its worker ends the jobs", func(*testing.T, worker) {}, false},
		{"its worker was killed", func(t *testing.T, w worker) { require.NoError(t, w.Kill()) }, true},
		{"its worker hangs", func(t *testing.T, w worker) { require.NoError(t, syscall.Kill(w.pid, syscall.SIGSTOP)) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			q := opened(t, queue.Settings{Dir: dir})
			run := workerRun{
				Dir: dir, Name: "ends", Limit: 4, Tries: 5, AckWait: 2 * time.Second,
				Record: filepath.Join(t.TempDir(), "record"),
			}
			record := &journal{path: run.Record}
			other := []string{"wait other 0", "wait other 1", "wait other 2"}
			_, err := queue.Add(t.Context(), q, run.job(), "other", slices.Values(other[:2]))
			require.NoError(t, err)
			w := run.start(t)
			eventually(t, "the other batch's jobs run", func() bool { return record.count(t) == 2 })

			ctx, cancel := context.WithCancelCause(t.Context())
			keys := append([]string{"ok"}, waiting(0, 50)...)
			ran := make(chan []overlap.Result[string], 1)
			go func() { ran <- queue.Run(ctx, q, run.job(), keys) }()
			js := streams(t, hostURL(t, dir))
			eventually(t, "one job of the run is done and two run", func() bool {
				return record.count(t) == 5 && state(t, js, "OVERLAP_ends_results").Msgs == 1
			})
			_, err = queue.Add(t.Context(), q, run.job(), "other", slices.Values(other[2:]))
			require.NoError(t, err)
			test.before(t, w)
			began := time.Now()
			cancel(cause)
			results := <-ran
			t.Logf("Run returned %v after its context had ended; the ack wait is %v", time.Since(began), run.AckWait)

			require.Equal(t, overlap.Result[string]{Value: outcomeOf("ok")}, results[0])
			for i, result := range results[1:] {
				require.Equal(t, cause, result.Err, keys[i+1])
			}
			require.Empty(t, left(t, js, run.Name))
			if test.gone {
				require.NoError(t, w.Kill())
				w = run.start(t)
			}
			for _, key := range other {
				run.open(t, key, 0)
			}
			for i, result := range queue.Collect(t.Context(), q, run.job(), "other", other) {
				require.Equal(t, overlap.Result[string]{Value: outcomeOf(other[i])}, result)
			}
			require.NoError(t, w.Close())
			require.Empty(t, left(t, js, run.Name))
			for _, key := range waiting(2, 50) {
				require.Empty(t, record.begun(t, key), key)
			}
		})
	}
}

// What is on its way to the server when the context ends must not arrive after the jobs were
// taken back.
func TestARunThatEndsWhileItAddsLeavesNothing(t *testing.T) {
	t.Parallel() // it waits, mostly
	dir := t.TempDir()
	q := opened(t, queue.Settings{Dir: dir})
	run := workerRun{Name: "ends", Record: filepath.Join(t.TempDir(), "record")}
	js := streams(t, hostURL(t, dir))
	_, err := queue.Add(t.Context(), q, run.job(), "other", slices.Values([]string{"ok"}))
	require.NoError(t, err)
	cause := errors.New("enough")
	for i := range 3 {
		ctx, cancel := context.WithCancelCause(t.Context())
		ran := make(chan []overlap.Result[string], 1)
		go func() { ran <- queue.Run(ctx, q, run.job(), waiting(0, 4_000)) }()
		eventually(t, "it adds", func() bool { return state(t, js, "OVERLAP_ends_jobs").Msgs > uint64(100+1_000*i) })
		cancel(cause)
		for _, result := range <-ran {
			require.Equal(t, cause, result.Err)
		}
		require.Empty(t, left(t, js, run.Name))
	}
}

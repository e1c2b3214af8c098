//go:build unix

package queue_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/queue"
)

// hung has one job in the hands of two workers, because the first took longer than the ack wait.
func hung(t *testing.T, hang func(worker)) (q *queue.Queue, run workerRun, record *journal, first, second worker) {
	dir := t.TempDir()
	q = opened(t, queue.Settings{Dir: dir})
	run = workerRun{
		Dir: dir, Name: "hang", Limit: 1, Tries: 100, AckWait: time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	_, err := queue.Add(t.Context(), q, run.job(), "batch", slices.Values([]string{"deaf"}))
	require.NoError(t, err)
	record = &journal{path: run.Record}
	first = run.start(t)
	eventually(t, "the first worker begins", func() bool { return len(record.begun(t, "deaf")) == 1 })
	hang(first)
	second = run.start(t)
	eventually(t, "the second worker begins", func() bool { return len(record.begun(t, "deaf")) == 2 })
	require.Equal(t, second.pid, record.begun(t, "deaf")[1].pid)
	return q, run, record, first, second
}

func TestAWorkerThatHangsLosesItsJob(t *testing.T) {
	t.Parallel() // it waits, mostly
	signal := func(t *testing.T, w worker, s syscall.Signal) { require.NoError(t, syscall.Kill(w.pid, s)) }
	for _, test := range []struct {
		name       string
		stopped    bool // by SIGSTOP; else its function does not heed ctx
		firstFirst bool // the one that hung records before the other
	}{
		{"its process is stopped, and what it records late is dropped", true, false},
		{"its process is stopped, and what it records late is the first record", true, true},
		{"its function does not heed ctx, and what it records late is dropped", false, false},
		{"its function does not heed ctx, and what it records late is the first record", false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			q, run, record, first, second := hung(t, func(w worker) {
				if test.stopped {
					signal(t, w, syscall.SIGSTOP)
				}
			})
			if test.stopped && test.firstFirst {
				signal(t, first, syscall.SIGCONT)
			}
			order := []worker{second, first}
			if test.firstFirst {
				order = []worker{first, second}
			}
			run.open(t, "deaf", order[0].pid)
			results := queue.Collect(t.Context(), q, run.job(), "batch", []string{"deaf"})
			require.NoError(t, results[0].Err)
			require.Equal(t, outcomeBy("deaf", order[0].pid), results[0].Value)

			if test.stopped && !test.firstFirst {
				signal(t, first, syscall.SIGCONT)
			}
			run.open(t, "deaf", order[1].pid)
			for _, w := range order {
				require.NoError(t, w.Close()) // it has recorded, or tried to
			}
			require.Len(t, record.begun(t, "deaf"), 2)
			js := streams(t, hostURL(t, run.Dir))
			requireRecordedOnce(t, js, "hang", 1)
			require.Zero(t, state(t, js, "OVERLAP_hang_jobs").Msgs)
			results = queue.Collect(t.Context(), q, run.job(), "batch", []string{"deaf"})
			require.Equal(t, outcomeBy("deaf", order[0].pid), results[0].Value)
		})
	}
}

func TestAFunctionThatHeedsItsContextEndsAtTheAckWait(t *testing.T) {
	t.Parallel() // it waits, mostly
	dir := t.TempDir()
	q := opened(t, queue.Settings{Dir: dir})
	run := workerRun{
		Dir: dir, Name: "heeds", Limit: 1, Tries: 1, AckWait: time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	w := run.start(t)
	results := queue.Run(t.Context(), q, run.job(), []string{"wait"})
	var remote *queue.RemoteError
	require.ErrorAs(t, results[0].Err, &remote)
	require.ErrorIs(t, remote, queue.ErrAckWait)
	require.Equal(t, queue.CodeAckWait, remote.Code)
	require.Equal(t, 1, remote.Tries)
	require.NoError(t, w.Close())
}

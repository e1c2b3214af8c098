package queue_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// large are keys of 8 KiB.
func large(n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("ok %04d ", i)+strings.Repeat("x", 8<<10))
	}
	return keys
}

// requireFull asserts that an error says that the disk is full, and whose.
func requireFull(t *testing.T, err error, where string) {
	t.Helper()
	t.Log(strings.ReplaceAll(err.Error(), "x", ""))
	require.ErrorIs(t, err, queue.ErrFull)
	require.ErrorContains(t, err, where)
	require.ErrorContains(t, err, "make room")
	require.NotContains(t, err.Error(), "\n", "one error")
}

// requireFullWorker asserts that a worker's process ended for that reason.
func requireFullWorker(t *testing.T, w worker, record *journal, where string) {
	t.Helper()
	eventually(t, "the worker has its error", func() bool { return len(record.of(t, "error")) == 1 })
	text := record.of(t, "error")[0].key
	require.Contains(t, text, queue.ErrFull.Error())
	require.Contains(t, text, where)
	require.Contains(t, text, "make room")
	require.Error(t, w.Close())
}

// A server elsewhere has a limit of its own.
func TestAFullServerIsOneClearError(t *testing.T) {
	t.Parallel() // it waits, mostly
	remote := startRemote(t, serverRun{Dir: t.TempDir(), Store: 2 << 20})
	where := strings.TrimPrefix(remote.url, "nats://")
	q := opened(t, queue.Settings{URL: remote.url})
	run := workerRun{
		URL: remote.url, Name: "full", Limit: 4, Tries: 100, AckWait: 2 * time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	all := large(1_000)
	added, err := queue.Add(t.Context(), q, run.job(), "batch", slices.Values(all))
	requireFull(t, err, where)
	require.Positive(t, added.New)
	require.Less(t, added.New, len(all))
	confirmed := all[:added.New]
	for _, result := range queue.Run(t.Context(), q, run.job(), all[:10]) {
		requireFull(t, result.Err, where)
	}
	w := run.start(t)
	requireFullWorker(t, w, &journal{path: run.Record}, where)

	require.NoError(t, remote.Close())
	remote.run.Store = 64 << 20 // room is made
	remote.start(t)
	run.Record = filepath.Join(t.TempDir(), "record")
	w = run.start(t)
	again := opened(t, queue.Settings{URL: remote.url})
	for i, result := range queue.Collect(t.Context(), again, run.job(), "batch", confirmed) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(confirmed[i])}, result)
	}
	added, err = queue.Add(t.Context(), q, run.job(), "batch", slices.Values(all)) // the one that was open goes on, too
	require.NoError(t, err)
	require.Equal(t, len(all), added.New+added.Known)
	for i, result := range queue.Collect(t.Context(), q, run.job(), "batch", all) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(all[i])}, result)
	}
	require.NoError(t, w.Close())
}

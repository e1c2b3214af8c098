package queue_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

var chaosSeed = flag.Uint64("chaos.seed", 0, "the `seed` of TestNothingIsLostOrRecordedTwice; 0 is any")

// The promise itself: whoever is killed, whenever, each key's outcome is recorded once.
func TestNothingIsLostOrRecordedTwice(t *testing.T) {
	n, every := 20_000, 500
	if testing.Short() {
		n, every = 2_000, 100
	}
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-chaos.seed=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	server := startRemote(t, serverRun{Dir: t.TempDir()})
	run := workerRun{
		URL: server.url, Name: "chaos", Limit: 16, Tries: 100, AckWait: time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	q, js := opened(t, queue.Settings{URL: server.url}), streams(t, server.url)
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("ok %d", i)
	}
	part := n / 4
	add := func(i int) (queue.Added, error) {
		return queue.Add(t.Context(), q, run.job(), "all", slices.Values(keys[i*part:(i+1)*part]))
	}
	added, err := add(0)
	require.NoError(t, err)
	require.Equal(t, queue.Added{New: part}, added)

	workers := make([]worker, 4)
	for i := range workers {
		workers[i] = run.start(t)
	}
	collected := make(chan []overlap.Result[string], 1)
	go func() { collected <- queue.Collect(t.Context(), q, run.job(), "all", keys) }()

	// Each disturbance waits for a count of work done, so that a slow machine has as many.
	var (
		all      []overlap.Result[string]
		record   = journal{path: run.Record}
		kills    int
		restarts int
		stop     = []func() error{
			func() error { return server.Close() }, // of the process that it is then
			func() error { return server.Kill() },
			func() error { return server.Kill() },
		}
		nextKill = random.IntN(2*every) + every
	)
	for all == nil {
		begun := record.count(t)
		if begun >= nextKill {
			i := random.IntN(len(workers))
			require.NoError(t, workers[i].Kill())
			workers[i] = run.start(t)
			kills++
			nextKill = begun + random.IntN(2*every) + every
		}
		if restarts < len(stop) && begun >= restarts*part+part/2 {
			var adding sync.WaitGroup
			adding.Go(func() { added, err = add(restarts + 1) }) // meanwhile
			require.NoError(t, stop[restarts]())
			server.start(t)
			adding.Wait()
			require.NoError(t, err)
			require.Equal(t, part, added.New+added.Known)
			restarts++
		}
		if restarts == len(stop) && state(t, js, "OVERLAP_chaos_jobs").Msgs == 0 {
			// A job leaves the queue after its record is there.
			require.EqualValues(t, n, state(t, js, "OVERLAP_chaos_results").Msgs, "records of all jobs, when the queue is empty")
		}
		select {
		case all = <-collected:
		case <-time.After(5 * time.Millisecond):
		}
	}
	for i, result := range all {
		require.NoError(t, result.Err, keys[i])
		require.Equal(t, outcomeOf(keys[i]), result.Value)
	}
	require.NotZero(t, kills)

	eventually(t, "the queue is empty", func() bool { return state(t, js, "OVERLAP_chaos_jobs").Msgs == 0 })
	status, err := q.Status(t.Context(), "chaos")
	require.NoError(t, err)
	require.Zero(t, status.Dead)
	for _, w := range workers {
		require.NoError(t, w.Close())
	}
	requireRecordedOnce(t, js, "chaos", n)

	executions := map[string]int{}
	for _, l := range record.lines(t) {
		require.NotEqual(t, "error", l.event, l.key)
		if l.event == "begin" {
			executions[l.key]++
		}
	}
	require.Len(t, executions, n)
	again := record.count(t) - n
	t.Logf("%d jobs; %d workers killed; the server stopped once and killed twice; %d executions, %d of them again; %d redeliveries that the server counts",
		n, kills, n+again, again, status.Redelivered)
}

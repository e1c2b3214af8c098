package queue_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// Short jobs have the workers ask for many ahead, and then some last. What lies behind those is
// handed to others, and no job is given up for that before its tries were really done.
func TestJobsThatAreHandedBackKeepTheirTries(t *testing.T) {
	t.Parallel() // it waits, mostly
	const short, long, flaky = 1000, 3, 497
	q := here(t)
	var mu sync.Mutex
	tries := map[int]int{}
	job := queue.Job[int, int, int]{Name: "back", Tries: 5, Backoff: time.Millisecond, Job: overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, n int) (int, error) {
			mu.Lock()
			tries[n]++
			try := tries[n]
			mu.Unlock()
			switch {
			case n < short:
			case n < short+long:
				time.Sleep(2500 * time.Millisecond)
			case try < 4: // the fifth is what a hand-back may cost
				return 0, errors.New("not yet")
			}
			return n, nil
		},
		Process: func(_ context.Context, n int) (int, error) { return n, nil },
	}}
	keys := make([]int, short+long+flaky)
	for i := range keys {
		keys[i] = i
	}
	_, err := queue.Add(t.Context(), q, job, "all", func(yield func(int) bool) {
		for _, key := range keys {
			if !yield(key) {
				return
			}
		}
	})
	require.NoError(t, err)
	working(t, q, job, 1)
	working(t, q, job, 1)
	for i, r := range queue.Collect(t.Context(), q, job, "all", keys) {
		require.NoError(t, r.Err, i)
	}
}

// A worker whose jobs have become slow does not keep what it asked for when they were short.
func TestAnIdleWorkerGetsWhatLiesAtASlowOne(t *testing.T) {
	t.Parallel() // it waits, mostly
	const short = 1000
	q := here(t)
	slowly, gate := make(chan struct{}), make(chan struct{})
	var began sync.Once
	work := func(last func()) queue.Job[int, int, int] {
		return queue.Job[int, int, int]{Name: "idle", Job: overlap.Job[int, int, int]{
			Fetch: func(_ context.Context, n int) (int, error) {
				if n >= short {
					last()
				}
				return n, nil
			},
			Process: func(_ context.Context, n int) (int, error) { return n, nil },
		}}
	}
	first := work(func() { began.Do(func() { close(slowly) }); <-gate })
	var second atomic.Int64
	other := work(func() { second.Add(1) })
	keys := make([]int, short+30)
	for i := range keys {
		keys[i] = i
	}
	ran := make(chan []overlap.Result[int], 1)
	_, err := queue.Add(t.Context(), q, first, "all", func(yield func(int) bool) {
		for _, key := range keys {
			if !yield(key) {
				return
			}
		}
	})
	require.NoError(t, err)
	go func() { ran <- queue.Collect(t.Context(), q, first, "all", keys) }()
	working(t, q, first, 1)
	<-slowly
	working(t, q, other, 4)
	eventually(t, "the idle worker does all but the one that is held", func() bool { return second.Load() == 29 })
	close(gate)
	for _, r := range <-ran {
		require.NoError(t, r.Err)
	}
}

// A Run leaves nothing at the server that it does not need any more.
func TestARunLeavesNoConsumer(t *testing.T) {
	var done atomic.Int64
	q, job := here(t), shout(&done)
	working(t, q, job, 1)
	run := func(n int) int {
		for range n {
			require.Equal(t, []overlap.Result[string]{{Value: "A"}}, queue.Run(t.Context(), q, job, []string{"a"}))
		}
		return runtime.NumGoroutine()
	}
	before := run(5)
	require.Less(t, run(50), before+25, "each consumer of the embedded server has three goroutines")
}

func TestAPanicOfTemporaryIsTheJobsError(t *testing.T) {
	q := here(t)
	job := queue.Job[int, int, int]{Name: "temporary", Temporary: func(error) bool { panic("cannot say") }, Job: overlap.Job[int, int, int]{
		Fetch:   func(_ context.Context, n int) (int, error) { return 0, errors.New("odd") },
		Process: func(_ context.Context, n int) (int, error) { return n, nil },
	}}
	working(t, q, job, 1)
	var panicked *overlap.PanicError
	require.ErrorAs(t, queue.Run(t.Context(), q, job, []int{1})[0].Err, &panicked)
	require.Equal(t, "cannot say", panicked.Value)
}

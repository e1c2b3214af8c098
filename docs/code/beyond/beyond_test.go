package beyond_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/docs/code/beyond"
	"example.com/overlap/mockserver"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
)

// open opens the queue of a directory, for as long as the test lasts.
func open(t *testing.T, dir string) *queue.Queue {
	q, err := queue.Open(t.Context(), queue.Settings{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

// work starts a worker. What it did comes when stop is called.
func work[K, B, R any](t *testing.T, q *queue.Queue, job queue.Job[K, B, R], limit int) (stop func() queue.Worked) {
	ctx, cancel := context.WithCancel(context.Background())
	var worked queue.Worked
	var err error
	var working sync.WaitGroup
	working.Go(func() { worked, err = queue.Work(ctx, q, job, limit) })
	stop = sync.OnceValue(func() queue.Worked {
		cancel()
		working.Wait()
		require.NoError(t, err)
		return worked
	})
	t.Cleanup(func() { stop() })
	return stop
}

// numbers is a job that is one function.
func numbers(name string, do func(ctx context.Context, key int) (string, error)) queue.Job[int, int, string] {
	return queue.Job[int, int, string]{
		Name: name,
		Job: overlap.Job[int, int, string]{
			Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
			Process: do,
		},
	}
}

// The same job, in this process and over the queue.
func TestSame(t *testing.T) {
	site, err := mockserver.Start("", mockserver.Settings{Pages: 50})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, site.Close()) })
	urls := make([]string, 50)
	for i := range urls {
		urls[i] = site.PageURL(i)
	}
	client := pages.NewClient(8, 0)
	t.Cleanup(client.CloseIdleConnections)

	dir := t.TempDir()
	q := open(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	var worker sync.WaitGroup
	worker.Go(func() { require.NoError(t, beyond.Work(ctx, dir, beyond.Pages(client), 8)) })
	defer worker.Wait()
	defer stop()

	here, err := overlap.Values(beyond.Here(t.Context(), beyond.Pages(client), urls))
	require.NoError(t, err)
	there, err := overlap.Values(beyond.There(t.Context(), q, beyond.Pages(client), urls))
	require.NoError(t, err)
	require.Equal(t, here, there)
}

// A worker takes too long for a job, so a second one gets it, and both do it.
func TestTwice(t *testing.T) {
	q := open(t, t.TempDir())
	var tries, counter atomic.Int64
	var booked sync.Map
	second := make(chan struct{})
	job := numbers("twice", func(_ context.Context, key int) (string, error) {
		try := tries.Add(1)
		//region effects
		counter.Add(1)            // done twice, it counts twice
		booked.Store(key, "done") // done twice, it is there once: the key is its number
		//endregion
		if try == 1 {
			<-second // like a process that was stopped: it heeds no context
			return "the first worker's", nil
		}
		return "the second worker's", nil
	})
	job.AckWait = time.Second
	first, other := work(t, q, job, 1), work(t, q, job, 1)

	keys := []int{7}
	_, err := queue.Add(t.Context(), q, job, "batch", slices.Values(keys))
	require.NoError(t, err)
	queue.Collect(t.Context(), q, job, "batch", keys)
	close(second) // now the first worker goes on, and has a result, too
	worked := [2]queue.Worked{first(), other()}
	results := queue.Collect(t.Context(), q, job, "batch", keys)
	require.NoError(t, results[0].Err)

	var bookings int
	booked.Range(func(any, any) bool { bookings++; return true })
	fmt.Fprintf(t.Output(), "tries %d, results recorded %d: %s\n", tries.Load(), worked[0].Done+worked[1].Done, results[0].Value)
	fmt.Fprintf(t.Output(), "a counter outside: %d; bookings outside, by number: %d\n", counter.Load(), bookings)
	require.EqualValues(t, 2, tries.Load())
	require.Equal(t, 1, worked[0].Done+worked[1].Done)
	require.EqualValues(t, 2, counter.Load())
	require.Equal(t, 1, bookings)
}

// Keys are added twice, as after an Add that was interrupted.
func TestAddAgain(t *testing.T) {
	q := open(t, t.TempDir())
	job := numbers("again", func(context.Context, int) (string, error) { return "", nil })
	for _, upTo := range []int{100, 100, 150} {
		keys := make([]int, upTo)
		for i := range keys {
			keys[i] = i
		}
		added, err := queue.Add(t.Context(), q, job, "monday", slices.Values(keys))
		require.NoError(t, err)
		fmt.Fprintf(t.Output(), "add %d keys: %d new, %d known\n", upTo, added.New, added.Known)
		if upTo == 150 {
			require.Equal(t, queue.Added{New: 50, Known: 100}, added)
		}
	}
	status, err := q.Status(t.Context(), "again")
	require.NoError(t, err)
	fmt.Fprintf(t.Output(), "in the queue: %d\n", status.Pending)
	require.Equal(t, 150, status.Pending)
}

// ErrSoldOut is an error that a caller asks for.
var ErrSoldOut = errors.New("sold out")

// Three keys fail, each in a way of its own. Then somebody mends the job.
func TestDead(t *testing.T) {
	q := open(t, t.TempDir())
	//region errors
	job := numbers("dead", func(_ context.Context, key int) (string, error) {
		switch key {
		case 1:
			return "", errors.New("no such page")
		case 2:
			return "", fmt.Errorf("item 2: %w", ErrSoldOut)
		case 3:
			panic("no item 3")
		}
		return "fine", nil
	})
	job.Tries = 2
	job.Backoff = time.Millisecond
	job.Temporary = func(err error) bool { return !errors.Is(err, ErrSoldOut) }
	job.Errors = map[string]error{"sold-out": ErrSoldOut}
	//endregion
	stop := work(t, q, job, 8)

	keys := []int{0, 1, 2, 3}
	_, err := queue.Add(t.Context(), q, job, "first", slices.Values(keys))
	require.NoError(t, err)
	results := queue.Collect(t.Context(), q, job, "first", keys)
	for key, result := range results {
		failed, ok := errors.AsType[*queue.RemoteError](result.Err)
		if !ok {
			require.NoError(t, result.Err)
			fmt.Fprintf(t.Output(), "key %d: %s\n", key, result.Value)
			continue
		}
		is := ""
		if errors.Is(result.Err, ErrSoldOut) {
			is = ", is ErrSoldOut"
		}
		if _, ok := errors.AsType[*overlap.PanicError](result.Err); ok {
			is = ", is a PanicError"
		}
		fmt.Fprintf(t.Output(), "key %d: %s, tries %d%s\n", key, failed.Code, failed.Tries, is)
	}
	require.Equal(t, 3, overlap.Failures(results))
	require.ErrorIs(t, results[2].Err, ErrSoldOut)

	stop() // now the letters are written, too
	status, err := q.Status(t.Context(), "dead")
	require.NoError(t, err)
	fmt.Fprintf(t.Output(), "done %d, dead letters %d\n", status.Done, status.Dead)
	require.Equal(t, 3, status.Dead)

	mended := numbers("dead", func(_ context.Context, key int) (string, error) { return "mended", nil })
	work(t, q, mended, 8)
	revived, err := q.Revive(t.Context(), "dead")
	require.NoError(t, err)
	results = queue.Collect(t.Context(), q, mended, "first", keys)
	fmt.Fprintf(t.Output(), "revived %d, failed now %d\n", revived, overlap.Failures(results))
	require.Equal(t, 3, revived)
	require.Zero(t, overlap.Failures(results))
}

// A worker that is told to stop ends what it has, and takes no more. Another one does the rest.
func TestDrain(t *testing.T) {
	q := open(t, t.TempDir())
	var begun atomic.Int64
	four, release := make(chan struct{}), make(chan struct{})
	job := numbers("drain", func(context.Context, int) (string, error) {
		if begun.Add(1) == 4 {
			close(four)
		}
		<-release
		return "", nil
	})
	keys := make([]int, 100)
	for i := range keys {
		keys[i] = i
	}
	_, err := queue.Add(t.Context(), q, job, "all", slices.Values(keys))
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	var worked queue.Worked
	var working sync.WaitGroup
	working.Go(func() { worked, err = queue.Work(ctx, q, job, 4) })
	<-four
	stop()
	close(release)
	working.Wait()
	require.NoError(t, err)
	fmt.Fprintf(t.Output(), "the first worker: begun %d, done %d\n", begun.Load(), worked.Done)
	require.EqualValues(t, 4, begun.Load())
	require.Equal(t, 4, worked.Done)

	other := work(t, q, job, 4)
	require.Zero(t, overlap.Failures(queue.Collect(t.Context(), q, job, "all", keys)))
	fmt.Fprintf(t.Output(), "the second one: done %d; begun by both %d\n", other().Done, begun.Load())
	require.EqualValues(t, 100, begun.Load())
}

// What a queue says when somebody else is wrong.
func TestSays(t *testing.T) {
	server, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, Username: "ann", Password: "right",
		JetStream: true, StoreDir: t.TempDir(), JetStreamMaxStore: 256 << 10,
	})
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.WaitForShutdown)
	t.Cleanup(server.Shutdown)
	require.True(t, server.ReadyForConnections(20*time.Second))
	say := func(what string, err error) {
		require.Error(t, err)
		text := strings.ReplaceAll(err.Error(), server.Addr().String(), "queue.example:4222")
		fmt.Fprintf(t.Output(), "%s\n    %s\n", what, text)
		require.NotContains(t, text, "wrong")
	}

	_, err = queue.Open(t.Context(), queue.Settings{URL: "nats://ann:wrong@" + server.Addr().String()})
	say("with a wrong password:", err)

	q, err := queue.Open(t.Context(), queue.Settings{URL: "nats://ann:right@" + server.Addr().String()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	job := numbers("full", func(context.Context, int) (string, error) { return "", nil })
	keys := make([]int, 10_000)
	for i := range keys {
		keys[i] = i
	}
	_, err = queue.Add(t.Context(), q, job, "batch", slices.Values(keys))
	say("10,000 keys, and no more room:", err)
	require.ErrorIs(t, err, queue.ErrFull)
}

package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// here is a queue in a directory of the test's own.
func here(t *testing.T) *queue.Queue { return opened(t, queue.Settings{Dir: t.TempDir()}) }

// working starts a worker in this process, and returns what ends it and says what it did.
func working[K, B, R any](t *testing.T, q *queue.Queue, job queue.Job[K, B, R], limit int) (end func() queue.Worked) {
	ctx, cancel := context.WithCancel(context.Background())
	var worked queue.Worked
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { worked, err = queue.Work(ctx, q, job, limit) })
	end = sync.OnceValue(func() queue.Worked {
		cancel()
		wg.Wait()
		require.NoError(t, err)
		return worked
	})
	t.Cleanup(func() { end() })
	return end
}

// shout is a job that gives its key in capitals, and counts how often it was done.
func shout(done *atomic.Int64) queue.Job[string, string, string] {
	return queue.Job[string, string, string]{
		Name: "shout", Keys: queue.Text(), Results: queue.Text(),
		Job: overlap.Job[string, string, string]{
			Fetch:   func(_ context.Context, key string) (string, error) { done.Add(1); return key, nil },
			Process: func(_ context.Context, body string) (string, error) { return strings.ToUpper(body), nil },
		},
	}
}

func TestAddIsIdempotent(t *testing.T) {
	var done atomic.Int64
	q, job := here(t), shout(&done)
	keys := []string{"a", "b", "c"}
	add := func(batch string, want queue.Added, keys ...string) {
		t.Helper()
		added, err := queue.Add(t.Context(), q, job, batch, slices.Values(keys))
		require.NoError(t, err)
		require.Equal(t, want, added)
	}
	add("one", queue.Added{New: 3}, keys...)
	add("one", queue.Added{Known: 3}, keys...)          // while they wait
	add("one", queue.Added{New: 1, Known: 1}, "c", "d") // some
	add("one", queue.Added{New: 1, Known: 1}, "e", "e") // the same key twice at once
	add("two", queue.Added{New: 3}, keys...)            // another batch is other work
	add("none", queue.Added{})                          // no keys
	end := working(t, q, job, 2)
	for i, r := range queue.Collect(t.Context(), q, job, "one", []string{"e", "a", "d"}) {
		require.NoError(t, r.Err)
		require.Equal(t, []string{"E", "A", "D"}[i], r.Value)
	}
	for _, r := range queue.Collect(t.Context(), q, job, "two", keys) {
		require.NoError(t, r.Err)
	}
	for _, r := range queue.Collect(t.Context(), q, job, "one", keys) {
		require.NoError(t, r.Err)
	}
	add("one", queue.Added{Known: 5}, "a", "b", "c", "d", "e") // when they are done
	require.Equal(t, queue.Worked{Done: 8}, end())
	require.EqualValues(t, 8, done.Load())

	status, err := q.Status(t.Context(), "shout")
	require.NoError(t, err)
	require.Equal(t, queue.Status{Done: 8}, status)
}

func TestAddStopsAtWhatItCannotTake(t *testing.T) {
	var done atomic.Int64
	q, job := here(t), shout(&done)
	failing := errors.New("no such key")
	encode := job.Keys.Encode
	job.Keys.Encode = func(key string) ([]byte, error) {
		if key == "bad" {
			return nil, failing
		}
		return encode(key)
	}
	added, err := queue.Add(t.Context(), q, job, "one", slices.Values([]string{"a", "b", "bad", "c"}))
	require.ErrorIs(t, err, failing)
	require.EqualError(t, err, "key 2: no such key")
	require.Equal(t, queue.Added{New: 2}, added, "what it says was added is stored")

	large := strings.Repeat("x", 1<<20)
	added, err = queue.Add(t.Context(), q, job, "one", slices.Values([]string{"a", large}))
	require.EqualError(t, err, "key 1: it has 1048576 bytes, and the server takes 1015808 at most")
	require.Equal(t, queue.Added{Known: 1}, added)

	_, err = queue.Add(t.Context(), q, job, "one.two", slices.Values([]string{"a"}))
	require.EqualError(t, err, `queue: the batch's name is "one.two", want 1 to 64 letters, digits, '-' or '_'`)

	ctx, cancel := context.WithCancelCause(t.Context())
	endless := func(yield func(string) bool) {
		for i := 0; yield(fmt.Sprint(i)); i++ {
			if i == 5000 {
				cancel(errors.New("enough"))
			}
		}
	}
	added, err = queue.Add(ctx, q, job, "two", endless)
	require.EqualError(t, err, "enough")
	status, err := q.Status(t.Context(), "shout")
	require.NoError(t, err)
	require.Equal(t, 2+added.New, status.Pending, "what it says was added is stored, and no more")
}

func TestRunKeepsTheErrorsOfKeysApart(t *testing.T) {
	var done atomic.Int64
	q, job := here(t), shout(&done)
	encode := job.Keys.Encode
	job.Keys.Encode = func(key string) ([]byte, error) {
		if key == "bad" {
			return nil, errors.New("no such key")
		}
		return encode(key)
	}
	decode := job.Results.Decode
	job.Results.Decode = func(data []byte) (string, error) {
		if string(data) == "ODD" {
			return "", errors.New("no such result")
		}
		return decode(data)
	}
	process := job.Job.Process
	job.Job.Process = func(ctx context.Context, body string) (string, error) {
		if body == "long" {
			return strings.Repeat("x", 1<<20), nil
		}
		return process(ctx, body)
	}
	end := working(t, q, job, 2)
	keys := []string{"a", "bad", "odd", "long", strings.Repeat("x", 1<<20), "a"}
	results := queue.Run(t.Context(), q, job, keys)
	require.Equal(t, overlap.Result[string]{Value: "A"}, results[0])
	require.EqualError(t, results[1].Err, "encode key: no such key")
	require.EqualError(t, results[2].Err, "decode result: no such result")
	var remote *queue.RemoteError
	require.ErrorAs(t, results[3].Err, &remote)
	require.Equal(t, queue.CodeTooLarge, remote.Code)
	require.Equal(t, 1, remote.Tries, "another try would end in the same way")
	require.Equal(t, "the result has 1048576 bytes, and the server takes 1015808 at most", remote.Message)
	require.EqualError(t, results[4].Err, "the key has 1048576 bytes, and the server takes 1015808 at most")
	require.Equal(t, results[0], results[5], "a key that stands twice is one job")
	require.EqualValues(t, 3, done.Load())

	end() // the dead letter is written after the outcome
	status, err := q.Status(t.Context(), "shout")
	require.NoError(t, err)
	require.Equal(t, 0, status.Done, "what nobody will ask for again is not kept")
	require.Equal(t, 1, status.Dead, "dead letters are")
}

func TestCollect(t *testing.T) {
	var done atomic.Int64
	q, job := here(t), shout(&done)
	require.Empty(t, queue.Collect(t.Context(), q, job, "one", nil))
	require.EqualError(t, queue.Collect(t.Context(), q, job, "", []string{"a"})[0].Err,
		`queue: the batch's name is "", want 1 to 64 letters, digits, '-' or '_'`)

	working(t, q, job, 2)
	_, err := queue.Add(t.Context(), q, job, "one", slices.Values([]string{"a"}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	var first, both []overlap.Result[string]
	var waiting sync.WaitGroup
	waiting.Go(func() { both = queue.Collect(ctx, q, job, "one", []string{"a", "later"}) })
	first = queue.Collect(t.Context(), q, job, "one", []string{"a"}) // two at once
	require.Equal(t, []overlap.Result[string]{{Value: "A"}}, first)
	enough := errors.New("enough")
	cancel(enough)
	waiting.Wait()
	require.Equal(t, enough, both[1].Err)
	require.Equal(t, []overlap.Result[string]{{Value: "A"}}, queue.Collect(t.Context(), q, job, "one", []string{"a"}), "again")
}

func TestStatusOfANameThatNobodyUsed(t *testing.T) {
	q := here(t)
	status, err := q.Status(t.Context(), "never")
	require.NoError(t, err)
	require.Zero(t, status)
	for range q.Dead(t.Context(), "never") {
		t.Error("a dead letter of nobody")
	}
	n, err := q.Revive(t.Context(), "never")
	require.NoError(t, err)
	require.Zero(t, n)

	const says = `queue: the job's name is "a b", want 1 to 64 letters, digits, '-' or '_'`
	_, err = q.Status(t.Context(), "a b")
	require.EqualError(t, err, says)
	_, err = q.Revive(t.Context(), "a b")
	require.EqualError(t, err, says)
	for _, err := range q.Dead(t.Context(), "a b") {
		require.EqualError(t, err, says)
	}
}

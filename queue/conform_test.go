package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/conform"
	"example.com/overlap/queue"
)

// conformed is the queue as the suite drives it: each job has one try that counts, and takes as long as the
// suite wants it to.
func conformed() conform.Remote {
	named := func(job conform.RemoteJob) queue.Job[string, []byte, string] {
		return queue.Job[string, []byte, string]{
			Name: "conform", Job: job, Keys: queue.Text(), Results: queue.Text(),
			Tries: 5, Temporary: func(error) bool { return false }, // so that jobs are asked for ahead
			AckWait: 2 * time.Minute, Errors: conform.RemoteErrors(),
		}
	}
	return conform.Remote{
		LimitName: "limit",
		New: func(t *testing.T) (string, conform.RemoteRunner) {
			dir := t.TempDir()
			q, err := queue.Open(t.Context(), queue.Settings{Dir: dir})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, q.Close()) })
			return dir, func(ctx context.Context, job conform.RemoteJob, keys []string) []conform.Result {
				return queue.Run(ctx, q, named(job), keys)
			}
		},
		Work: func(ctx context.Context, address string, job conform.RemoteJob, limit int) error {
			q, err := queue.Open(ctx, queue.Settings{Dir: address})
			if err != nil {
				return err
			}
			defer q.Close()
			_, err = queue.Work(ctx, q, named(job), limit)
			return err
		},
	}
}

// The queue keeps those clauses of the contract that make sense of it, over worker processes that
// share a directory.
func TestConform(t *testing.T) { conform.TestRemote(t, conformed()) }

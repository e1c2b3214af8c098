package pools_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/docs/code/pools"
	"example.com/overlap/pool"
)

// A hundred jobs, of which the first 25 take a second each and the others no time.
// Four workers: dealt out from the start, all the slow ones are one worker's.
func TestUnevenJobs(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(context.Context, overlap.Job[int, int, int], []int, int) []overlap.Result[int]
		want time.Duration
	}{
		{"Split", pools.Split[int, int, int], 25 * time.Second},
		{"pool.Run", pool.Run[int, int, int], 7 * time.Second},
		{"pool.RunCounter", pool.RunCounter[int, int, int], 7 * time.Second},
		{"pool.RunSteal", pool.RunSteal[int, int, int], 7 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			job := overlap.Job[int, int, int]{
				Fetch: func(_ context.Context, n int) (int, error) {
					if n < 25 {
						time.Sleep(time.Second)
					}
					return n, nil
				},
				Process: func(_ context.Context, n int) (int, error) { return n, nil },
			}
			keys := make([]int, 100)
			for i := range keys {
				keys[i] = i
			}
			began := time.Now()
			require.Zero(t, overlap.Failures(c.run(t.Context(), job, keys, 4)))
			took := time.Since(began)
			require.Equal(t, c.want, took)
			fmt.Fprintf(t.Output(), "%-15s %v\n", c.name, took)
		})
	}
}

// Split does every job, whatever the rest of the division.
func TestSplitDoesAll(t *testing.T) {
	for _, n := range []int{0, 1, 4, 5, 99, 100} {
		for _, workers := range []int{1, 3, 4, 200} {
			job := overlap.Job[int, int, int]{
				Fetch:   func(_ context.Context, n int) (int, error) { return n, nil },
				Process: func(_ context.Context, n int) (int, error) { return n, nil },
			}
			keys := make([]int, n)
			for i := range keys {
				keys[i] = i
			}
			values, err := overlap.Values(pools.Split(t.Context(), job, keys, workers))
			require.NoError(t, err)
			require.Equal(t, keys, values, "%d keys, %d workers", n, workers)
		}
	}
}

// A line counts what goes over connections, and may break.
type line struct {
	mu              sync.Mutex
	dialled, closed int
	sent            map[string]int
	breaks          error // of every Send, if not nil
}

func (l *line) dial() (pools.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dialled++
	return conn{l}, nil
}

type conn struct{ *line }

func (c conn) Send(message string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[message]++
	return c.breaks
}

func (c conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	return nil
}

func messages(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("message ", i)
	}
	return texts
}

func TestSendAll(t *testing.T) {
	t.Run("three connections carry a thousand messages, each once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := &line{sent: map[string]int{}}
			require.NoError(t, pools.SendAll(t.Context(), messages(1000), 3, l.dial))
			require.Equal(t, 3, l.dialled)
			require.Equal(t, 3, l.closed)
			require.Len(t, l.sent, 1000)
			for message, times := range l.sent {
				require.Equal(t, 1, times, message)
			}
		})
	})
	t.Run("when all workers have failed, nobody waits for them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := &line{sent: map[string]int{}, breaks: errors.New("the line is dead")}
			require.Equal(t, l.breaks, pools.SendAll(t.Context(), messages(1000), 3, l.dial))
			require.LessOrEqual(t, len(l.sent), 3)
			require.Equal(t, l.dialled, l.closed)
		})
	})
	t.Run("nobody can be reached", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			refused := errors.New("connection refused")
			dial := func() (pools.Conn, error) { return nil, refused }
			require.Equal(t, refused, pools.SendAll(t.Context(), messages(1000), 3, dial))
		})
	})
	t.Run("ctx ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			enough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(enough)
			l := &line{sent: map[string]int{}}
			require.Equal(t, enough, pools.SendAll(ctx, messages(1000), 3, l.dial))
			require.Equal(t, l.dialled, l.closed)
		})
	})
}

package pipelines_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/docs/code/pipelines"
	"example.com/overlap/pipeline"
)

const ms = time.Millisecond

// A trial is a job that waits and works for so long, in virtual time, and what is
// seen of it.
type trial struct {
	wait, work time.Duration

	mu       sync.Mutex
	began    time.Time
	inFlight int
	peak     int
	done     []time.Duration // when jobs were done, in that order
}

func (tr *trial) job() overlap.Job[int, int, int] {
	tr.began = time.Now()
	return overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, key int) (int, error) {
			tr.begin()
			time.Sleep(tr.wait)
			return key, nil
		},
		Process: func(_ context.Context, key int) (int, error) {
			time.Sleep(tr.work)
			tr.end()
			return key, nil
		},
	}
}

func (tr *trial) begin() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.inFlight++
	tr.peak = max(tr.peak, tr.inFlight)
}

func (tr *trial) end() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.inFlight--
	tr.done = append(tr.done, time.Since(tr.began))
}

func upTo(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// Twelve pages, each 10 ms to fetch and 5 ms to process, through pipelines of
// other widths.
func TestWidths(t *testing.T) {
	for _, c := range []struct {
		fetchers, processors int
		want                 time.Duration
	}{
		{1, 1, 125 * ms},
		{4, 1, 70 * ms},
		{12, 1, 70 * ms},
		{4, 2, 40 * ms},
		{12, 12, 15 * ms},
	} {
		synctest.Test(t, func(t *testing.T) {
			widths := pipeline.Widths{Fetch: c.fetchers, Process: c.processors, Buffer: 12}
			began := time.Now()
			results := pipeline.Run(t.Context(), (&trial{wait: 10 * ms, work: 5 * ms}).job(), upTo(12), widths)
			took := time.Since(began)
			require.NoError(t, overlap.Errors(results))
			require.Equal(t, c.want, took)
			fmt.Fprintf(t.Output(), "fetchers %2d, processors %2d: %v\n", c.fetchers, c.processors, took)
		})
	}
}

// The formula is what really happens, job by job, and what the simulator says.
func TestDone(t *testing.T) {
	for _, c := range []struct{ wait, work time.Duration }{{10 * ms, 5 * ms}, {10 * ms, 10 * ms}, {3 * ms, 70 * ms}} {
		for _, fetchers := range []int{1, 2, 4, 30} {
			for _, processors := range []int{1, 2, 5, 30} {
				synctest.Test(t, func(t *testing.T) {
					const n = 24
					want := make([]time.Duration, n)
					jobs := make([]schedule.Job, n)
					for i := range n {
						want[i] = pipelines.Done(i, fetchers, processors, c.wait, c.work)
						jobs[i] = schedule.Job{Wait: c.wait, Work: c.work}
					}
					tr := &trial{wait: c.wait, work: c.work}
					widths := pipeline.Widths{Fetch: fetchers, Process: processors, Buffer: n}
					require.NoError(t, overlap.Errors(pipeline.Run(t.Context(), tr.job(), upTo(n), widths)))
					require.Equal(t, want, tr.done)
					require.Equal(t, want, schedule.Pipeline(jobs, fetchers, processors, -1).Done)
				})
			}
		}
	}
}

// A buffer does not make a slow stage faster: it decides how much waits before it.
func TestBuffer(t *testing.T) {
	for _, buffer := range []int{0, 4, 16, 64} {
		synctest.Test(t, func(t *testing.T) {
			tr := &trial{wait: 10 * ms, work: 20 * ms}
			widths := pipeline.Widths{Fetch: 8, Process: 1, Buffer: buffer}
			began := time.Now()
			require.NoError(t, overlap.Errors(pipeline.Run(t.Context(), tr.job(), upTo(100), widths)))
			took := time.Since(began)
			require.Equal(t, 2010*ms, took)
			require.Equal(t, 8+1+buffer, tr.peak)
			fmt.Fprintf(t.Output(), "buffer %2d: %v, %2d pages in flight at most\n", buffer, took, tr.peak)
		})
	}
}

// An endless input and a slow reader: the pipeline pulls as far ahead as it may,
// and then the input waits.
func TestStreamHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pulled := 0
		numbers := func(yield func(int) bool) {
			for n := 0; ; n++ { // never ends by itself
				pulled++
				if !yield(n) {
					return
				}
			}
		}
		widths := pipeline.Widths{Fetch: 3, Process: 2, Buffer: 4}
		read := 0
		for range pipeline.Stream(t.Context(), (&trial{wait: 10 * ms, work: 5 * ms}).job(), numbers, widths) {
			read++
			time.Sleep(time.Hour) // a slow reader
			synctest.Wait()       // and the pipeline has come as far as it can
			fmt.Fprintf(t.Output(), "result %d is read, %2d numbers pulled\n", read, pulled)
			require.Equal(t, read+9, pulled) // 3+2+4+1 pulled and not delivered
			if read == 3 {
				break // ends the pipeline and the input
			}
		}
	})
}

func TestStages(t *testing.T) {
	run := func(ctx context.Context, n int, last func(int) error) (sum int, err error) {
		group, ctx := errgroup.WithContext(ctx)
		add := func(by int) func(context.Context, int) (int, error) {
			return func(_ context.Context, n int) (int, error) {
				time.Sleep(ms)
				return n + by, nil
			}
		}
		first := pipelines.Stage(ctx, group, pipelines.Source(ctx, group, upTo(n)), 4, add(1))
		second := pipelines.Stage(ctx, group, first, 2, add(10))
		third := pipelines.Stage(ctx, group, second, 1, func(_ context.Context, n int) (int, error) { return n, last(n) })
		for n := range third {
			sum += n
		}
		return sum, group.Wait()
	}
	t.Run("all items pass all stages", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sum, err := run(t.Context(), 100, func(int) error { return nil })
			require.NoError(t, err)
			require.Equal(t, 4950+11*100, sum)
		})
	})
	t.Run("an error in the last stage ends the first, and nothing is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			full := errors.New("disk full")
			_, err := run(t.Context(), 1_000_000, func(n int) error {
				if n > 50 {
					return full
				}
				return nil
			})
			require.Equal(t, full, err)
		})
	})
	t.Run("ctx ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*ms)
			defer cancel()
			_, err := run(ctx, 1_000_000, func(int) error { return nil })
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
	t.Run("an error ends a stage that waits for more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			bad := errors.New("bad item")
			group, ctx := errgroup.WithContext(t.Context())
			in := make(chan int)
			group.Go(func() error {
				defer close(in)
				in <- 0
				<-ctx.Done() // there will be more, some day
				return nil
			})
			out := pipelines.Stage(ctx, group, in, 2, func(context.Context, int) (int, error) { return 0, bad })
			for range out {
			}
			require.Equal(t, bad, group.Wait())
		})
	})
}

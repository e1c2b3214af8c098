package measuring

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/openloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

// What the page says of the table that Alike prints.
func TestAlike(t *testing.T) {
	const times = 400
	require.Greater(t, same[0].share(times), 0.5, "one run each deceives more often than not")
	require.Less(t, same[1].share(times), same[0].share(times), "medians deceive less often")
	require.InDelta(t, 0.05, same[2].share(times), 0.02, "p < 0.05 is one false claim in twenty")
	require.Greater(t, same[3].share(times), 0.5, "twenty comparisons find one nearly always")
	require.InDelta(t, 0.05, same[4].share(times), 0.02, "Holm's correction holds the whole family at 0.05")
	require.Greater(t, drifting[0].share(times), 0.5, "the order deceives")
	require.Less(t, drifting[1].share(times), 0.05, "rounds do not")
	require.Less(t, slower[0].share(times), 0.7, "ten runs may miss what is there")
	require.Greater(t, slower[1].share(times), 0.98, "forty find it")
}

type page struct{}

// stalling is a server that answers within 5 ms, but hangs for half a second, one
// second after it began.
func stalling(began time.Time) overlap.Job[int, page, int] {
	return overlap.Job[int, page, int]{
		Fetch: func(context.Context, int) (page, error) {
			if now := time.Since(began); now >= time.Second && now < 1500*time.Millisecond {
				time.Sleep(1500*time.Millisecond - now)
			}
			time.Sleep(5 * time.Millisecond)
			return page{}, nil
		},
		Process: func(context.Context, page) (int, error) { return 0, nil },
	}
}

type (
	arrival  = openloop.Arrival[int]
	sent     = openloop.Sent[page]
	streamer = overlap.Streamer[arrival, sent, int]
)

// A hundred requests a second for three seconds, while the server hangs once.
func TestStall(t *testing.T) {
	fmt.Fprintf(t.Output(), "%-12s %-24s %s\n", "", "from the send", "from when it was due")
	for _, c := range []struct {
		name          string
		stream        streamer
		slow, dueSlow int
		p99, dueP99   time.Duration
	}{
		{
			name: "sequential", stream: sequential.Stream[arrival, sent, int],
			slow: 1, p99: 5 * time.Millisecond, dueSlow: 100, dueP99: 490 * time.Millisecond,
		},
		{
			name: "pool of 2", stream: pooled(2),
			slow: 2, p99: 5 * time.Millisecond, dueSlow: 67, dueP99: 480 * time.Millisecond,
		},
		{
			name: "goroutines", stream: goroutines.Stream[arrival, sent, int],
			slow: 50, p99: 475 * time.Millisecond, dueSlow: 50, dueP99: 475 * time.Millisecond,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var send, due latencies
			report, err := openloop.Run(t.Context(), c.stream, stalling(time.Now()), numbers, openloop.Config{
				Schedule: openloop.Constant(100), N: 300, FromSend: send.add, FromIntended: due.add,
			})
			require.NoError(t, err)
			require.Equal(t, 300, report.Done)
			fmt.Fprintf(t.Output(), "%-12s %3d slow, p99 %-11v %3d slow, p99 %v\n", c.name, send.slow(), send.p99(), due.slow(), due.p99())
			require.Equal(t, c.slow, send.slow())
			require.Equal(t, c.p99, send.p99())
			require.Equal(t, c.dueSlow, due.slow())
			require.Equal(t, c.dueP99, due.p99())
		})
	}
}

func pooled(workers int) streamer {
	return func(ctx context.Context, job overlap.Job[arrival, sent, int], keys iter.Seq[arrival]) iter.Seq2[arrival, overlap.Result[int]] {
		return pool.Stream(ctx, job, keys, workers)
	}
}

func numbers(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

// slow is how many took longer than 5 ms.
func (l *latencies) slow() int {
	n := 0
	for _, d := range l.all {
		if d > 5*time.Millisecond {
			n++
		}
	}
	return n
}

// p99 is the least latency that 99 % do not exceed.
func (l *latencies) p99() time.Duration {
	slices.Sort(l.all)
	return l.all[(len(l.all)*99+99)/100-1]
}

// BenchmarkMine is a job of one's own under every model: the words of each Go file in
// this repository are counted.
func BenchmarkMine(b *testing.B) {
	job := overlap.Job[string, []byte, int]{
		Fetch:   func(_ context.Context, name string) ([]byte, error) { return os.ReadFile(name) },
		Process: func(_ context.Context, text []byte) (int, error) { return len(bytes.Fields(text)), nil },
	}
	bench.Compare(b, job, goFiles(b), bench.Limits(8))
}

// goFiles returns the names of the repository's Go files.
func goFiles(tb testing.TB) []string {
	var names []string
	require.NoError(tb, filepath.WalkDir("../../..", func(name string, _ fs.DirEntry, err error) error {
		if filepath.Ext(name) == ".go" {
			names = append(names, name)
		}
		return err
	}))
	require.NotEmpty(tb, names)
	return names
}

func TestMine(t *testing.T) {
	require.Contains(t, goFiles(t), filepath.Join("..", "..", "..", "overlap.go"))
}

package openloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

type (
	job      = overlap.Job[int, int, string]
	arrival  = Arrival[int]
	streamer = overlap.Streamer[arrival, Sent[int], string]
	watched  = overlap.Job[arrival, Sent[int], string]
	stream   = iter.Seq2[arrival, overlap.Result[string]]
)

func poolOf(workers int) streamer {
	return func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
		return pool.Stream(ctx, j, keys, workers)
	}
}

func semaphoreOf(limit int) streamer {
	return func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
		return goroutines.StreamLimit(ctx, j, keys, limit)
	}
}

func pipelineOf(fetch, process int) streamer {
	return func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
		return pipeline.Stream(ctx, j, keys, pipeline.Widths{Fetch: fetch, Process: process})
	}
}

func loopOf(limit int) streamer {
	return func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
		return eventloop.Stream(ctx, j, keys, limit)
	}
}

var (
	oneByOne  streamer = sequential.Stream[arrival, Sent[int], string]
	unlimited streamer = goroutines.Stream[arrival, Sent[int], string]
)

var streamers = []struct {
	name     string
	stream   streamer
	inFlight int // at 100 a second, when a job takes 40 ms
}{
	{"sequential", oneByOne, 1},
	{"goroutines", unlimited, 4},
	{"goroutines-limit", semaphoreOf(3), 3},
	{"pool", poolOf(3), 3},
	{"pipeline", pipelineOf(3, 1), 3},
	{"eventloop-limit", loopOf(3), 3},
}

// fetching is a job of that Fetch.
func fetching(fetch func(ctx context.Context, key int) error) job {
	return job{
		Fetch:   func(ctx context.Context, key int) (int, error) { return key, fetch(ctx, key) },
		Process: func(_ context.Context, key int) (string, error) { return fmt.Sprint("page ", key), nil },
	}
}

// latencies are kept one by one: here they are to be exact.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) record(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

// quantile is the value at the rank, that of so many of a hundred.
func (l *latencies) quantile(percent int) time.Duration {
	slices.Sort(l.all)
	return l.all[(len(l.all)*percent+99)/100-1]
}

func (l *latencies) over(d time.Duration) int {
	n := 0
	for _, latency := range l.all {
		if latency > d {
			n++
		}
	}
	return n
}

// TestOneStall is the lesson of this package: at 100 a second for 3 s, with jobs of
// 5 ms, there is one stall of 500 ms. Times are virtual, so all is exact.
func TestOneStall(t *testing.T) {
	const (
		n     = 300
		usual = 5 * time.Millisecond
		stall = 500 * time.Millisecond
	)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }

	// One request hangs, the others are answered.
	oneJob := func(time.Time) job {
		return fetching(func(_ context.Context, key int) error {
			if key == 100 {
				time.Sleep(stall)
			}
			time.Sleep(usual)
			return nil
		})
	}
	// The server hangs from the first second on: what is sent meanwhile is answered
	// when it is over.
	server := func(began time.Time) job {
		return fetching(func(context.Context, int) error {
			now := time.Since(began)
			if now >= time.Second && now < time.Second+stall {
				time.Sleep(time.Second + stall - now)
			}
			time.Sleep(usual)
			return nil
		})
	}
	type seen struct {
		slow int           // jobs that took longer than usual
		p99  time.Duration // the 297th of 300: three are above it
	}
	for _, c := range []struct {
		name          string
		stream        streamer
		backlog       int
		job           func(time.Time) job
		send          seen
		intended      seen
		late, dropped int
	}{
		{
			// Key 100 takes 505 ms. Meanwhile 50 have come, and the queue shrinks by
			// one in 10 ms, so it takes as long again: 505, 500, 495, 490 ms ...
			name: "one job, sequential", stream: oneByOne, job: oneJob,
			send: seen{1, usual}, intended: seen{100, ms(490)}, late: 99,
		},
		{
			name: "one job, pool of 2: the other worker goes on", stream: poolOf(2), job: oneJob,
			send: seen{1, usual}, intended: seen{1, usual},
		},
		{
			name: "one job, goroutines", stream: unlimited, job: oneJob,
			send: seen{1, usual}, intended: seen{1, usual},
		},
		{
			name: "the server, sequential", stream: oneByOne, job: server,
			send: seen{1, usual}, intended: seen{100, ms(490)}, late: 99,
		},
		{
			// The 40 that find ten places taken have no latency at all.
			name: "the server, sequential, a backlog of 10", stream: oneByOne, backlog: 10, job: server,
			send: seen{1, usual}, intended: seen{20, ms(495)}, late: 19, dropped: 40,
		},
		{
			// Two are sent, and the rest wait for them: 505, 495, then two at a time,
			// 490 and 480, 475 and 465 ...
			name: "the server, pool of 2", stream: poolOf(2), job: server,
			send: seen{2, usual}, intended: seen{67, ms(480)}, late: 65,
		},
		{
			name: "the server, goroutines behind a semaphore of 2", stream: semaphoreOf(2), job: server,
			send: seen{2, usual}, intended: seen{67, ms(480)}, late: 65,
		},
		{
			// All 50 are sent on time, and tell: there is nothing to omit.
			name: "the server, goroutines", stream: unlimited, job: server,
			send: seen{50, ms(475)}, intended: seen{50, ms(475)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var send, intended latencies
				r, err := Run(t.Context(), c.stream, c.job(time.Now()), endless, Config{
					Schedule: Constant(100), For: 3 * time.Second, Backlog: c.backlog,
					FromSend: send.record, FromIntended: intended.record,
				})
				require.NoError(t, err)
				require.Len(t, send.all, n-c.dropped)
				require.Len(t, intended.all, n-c.dropped)
				require.Equal(t, c.send, seen{send.over(usual), send.quantile(99)}, "from the send")
				require.Equal(t, c.intended, seen{intended.over(usual), intended.quantile(99)}, "from the intended start")
				require.Equal(t, Report{
					Counts: Counts{Offered: n, Handed: n - c.dropped, Dropped: c.dropped, Last: ms(2990)},
					Done:   n - c.dropped, Late: c.late, Elapsed: ms(2995),
				}, r)
			})
		})
	}
}

// TestTooSlow has more come than a model can do: Little's law asks for 10 in flight.
func TestTooSlow(t *testing.T) {
	for _, c := range []struct {
		name    string
		stream  streamer
		done    int
		elapsed time.Duration
	}{
		{"goroutines: as many as it takes", unlimited, 100, 1090 * time.Millisecond},
		// It has one in flight and two waiting, and is done with one in 100 ms: from 0
		// on there are 10 until the last comes at 990 ms, and then the 2 that wait.
		{"sequential", oneByOne, 12, 1200 * time.Millisecond},
		// The same for three at a time, and one waits in the hand that passes it on.
		{"pool of 3", poolOf(3), 33, 1120 * time.Millisecond},
		{"event loop of 3", loopOf(3), 33, 1120 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := Run(t.Context(), c.stream, fetching(func(context.Context, int) error {
					time.Sleep(100 * time.Millisecond)
					return nil
				}), endless, Config{Schedule: Constant(100), N: 100, Backlog: 2})
				require.NoError(t, err)
				require.Equal(t, c.done, r.Done)
				require.Equal(t, 100-c.done, r.Dropped)
				require.Equal(t, c.elapsed, r.Elapsed)
				require.InDelta(t, float64(c.done)/c.elapsed.Seconds(), r.Achieved(), 1e-9)
			})
		})
	}
	require.Zero(t, Report{}.Achieved())
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Every second job begins 5 ms late.
		for tolerance, late := range map[time.Duration]int{0: 10, 5*time.Millisecond - 1: 10, 5 * time.Millisecond: 0} {
			r, err := Run(t.Context(), oneByOne, fetching(func(_ context.Context, key int) error {
				time.Sleep(time.Duration(15-10*(key%2)) * time.Millisecond)
				return nil
			}), endless, Config{Schedule: Constant(100), N: 20, Tolerance: tolerance})
			require.NoError(t, err)
			require.Equal(t, late, r.Late, "tolerance %v", tolerance)
		}
	})
}

var errBroken = errors.New("broken")

// mixed goes wrong in every way, at three keys of ten each; a Goexit only where the
// caller survives it.
func mixed(goexit bool) job {
	wrong := func(key, base int) error {
		switch key%10 - base {
		case 0:
			return errBroken
		case 1:
			panic(errBroken)
		case 2:
			if goexit {
				runtime.Goexit()
			}
			return errBroken
		}
		return nil
	}
	return job{
		Fetch:   func(_ context.Context, key int) (int, error) { return key, wrong(key, 0) },
		Process: func(_ context.Context, key int) (string, error) { return "", wrong(key, 5) },
	}
}

func TestFailures(t *testing.T) {
	for _, m := range streamers {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				survives := m.name != "sequential"
				var send, intended latencies
				r, err := Run(t.Context(), m.stream, mixed(survives), endless, Config{
					Schedule: Poisson(1000, 1), N: 100, FromSend: send.record, FromIntended: intended.record,
				})
				require.NoError(t, err)
				want := Report{Done: 40, Failed: 60, Panicked: 20, Exited: 20}
				if !survives {
					want.Exited = 0
				}
				want.Counts, want.Elapsed = Counts{Offered: 100, Handed: 100, Last: r.Last}, r.Last
				require.Equal(t, want, r)
				require.Len(t, send.all, 40, "the latencies of jobs that succeeded")
				require.Len(t, intended.all, 40)
			})
		})
	}
}

func TestRunCtxEnds(t *testing.T) {
	for _, m := range streamers {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1005*time.Millisecond, func() { cancel(errEnough) })
				r, err := Run(ctx, m.stream, fetching(func(ctx context.Context, _ int) error {
					select {
					case <-time.After(40 * time.Millisecond):
						return nil
					case <-ctx.Done():
						return context.Cause(ctx)
					}
				}), endless, Config{Schedule: Constant(100), Backlog: 5})
				require.Equal(t, errEnough, err)
				require.Equal(t, 1005*time.Millisecond, r.Elapsed)
				require.Equal(t, 101, r.Offered, "all that came until then")
				require.Equal(t, r.Offered, r.Handed+r.Dropped+r.Left)
				require.Equal(t, r.Handed, r.Done+r.Failed)
				require.NotZero(t, r.Done)
				require.Equal(t, m.inFlight, r.Failed-r.Unbegun, "those that ran were cut off")
			})
		})
	}
}

// TestBrokenStreams has streams that do not keep the contract.
func TestBrokenStreams(t *testing.T) {
	passing := func(pass func(i int, yield func() bool) bool) streamer {
		return func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
			return func(yield func(arrival, overlap.Result[string]) bool) {
				i := 0
				for key, result := range oneByOne(ctx, j, keys) {
					if !pass(i, func() bool { return yield(key, result) }) {
						return
					}
					i++
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		stream streamer
		want   string
	}{
		{"results twice", passing(func(i int, yield func() bool) bool { return yield() && (i < 3 || yield()) }), "openloop: arrival 3 gave a second result"},
		{"a result is lost", passing(func(i int, yield func() bool) bool { return i == 3 || i == 4 || yield() }), "openloop: 2 of the 10 arrivals that were taken gave no result"},
		{"it stops early", passing(func(i int, yield func() bool) bool { return yield() && i < 6 }), "openloop: the stream took no more arrivals after 7, and ctx had not ended"},
		{"it stops when it has taken the last, which is no fault", passing(func(i int, yield func() bool) bool { return yield() && i < 9 }), ""},
		{"it takes nothing", func(context.Context, watched, iter.Seq[arrival]) stream {
			return func(func(arrival, overlap.Result[string]) bool) {}
		}, "openloop: the stream took no more arrivals after 0, and ctx had not ended"},
		{"it does jobs twice", func(ctx context.Context, j watched, keys iter.Seq[arrival]) stream {
			return oneByOne(ctx, watched{Fetch: func(ctx context.Context, a arrival) (Sent[int], error) {
				_, _ = j.Fetch(ctx, a)
				return j.Fetch(ctx, a)
			}, Process: j.Process}, keys)
		}, "openloop: 10 arrivals were taken, and 20 jobs begun"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := Run(t.Context(), c.stream, fetching(func(context.Context, int) error { return nil }), endless, Config{Schedule: Constant(1), N: 10})
				if c.want == "" {
					require.NoError(t, err)
					return
				}
				require.EqualError(t, err, c.want)
			})
		})
	}
}

func TestRunChecksFirst(t *testing.T) {
	run := func(stream streamer, j job, keys iter.Seq[int], c Config) func() {
		return func() { _, _ = Run(t.Context(), stream, j, keys, c) }
	}
	whole := mixed(false)
	config := Config{Schedule: Constant(1)}
	require.PanicsWithValue(t, "overlap: stream is nil", run(nil, whole, endless, config))
	require.PanicsWithValue(t, "overlap: job.Fetch is nil", run(oneByOne, job{Process: whole.Process}, endless, config))
	require.PanicsWithValue(t, "overlap: job.Process is nil", run(oneByOne, job{Fetch: whole.Fetch}, endless, config))
	require.PanicsWithValue(t, "overlap: keys is nil", run(oneByOne, whole, nil, config))
	_, err := Run(t.Context(), oneByOne, whole, endless, Config{Schedule: Constant(1), Backlog: -3})
	require.EqualError(t, err, "openloop: Backlog is -3, want NoBacklog, 0 (which is 1000) or more")
	require.EqualError(t, NoStream("pool-counter"), "pool-counter has no open loop: it needs all keys before the first job begins (it has no Stream)")
}

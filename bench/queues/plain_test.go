package queues

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/bars"
)

// connectPlain connects to a server of its own, in a process of its own.
func connectPlain(t *testing.T, take take) plain {
	server := start(t, serverTwin, place{Dir: t.TempDir()})
	conn, p, err := place{URL: server.url}.connect()
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	p.take = take
	require.NoError(t, p.prepare(t.Context()))
	return p
}

// What is measured must be worth it: the client that the queue is compared with does every job
// once, never more than its limit, and leaves nothing at the server that is not done.
func TestPlainDoesEachJobOnce(t *testing.T) {
	for _, take := range []take{ahead, free} {
		t.Run(string(take), func(t *testing.T) {
			const jobs, limit = 1000, 4
			p := connectPlain(t, take)
			ctx, stop := context.WithCancel(t.Context())
			var done [jobs]atomic.Int64
			var now, most atomic.Int64
			var working sync.WaitGroup
			var worked error
			working.Go(func() {
				worked = p.work(ctx, limit, func(key []byte) []byte {
					n := now.Add(1)
					defer now.Add(-1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					time.Sleep(100 * time.Microsecond) // jobs overlap
					number, err := strconv.Atoi(string(key))
					if err == nil {
						done[number].Add(1)
					}
					return append([]byte("done "), key...)
				})
			})
			keys := make([]string, jobs)
			for i := range keys {
				keys[i] = strconv.Itoa(i)
			}
			results, err := p.run(t.Context(), "one", keys)
			require.NoError(t, err)
			require.Len(t, results, jobs)
			for i, key := range keys {
				require.Equal(t, "done "+key, string(results[key]))
				require.EqualValues(t, 1, done[i].Load())
			}
			// The same batch again is neither stored nor done again: its results are there.
			results, err = p.run(t.Context(), "one", keys)
			require.NoError(t, err)
			require.Len(t, results, jobs)
			stop()
			working.Wait()
			require.NoError(t, worked)
			require.EqualValues(t, limit, most.Load())
			for i := range done {
				require.EqualValues(t, 1, done[i].Load())
			}
			require.NoError(t, p.js.Conn().Flush())
			require.Eventually(t, func() bool { return messages(t, p, "PLAIN_jobs") == 0 }, 10*time.Second, time.Millisecond, "each job is acked")
			require.EqualValues(t, jobs, messages(t, p, "PLAIN_results"))
		})
	}
}

func messages(t *testing.T, p plain, stream string) uint64 {
	s, err := p.js.Stream(t.Context(), stream)
	require.NoError(t, err)
	return s.CachedInfo().State.Msgs
}

// A result is stored once, whoever comes second; that is no error, and the job is acked.
func TestPlainKeepsTheFirstResult(t *testing.T) {
	p := connectPlain(t, ahead)
	_, err := p.js.PublishMsg(t.Context(), &nats.Msg{Subject: "plain.result.one.7", Data: []byte("the first")})
	require.NoError(t, err)
	require.NoError(t, p.send(t.Context(), "one", []string{"7"}))
	ctx, stop := context.WithCancel(t.Context())
	require.NoError(t, p.work(ctx, 1, func([]byte) []byte { defer stop(); return []byte("the second") }))
	require.Eventually(t, func() bool { return messages(t, p, "PLAIN_jobs") == 0 }, 10*time.Second, time.Millisecond)
	results, err := p.js.Stream(t.Context(), "PLAIN_results")
	require.NoError(t, err)
	kept, err := results.GetLastMsgForSubject(t.Context(), "plain.result.one.7")
	require.NoError(t, err)
	require.Equal(t, "the first", string(kept.Data))
}

// A run whose jobs cannot be stored says so at once, and does not wait for results.
func TestPlainSaysWhatIsWrong(t *testing.T) {
	p := connectPlain(t, ahead)
	require.NoError(t, p.js.DeleteStream(t.Context(), "PLAIN_jobs"))
	_, err := p.run(t.Context(), "one", []string{"7"})
	require.ErrorIs(t, err, jetstream.ErrNoStreamResponse)
}

// Each process says what it used, and all of it is counted.
func TestEachProcessIsMetered(t *testing.T) {
	c := cell{tasks: 1, limit: 1}
	for model, processes := range map[string][]string{
		modelQueue:    {"client", "server", "worker"},
		modelNATS:     {"client", "server", "worker"},
		modelFetch:    {"client", "server", "worker"},
		modelEmbedded: {"client", "worker"},
	} {
		t.Run(model, func(t *testing.T) {
			s := c.start(t, model)
			got, err := s.run(t.Context(), []int{20})
			require.NoError(t, err)
			require.Equal(t, []int{41}, got)
			used, err := s.cpu()
			require.NoError(t, err)
			require.Len(t, used, len(processes))
			for _, name := range processes {
				require.Positive(t, used[name], name)
			}
		})
	}
}

// A bar of a row that no benchmark has could never be measured.
func TestBarsAreOfRowsThatThereAre(t *testing.T) {
	groups := map[string]bool{}
	for _, c := range cells() {
		groups["Queue/"+c.String()] = true
	}
	require.NotEmpty(t, Bars())
	for _, bar := range Bars() {
		for _, f := range []bars.Figure{bar.Of, bar.Over} {
			require.Contains(t, groups, f.Group, bar.What)
			require.Contains(t, remote(), f.Model, bar.What)
		}
	}
}

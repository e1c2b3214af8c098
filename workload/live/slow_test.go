package live

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// The room of these tests: client 0 comes first and takes pause over each message, the others
// take no time. On pipes, what waits for a client is the queue and one message that is being
// written.
const (
	slowClients  = 6
	slowMessages = 60
	slowQueue    = 5
	slowInterval = 10 * time.Millisecond
	slowPause    = 37300 * time.Microsecond // so that nothing else happens at the same moment
)

func slowRoom(slow Slow) Settings {
	return Settings{Messages: slowMessages, Interval: slowInterval, Queue: slowQueue, Slow: slow, Gate: slowClients}
}

// An outcome is a client's summary, or its error, and when its Fetch ended.
type outcome struct {
	summary Summary
	err     error
	after   time.Duration
}

// run runs clients 0 to n-1 at once; client 0 is in first.
func (r room) run(ctx context.Context, n int) []outcome {
	begin := time.Now()
	outcomes := make([]outcome, n)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			job, o := r.clients.Job(), &outcomes[i]
			received, err := job.Fetch(ctx, i)
			o.err, o.after = err, time.Since(begin)
			if err == nil {
				o.summary, o.err = job.Process(ctx, received)
			}
		})
		if i == 0 && n > 1 {
			synctest.Wait()
		}
	}
	wg.Wait()
	return outcomes
}

// Waiting loses nothing, and makes everyone as slow as the slowest: exactly by what the
// queue does not hold.
func TestWait(t *testing.T) {
	bubble(t, slowRoom(Wait), func(t *testing.T, r room) {
		r.clients.Pause = func(client int) time.Duration {
			if client == 0 {
				return slowPause
			}
			return 0
		}
		outcomes := r.run(t.Context(), slowClients)

		// When each message is said, has room in the slow client's queue, is taken from there to
		// be written, and is read; with 1 for the first.
		var said, queued, taken, read [slowMessages + 1]time.Duration
		read[0] = -slowPause
		for k := 1; k <= slowMessages; k++ {
			said[k] = max(said[k-1]+slowInterval, queued[k-1])
			queued[k] = said[k]
			if k > slowQueue {
				queued[k] = max(said[k], taken[k-slowQueue])
			}
			taken[k] = max(queued[k], read[k-1])
			read[k] = max(taken[k], read[k-1]+slowPause)
		}
		latencies := func(read []time.Duration) (all []time.Duration) {
			for k := 1; k <= slowMessages; k++ {
				all = append(all, read[k]-said[k])
			}
			slices.Sort(all)
			return all
		}
		for i, o := range outcomes {
			require.NoError(t, o.err)
			require.Equal(t, slowMessages, o.summary.Messages)
			require.Zero(t, o.summary.Dropped+o.summary.Lost)
			require.Equal(t, outcomes[0].summary.Digest, o.summary.Digest)
			if i == 0 {
				require.Equal(t, slowInterval+(slowMessages+1)*slowPause, o.after, "it is never without a message")
				require.Equal(t, latencies(read[:]), o.summary.Latencies)
				continue
			}
			require.Equal(t, queued[slowMessages], o.after, "the others are ahead of it by its queue and the message in hand")
			require.Equal(t, slowInterval+(slowMessages-slowQueue-2)*slowPause, o.after)
			require.Equal(t, latencies(queued[:]), o.summary.Latencies)
		}
		record := r.Record()
		require.EqualValues(t, slowMessages, record.Published)
		require.EqualValues(t, slowMessages*slowClients, record.Delivered)
		require.EqualValues(t, slowClients, record.PeakIn)
		balanced(t, record)
	})
}

// Dropping concerns the slow client alone: the others get all, on time. It gets what its queue
// had room for, and is told of the rest.
func TestDrop(t *testing.T) {
	bubble(t, slowRoom(Drop), func(t *testing.T, r room) {
		r.clients.Pause = func(client int) time.Duration {
			if client == 0 {
				return slowPause
			}
			return 0
		}
		outcomes := r.run(t.Context(), slowClients)

		var taken []time.Duration // of the messages that were not dropped
		read := -slowPause
		for k := 1; k <= slowMessages; k++ {
			said := time.Duration(k) * slowInterval
			waiting := 0
			for _, at := range taken {
				if at > said {
					waiting++
				}
			}
			if waiting < slowQueue {
				taken = append(taken, max(said, read))
				read = max(taken[len(taken)-1], read+slowPause)
			}
		}
		require.Greater(t, len(taken), slowQueue)
		require.Less(t, len(taken), slowMessages/2)
		dropped := slowMessages - len(taken)
		for i, o := range outcomes {
			require.NoError(t, o.err)
			require.Zero(t, o.summary.Lost)
			if i == 0 {
				require.Equal(t, len(taken), o.summary.Messages)
				require.Equal(t, dropped, o.summary.Dropped)
				require.Equal(t, read+2*slowPause, o.after)
				require.NotEqual(t, outcomes[1].summary.Digest, o.summary.Digest)
				continue
			}
			require.Equal(t, slowMessages, o.summary.Messages)
			require.Zero(t, o.summary.Dropped)
			require.Equal(t, slowMessages*slowInterval, o.after)
			require.Equal(t, make([]time.Duration, slowMessages), o.summary.Latencies)
			require.Equal(t, outcomes[1].summary.Digest, o.summary.Digest)
		}
		record := r.Record()
		require.EqualValues(t, slowMessages, record.Published)
		require.EqualValues(t, dropped, record.Dropped)
		require.Equal(t, map[int]int64{0: int64(dropped)}, record.DroppedOf)
		balanced(t, record)
		r.Reset()
		require.Zero(t, r.Record())
	})
}

// connect opens a connection to the room by hand, and reads the welcome.
func (r room) connect(t *testing.T, client int) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), fmt.Sprintf("%s%s?client=%d", r.clients.URL, RoomPath, client), &websocket.DialOptions{HTTPClient: r.clients.HTTP})
	require.NoError(t, err)
	*r.byHand = append(*r.byHand, conn)
	_, data, err := conn.Read(t.Context())
	require.NoError(t, err)
	hello, err := decode(data)
	require.NoError(t, err)
	require.NotNil(t, hello.Welcome)
	return conn
}

// Who takes nothing at all is waited for until WriteTimeout, and no longer. Nobody else loses
// a message.
func TestTheDeadAreCutOff(t *testing.T) {
	const (
		messages, queue = 12, 3
		interval        = 10 * time.Millisecond
		timeout         = time.Second
	)
	for _, x := range []struct {
		slow  Slow
		after time.Duration
	}{
		// The first message is being written, three are queued, the fifth waits for the timeout.
		// Those after it are due by then, one at a time.
		{Wait, interval + timeout + (messages-queue-3)*interval},
		{Drop, messages * interval},
	} {
		t.Run(string(x.slow), func(t *testing.T) {
			bubble(t, Settings{Messages: messages, Interval: interval, Queue: queue, Slow: x.slow, WriteTimeout: timeout, Gate: 4}, func(t *testing.T, r room) {
				dead := r.connect(t, 99)
				outcomes := r.run(t.Context(), 3)
				for _, o := range outcomes {
					require.NoError(t, o.err)
					require.Equal(t, messages, o.summary.Messages)
					require.Equal(t, x.after, o.after)
				}
				time.Sleep(timeout)
				synctest.Wait()
				record := r.Record()
				require.EqualValues(t, 1, record.TimedOut)
				require.EqualValues(t, 3, record.Finished)
				if x.slow == Wait {
					require.EqualValues(t, queue+1, record.Lost, "what was on its way to it")
				} else {
					require.EqualValues(t, messages-queue-1, record.DroppedOf[99])
				}
				balanced(t, record)
				_, _, err := dead.Read(t.Context())
				require.Error(t, err)
			})
		})
	}
}

// A client that leaves is not waited for.
func TestWhoLeavesIsNotWaitedFor(t *testing.T) {
	const messages, interval = 30, 10 * time.Millisecond
	for _, how := range []string{"with a close frame", "without a word", "by its context"} {
		t.Run(how, func(t *testing.T) {
			bubble(t, Settings{Messages: messages, Interval: interval, Queue: 2, Gate: 3}, func(t *testing.T, r room) {
				const left = 105 * time.Millisecond // the third message waits for it, since 40 ms
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				var leaver outcome
				var wg sync.WaitGroup
				if how == "by its context" {
					slow := r
					slow.clients.Pause = func(int) time.Duration { return time.Hour }
					wg.Go(func() { leaver = slow.run(ctx, 1)[0] })
					time.AfterFunc(left, func() { cancel(context.Canceled) })
				} else {
					conn := r.connect(t, 0)
					time.AfterFunc(left, func() {
						if how == "without a word" {
							_ = conn.CloseNow()
						} else {
							_ = conn.Close(websocket.StatusNormalClosure, "goodbye")
						}
					})
				}
				synctest.Wait()
				for _, o := range r.run(t.Context(), 2) {
					require.NoError(t, o.err)
					require.Equal(t, messages, o.summary.Messages)
					if how == "by its context" { // which has read one, and so the fifth waits, since 50 ms
						require.Equal(t, left+(messages-6)*interval, o.after)
					} else {
						require.Equal(t, left+(messages-5)*interval, o.after)
					}
				}
				wg.Wait()
				if how == "by its context" {
					require.ErrorIs(t, leaver.err, context.Canceled)
					require.Equal(t, left, leaver.after)
				}
				synctest.Wait()
				record := r.Record()
				require.EqualValues(t, 1, record.Left)
				require.EqualValues(t, 2, record.Finished)
				balanced(t, record)
			})
		})
	}
}

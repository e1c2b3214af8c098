package mockserver_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTransport(t *testing.T, settings mockserver.Settings) (*mockserver.Transport, *http.Client) {
	t.Helper()
	transport, err := mockserver.NewTransport(settings)
	require.NoError(t, err)
	return transport, &http.Client{Transport: transport}
}

func TestTransportInVirtualTime(t *testing.T) {
	const pages, wait = 10_000, 50 * time.Millisecond
	for _, c := range []struct {
		workers int
		want    time.Duration
	}{{100, 5 * time.Second}, {1500, 7 * wait}} {
		synctest.Test(t, func(t *testing.T) {
			transport, client := newTransport(t, mockserver.Settings{Pages: pages, Latency: mockserver.Latency{Mean: wait}})
			begin := time.Now()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range c.workers {
				wg.Go(func() {
					for i := next.Add(1) - 1; i < pages; i = next.Add(1) - 1 {
						r := get(t, client, "GET", transport.PageURL(int(i)))
						assert.NoError(t, r.err)
						assert.Len(t, r.body, 2048)
					}
				})
			}
			wg.Wait()
			require.Equal(t, c.want, time.Since(begin), "%d workers", c.workers)
			record := transport.Record()
			require.EqualValues(t, pages, record.Requests)
			require.EqualValues(t, c.workers, record.PeakInFlight)
			require.Zero(t, record.Duplicates)
			require.Zero(t, record.InFlight)
		})
	}
}

// What a request waits is what Latency.For says, so a schedule can be computed.
func TestLatencyIsAsComputed(t *testing.T) {
	for name, l := range profiles(time.Second) {
		synctest.Test(t, func(t *testing.T) {
			transport, client := newTransport(t, mockserver.Settings{Seed: 9, Latency: l})
			for i := range 20 {
				for range 2 {
					begin := time.Now()
					require.NoError(t, get(t, client, "GET", transport.PageURL(i)).err)
					require.Equal(t, l.For(9, mockserver.PagePath(i)), time.Since(begin), name)
				}
			}
			begin := time.Now()
			require.NoError(t, get(t, client, "GET", transport.PageURL(0)+"?profile=constant&latency=1m").err)
			require.Equal(t, time.Minute, time.Since(begin))
		})
	}
}

// Requests for a path are counted as for the faults: a reset of the record begins
// the sequence anew, and a request may ask for it or not.
func TestEachRequestWaitsAnewInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mockserver.Latency{Profile: mockserver.HeavyTail, Mean: time.Second, PerRequest: true}
		transport, client := newTransport(t, mockserver.Settings{Seed: 9, Latency: l})
		path := mockserver.PagePath(4)
		wait := func(query string) time.Duration {
			begin := time.Now()
			require.NoError(t, get(t, client, "GET", transport.PageURL(4)+query).err)
			return time.Since(begin)
		}
		for range 2 {
			for request := range 5 {
				require.Equal(t, l.ForRequest(9, path, request), wait(""), request)
			}
			require.Equal(t, l.For(9, path), wait("?perrequest=false"))
			require.Equal(t, l.ForRequest(9, path, 6), wait("?perrequest=true"), "every request counts")
			transport.Reset()
		}
	})
}

func TestFaultsComeAfterTheLatency(t *testing.T) {
	for fault, query := range faultQueries {
		if fault == mockserver.Hang {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			transport, client := newTransport(t, mockserver.Settings{Latency: mockserver.Latency{Mean: time.Second}})
			begin := time.Now()
			_ = get(t, client, "GET", transport.PageURL(0)+query)
			want := time.Second
			if fault == mockserver.Slow {
				want += 9 * time.Millisecond // ten pieces
			}
			require.Equal(t, want, time.Since(begin), fault)
		})
	}
}

func TestSlowBodyComesInTenPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, client := newTransport(t, mockserver.Settings{PageSize: 1003})
		request, err := http.NewRequestWithContext(t.Context(), "GET", transport.PageURL(0)+"?fault=slow&pause=10s", nil)
		require.NoError(t, err)
		begin := time.Now()
		response, err := client.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		sizes := map[time.Duration]int{}
		buffer := make([]byte, 64) // smaller than a piece: only pieces pause
		for err == nil {
			var n int
			n, err = response.Body.Read(buffer)
			if n > 0 {
				sizes[time.Since(begin)] += n
				require.EqualValues(t, map[bool]int{true: 1}[sizes[90*time.Second] < 103], transport.Record().InFlight)
			}
		}
		require.ErrorIs(t, err, io.EOF)
		want := map[time.Duration]int{90 * time.Second: 103}
		for i := range 9 {
			want[time.Duration(i)*10*time.Second] = 100
		}
		require.Equal(t, want, sizes)
	})
}

func TestSlowBodyThatIsNotReadToItsEnd(t *testing.T) {
	for name, leave := range map[string]func(cancel func(), body io.ReadCloser){
		"closed":                      func(_ func(), body io.ReadCloser) { _ = body.Close(); _ = body.Close() },
		"its context ends, no close":  func(cancel func(), _ io.ReadCloser) { cancel() },
		"its context ends, then read": func(cancel func(), body io.ReadCloser) { cancel(); _, _ = io.ReadAll(body) },
	} {
		synctest.Test(t, func(t *testing.T) {
			transport, client := newTransport(t, mockserver.Settings{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, "GET", transport.PageURL(0)+"?fault=slow", nil)
			require.NoError(t, err)
			response, err := client.Do(request)
			require.NoError(t, err)
			require.EqualValues(t, 1, transport.Record().InFlight)
			leave(cancel, response.Body)
			synctest.Wait()
			require.Zero(t, transport.Record().InFlight, name)
			require.EqualValues(t, 1, transport.Record().Cancelled, name)
		})
	}
}

func TestTimeoutInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, client := newTransport(t, mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
		client.Timeout = 3 * time.Second
		begin := time.Now()
		r := get(t, client, "GET", transport.PageURL(0))
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(begin))
		synctest.Wait()
		require.EqualValues(t, 1, transport.Record().Cancelled)
		require.Zero(t, transport.Record().InFlight)
	})
}

// Two tokens a second: Retry-After says one second, and then there is one.
func TestRetryAfterIsTrueInVirtualTime(t *testing.T) {
	for rate, wait := range map[float64]string{2: "1", 1: "1", 0.4: "3", 0.1: "10"} {
		synctest.Test(t, func(t *testing.T) {
			transport, client := newTransport(t, mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: rate}})
			require.Equal(t, 200, get(t, client, "GET", transport.PageURL(0)).status)
			for range 10 { // refusals take no token
				r := get(t, client, "GET", transport.PageURL(0))
				require.Equal(t, 429, r.status)
				require.Equal(t, wait, r.header.Get("Retry-After"), "rate %v", rate)
			}
			seconds, err := time.ParseDuration(wait + "s")
			require.NoError(t, err)
			time.Sleep(seconds)
			require.Equal(t, 200, get(t, client, "GET", transport.PageURL(0)).status)
		})
	}
}

// Refusals that come together must not take tokens from one another.
func TestConcurrentRefusalsTakeNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, client := newTransport(t, mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 1}})
		for second := range 5 {
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() { _ = get(t, client, "GET", transport.PageURL(i)) })
			}
			wg.Wait()
			require.EqualValues(t, second+1, transport.Record().Status[200])
			time.Sleep(time.Second)
		}
	})
}

// A bucket that is full again is as good as none, and makes room for another.
func TestFullBucketsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, client := newTransport(t, mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 1e-9}})
		require.Equal(t, 200, get(t, client, "GET", transport.PageURL(0)).status)
		for hour := range 20 {
			for i := range 20 {
				query := limitQuery(hour*20 + i)
				require.Equal(t, 200, get(t, client, "GET", transport.PageURL(0)+query).status, query)
				require.Equal(t, 429, get(t, client, "GET", transport.PageURL(0)+query).status, query)
			}
			time.Sleep(10 * time.Hour) // three times that, and a token is back
		}
		require.Equal(t, 429, get(t, client, "GET", transport.PageURL(0)).status, "the server's own was never dropped")
	})
}

func TestTransportClosesRequestBodies(t *testing.T) {
	transport, client := newTransport(t, mockserver.Settings{})
	body := &closeRecorder{}
	request, err := http.NewRequestWithContext(t.Context(), "POST", transport.PageURL(0), body)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 405, response.StatusCode)
	require.True(t, body.closed)
}

type closeRecorder struct{ closed bool }

func (c *closeRecorder) Read([]byte) (int, error) { return 0, io.EOF }
func (c *closeRecorder) Close() error             { c.closed = true; return nil }

// A client that has been told the end of a request may send its next one at
// once: by then the record has counted the first one out, so that its peak is
// what the client had in flight.
func TestPeakIsTheClientsWhenItGivesUp(t *testing.T) {
	const workers, each = 4, 50
	for name, settings := range map[string]mockserver.Settings{
		"a hang":      {Faults: mockserver.Faults{Hang: 1}},
		"a long wait": {Latency: mockserver.Latency{Mean: time.Minute}},
		"a slow body": {Faults: mockserver.Faults{Slow: 1, SlowPause: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, client := newTransport(t, settings)
				client.Timeout = time.Second
				var wg sync.WaitGroup
				for w := range workers {
					wg.Go(func() {
						for i := range each {
							r := get(t, client, "GET", transport.PageURL(w*each+i))
							assert.ErrorIs(t, r.err, context.DeadlineExceeded)
						}
					})
				}
				wg.Wait()
				record := transport.Record()
				require.EqualValues(t, workers, record.PeakInFlight)
				require.Zero(t, record.InFlight, "counted out before the client knows")
				require.EqualValues(t, workers*each, record.Cancelled)
			})
		})
	}
}

func TestSlowBodyIsCountedOutBeforeItsReaderKnows(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			transport, _ := newTransport(t, mockserver.Settings{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, "GET", transport.PageURL(0)+"?fault=slow&pause=1m", nil)
			require.NoError(t, err)
			response, err := transport.RoundTrip(request)
			require.NoError(t, err)
			_, err = io.ReadAll(response.Body)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Zero(t, transport.Record().InFlight)
			require.EqualValues(t, 1, transport.Record().Cancelled)
		})
	}
}

// Who is recorded as gone does not get the rest of a piece after all.
func TestSlowBodyEndsWithItsContextWithinAPiece(t *testing.T) {
	transport, client := newTransport(t, mockserver.Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "GET", transport.PageURL(0)+"?fault=slow", nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = response.Body.Read(make([]byte, 1))
	require.NoError(t, err)
	cancel()
	n, err := response.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n)
}

func TestTransportRunsNoGoroutineOfItsOwn(t *testing.T) {
	transport, client := newTransport(t, mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { _ = getContext(ctx, client, "GET", transport.PageURL(i)) })
	}
	until(t, "all hang", func() bool { return transport.Record().InFlight == 10 })
	require.Equal(t, 10, goroutinesOf("httpmock"), "each request's own, and no other")
	cancel()
	wg.Wait()
}

package mockserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start serves settings until the test ends, to a client with connections enough.
func start(t *testing.T, settings mockserver.Settings) (*mockserver.Server, *http.Client) {
	t.Helper()
	s, err := mockserver.Start("", settings)
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, s.Close())
	})
	return s, &http.Client{Transport: transport}
}

type reply struct {
	status int
	header http.Header
	body   []byte
	err    error // of the request, or of reading the body
}

func get(t *testing.T, client *http.Client, method, url string) reply {
	t.Helper()
	return getContext(t.Context(), client, method, url)
}

func getContext(ctx context.Context, client *http.Client, method, url string) reply {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return reply{err: err}
	}
	response, err := client.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, body, err}
}

// until waits for a fact about the record; the test's own timeout is the limit.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for !holds() {
		require.NoError(t, t.Context().Err(), what)
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

// A site is what Server and Transport have in common: most tests are for both.
type site interface {
	PageURL(i int) string
	Record() mockserver.Record
	Reset()
}

func onBoth(t *testing.T, settings mockserver.Settings, test func(t *testing.T, s site, client *http.Client)) {
	t.Run("server", func(t *testing.T) {
		s, client := start(t, settings)
		test(t, s, client)
	})
	t.Run("transport", func(t *testing.T) {
		s, err := mockserver.NewTransport(settings)
		require.NoError(t, err)
		test(t, s, &http.Client{Transport: s})
	})
}

func TestPageIsServed(t *testing.T) {
	for _, size := range []int{512, 1024, 2048, 5000, 100_000} {
		settings := mockserver.Settings{Seed: 5, Pages: 10, PageSize: size}
		onBoth(t, settings, func(t *testing.T, s site, client *http.Client) {
			for range 2 { // made, then kept
				r := get(t, client, "GET", s.PageURL(9))
				require.NoError(t, r.err)
				require.Equal(t, 200, r.status)
				require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
				require.Equal(t, settings.Page(9), r.body)
			}
			head := get(t, client, "HEAD", s.PageURL(9))
			require.NoError(t, head.err)
			require.Equal(t, 200, head.status)
			require.Empty(t, head.body)
		})
	}
}

func TestWhatIsNoPage(t *testing.T) {
	onBoth(t, mockserver.Settings{Pages: 10}, func(t *testing.T, s site, client *http.Client) {
		base := strings.TrimSuffix(s.PageURL(0), "/page/0")
		for _, path := range []string{"/", "/page/", "/page/10", "/page/-1", "/page/-0", "/page/+1", "/page/01", "/page/1/", "/page/1e3", "/page/99999999999999999999", "/favicon.ico"} {
			r := get(t, client, "GET", base+path)
			require.NoError(t, r.err)
			require.Equal(t, 404, r.status, path)
			require.Contains(t, string(r.body), path+" is no page of this site")
		}
		r := get(t, client, "DELETE", s.PageURL(1))
		require.Equal(t, 405, r.status)
		require.Equal(t, "GET, HEAD", r.header.Get("Allow"))

		for _, body := range []io.Reader{strings.NewReader("a body"), io.MultiReader(strings.NewReader("one of unknown length"))} {
			request, err := http.NewRequestWithContext(t.Context(), "GET", s.PageURL(1), body)
			require.NoError(t, err)
			response, err := client.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, 400, response.StatusCode)
		}

		bad := get(t, client, "GET", s.PageURL(1)+"?latency=soon")
		require.Equal(t, 400, bad.status)
		require.Equal(t, "query parameter latency is \"soon\", want a duration such as 20ms\n", string(bad.body))

		record := s.Record()
		assert.EqualValues(t, 15, record.Requests)
		assert.EqualValues(t, 11, record.Other)
		assert.Equal(t, map[string]int64{"/page/1": 4}, record.Paths)
		assert.Equal(t, map[int]int64{404: 11, 405: 1, 400: 3}, record.Status)
	})
}

// faultSettings are each fault by the server's settings; the queries are the same by request.
var faultSettings = map[mockserver.Fault]mockserver.Faults{
	mockserver.Status:    {Status: 1, StatusCode: 502},
	mockserver.Reset:     {Reset: 1},
	mockserver.Slow:      {Slow: 1, SlowPause: time.Millisecond},
	mockserver.Hang:      {Hang: 1},
	mockserver.Truncate:  {Truncate: 1},
	mockserver.Malformed: {Malformed: 1},
}

var faultQueries = map[mockserver.Fault]string{
	mockserver.Status:    "?status=502",
	mockserver.Reset:     "?fault=reset",
	mockserver.Slow:      "?fault=slow&pause=1ms",
	mockserver.Hang:      "?fault=hang",
	mockserver.Truncate:  "?fault=truncate",
	mockserver.Malformed: "?fault=malformed",
}

func TestEachFaultAsAClientSeesIt(t *testing.T) {
	page := mockserver.Settings{}.Page(0)
	outcomes := map[mockserver.Fault]func(t *testing.T, r reply){
		mockserver.Status: func(t *testing.T, r reply) {
			require.NoError(t, r.err)
			require.Equal(t, 502, r.status)
			require.Equal(t, "502 Bad Gateway\n", string(r.body))
		},
		mockserver.Reset: func(t *testing.T, r reply) {
			require.ErrorIs(t, r.err, syscall.ECONNRESET)
			var op *net.OpError
			require.ErrorAs(t, r.err, &op)
			require.Equal(t, page[:len(page)/2], r.body)
		},
		mockserver.Slow: func(t *testing.T, r reply) {
			require.NoError(t, r.err)
			require.Equal(t, page, r.body)
		},
		mockserver.Hang: func(t *testing.T, r reply) {
			require.ErrorIs(t, r.err, context.Canceled)
		},
		mockserver.Truncate: func(t *testing.T, r reply) {
			require.ErrorIs(t, r.err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, r.status)
			require.Equal(t, page[:len(page)/2], r.body)
		},
		mockserver.Malformed: func(t *testing.T, r reply) {
			require.NoError(t, r.err)
			require.Equal(t, 200, r.status)
			_, _, _, err := checkHTML(r.body)
			require.Error(t, err)
		},
	}
	require.Len(t, outcomes, 6)
	for fault, outcome := range outcomes {
		test := func(query string) func(t *testing.T, s site, client *http.Client) {
			return func(t *testing.T, s site, client *http.Client) {
				// On a connection that is in use already, net/http is readier to retry.
				require.NoError(t, get(t, client, "GET", s.PageURL(1)+"?fault=none").err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if fault == mockserver.Hang {
					go func() {
						for s.Record().InFlight == 0 {
							time.Sleep(time.Millisecond)
						}
						cancel()
					}()
				}
				outcome(t, getContext(ctx, client, "GET", s.PageURL(0)+query))
				until(t, "the request ends", func() bool { return s.Record().InFlight == 0 })
				record := s.Record()
				assert.Equal(t, map[mockserver.Fault]int64{fault: 1}, record.Faults)
				assert.Equal(t, map[string]int64{"/page/0": 1, "/page/1": 1}, record.Paths, "sent once")
				cancelled := int64(0)
				if fault == mockserver.Hang {
					cancelled = 1
				}
				until(t, "cancelled is counted", func() bool { return s.Record().Cancelled >= cancelled })
				assert.Equal(t, cancelled, s.Record().Cancelled)
				answered := map[int]int64{200: 2}
				switch fault {
				case mockserver.Status:
					answered = map[int]int64{200: 1, 502: 1}
				case mockserver.Hang:
					answered = map[int]int64{200: 1}
				}
				assert.Equal(t, answered, record.Status)
			}
		}
		t.Run(string(fault)+" by settings", func(t *testing.T) {
			onBoth(t, mockserver.Settings{Faults: faultSettings[fault]}, test(""))
		})
		t.Run(string(fault)+" by query", func(t *testing.T) {
			onBoth(t, mockserver.Settings{}, test(faultQueries[fault]))
		})
	}
}

func TestHeadHasNoBodyToSpoil(t *testing.T) {
	onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
		for _, fault := range []string{"slow", "reset", "truncate", "malformed", "status"} {
			r := get(t, client, "HEAD", s.PageURL(0)+"?pause=1m&fault="+fault)
			require.NoError(t, r.err, fault)
			require.Empty(t, r.body)
		}
		until(t, "all are over", func() bool { return s.Record().InFlight == 0 })
		require.Zero(t, s.Record().Cancelled)
	})
}

func TestEveryPageCanBeMalformed(t *testing.T) {
	for _, settings := range []mockserver.Settings{{}, {PageSize: 512}, {PageSize: 50_000, Links: 100}, {Links: -1}} {
		onBoth(t, settings, func(t *testing.T, s site, client *http.Client) {
			for i := range 50 {
				r := get(t, client, "GET", s.PageURL(i)+"?fault=malformed")
				require.NoError(t, r.err)
				_, _, _, err := checkHTML(r.body)
				require.Error(t, err, "%s", r.body)
			}
		})
	}
}

func TestARetryMayMeetAnotherFate(t *testing.T) {
	settings := mockserver.Settings{Seed: 11, Pages: 20, Faults: mockserver.Faults{Status: 0.5}}
	onBoth(t, settings, func(t *testing.T, s site, client *http.Client) {
		for range 2 { // the reset begins the sequence anew
			for attempt := range 5 {
				for i := range settings.Pages {
					want := 200
					if settings.Faults.For(settings.Seed, mockserver.PagePath(i), attempt) == mockserver.Status {
						want = 503
					}
					require.Equal(t, want, get(t, client, "GET", s.PageURL(i)).status, "page %d, attempt %d", i, attempt)
				}
			}
			s.Reset()
		}
	})
}

func TestRateLimitAnswers429WithRetryAfter(t *testing.T) {
	// So slow that the test cannot live to see a second token.
	settings := mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 1e-4, Burst: 3}}
	onBoth(t, settings, func(t *testing.T, s site, client *http.Client) {
		for range 3 {
			require.Equal(t, 200, get(t, client, "GET", s.PageURL(0)).status)
		}
		r := get(t, client, "GET", s.PageURL(0))
		require.Equal(t, 429, r.status)
		require.Regexp(t, `^(10000|99\d\d)$`, r.header.Get("Retry-After"))

		require.Equal(t, 200, get(t, client, "GET", s.PageURL(0)+"?rate=0").status, "no limit for this request")
		require.Equal(t, 200, get(t, client, "GET", s.PageURL(0)+"?rate=0.001&burst=1").status, "another bucket")
		r = get(t, client, "GET", s.PageURL(1)+"?rate=0.001&burst=1")
		require.Equal(t, 429, r.status)
		require.Regexp(t, `^(1000|99\d)$`, r.header.Get("Retry-After"))
		r = get(t, client, "GET", s.PageURL(1)+"?rate=0&status=429")
		require.Equal(t, 429, r.status)
		require.Equal(t, "1", r.header.Get("Retry-After"))
		require.Equal(t, map[int]int64{200: 5, 429: 3}, s.Record().Status)
	})
}

// A run after a reset is the run before it, tokens too.
func TestResetFillsTheBuckets(t *testing.T) {
	settings := mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 1e-4, Burst: 2}}
	onBoth(t, settings, func(t *testing.T, s site, client *http.Client) {
		overHTTP := func() {
			require.Equal(t, 200, get(t, client, "DELETE", strings.TrimSuffix(s.PageURL(0), "/page/0")+mockserver.RecordPath).status)
		}
		for _, reset := range []func(){s.Reset, overHTTP, s.Reset} {
			var statuses []int
			for _, query := range []string{"", "?rate=0.001", "?rate=0.001", "?rate=0.001", "", ""} {
				statuses = append(statuses, get(t, client, "GET", s.PageURL(0)+query).status)
			}
			require.Equal(t, []int{200, 200, 200, 429, 200, 429}, statuses)
			reset()
		}
	})
}

// limitQuery is a limit of its own for each i, that frees a token in a day or so.
func limitQuery(i int) string { return fmt.Sprintf("?burst=1&rate=%g", 1e-5*(1+float64(i)/1000)) }

func TestQueriesCannotMakeBucketsWithoutBound(t *testing.T) {
	const most = 64
	for name, c := range map[string]struct {
		limit mockserver.RateLimit
		own   int // buckets
	}{
		"no limit of its own":         {},
		"one limit of the server's":   {mockserver.RateLimit{PerSecond: 1e-5, Burst: 1000}, 1},
		"one that is full, and stays": {mockserver.RateLimit{PerSecond: 1e6, Burst: 1000}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, mockserver.Settings{RateLimit: c.limit}, func(t *testing.T, s site, client *http.Client) {
				for range 2 { // a reset makes room
					for i := range most - c.own {
						require.Equal(t, 200, get(t, client, "GET", s.PageURL(0)+limitQuery(i)).status, i)
					}
					r := get(t, client, "GET", s.PageURL(0)+limitQuery(most))
					require.Equal(t, 400, r.status)
					require.Contains(t, string(r.body), "query parameter rate is one limit too many: this server keeps 64 at once")
					require.Equal(t, 429, get(t, client, "GET", s.PageURL(0)+limitQuery(1)).status, "one that is there")
					require.Equal(t, 200, get(t, client, "GET", s.PageURL(0)).status, "the server's own")
					s.Reset()
				}
			})
		})
	}
}

func TestRecordCountsUnderConcurrency(t *testing.T) {
	const clients, each = 16, 50
	onBoth(t, mockserver.Settings{Pages: 40, Order: 100}, func(t *testing.T, s site, client *http.Client) {
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				for i := range each {
					r := get(t, client, "GET", s.PageURL((c+i)%40))
					assert.NoError(t, r.err)
					s.Record()
				}
			})
		}
		wg.Wait()
		until(t, "all are over", func() bool { return s.Record().InFlight == 0 })
		record := s.Record()
		assert.EqualValues(t, clients*each, record.Requests)
		assert.EqualValues(t, clients*each-40, record.Duplicates)
		assert.LessOrEqual(t, record.PeakInFlight, int64(clients))
		assert.GreaterOrEqual(t, record.PeakInFlight, int64(1))
		assert.Equal(t, map[int]int64{200: clients * each}, record.Status)
		assert.Len(t, record.Paths, 40)
		assert.Len(t, record.Order, 100)
		assert.Zero(t, record.Cancelled)
		s.Reset()
		empty := mockserver.Record{Status: map[int]int64{}, Faults: map[mockserver.Fault]int64{}, Paths: map[string]int64{}, Order: []string{}}
		assert.Equal(t, empty, s.Record())
	})
}

// A client that waits for whole answers never seems to have more in flight than
// it has, also where its next request goes over another connection.
func TestPeakInFlightIsNoMoreThanTheClients(t *testing.T) {
	for _, query := range []string{"", "?fault=slow&pause=0", "?fault=reset", "?fault=truncate"} {
		s, client := start(t, mockserver.Settings{Pages: 1, PageSize: 64 << 10})
		other := &http.Client{Transport: &http.Transport{}}
		for range 300 {
			_ = get(t, client, "GET", s.PageURL(0)+query)
			client, other = other, client
		}
		client.CloseIdleConnections()
		other.CloseIdleConnections()
		require.EqualValues(t, 1, s.Record().PeakInFlight, query)
	}
}

func TestOrderOfArrivalIsKeptForTheLatest(t *testing.T) {
	onBoth(t, mockserver.Settings{Order: 3}, func(t *testing.T, s site, client *http.Client) {
		for range 3 { // a reset leaves the ring at any place
			require.Empty(t, s.Record().Order)
			for i, want := range [][]string{
				{"/page/9"}, {"/page/9", "/page/8"}, {"/page/9", "/page/8", "/page/7"}, {"/page/8", "/page/7", "/page/6"}, {"/page/7", "/page/6", "/page/5"},
			} {
				require.NoError(t, get(t, client, "GET", s.PageURL(9-i)).err)
				require.Equal(t, want, s.Record().Order)
			}
			s.Reset()
		}
	})
}

func TestRecordOverHTTP(t *testing.T) {
	onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
		url := strings.TrimSuffix(s.PageURL(0), "/page/0") + mockserver.RecordPath
		for _, method := range []string{"DELETE", "POST"} {
			for _, query := range []string{"", "", "?status=500"} {
				require.NoError(t, get(t, client, "GET", s.PageURL(3)+query).err)
			}
			until(t, "all are over", func() bool { return s.Record().InFlight == 0 })
			r := get(t, client, "GET", url)
			require.NoError(t, r.err)
			require.Equal(t, 200, r.status)
			require.Equal(t, "application/json", r.header.Get("Content-Type"))
			require.JSONEq(t, `{"requests":3, "in_flight":0, "peak_in_flight":1, "cancelled":0, "duplicates":2, "other":0, "refused":0,
				"status":{"200":2, "500":1}, "faults":{"status":1}, "paths":{"/page/3":3}, "order":["/page/3","/page/3","/page/3"]}`, string(r.body))
			var record mockserver.Record
			require.NoError(t, json.Unmarshal(r.body, &record))
			require.Equal(t, s.Record(), record)

			require.Equal(t, 200, get(t, client, method, url).status)
			require.Zero(t, s.Record().Requests)
		}
		r := get(t, client, "PUT", url)
		require.Equal(t, 405, r.status)
		require.Equal(t, "GET, HEAD, POST, DELETE", r.header.Get("Allow"))
	})
}

func TestResetKeepsWhatIsInFlight(t *testing.T) {
	s, client := start(t, mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { assert.ErrorIs(t, getContext(ctx, client, "GET", s.PageURL(i)).err, context.Canceled) })
	}
	until(t, "three hang", func() bool { return s.Record().InFlight == 3 })
	s.Reset()
	require.EqualValues(t, 3, s.Record().InFlight)
	require.EqualValues(t, 3, s.Record().PeakInFlight)
	cancel()
	wg.Wait()
	until(t, "the server has noticed", func() bool { return s.Record().InFlight == 0 && s.Record().Cancelled == 3 })
}

func TestClientThatLeavesIsRecorded(t *testing.T) {
	for name, query := range map[string]string{
		"while it waits":     "?latency=1h",
		"while it hangs":     "?fault=hang",
		"in a slow body":     "?fault=slow&pause=1m",
		"before a bad state": "?latency=1h&status=500",
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() { assert.ErrorIs(t, getContext(ctx, client, "GET", s.PageURL(0)+query).err, context.Canceled) })
				until(t, "it is in flight", func() bool { return s.Record().InFlight == 1 })
				cancel()
				wg.Wait()
				until(t, "it has left", func() bool { return s.Record().InFlight == 0 && s.Record().Cancelled == 1 })
			})
		})
	}
}

// As with net/http's own transport: who has left before sends nothing, and the
// error is the context's cause.
func TestErrorOfOneWhoLeavesIsTheCause(t *testing.T) {
	left := errors.New("left for a reason")
	onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(left)
		body := &closeRecorder{}
		request, err := http.NewRequestWithContext(ctx, "POST", s.PageURL(0), body)
		require.NoError(t, err)
		_, err = client.Do(request)
		require.ErrorIs(t, err, left)
		require.True(t, body.closed)
		require.Zero(t, s.Record().Requests, "nothing was sent")
		require.Zero(t, s.Record().Cancelled)
	})
	for name, query := range map[string]string{
		"while it waits": "?latency=1h",
		"while it hangs": "?fault=hang",
		"in a slow body": "?fault=slow&pause=1m",
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				ended := make(chan error)
				go func() { ended <- getContext(ctx, client, "GET", s.PageURL(0)+query).err }()
				until(t, "it is in flight", func() bool { return s.Record().InFlight == 1 })
				cancel(left)
				require.ErrorIs(t, <-ended, left)
			})
		})
	}
}

func TestShutdownCutsOffWhoTakesTooLong(t *testing.T) {
	s, client := start(t, mockserver.Settings{})
	answer := make(chan reply, 1)
	go func() { answer <- get(t, client, "GET", s.PageURL(0)+"?latency=1h") }()
	until(t, "it is in flight", func() bool { return s.Record().InFlight == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
	require.ErrorIs(t, (<-answer).err, io.EOF)
	require.Zero(t, s.Record().InFlight)
	require.Zero(t, s.Record().Cancelled)
}

// goroutinesOf counts those that run this package's code or a server's.
func goroutinesOf(functions ...string) int {
	buffer := make([]byte, 16<<20)
	n := 0
	for stack := range bytes.SplitSeq(buffer[:runtime.Stack(buffer, true)], []byte("\n\n")) {
		for _, f := range functions {
			if bytes.Contains(stack, []byte(f)) {
				n++
				break
			}
		}
	}
	return n
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	s, client := start(t, mockserver.Settings{})
	var wg sync.WaitGroup
	queries := []string{"?latency=1h", "?fault=slow&pause=1m", "?fault=hang", "?fault=reset", "?fault=truncate", ""}
	for i := range 60 {
		wg.Go(func() { _ = get(t, client, "GET", s.PageURL(i)+queries[i%len(queries)]) })
	}
	until(t, "half are in flight", func() bool { r := s.Record(); return r.Requests >= 60 && r.InFlight == 30 })
	require.Positive(t, goroutinesOf("http.(*conn).serve"))
	require.NoError(t, s.Close())
	require.Zero(t, s.Record().InFlight)
	wg.Wait()
	// The connection's goroutine counts itself out in its last deferred call.
	until(t, "no goroutine is left", func() bool {
		return goroutinesOf("http.(*conn).serve", "http.(*Server).Serve", "mockserver.(*") == 0
	})
	require.NoError(t, s.Close())
}

func TestHandlerInAServerOfOnesOwn(t *testing.T) {
	s, err := mockserver.New(mockserver.Settings{Seed: 2})
	require.NoError(t, err)
	require.Empty(t, s.URL())
	server := httptest.NewServer(s)
	r := get(t, server.Client(), "GET", server.URL+mockserver.PagePath(4))
	require.NoError(t, r.err)
	require.Equal(t, mockserver.Settings{Seed: 2}.Page(4), r.body)
	queries := []string{"?fault=hang", "?latency=1h", "?fault=slow&pause=1m"}
	answers := make(chan reply, len(queries))
	for _, query := range queries {
		go func() { answers <- get(t, server.Client(), "GET", server.URL+"/page/0"+query) }()
	}
	until(t, "all are in flight", func() bool { return s.Record().InFlight == 3 })
	require.NoError(t, s.Close())
	server.Close() // waits for the requests in flight: without Close for good
	failed := 0
	for range queries {
		if r := <-answers; r.err != nil {
			failed++
		}
	}
	require.GreaterOrEqual(t, failed, 2, "the slow body alone may come whole")
}

// startTLS serves a site in a server of one's own, over TLS.
func startTLS(t *testing.T, http2 bool) (*mockserver.Server, *httptest.Server) {
	t.Helper()
	s, err := mockserver.New(mockserver.Settings{})
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(s)
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(func() {
		_ = s.Close()
		server.Close()
	})
	return s, server
}

// A reset is one over TLS too, not a body that ends short.
func TestResetOverTLS(t *testing.T) {
	s, server := startTLS(t, false)
	for range 20 {
		r := get(t, server.Client(), "GET", server.URL+mockserver.PagePath(0)+"?fault=reset")
		require.ErrorIs(t, r.err, syscall.ECONNRESET)
	}
	r := get(t, server.Client(), "GET", server.URL+mockserver.PagePath(0)+"?fault=truncate")
	require.ErrorIs(t, r.err, io.ErrUnexpectedEOF)
	until(t, "all are over", func() bool { return s.Record().InFlight == 0 })
}

// The transport's answers are net/http's in what a client can see beside the page.
func TestSmallThingsAreAsNetHTTPHasThem(t *testing.T) {
	onBoth(t, mockserver.Settings{}, func(t *testing.T, s site, client *http.Client) {
		for query, want := range map[string]string{"": "200 OK", "?status=503": "503 Service Unavailable", "?status=444": "444 status code 444"} {
			response, err := client.Get(s.PageURL(0) + query)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, want, response.Status)
		}
		for _, query := range []string{"", "?fault=slow&pause=1ms", "?fault=truncate"} {
			for name, before := range map[string]func(io.Reader) (int, error){
				"unread":    func(io.Reader) (int, error) { return 0, nil },
				"read some": func(body io.Reader) (int, error) { return body.Read(make([]byte, 1)) },
			} {
				response, err := client.Get(s.PageURL(0) + query)
				require.NoError(t, err)
				_, err = before(response.Body)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				n, err := response.Body.Read(make([]byte, 1))
				require.Zero(t, n)
				require.EqualError(t, err, "http: read on closed response body", "%s, %q", name, query)
				require.NoError(t, response.Body.Close())
			}
		}
	})
}

func TestPagesOverHTTP2(t *testing.T) {
	s, server := startTLS(t, true)
	url := server.URL + mockserver.PagePath(0)
	r := get(t, server.Client(), "GET", url)
	require.NoError(t, r.err)
	require.Equal(t, 200, r.status, "%s", r.body)
	require.Equal(t, mockserver.Settings{}.Page(0), r.body)
	r = get(t, server.Client(), "GET", url+"?fault=slow&pause=1ms")
	require.NoError(t, r.err)
	require.Equal(t, mockserver.Settings{}.Page(0), r.body)
	for _, fault := range []string{"reset", "truncate"} { // one stream of many has no reset of its own
		require.Error(t, get(t, server.Client(), "GET", url+"?fault="+fault).err)
	}
	for _, body := range []io.Reader{strings.NewReader("a body"), io.MultiReader(strings.NewReader("one of unknown length"))} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", url, body)
		require.NoError(t, err)
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		require.Equal(t, 2, response.ProtoMajor)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 400, response.StatusCode)
	}
	until(t, "all are over", func() bool { return s.Record().InFlight == 0 })
}

// inFlightAtWrite is a client that looks at the record whenever bytes reach it.
type inFlightAtWrite struct {
	*httptest.ResponseRecorder
	server *mockserver.Server
	seen   []int64
}

func (w *inFlightAtWrite) Write(p []byte) (int, error) {
	w.seen = append(w.seen, w.server.Record().InFlight)
	return w.ResponseRecorder.Write(p)
}

func TestRequestIsOverWhenItsLastBytesGo(t *testing.T) {
	for query, want := range map[string][]int64{
		"":                    {1, 0},
		"?status=500":         {0},
		"?fault=malformed":    {1, 0},
		"?fault=slow&pause=0": {1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
	} {
		s, err := mockserver.New(mockserver.Settings{})
		require.NoError(t, err)
		w := &inFlightAtWrite{ResponseRecorder: httptest.NewRecorder(), server: s}
		s.ServeHTTP(w, httptest.NewRequest("GET", "/page/0"+query, nil))
		require.Equal(t, want, w.seen, query)
	}
}

// brokenWriter is a connection whose client has gone.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestWriteThatFailsIsACancelledRequest(t *testing.T) {
	for _, query := range []string{"", "?status=500", "?fault=slow&pause=0"} {
		s, err := mockserver.New(mockserver.Settings{})
		require.NoError(t, err)
		s.ServeHTTP(brokenWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", "/page/0"+query, nil))
		require.EqualValues(t, 1, s.Record().Cancelled, query)
		require.Zero(t, s.Record().InFlight, query)
	}
}

func TestResetWithoutAConnectionAborts(t *testing.T) {
	s, err := mockserver.New(mockserver.Settings{})
	require.NoError(t, err)
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/page/0?fault=reset", nil))
	})
	require.Zero(t, s.Record().InFlight)
}

func TestAddresses(t *testing.T) {
	for addr, url := range map[string]string{
		"":            "http://127.0.0.1:",
		":0":          "http://127.0.0.1:",
		"localhost:0": "http://127.0.0.1:",
		"0.0.0.0:0":   "http://127.0.0.1:",
	} {
		s, err := mockserver.Start(addr, mockserver.Settings{})
		require.NoError(t, err, addr)
		assert.True(t, strings.HasPrefix(s.URL(), url), "%q: %s", addr, s.URL())
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		assert.Equal(t, 200, get(t, client, "GET", s.PageURL(0)).status, addr)
		require.NoError(t, s.Close())
	}
	_, err := mockserver.Start("8080", mockserver.Settings{})
	require.ErrorContains(t, err, "mockserver: address 8080: missing port")

	s, _ := start(t, mockserver.Settings{})
	_, err = mockserver.Start(strings.TrimPrefix(s.URL(), "http://"), mockserver.Settings{})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

func TestServe(t *testing.T) {
	t.Run("prints its address, serves and drains", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- mockserver.Serve(ctx, writer, "", mockserver.Settings{Pages: 7}, time.Minute) }()
		lines := make([]byte, 200)
		n, err := reader.Read(lines)
		require.NoError(t, err)
		require.Regexp(t, `^serving 7 pages at http://127\.0\.0\.1:\d+/page/0\nthe record is at http://127\.0\.0\.1:\d+/_overlap/record\n$`, string(lines[:n]))
		url := strings.Fields(string(lines))[4]
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer := make(chan reply, 1)
		go func() { answer <- get(t, client, "GET", url+"?fault=slow&pause=1m") }()
		until(t, "it is in flight", func() bool {
			return bytes.Contains(get(t, client, "GET", strings.Replace(url, "/page/0", mockserver.RecordPath, 1)).body, []byte(`"in_flight":1`))
		})
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, (<-answer).err)
	})
	t.Run("drains for a bounded time", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		ended := make(chan error, 1)
		settings := mockserver.Settings{Latency: mockserver.Latency{Mean: time.Hour}}
		go func() { ended <- mockserver.Serve(ctx, writer, "", settings, 10*time.Millisecond) }()
		lines := make([]byte, 200)
		n, err := reader.Read(lines)
		require.NoError(t, err)
		fields := strings.Fields(string(lines[:n]))
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer := make(chan reply, 1)
		go func() { answer <- get(t, client, "GET", fields[4]) }()
		until(t, "it is in flight", func() bool {
			return bytes.Contains(get(t, client, "GET", fields[9]).body, []byte(`"in_flight":1`))
		})
		stop()
		require.ErrorIs(t, <-ended, context.DeadlineExceeded)
		require.Error(t, (<-answer).err)
	})
	t.Run("bad settings", func(t *testing.T) {
		var field *mockserver.FieldError
		err := mockserver.Serve(t.Context(), io.Discard, "", mockserver.Settings{Pages: -1}, time.Second)
		require.ErrorAs(t, err, &field)
	})
	t.Run("an output that fails ends it", func(t *testing.T) {
		broken := errors.New("broken output")
		reader, writer := io.Pipe()
		require.NoError(t, reader.CloseWithError(broken))
		require.ErrorIs(t, mockserver.Serve(t.Context(), writer, "", mockserver.Settings{}, time.Second), broken)
	})
}

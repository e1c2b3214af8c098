package pages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// mocked is a client for one URL without a network.
func mocked(respond httpmock.Responder) *http.Client {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(http.MethodGet, "http://site.example/a", respond)
	return &http.Client{Transport: mock}
}

const there = "http://site.example/a"

func TestFetchReturnsTheBody(t *testing.T) {
	respond := httpmock.NewStringResponder(200, "<p>hello").HeaderSet(http.Header{"Content-Type": {"text/html; charset=utf-8"}})
	body, err := pages.Job(mocked(respond), 0).Fetch(t.Context(), there)
	require.NoError(t, err)
	require.Equal(t, "<p>hello", string(body.Bytes))
	require.Equal(t, "text/html; charset=utf-8", body.ContentType)
	require.Equal(t, there, body.URL.String())
}

func TestStatusErrors(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		text       string
	}{
		{404, "", "get http://site.example/a: status 404 Not Found"},
		{429, "3", "get http://site.example/a: status 429 Too Many Requests, retry after 3"},
		{503, "", "get http://site.example/a: status 503 Service Unavailable"},
		{599, "", "get http://site.example/a: status 599"},
		{304, "", "get http://site.example/a: status 304 Not Modified"},
	} {
		respond := httpmock.NewStringResponder(c.status, "why").HeaderSet(http.Header{"Retry-After": {c.retryAfter}})
		_, err := pages.Job(mocked(respond), 0).Fetch(t.Context(), there)
		status, ok := errors.AsType[*pages.StatusError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, pages.StatusError{URL: there, StatusCode: c.status, RetryAfter: c.retryAfter}, *status)
		require.EqualError(t, err, c.text)
	}
}

// endless is a body without an end that counts what was read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) { e.read += int64(len(p)); return len(p), nil }
func (e *endless) Close() error               { return nil }

func TestBodiesAreBounded(t *testing.T) {
	for _, c := range []struct {
		name   string
		length int64
		most   int64
		body   io.Reader
		large  bool
	}{
		{"just as large, announced", 10, 10, strings.NewReader("0123456789"), false},
		{"just as large, not announced", -1, 10, strings.NewReader("0123456789"), false},
		{"a byte too large, announced", 11, 10, strings.NewReader("0123456789a"), true},
		{"a byte too large, not announced", -1, 10, strings.NewReader("0123456789a"), true},
		{"larger than announced", 5, 10, strings.NewReader("0123456789a"), true},
		{"empty", 0, 10, strings.NewReader(""), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := mocked(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: c.length, Body: io.NopCloser(c.body), Request: r}, nil
			})
			body, err := pages.Job(client, c.most).Fetch(t.Context(), there)
			if !c.large {
				require.NoError(t, err)
				require.LessOrEqual(t, int64(len(body.Bytes)), c.most)
				return
			}
			large, ok := errors.AsType[*pages.TooLargeError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, pages.TooLargeError{URL: there, MaxBytes: c.most}, *large)
			require.EqualError(t, err, "get http://site.example/a: body is larger than 10 bytes")
		})
	}
}

func TestAnEndlessBodyIsNotReadOn(t *testing.T) {
	for _, status := range []int{200, 500} {
		body := &endless{}
		client := mocked(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, ContentLength: -1, Body: body, Request: r}, nil
		})
		_, err := pages.Job(client, 1<<20).Fetch(t.Context(), there)
		require.Error(t, err)
		require.LessOrEqual(t, body.read, int64(1<<20+1))
	}
}

func TestFetchErrorsNameTheURL(t *testing.T) {
	broken := errors.New("the line is dead")
	for _, c := range []struct {
		name, url, text string
		client          *http.Client
	}{
		{"no URL", "http://[bad", "get http://[bad: ", http.DefaultClient},
		{"no scheme", "site.example/a", `Get "site.example/a": unsupported protocol scheme`, http.DefaultClient},
		{"no connection", there, `Get "http://site.example/a": the line is dead`, mocked(httpmock.NewErrorResponder(broken))},
		{"the body breaks off", there, "get http://site.example/a: body: unexpected EOF", mocked(func(r *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }))
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(body), Request: r}, nil
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := pages.Job(c.client, 0).Fetch(t.Context(), c.url)
			require.ErrorContains(t, err, c.text)
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFetchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, err := mockserver.NewTransport(mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
		require.NoError(t, err)
		cause := errors.New("nobody wants it any more")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		begin := time.Now()
		_, err = pages.Job(&http.Client{Transport: transport}, 0).Fetch(ctx, transport.PageURL(0))
		require.Error(t, err)
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

// Real connections: as many are opened as requests are in flight, and no more,
// however many requests there are and whether they fail or not.
func TestConnectionsAreUsedAgain(t *testing.T) {
	const inFlight, n = 20, 400
	site, err := mockserver.New(mockserver.Settings{Pages: n, Faults: mockserver.Faults{Status: 0.3}})
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(site)
	var opened atomic.Int64
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	defer site.Close()

	client := pages.NewClient(inFlight, time.Minute)
	defer client.CloseIdleConnections()
	results := pool.Run(t.Context(), pages.Job(client, 0), urls(server.URL, n), inFlight)
	failed := overlap.Failures(results)
	require.Positive(t, failed)
	require.Less(t, failed, n)
	require.LessOrEqual(t, opened.Load(), int64(inFlight))
	require.LessOrEqual(t, site.Record().PeakInFlight, int64(inFlight))
	require.Zero(t, site.Record().Duplicates)
}

func TestNewClientRefusesALimitBelowOne(t *testing.T) {
	require.PanicsWithValue(t, "overlap: inFlight is 0, want at least 1", func() { pages.NewClient(0, 0) })
}

// The workload gives the same under every latency, fault-free: what the
// benchmarks compare against is a sequential run that does not wait.
func TestTheSamePagesWhateverTheLatency(t *testing.T) {
	const n = 50
	var want []pages.Page
	for _, latency := range []mockserver.Latency{{}, {Profile: mockserver.Uniform, Mean: time.Second, Spread: time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			transport, err := mockserver.NewTransport(mockserver.Settings{Pages: n, Latency: latency})
			require.NoError(t, err)
			job := pages.Job(&http.Client{Transport: transport}, 0)
			got, err := overlap.Values(goroutines.Run(t.Context(), job, urls("http://site.example", n)))
			require.NoError(t, err)
			if want == nil {
				want, err = overlap.Values(sequential.Run(t.Context(), job, urls("http://site.example", n)))
				require.NoError(t, err)
			}
			require.Equal(t, want, got)
		})
	}
}

func urls(site string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = site + mockserver.PagePath(i)
	}
	return list
}

func ExampleJob() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 3, Links: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := pages.NewClient(2, 10*time.Second)
	defer client.CloseIdleConnections()

	keys := []string{server.PageURL(0), server.PageURL(1), server.PageURL(3)}
	for _, r := range pool.Run(context.Background(), pages.Job(client, 0), keys, 2) {
		if status, ok := errors.AsType[*pages.StatusError](r.Err); ok {
			fmt.Println("no page: status", status.StatusCode)
			continue
		}
		fmt.Println(r.Value.Title+":", len(r.Value.Links), "links")
	}
	// Output:
	// Page 0: 2 links
	// Page 1: 2 links
	// no page: status 404
}

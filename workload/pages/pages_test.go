package pages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
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
		{"no URL", "http://[bad", `get: parse "http://[bad": `, http.DefaultClient},
		{"no scheme", "site.example/a", `get site.example/a: unsupported protocol scheme`, http.DefaultClient},
		{"no connection", there, `get http://site.example/a: the line is dead`, mocked(httpmock.NewErrorResponder(broken))},
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

// What a URL says of its user's password stays out of every error.
func TestErrorsKeepThePassword(t *testing.T) {
	const secret = "http://user:secret@site.example/a"
	for _, respond := range []httpmock.Responder{
		httpmock.NewStringResponder(500, ""),
		httpmock.NewStringResponder(200, strings.Repeat("x", 11)),
		httpmock.NewErrorResponder(errors.New("the line is dead")),
	} {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodGet, secret, respond)
		mock.RegisterResponder(http.MethodGet, there, respond)
		_, err := pages.Job(&http.Client{Transport: mock}, 10).Fetch(t.Context(), secret)
		require.ErrorContains(t, err, "http://user:xxxxx@site.example/a")
		require.NotContains(t, err.Error(), "secret")
	}
}

// A redirect that goes round names the page that was asked for.
func TestRedirects(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/dir/page", http.StatusFound)
		case "/dir/page":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<a href=other>x</a>")
		default:
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer server.Close()
	client := pages.NewClient(1, time.Minute)
	defer client.CloseIdleConnections()
	job := pages.Job(client, 0)
	_, err := job.Fetch(t.Context(), server.URL+"/first")
	require.EqualError(t, err, "get "+server.URL+"/first: stopped after 10 redirects")

	result := job.Do(t.Context(), server.URL+"/moved")
	require.NoError(t, result.Err)
	require.Equal(t, server.URL+"/dir/page", result.Value.URL)
	require.Equal(t, []string{server.URL + "/dir/other"}, result.Value.Links, "links are relative to where the page was found")
}

func TestEncodings(t *testing.T) {
	for encoding, ok := range map[string]bool{"": true, "identity": true, "br": false, "gzip, br": false} {
		respond := httpmock.NewStringResponder(200, "x").HeaderSet(http.Header{"Content-Encoding": {encoding}})
		_, err := pages.Job(mocked(respond), 0).Fetch(t.Context(), there)
		if ok {
			require.NoError(t, err, encoding)
			continue
		}
		require.EqualError(t, err, fmt.Sprintf("get http://site.example/a: content encoding %q is not understood", encoding))
		require.ErrorAs(t, err, new(*pages.EncodingError))
	}
}

// An error's body that does not end is given up soon; the status is the error.
func TestAnErrorsBodyIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := mocked(func(r *http.Request) (*http.Response, error) {
			body, _ := io.Pipe() // that nobody writes to
			return &http.Response{StatusCode: 503, ContentLength: -1, Body: body, Request: r}, nil
		})
		begin := time.Now()
		_, err := pages.Job(client, 0).Fetch(t.Context(), there)
		require.ErrorAs(t, err, new(*pages.StatusError))
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
	})
}

func TestAHeaderIsNotTheWholeError(t *testing.T) {
	respond := httpmock.NewStringResponder(429, "").HeaderSet(http.Header{"Retry-After": {strings.Repeat("9", 1<<20)}})
	_, err := pages.Job(mocked(respond), 0).Fetch(t.Context(), there)
	require.Less(t, len(err.Error()), 200)
}

func TestMaxBytes(t *testing.T) {
	body, err := pages.Job(mocked(httpmock.NewStringResponder(200, "all of it")), math.MaxInt64).Fetch(t.Context(), there)
	require.NoError(t, err)
	require.Equal(t, "all of it", string(body.Bytes))
	require.PanicsWithValue(t, "pages: maxBytes is -1, want at least 0", func() { pages.Job(http.DefaultClient, -1) })
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

// Real connections: once there is one for each request in flight, no other is
// opened, however many requests there are and whether they fail or not.
func TestConnectionsAreUsedAgain(t *testing.T) {
	const inFlight, n = 20, 400
	server, err := mockserver.Start("", mockserver.Settings{Pages: n, Faults: mockserver.Faults{Status: 0.3}})
	require.NoError(t, err)
	defer server.Close()
	client := pages.NewClient(inFlight, time.Minute)
	defer client.CloseIdleConnections()
	dials := countDials(client)
	require.NoError(t, pages.Connect(t.Context(), client, server.PageURL(0), inFlight))
	require.EqualValues(t, inFlight, dials.Load())
	server.Reset()

	results := pool.Run(t.Context(), pages.Job(client, 0), urls(server.URL(), n), inFlight)
	failed := overlap.Failures(results)
	require.Positive(t, failed)
	require.Less(t, failed, n)
	require.EqualValues(t, inFlight, dials.Load())
	require.LessOrEqual(t, server.Record().PeakInFlight, int64(inFlight))
	require.Zero(t, server.Record().Duplicates)
}

// countDials counts the connections that client opens from now on.
func countDials(client *http.Client) *atomic.Int64 {
	dials := new(atomic.Int64)
	transport := client.Transport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return dial(ctx, network, addr)
	}
	return dials
}

func TestConnectSaysWhatFailed(t *testing.T) {
	err := pages.Connect(t.Context(), http.DefaultClient, "http://127.0.0.1:1", 2)
	require.ErrorContains(t, err, "open 2 connections: ")
	require.ErrorContains(t, err, "connect")
	require.Error(t, pages.Connect(t.Context(), http.DefaultClient, "http://[bad", 1))
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

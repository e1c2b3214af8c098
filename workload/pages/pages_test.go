package pages_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
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

// endless is a body without an end that counts what was read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) { e.read += int64(len(p)); return len(p), nil }
func (e *endless) Close() error               { return nil }

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

func TestMaxBytes(t *testing.T) {
	body, err := pages.Job(mocked(httpmock.NewStringResponder(200, "all of it")), math.MaxInt64).Fetch(t.Context(), there)
	require.NoError(t, err)
	require.Equal(t, "all of it", string(body.Bytes))
	require.PanicsWithValue(t, "pages: maxBytes is -1, want at least 0", func() { pages.Job(http.DefaultClient, -1) })
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

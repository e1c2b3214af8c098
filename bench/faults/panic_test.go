package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// explode panics with what stands for the key: a text, an error, or a mistake that the
// runtime finds.
func explode(i int) {
	switch i % 3 {
	case 0:
		panic(fmt.Sprintf("job %d", i))
	case 1:
		panic(fmt.Errorf("job %d: %w", i, io.ErrClosedPipe))
	}
	none := make([]int, 0)
	none[i] = i
}

// TestPanicInOneJobOfAHundred has one job of a hundred panic, in Fetch and in Process in turn.
func TestPanicInOneJobOfAHundred(t *testing.T) {
	const n = 600
	site := mockserver.Settings{Seed: 7, Pages: n, PageSize: 512, Latency: mockserver.Latency{Mean: 10 * time.Millisecond, Profile: mockserver.HeavyTail}}
	ref := newReference(t, site)
	panics := func(i int) (fetch, process bool) {
		return i%200 == 7, i%200 == 108
	}
	for _, form := range forms(limits()) {
		t.Run(form.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, err := mockserver.NewTransport(site)
				require.NoError(t, err)
				inner := pages.Job(&http.Client{Transport: transport}, 0)
				keys := make([]string, n)
				index := map[string]int{}
				for i := range keys {
					keys[i] = transport.PageURL(i)
					index[keys[i]] = i
				}
				w := newWatch()
				job := w.job(job{
					Fetch: func(ctx context.Context, key string) (pages.Body, error) {
						body, err := inner.Fetch(ctx, key)
						if fetch, _ := panics(index[key]); fetch {
							explode(index[key])
						}
						return body, err
					},
					Process: func(ctx context.Context, body pages.Body) (pages.Page, error) {
						if _, process := panics(index[body.URL.String()]); process {
							explode(index[body.URL.String()])
						}
						return inner.Process(ctx, body)
					},
				})
				answers := form.run(t.Context(), job, keys)
				w.mustHold(t, form, false)
				answers.mustAccount(t, keys)
				count := 0
				for i, result := range answers.results {
					if fetch, process := panics(i); fetch || process {
						count++
						mustBePanic(t, i, result.Err)
						continue
					}
					require.Equal(t, "value", ref.became(i, result), "page %d: %v", i, result.Err)
				}
				require.Equal(t, n/100, count)
				record := transport.Record()
				require.Zero(t, record.InFlight)
				require.EqualValues(t, n, record.Requests)
				require.Zero(t, record.Duplicates)
				if form.fetches > 0 {
					require.LessOrEqual(t, record.PeakInFlight, int64(form.fetches))
				}
			})
		})
	}
}

func mustBePanic(t *testing.T, i int, err error) {
	t.Helper()
	var fault *overlap.PanicError
	require.ErrorAs(t, err, &fault, "page %d", i)
	require.Contains(t, string(fault.Stack), "faults.explode(", "the stack of the job's goroutine")
	require.False(t, strings.Contains(err.Error(), "goroutine "), "the stack is not in the text")
	switch i % 3 {
	case 0:
		require.Equal(t, fmt.Sprintf("job %d", i), fault.Value)
	case 1:
		require.ErrorIs(t, err, io.ErrClosedPipe, "errors.Is sees through a panic with an error")
	case 2:
		var mistake runtime.Error
		require.True(t, errors.As(err, &mistake), "%v", err)
	}
}

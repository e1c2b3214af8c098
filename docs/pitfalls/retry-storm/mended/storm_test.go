//go:build pitfall

// A hundred clients of a service that is down, and answers everything with 503.
package mended

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

type Job = overlap.Job[string, pages.Body, pages.Page]

//region retrying

// retrying tries each page ten times at most, later each time. All retries together
// are at most a tenth of the first tries.
func retrying(job Job) Job {
	return guard.Retry(job, guard.RetryPolicy{Tries: 10, Budget: guard.NewBudget(0.1)})
}

//endregion

//region test

func TestRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed, requests := ask(t, 0.05)
		fmt.Fprintf(t.Output(), "one request in twenty fails: %d requests, %d jobs without a page\n", requests, failed)
		failed, requests = ask(t, 1)
		fmt.Fprintf(t.Output(), "the service is down:         %d requests, %d jobs without a page\n", requests, failed)
		if requests > 110 {
			t.Errorf("%d requests for 100 jobs", requests)
		}
	})
}

// ask fetches 100 pages at once from a service of which that share of requests fails.
func ask(t *testing.T, share float64) (failed int, requests int64) {
	service, err := mockserver.NewTransport(mockserver.Settings{
		Pages:   100,
		Latency: mockserver.Latency{Mean: 20 * time.Millisecond},
		Faults:  mockserver.Faults{Status: share},
	})
	if err != nil {
		t.Fatal(err)
	}
	urls := make([]string, 100)
	for i := range urls {
		urls[i] = service.PageURL(i)
	}
	job := retrying(pages.Job(&http.Client{Transport: service}, 0))
	results := goroutines.Run(t.Context(), job, urls)
	return overlap.Failures(results), service.Record().Requests
}

//endregion

// Package readme is the code that README.md shows.
package readme

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

func download(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func countWords(_ context.Context, body []byte) (int, error) { return len(bytes.Fields(body)), nil }

func wordsOf(ctx context.Context, urls []string) ([]int, error) {
	//region job
	job := overlap.Job[string, []byte, int]{
		Fetch:   download,   // func(ctx, url) ([]byte, error): the waiting
		Process: countWords, // func(ctx, body) (int, error):   the working
	}
	results := pool.Run(ctx, job, urls, 20)
	counts, err := overlap.Values(results)
	//endregion
	return counts, err
}

func guarded(job overlap.Job[string, []byte, int]) overlap.Job[string, []byte, int] {
	//region guarded
	job = guard.Timeout(job, 2*time.Second)
	job = guard.Retry(job, guard.RetryPolicy{Temporary: pages.Temporary, Budget: guard.NewBudget(0.1)})
	//endregion
	return job
}

// Run is a model of one's own: its workers count the keys off.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, workers int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("workers", workers)
	results := overlap.Pending[R](len(keys))
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(keys)) {
		overlap.Go(&wg, func() {
			for i := taken.Add(1) - 1; i < int64(len(keys)); i = taken.Add(1) - 1 {
				results[i] = job.Do(ctx, keys[i])
			}
		})
	}
	wg.Wait()
	return results
}

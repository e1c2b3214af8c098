//go:build pitfall

// How many words are in 100 pages of a site, of which a few do not come?
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"golang.org/x/sync/errgroup"
)

//region count

func countWords(ctx context.Context, client *http.Client, urls []string) (int64, error) {
	job := pages.Job(client, 0)
	var words atomic.Int64
	var group errgroup.Group
	group.SetLimit(10)
	for _, url := range urls {
		group.Go(func() error {
			result := job.Do(ctx, url)
			if result.Err != nil {
				return result.Err
			}
			words.Add(int64(result.Value.Words))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return words.Load(), nil
}

//endregion

func main() {
	site, err := mockserver.NewTransport(mockserver.Settings{Seed: 1, Faults: mockserver.Faults{Status: 0.05}})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	urls := make([]string, 100)
	for i := range urls {
		urls[i] = site.PageURL(i)
	}

	words, err := countWords(context.Background(), &http.Client{Transport: site}, urls)
	if err != nil {
		fmt.Println("error:", err)
	} else {
		fmt.Println("words in 100 pages:", words)
	}
	record := site.Record()
	fmt.Println("the server's record: 200 OK", record.Status[200], "times, 503 Service Unavailable", record.Status[503], "times")
	if err == nil && record.Status[200] < int64(len(urls)) {
		fmt.Println("nobody was told")
		os.Exit(1)
	}
}

//go:build pitfall

// 150 pages, fetched 12 at a time: from a server that bears everything, and from one
// that lets 200 requests a second through.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

//region fetch

func fetchAll(ctx context.Context, job overlap.Job[string, pages.Body, pages.Page], urls []string) []overlap.Result[pages.Page] {
	return goroutines.RunLimit(ctx, job, urls, 12)
}

//endregion

func main() {
	latency := mockserver.Latency{Mean: 60 * time.Millisecond}
	failed := tell("a patient server", mockserver.Settings{Latency: latency})
	failed += tell("200 requests a second", mockserver.Settings{
		Latency:   latency,
		RateLimit: mockserver.RateLimit{PerSecond: 200, Burst: 15},
	})
	if failed > 0 {
		os.Exit(1)
	}
}

// tell fetches all pages from a server with the given settings, prints what
// that server saw, and returns how many pages did not come.
func tell(name string, settings mockserver.Settings) (failed int) {
	server, err := mockserver.Start("", settings)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer server.Close()
	urls := make([]string, 150)
	for i := range urls {
		urls[i] = server.PageURL(i)
	}
	client := pages.NewClient(len(urls), 0)
	defer client.CloseIdleConnections()

	results := fetchAll(context.Background(), pages.Job(client, 0), urls)

	record := server.Record()
	fmt.Printf("%s: at most %d requests in flight\n", name, record.PeakInFlight)
	fmt.Printf("  answered 200 OK: %d, 429 Too Many Requests: %d\n", record.Status[200], record.Status[429])
	for _, result := range results {
		if result.Err != nil {
			fmt.Println("  the first error:", result.Err)
			break
		}
	}
	return overlap.Failures(results)
}

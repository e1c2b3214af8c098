package fast_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/fast"
)

// It is pages.Job with another client.
func ExampleJob() {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 3, Links: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := fast.NewClient(2, 10*time.Second)
	defer client.CloseIdleConnections()

	keys := []string{server.PageURL(0), server.PageURL(1), server.PageURL(3)}
	for _, r := range pool.Run(context.Background(), fast.Job(client, 0), keys, 2) {
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

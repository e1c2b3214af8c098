package live_test

import (
	"context"
	"fmt"
	"time"

	"example.com/overlap"
	"example.com/overlap/pool"
	"example.com/overlap/workload/live"
)

// A room in which each client is owed five messages, and thirty clients of it, ten at a time.
func Example() {
	server, err := live.Start("", live.Settings{Messages: 5, Interval: 5 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	keys := make([]int, 30)
	for i := range keys {
		keys[i] = i
	}
	job := live.Clients{URL: server.URL()}.Job()
	summaries, err := overlap.Values(pool.Run(context.Background(), job, keys, 10))
	if err != nil {
		fmt.Println(err)
		return
	}
	var total live.Total
	for _, s := range summaries {
		total.Add(s)
	}
	fmt.Println(total.Clients, "clients,", total.Messages, "messages,", total.Lost, "lost")
	_, measured := total.Quantile(0.99)
	fmt.Println("latencies:", measured)

	record := server.Record()
	fmt.Println("the server saw", record.Joined, "clients, at most", record.PeakIn, "at a time")
	// Output:
	// 30 clients, 150 messages, 0 lost
	// latencies: true
	// the server saw 30 clients, at most 10 at a time
}

// The room's metrics while somebody is in it.
func ExampleClients_Watch() {
	server, err := live.Start("", live.Settings{Messages: 1_000_000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	clients := live.Clients{URL: server.URL()}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := make(chan error)
	go func() {
		_, err := clients.Job().Fetch(ctx, 7)
		left <- err
	}()

	for figures, err := range clients.Watch(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(figures.In, "client;", "messages:", figures.PerSecond() > 0, "dropped:", figures.Dropped)
		break // or go on: there are more each second
	}
	cancel()
	fmt.Println(<-left)
	// Output:
	// 1 client; messages: true dropped: 0
	// live: client 7: context canceled
}

// A gate that the model's limit keeps shut is an error, and no hang.
func ExampleSettings() {
	server, err := live.Start("", live.Settings{Gate: 3, GateTimeout: 10 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	results := pool.Run(context.Background(), live.Clients{URL: server.URL()}.Job(), []int{0, 1, 2}, 2)
	fmt.Println(overlap.Failures(results), "of", len(results), "failed")

	_, err = live.Start("", live.Settings{Slow: "block"})
	fmt.Println(err)
	// Output:
	// 3 of 3 failed
	// live: Slow is "block", want wait or drop
}

package mockserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"example.com/overlap/mockserver"
)

// A server on loopback, one page, one page that fails because the query says so,
// and what the server saw.
func Example() {
	server, err := mockserver.Start("", mockserver.Settings{Seed: 1, Pages: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	for _, url := range []string{server.PageURL(7), server.PageURL(7) + "?status=503"} {
		response, err := http.Get(url)
		if err != nil {
			fmt.Println(err)
			return
		}
		page, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(response.Status, len(page), "bytes")
	}

	record := server.Record()
	fmt.Println(record.Requests, "requests,", record.Duplicates, "duplicate, at most", record.PeakInFlight, "in flight")
	fmt.Println(record.Order)
	// Output:
	// 200 OK 2048 bytes
	// 503 Service Unavailable 24 bytes
	// 2 requests, 1 duplicate, at most 1 in flight
	// [/page/7 /page/7]
}

// The same site without a network: what a test wants, most of all in a
// testing/synctest bubble, where the latency takes no time. An example cannot be
// in a bubble, which needs a *testing.T: TestTransportInVirtualTime is.
func ExampleNewTransport() {
	transport, err := mockserver.NewTransport(mockserver.Settings{Faults: mockserver.Faults{Hang: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Millisecond}
	_, err = client.Get(transport.PageURL(0))
	fmt.Println(err != nil, transport.Record().Faults)
	// Output: true map[hang:1]
}

// The latency of each page is known beforehand, so the least makespan of any
// schedule is too: no model ends before the slowest page, or before the sum
// divided by its workers.
func ExampleLatency_For() {
	latency := mockserver.Latency{Profile: mockserver.Uniform, Mean: 20 * time.Millisecond, Spread: 10 * time.Millisecond}
	var sum, slowest time.Duration
	for i := range 100 {
		wait := latency.For(1, mockserver.PagePath(i))
		sum += wait
		slowest = max(slowest, wait)
	}
	fmt.Println("one after another", sum.Round(100*time.Millisecond))
	fmt.Println("all at once", slowest.Round(10*time.Millisecond))
	// Output:
	// one after another 2s
	// all at once 30ms
}

// Bad settings are refused with the field's name.
func ExampleSettings_Validate() {
	fmt.Println(mockserver.Settings{Latency: mockserver.Latency{Mean: -time.Millisecond}}.Validate())
	fmt.Println(mockserver.Settings{Faults: mockserver.Faults{Reset: 1.5}}.Validate())
	// Output:
	// mockserver: Latency.Mean is -1ms, want 0 to 1h0m0s
	// mockserver: Faults.Reset is 1.5, want a probability from 0 to 1
}

// What a serve command does: the address is printed when the server is ready,
// and requests in flight are waited for once ctx ends.
func ExampleServe() {
	ctx, stop := context.WithCancel(context.Background())
	ready := readyWriter(func(string) { stop() })
	err := mockserver.Serve(ctx, ready, "", mockserver.Settings{}, 5*time.Second)
	fmt.Println(err)
	// Output: <nil>
}

type readyWriter func(line string)

func (f readyWriter) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

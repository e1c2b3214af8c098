//go:build pitfall

// Five times 20 requests at once to one server, and how many connections that
// takes.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
)

const (
	rounds = 5
	atOnce = 20
)

//region client

func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = atOnce
	return &http.Client{Transport: transport}
}

//endregion

func main() {
	// Each request is answered when all of its round are here, so that none can
	// borrow the connection of another.
	var here sync.WaitGroup
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here.Done()
		here.Wait()
		fmt.Fprintln(w, "hello")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()

	client := newClient()
	defer client.CloseIdleConnections()
	for round := range rounds {
		here.Add(atOnce)
		var wg sync.WaitGroup
		for range atOnce {
			wg.Go(func() { get(client, server.URL) })
		}
		wg.Wait()
		fmt.Printf("after %3d requests: %2d connections opened\n", (round+1)*atOnce, opened.Load())
	}
	if opened.Load() > atOnce {
		os.Exit(1)
	}
}

// get reads the answer to its end: only then can its connection be used again.
func get(client *http.Client, url string) {
	response, err := client.Get(url)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}

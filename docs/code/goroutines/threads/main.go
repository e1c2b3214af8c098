// Threads counts the threads of this process while many goroutines wait: for the
// network, for a timer, and in a system call.
//
//	go run ./docs/code/goroutines/threads
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

const many = 200

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	fmt.Fprintf(w, "cores that Go uses: %d\n", runtime.GOMAXPROCS(0))
	fmt.Fprintf(w, "%3d goroutines wait for a timer:     %3d threads\n", many, onTimers(many))
	n, err := onNetwork(many)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%3d goroutines wait for the network: %3d threads\n", many, n)
	n, err = inSystemCalls(many)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%3d goroutines wait in system calls: %3d threads\n", many, n)
	return err
}

// onTimers has n goroutines wait for an hour, and lets them go before it is over.
func onTimers(n int) (threads int) {
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		//region timer
		wg.Go(func() {
			select {
			case <-time.After(time.Hour):
			case <-enough:
			}
		})
		//endregion
	}
	threads = threadsWhen("waiting", n)
	close(enough)
	wg.Wait()
	return threads
}

// onNetwork has n goroutines read from connections on which nothing comes.
func onNetwork(n int) (threads int, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	for range n {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return 0, err
		}
		defer client.Close() // ends the Read
		server, err := listener.Accept()
		if err != nil {
			return 0, err
		}
		defer server.Close()
		//region network
		wg.Go(func() { _, _ = client.Read(make([]byte, 1)) })
		//endregion
	}
	return threadsWhen("waiting", n), nil
}

// threadsWhen returns how many threads there are when n goroutines or more are in
// the state: waiting, or not-in-go. It asks the runtime until it is so.
func threadsWhen(state string, n int) int {
	samples := []metrics.Sample{
		{Name: "/sched/goroutines/" + state + ":goroutines"},
		{Name: "/sched/threads/total:threads"},
	}
	for {
		metrics.Read(samples)
		if samples[0].Value.Uint64() >= uint64(n) {
			return int(samples[1].Value.Uint64())
		}
		time.Sleep(time.Millisecond)
	}
}

// Cold starts as many goroutines twice, one time after the other, and says how long it
// took until all of them waited: first on memory that the process has never touched,
// then on what the first left behind.
//
//	go run ./docs/code/measured/cold
package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

func main() {
	if err := run(os.Stdout, 100_000); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, n int) error {
	fmt.Fprintf(w, "%d goroutines, until all of them wait\n", n)
	for _, when := range []string{"the first time", "the second time"} {
		took := start(n)
		if _, err := fmt.Fprintf(w, "%-15s %8v, %v each\n", when, took.Round(time.Millisecond), took/time.Duration(n)); err != nil {
			return err
		}
	}
	return nil
}

//region start

// start starts n goroutines that wait at a gate, and returns how long it took until all
// of them were there. Then it lets them go, and waits until they are gone.
func start(n int) time.Duration {
	gate := make(chan struct{})
	var here, gone sync.WaitGroup
	here.Add(n)
	began := time.Now()
	for range n {
		gone.Go(func() {
			here.Done()
			<-gate
		})
	}
	here.Wait()
	took := time.Since(began)
	close(gate)
	gone.Wait()
	return took
}

//endregion

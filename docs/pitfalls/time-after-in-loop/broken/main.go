//go:build pitfall

//region oldTimers

//go:debug asynctimerchan=1

//endregion

// A loop over 100,000 messages, each waited for with a timeout of an hour.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

//region consume

func consume(messages <-chan int) (n int) {
	for {
		select {
		case _, ok := <-messages:
			if !ok {
				return n
			}
			n++
		case <-time.After(time.Hour):
			fmt.Println("no message for an hour")
			return n
		}
	}
}

//endregion

func main() {
	messages := make(chan int)
	go func() {
		defer close(messages)
		for i := range 100_000 {
			messages <- i
		}
	}()

	objects, bytes := live()
	n := consume(messages)
	objectsNow, bytesNow := live()
	objects, bytes = (objectsNow-objects)/n, (bytesNow-bytes)/n
	fmt.Printf("%d messages; still in memory for each: %d objects, %d bytes\n", n, objects, bytes)
	if objects > 0 {
		os.Exit(1)
	}
}

// live is what is left in memory after a collection.
func live() (objects, bytes int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapObjects), int(m.HeapAlloc)
}

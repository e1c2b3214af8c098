//go:build pitfall

// Two requests, and a pool of buffers for their answers.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync"
)

//region answer

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func answer(name string, balance int) []byte {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	fmt.Fprintf(buf, "%s has %d coins", name, balance)
	return buf.Bytes()
}

//endregion

func main() {
	// A pool keeps its objects by processor: with one it is the same object
	// each time, and not only most times.
	runtime.GOMAXPROCS(1)

	forAda := answer("Ada", 120)
	forBob := answer("Bob", 7) // a second request, before the first answer is sent
	fmt.Printf("sent to Ada: %s\n", forAda)
	fmt.Printf("sent to Bob: %s\n", forBob)
	if string(forAda) != "Ada has 120 coins" {
		os.Exit(1)
	}
}

// Turns shows that a goroutine which never waits does not stop the others.
//
//	go run ./docs/code/goroutines/turns
package main

import (
	"fmt"
	"runtime"
	"time"
)

//region turns

func main() {
	runtime.GOMAXPROCS(1) // one goroutine can run at a time, as on one core

	go func() {
		for n := 0; ; n++ { // counts for ever: no wait, no call
		}
	}()

	for i := range 3 {
		time.Sleep(10 * time.Millisecond)
		fmt.Println("main has its turn", i+1)
	}
}

//endregion

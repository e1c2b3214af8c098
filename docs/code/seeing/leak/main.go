// Leak asks three mirrors for an answer, ten times over, and takes the first one.
// Beside that a goroutine waits for work. The program prints its goroutines, as the
// profiles of runtime/pprof tell of them.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

// first returns the answer of the mirror that answers first.
func first(mirrors []string) string {
	answers := make(chan string)
	for _, mirror := range mirrors {
		go func() { answers <- ask(mirror) }()
	}
	return <-answers
}

func ask(mirror string) string {
	time.Sleep(time.Millisecond)
	return "from " + mirror
}

// work is what a worker waits for. Nobody sends any, but anybody could.
var work = make(chan func())

func worker() {
	for do := range work {
		do()
	}
}

func main() {
	go worker()
	for range 10 {
		first([]string{"Oslo", "Lima", "Cairo"})
	}
	time.Sleep(100 * time.Millisecond) // the slow mirrors answer, too

	//region profiles
	pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
	if leaks := pprof.Lookup("goroutineleak"); leaks != nil {
		leaks.WriteTo(os.Stdout, 1)
	} else {
		fmt.Println("goroutineleak: this program was built without it")
	}
	//endregion
}

// Lock has eight goroutines that prepare a report each, a millisecond of waiting, and
// then add it to a list behind one lock. Preparing can overlap. -mutex and -block name
// files for profiles of that.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

func main() {
	mutex := flag.String("mutex", "", "`file` for the mutex profile")
	block := flag.String("block", "", "`file` for the block profile")
	flag.Parse()
	if err := run(*mutex, *block); err != nil {
		fmt.Fprintln(os.Stderr, "lock:", err)
		os.Exit(1)
	}
}

func run(mutex, block string) error {
	//region rates
	runtime.SetMutexProfileFraction(1) // every contended lock
	runtime.SetBlockProfileRate(1)     // every wait of a nanosecond or more
	//endregion
	began := time.Now()
	reports(8, 25, prepare)
	fmt.Println("200 reports of 1 ms, 8 goroutines:", time.Since(began).Round(10*time.Millisecond))
	if err := write("mutex", mutex); err != nil {
		return err
	}
	return write("block", block)
}

// A list of reports, which several goroutines add to.
type list struct {
	mu    sync.Mutex
	texts []string
}

func (l *list) add(prepare func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, prepare())
}

func prepare() string {
	time.Sleep(time.Millisecond)
	return "a report"
}

func reports(writers, each int, prepare func() string) []string {
	var l list
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				l.add(prepare)
			}
		})
	}
	wg.Wait()
	return l.texts
}

// write writes a profile to a file, if there is to be one.
func write(profile, name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return pprof.Lookup(profile).WriteTo(file, 0)
}

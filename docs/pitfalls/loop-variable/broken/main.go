//go:build pitfall && go1.21

// Three pages, a job for each. The line above asks for the language of Go 1.21.
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	var mu sync.Mutex
	fetched := map[string]int{}
	fetch := func(url string) {
		mu.Lock()
		defer mu.Unlock()
		fetched[url]++
	}

	//region jobs
	urls := []string{"/page/1", "/page/2", "/page/3"}
	var jobs []func()
	for _, url := range urls {
		jobs = append(jobs, func() { fetch(url) })
	}
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Add(1)
		go func(job func()) {
			defer wg.Done()
			job()
		}(job)
	}
	wg.Wait()
	//endregion

	for _, url := range urls {
		fmt.Printf("%s: fetched %d times\n", url, fetched[url])
	}
	if len(fetched) < len(urls) {
		os.Exit(1)
	}
}

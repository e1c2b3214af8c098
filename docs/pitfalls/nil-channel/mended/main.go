//go:build pitfall

// A worker that fetches pages, behind two channels.
package main

import "fmt"

//region worker

// A worker takes addresses from jobs and sends pages to results.
type worker struct {
	jobs    chan string
	results chan string
}

// start starts a worker. It ends when jobs is closed.
func start() *worker {
	w := &worker{jobs: make(chan string), results: make(chan string)}
	go func() {
		for url := range w.jobs {
			w.results <- "the text of " + url
		}
	}()
	return w
}

//endregion

func main() {
	//region main
	w := start()
	w.jobs <- "/page/1"
	fmt.Println(<-w.results)
	close(w.jobs)
	//endregion
}

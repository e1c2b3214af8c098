//go:build pitfall

// Two pages are downloaded at once, and each download tells how far it is.
package main

import (
	"fmt"
	"sync"
)

//region download

type progress struct {
	page    string
	percent int
}

func download(page string, told chan<- progress) string {
	for _, percent := range []int{50, 100} {
		told <- progress{page, percent}
	}
	return "page " + page
}

func main() {
	told := make(chan progress)
	pages := make([]string, 2)
	var wg sync.WaitGroup
	for i, page := range []string{"a", "b"} {
		wg.Go(func() { pages[i] = download(page, told) })
	}
	go func() {
		wg.Wait()
		close(told)
	}()
	for p := range told {
		fmt.Println(p.page, p.percent, "percent")
	}
	fmt.Println("downloaded", pages)
}

//endregion

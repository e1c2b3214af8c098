//go:build pitfall

// A hundred pages, and how often each word stands in them.
package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

//region count

// count counts the words of all pages, with a goroutine for each page.
func count(pages []string) map[string]int {
	counts := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, page := range pages {
		wg.Go(func() {
			for _, word := range strings.Fields(page) {
				mu.Lock()
				counts[word]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return counts
}

//endregion

func main() {
	pages := slices.Repeat([]string{"a rose is a rose is a rose"}, 100)
	fmt.Println("rose:", count(pages)["rose"])
}

// Package overlapping is the code of the course's first chapter: the same waits,
// one after another and at once, with nothing but the standard library.
package overlapping

import "sync"

// OneAfterAnother downloads the pages in turn and returns them in the order of urls.
func OneAfterAnother(urls []string, download func(url string) string) []string {
	pages := make([]string, len(urls))
	//region one-after-another
	for i, url := range urls {
		pages[i] = download(url) // the loop stands still until the page is there
	}
	//endregion
	return pages
}

// AtOnce downloads all pages at the same time and returns them in the order of urls.
func AtOnce(urls []string, download func(url string) string) []string {
	pages := make([]string, len(urls))
	//region at-once
	var wg sync.WaitGroup
	for i, url := range urls {
		wg.Go(func() { pages[i] = download(url) }) // starts it, and goes on
	}
	wg.Wait() // stands still until all are there
	//endregion
	return pages
}

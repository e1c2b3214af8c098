//go:build pitfall

// Package plain fetches three pages at once, and a heart beats beside them.
package plain

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

//region fetch

func download(page int) string {
	time.Sleep(150 * time.Millisecond) // any call that blocks
	return fmt.Sprint("page ", page)
}

func fetchAll(n int) []string {
	pages := make([]string, n)
	var wg sync.WaitGroup
	for i := range pages {
		wg.Go(func() { pages[i] = download(i) })
	}
	wg.Wait()
	return pages
}

func TestHeart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beats := 0
		heart := time.NewTicker(10 * time.Millisecond)
		done := make(chan []string)
		go func() { done <- fetchAll(3) }()
		for {
			select {
			case <-heart.C:
				beats++
			case pages := <-done:
				fmt.Println(len(pages), "pages came, and the heart beat", beats, "times meanwhile")
				return
			}
		}
	})
}

//endregion

//go:build pitfall

// Ten pages are fetched, and somebody waits for all of them.
package mended

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

//region fetchAll

// fetchAll fetches n pages at once and returns how many it has when all are done.
func fetchAll(n int) int {
	var fetched atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			time.Sleep(50 * time.Millisecond) // the page comes
			fetched.Add(1)
		})
	}
	wg.Wait()
	return int(fetched.Load())
}

//endregion

//region test

func TestFetchAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		early := 0
		for range 1000 {
			if fetchAll(10) < 10 {
				early++
			}
		}
		if early > 0 {
			t.Errorf("Wait returned before the pages were there, %d times of 1000", early)
		}
		time.Sleep(time.Second) // for the goroutines that nobody has waited for
	})
}

//endregion

//go:build pitfall

// Ten workers count the visits of a site, behind a lock.
package main

import (
	"fmt"
	"sync"
)

//region visits

type Visits struct {
	mu     sync.Mutex
	byPage map[string]int
}

func (v *Visits) Add(page string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.byPage[page]++
}

//endregion

func main() {
	visits := Visits{byPage: make(map[string]int)}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 100 {
				visits.Add("/")
			}
		})
	}
	wg.Wait()
	fmt.Println("visits of /:", visits.byPage["/"])
}

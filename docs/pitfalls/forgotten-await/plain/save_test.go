//go:build pitfall

// Package plain saves three pages, and tells somebody.
package plain

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var saved atomic.Int64

//region save

func save(page int) {
	time.Sleep(10 * time.Millisecond)
	saved.Add(1)
}

func callThem() {
	for page := range 3 {
		save(page)
	}
}

func startThem() {
	for page := range 3 {
		go save(page)
	}
}

func waitForThem() {
	var wg sync.WaitGroup
	for page := range 3 {
		wg.Go(func() { save(page) })
	}
	wg.Wait()
}

//endregion

func TestCall(t *testing.T)  { try(t, callThem) }
func TestStart(t *testing.T) { try(t, startThem) }
func TestWait(t *testing.T)  { try(t, waitForThem) }

func try(t *testing.T, saveThem func()) {
	synctest.Test(t, func(t *testing.T) {
		saved.Store(0)
		saveThem()
		fmt.Println("saved", saved.Load(), "of 3 pages")
	})
}

//go:build pitfall

// A crawler that can be stopped.
package main

import (
	"errors"
	"fmt"
	"sync"
)

//region crawler

// A crawler runs workers until it is stopped.
type crawler struct {
	done    chan struct{}
	workers sync.WaitGroup
	stop    sync.Once
}

// Stop ends the workers and waits for them. It may be called more than once.
func (c *crawler) Stop() {
	c.stop.Do(func() { close(c.done) })
	c.workers.Wait()
}

//endregion

// start starts a crawler of two workers.
func start() *crawler {
	c := &crawler{done: make(chan struct{})}
	for range 2 {
		c.workers.Go(func() { <-c.done })
	}
	return c
}

//region crawl

// crawl fetches three pages.
func crawl() error {
	c := start()
	defer c.Stop()
	for i := range 3 {
		if err := fetch(i); err != nil {
			c.Stop() // no more requests, now
			return fmt.Errorf("page %d: %w", i, err)
		}
	}
	return nil
}

//endregion

// fetch fails with page 1.
func fetch(i int) error {
	if i == 1 {
		return errors.New("503 Service Unavailable")
	}
	return nil
}

func main() {
	fmt.Println("the crawl has ended:", crawl())
}

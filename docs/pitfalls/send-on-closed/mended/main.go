//go:build pitfall

// A producer of pages, and a consumer that needs three of them.
package main

import (
	"context"
	"fmt"
	"sync"
)

//region produce

// produce sends the addresses of pages until ctx ends.
func produce(ctx context.Context, pages chan<- string) {
	for i := 1; ; i++ {
		select {
		case pages <- fmt.Sprintf("/page/%d", i):
		case <-ctx.Done():
			return
		}
	}
}

//endregion

func main() {
	//region consume
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pages := make(chan string)
	var wg sync.WaitGroup
	wg.Go(func() { produce(ctx, pages) })
	for range 3 {
		fmt.Println("fetching", <-pages)
	}
	cancel() // three are enough
	wg.Wait()
	fmt.Println("the producer has ended")
	//endregion
}

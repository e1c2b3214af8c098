//go:build pitfall

// A producer of pages, and a consumer that needs three of them.
package main

import (
	"fmt"
	"sync"
)

//region produce

// produce sends the addresses of pages.
func produce(pages chan<- string) {
	for i := 1; ; i++ {
		pages <- fmt.Sprintf("/page/%d", i)
	}
}

//endregion

func main() {
	//region consume
	pages := make(chan string)
	var wg sync.WaitGroup
	wg.Go(func() { produce(pages) })
	for range 3 {
		fmt.Println("fetching", <-pages)
	}
	close(pages) // three are enough
	wg.Wait()
	fmt.Println("the producer has ended")
	//endregion
}

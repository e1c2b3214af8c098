// Nowait starts three goroutines and does not wait for them.
//
//	go run ./docs/code/goroutines/nowait
package main

import (
	"fmt"
	"time"
)

//region nowait

func download(page string) string {
	time.Sleep(time.Second) // as long as a slow page takes
	return "the text of " + page
}

func main() {
	for _, page := range []string{"/a", "/b", "/c"} {
		go func() { fmt.Println("got", download(page)) }()
	}
	fmt.Println("main is done")
}

//endregion

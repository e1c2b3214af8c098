//go:build pitfall

// Three pages are fetched at once, and a heart beats beside them.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/overlap/eventloop"
)

var beats int

//region fetch

func download(page int) string {
	time.Sleep(150 * time.Millisecond) // any call that blocks
	return fmt.Sprint("page ", page)
}

func fetch(page int) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		return download(page), nil
	}
}

func run(co *eventloop.Co) ([]string, error) {
	beating := eventloop.CreateTask(co, heart)
	pages, err := eventloop.Gather(co, fetch(0), fetch(1), fetch(2)).Await(co)
	fmt.Println(len(pages), "pages came, and the heart beat", beats, "times meanwhile")
	beating.Cancel()
	beating.Await(co)
	return pages, err
}

//endregion

func heart(co *eventloop.Co) (int, error) {
	for {
		if err := co.Sleep(10 * time.Millisecond); err != nil {
			return beats, err
		}
		beats++
	}
}

func main() {
	if _, err := eventloop.Main(context.Background(), run, eventloop.Debug(100*time.Millisecond)); err != nil {
		panic(err)
	}
	if beats == 0 {
		os.Exit(1)
	}
}

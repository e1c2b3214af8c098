//go:build pitfall

// Two pages are downloaded beside the loop, and each download tells how far it is.
package main

import (
	"context"
	"fmt"

	"example.com/overlap/eventloop"
)

//region download

func download(page string, loop *eventloop.Loop) string {
	for _, percent := range []int{50, 100} {
		loop.CallSoon(func() { tell(page, percent) })
	}
	return "page " + page
}

func fetch(page string) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		loop := co.Loop()
		return eventloop.ToThread(co, func(context.Context) (string, error) {
			return download(page, loop), nil
		})
	}
}

func run(co *eventloop.Co) (int, error) {
	pages, err := eventloop.Gather(co, fetch("a"), fetch("b")).Await(co)
	fmt.Println("downloaded", pages)
	return len(pages), err
}

func tell(page string, percent int) {
	fmt.Println(page, percent, "percent")
}

//endregion

func main() {
	if _, err := eventloop.Main(context.Background(), run); err != nil {
		panic(err)
	}
}

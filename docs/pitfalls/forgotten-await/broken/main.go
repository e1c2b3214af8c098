//go:build pitfall

// Three pages are saved, and somebody is told.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/overlap/eventloop"
)

var saved, told int

//region save

func save(page int) eventloop.Coroutine[int] {
	return func(co *eventloop.Co) (int, error) {
		err := co.Sleep(10 * time.Millisecond)
		saved++
		return page, err
	}
}

func tell(who string) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		if err := co.Sleep(10 * time.Millisecond); err != nil {
			return "", err
		}
		told++
		return who, nil
	}
}

func run(co *eventloop.Co) (int, error) {
	eventloop.CreateTask(co, tell("the boss"))
	for page := range 3 {
		save(page)
	}
	return 0, nil
}

//endregion

func main() {
	_, err := eventloop.Main(context.Background(), run, eventloop.Debug(time.Second))
	fmt.Printf("saved %d of 3 pages, told %d of 1; error: %v\n", saved, told, err)
	if saved < 3 {
		os.Exit(1)
	}
}

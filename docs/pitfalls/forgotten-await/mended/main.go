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

func save(co *eventloop.Co, page int) error {
	err := co.Sleep(10 * time.Millisecond)
	saved++
	return err
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
	err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
		eventloop.CreateTask(group, tell("the boss"))
		for page := range 3 {
			if err := save(co, page); err != nil {
				return err
			}
		}
		return nil
	})
	return saved, err
}

//endregion

func main() {
	_, err := eventloop.Main(context.Background(), run, eventloop.Debug(time.Second))
	fmt.Printf("saved %d of 3 pages, told %d of 1; error: %v\n", saved, told, err)
	if saved < 3 {
		os.Exit(1)
	}
}

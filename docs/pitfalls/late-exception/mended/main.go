//go:build pitfall

// Three pages are saved on a disk that is full.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"example.com/overlap/eventloop"
)

var (
	lost    int
	reports counter
)

//region run

func save(page int) eventloop.Coroutine[int] {
	return func(co *eventloop.Co) (int, error) {
		lost++
		return 0, fmt.Errorf("page %d: the disk is full", page)
	}
}

func run(co *eventloop.Co) (int, error) {
	err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
		eventloop.CreateTask(group, save(1))
		eventloop.CreateTask(group, save(2))
		eventloop.CreateTask(group, save(3))
		return nil
	})
	if errs, ok := errors.AsType[*eventloop.GroupError](err); ok {
		for _, err := range errs.Errors {
			fmt.Println("not saved:", err)
		}
	}
	return 0, nil
}

//endregion

func main() {
	logger := slog.New(slog.NewTextHandler(&reports, nil))
	if _, err := eventloop.Main(context.Background(), run, eventloop.Logger(logger)); err != nil {
		panic(err)
	}
	fmt.Println(lost, "pages were lost; reports:", reports)
}

// A counter counts the lines that go to standard output through it.
type counter int

func (c *counter) Write(line []byte) (int, error) {
	*c++
	return os.Stdout.Write(line)
}

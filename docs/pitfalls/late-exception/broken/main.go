//go:build pitfall

// Three pages are saved on a disk that is full.
package main

import (
	"context"
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
	eventloop.CreateTask(co, save(1))
	eventloop.GatherResults(co, save(2), save(3)).Await(co)
	for _, request := range []string{"a", "b"} {
		co.Yield()
		fmt.Println("served request", request)
	}
	fmt.Println("all pages are saved; reports until now:", reports)
	return 0, nil
}

//endregion

func main() {
	logger := slog.New(slog.NewTextHandler(&reports, nil))
	if _, err := eventloop.Main(context.Background(), run, eventloop.Logger(logger)); err != nil {
		panic(err)
	}
	fmt.Println(lost, "pages were lost; reports:", reports)
	if lost > 0 {
		os.Exit(1)
	}
}

// A counter counts the lines that go to standard output through it.
type counter int

func (c *counter) Write(line []byte) (int, error) {
	*c++
	return os.Stdout.Write(line)
}

package loop

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.com/overlap/eventloop"
)

func SlowCallback(ctx context.Context) error {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (none, error) {
		time.Sleep(time.Second) // nobody else can run
		return none{}, nil
	}, eventloop.Debug(500*time.Millisecond), eventloop.Logger(logger))
	if strings.Contains(log.String(), "the loop was held") {
		fmt.Println("too slow")
	}
	return err
}

func ExceptionHandler(ctx context.Context) error {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (none, error) {
		eventloop.CreateTask(co, fail("no route", time.Second)) // nobody awaits it
		return none{}, co.Sleep(2 * time.Second)
	}, eventloop.Logger(logger))
	if strings.Contains(log.String(), `error="no route"`) {
		fmt.Println("no route")
	}
	fmt.Println("main is done")
	return err
}

func GetStack(ctx context.Context) error {
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (none, error) {
		task := eventloop.CreateTask(co, fetch("a", time.Second)).SetName("a")
		if err := co.Yield(); err != nil {
			return none{}, err
		}
		for _, info := range co.Loop().Tasks() {
			if info.Name == "a" {
				file, _, _ := strings.Cut(info.At, ".") // such as fetch.go:22
				fmt.Println("it waits in", file)
			}
		}
		_, err := task.Await(co)
		return none{}, err
	}, eventloop.Debug(0))
	return err
}

package loop

import (
	"context"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func Run(ctx context.Context) error {
	main := func(co *eventloop.Co) (none, error) {
		fmt.Println("hello")
		if err := co.Sleep(time.Second); err != nil {
			return none{}, err
		}
		fmt.Println("world")
		return none{}, nil
	}
	_, err := eventloop.Main(ctx, main)
	return err
}

func Runner(ctx context.Context) error {
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (none, error) {
		if err := show(co, fetch("a", time.Second)); err != nil {
			return none{}, err
		}
		return none{}, show(co, fetch("b", time.Second))
	})
	return err
}

func RunForever(co *eventloop.Co) error {
	stopped := eventloop.NewFuture[none](co)
	co.Loop().CallLater(time.Second, func() { _ = stopped.SetResult(none{}) })
	if _, err := stopped.Await(co); err != nil {
		return err
	}
	fmt.Println("stopped")
	return nil
}

func LoopTime(co *eventloop.Co) error {
	loop := co.Loop()
	begun := loop.Time()
	if err := co.Sleep(2 * time.Second); err != nil {
		return err
	}
	fmt.Println((loop.Time() - begun).Round(time.Second))
	return nil
}

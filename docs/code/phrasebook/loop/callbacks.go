package loop

import (
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func Future(co *eventloop.Co) error {
	answer := eventloop.NewFuture[string](co)
	co.Loop().CallLater(time.Second, func() { _ = answer.SetResult("a letter") })
	return show(co, answer)
}

func InvalidState(co *eventloop.Co) error {
	answer := eventloop.NewFuture[string](co)
	if err := answer.SetResult("first"); err != nil {
		return err
	}
	if err := answer.SetResult("second"); errors.Is(err, eventloop.ErrInvalidState) {
		fmt.Println("there is an answer already")
	}
	return show(co, answer)
}

func SetException(co *eventloop.Co) error {
	answer := eventloop.NewFuture[string](co)
	co.Loop().CallLater(time.Second, func() { _ = answer.SetException(errors.New("no route")) })
	text, err := answer.Await(co)
	if err != nil {
		fmt.Println(err)
		return nil
	}
	fmt.Println(text)
	return nil
}

func CallSoon(co *eventloop.Co) error {
	loop := co.Loop()
	loop.CallSoon(func() { fmt.Println("second") })
	loop.CallSoon(func() { fmt.Println("never") }).Cancel()
	fmt.Println("first")
	return co.Yield()
}

func CallLater(co *eventloop.Co) error {
	loop := co.Loop()
	loop.CallLater(time.Second, func() { fmt.Println("after a second") })
	never := loop.CallAt(loop.Time()+2*time.Second, func() { fmt.Println("never") })
	if err := co.Sleep(1500 * time.Millisecond); err != nil {
		return err
	}
	never.Cancel()
	return co.Sleep(time.Second)
}

func DoneCallback(co *eventloop.Co) error {
	task := eventloop.CreateTask(co, fetch("a", time.Second))
	task.AddDoneCallback(func(f *eventloop.Future[string]) {
		text, _ := f.Result()
		fmt.Println("got", text)
	})
	return co.Sleep(2 * time.Second)
}

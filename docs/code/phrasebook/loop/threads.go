package loop

import (
	"context"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func ToThread(co *eventloop.Co) error {
	task := eventloop.CreateTask(co, func(co *eventloop.Co) (int, error) {
		return eventloop.ToThread(co, func(context.Context) (int, error) {
			return work(1_000_000), nil
		})
	})
	if err := show(co, fetch("meanwhile", 10*time.Millisecond)); err != nil {
		return err
	}
	return show(co, task)
}

func RunInExecutor(co *eventloop.Co) error {
	two := eventloop.NewExecutor(2)
	var jobs []*eventloop.Future[int]
	for _, n := range []int{10, 100, 1000} {
		jobs = append(jobs, eventloop.RunInExecutor(co, two, func(context.Context) (int, error) {
			return work(n), nil
		}))
	}
	totals, err := eventloop.Gather(co, jobs...).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(totals[0], totals[1], totals[2])
	return nil
}

func CallSoonThreadsafe(co *eventloop.Co) error {
	answer := eventloop.NewFuture[int](co)
	source := co.Loop().NewSource() // or the loop would not know that something comes
	go func() {
		defer source.Close()
		total := work(100)
		_ = source.Post(func() { _ = answer.SetResult(total) })
	}()
	return show(co, answer)
}

func RunCoroutineThreadsafe(co *eventloop.Co) error {
	loop := co.Loop()
	text, err := eventloop.ToThread(co, func(context.Context) (string, error) {
		answer := make(chan string, 1)
		err := loop.CallSoonThreadsafe(func() {
			task := eventloop.CreateTask(loop, fetch("a", 10*time.Millisecond))
			task.AddDoneCallback(func(f *eventloop.Future[string]) {
				text, _ := f.Result()
				answer <- text
			})
		})
		if err != nil {
			return "", err
		}
		return <-answer, nil // this goroutine waits
	})
	if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}

package loop

import (
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func AwaitOne(co *eventloop.Co) error {
	begun := co.Loop().Time()
	a, err := fetch("a", 2*time.Second).Await(co)
	if err != nil {
		return err
	}
	b, err := fetch("b", time.Second).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(a, b, (co.Loop().Time() - begun).Round(time.Second))
	return nil
}

func CreateTask(co *eventloop.Co) error {
	begun := co.Loop().Time()
	task := eventloop.CreateTask(co, fetch("a", 2*time.Second))
	b, err := fetch("b", time.Second).Await(co)
	if err != nil {
		return err
	}
	a, err := task.Await(co)
	if err != nil {
		return err
	}
	fmt.Println(a, b, (co.Loop().Time() - begun).Round(time.Second))
	return nil
}

func TaskResult(co *eventloop.Co) error {
	good := eventloop.CreateTask(co, fetch("a", time.Second))
	bad := eventloop.CreateTask(co, fail("no route", time.Second))
	if !good.Done() {
		fmt.Println("pending")
	}
	if err := co.Sleep(2 * time.Second); err != nil {
		return err
	}
	text, err := good.Result()
	if err != nil {
		return err
	}
	fmt.Println(text, bad.Exception())
	return nil
}

func EnsureFuture(co *eventloop.Co) error {
	twice := func(answer eventloop.Awaitable[string]) error {
		future := eventloop.EnsureFuture(co, answer)
		first, err := future.Await(co)
		if err != nil {
			return err
		}
		second, _ := future.Await(co) // the same, at once
		fmt.Println(first, second)
		return nil
	}
	if err := twice(fetch("a", time.Second)); err != nil {
		return err
	}
	return twice(eventloop.CreateTask(co, fetch("b", time.Second)))
}

func CurrentTask(co *eventloop.Co) error {
	job := func(co *eventloop.Co) (none, error) {
		fmt.Println(co.Name()) // co is the current task
		return none{}, nil
	}
	_, err := eventloop.CreateTask(co, job).SetName("download").Await(co)
	return err
}

func AllTasks(co *eventloop.Co) error {
	a := eventloop.CreateTask(co, fetch("a", time.Second))
	b := eventloop.CreateTask(co, fetch("b", time.Second))
	others := 0
	for _, task := range co.Loop().Tasks() {
		if task.Name != co.Name() {
			others++
		}
	}
	fmt.Println(others, "running")
	_, err := eventloop.Gather(co, a, b).Await(co)
	return err
}

func Eager(co *eventloop.Co) error {
	cache := map[string]string{"a": "the text of a"}
	lookup := func(co *eventloop.Co) (string, error) {
		if text, ok := cache["a"]; ok {
			return text, nil
		}
		return fetch("a", time.Second).Await(co)
	}
	text, err := eventloop.EagerTask(co, lookup).Result()
	if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}

func GiveWay(co *eventloop.Co) error {
	other := eventloop.CreateTask(co, fetch("the other ran", 0))
	total := 0
	for n := range 1000 {
		total += n
		if n%100 == 0 {
			if err := co.Yield(); err != nil {
				return err
			}
		}
	}
	text, err := other.Result()
	if err != nil {
		return err
	}
	fmt.Println(text, total)
	return nil
}

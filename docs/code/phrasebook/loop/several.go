package loop

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/overlap/eventloop"
)

func Gather(co *eventloop.Co) error {
	begun := co.Loop().Time()
	texts, err := eventloop.Gather(co,
		fetch("a", 2*time.Second), fetch("b", time.Second)).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(texts[0], texts[1], (co.Loop().Time() - begun).Round(time.Second))
	return nil
}

func GatherList(co *eventloop.Co) error {
	var all []eventloop.Coroutine[string]
	for _, name := range []string{"a", "b", "c"} {
		all = append(all, fetch(name, time.Second))
	}
	texts, err := eventloop.Gather(co, all...).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(texts, " "))
	return nil
}

func GatherFails(co *eventloop.Co) error {
	slow := eventloop.CreateTask(co, fetch("a", 2*time.Second))
	bad := eventloop.CreateTask(co, fail("no route", time.Second))
	if _, err := eventloop.Gather(co, slow, bad).Await(co); err != nil {
		fmt.Println(err)
	}
	return show(co, slow) // it was not cancelled
}

func GatherErrors(co *eventloop.Co) error {
	results, err := eventloop.GatherResults(co,
		fetch("a", 2*time.Second), fail("no route", time.Second)).Await(co)
	if err != nil {
		return err // this task was cancelled
	}
	for _, result := range results {
		if result.Err != nil {
			fmt.Println(result.Err)
		} else {
			fmt.Println(result.Value)
		}
	}
	return nil
}

func TaskGroup(co *eventloop.Co) error {
	var a, b *eventloop.Task[string]
	err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
		a = eventloop.CreateTask(group, fetch("a", 2*time.Second))
		b = eventloop.CreateTask(group, fetch("b", time.Second))
		return nil
	})
	if err != nil {
		return err
	}
	first, _ := a.Result() // neither has failed
	second, _ := b.Result()
	fmt.Println(first, second)
	return nil
}

func TaskGroupFails(co *eventloop.Co) error {
	var slow *eventloop.Task[string]
	err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
		slow = eventloop.CreateTask(group, fetch("a", 5*time.Second))
		eventloop.CreateTask(group, fail("no route", time.Second))
		return nil
	})
	failed, ok := errors.AsType[*eventloop.GroupError](err)
	if !ok {
		return err
	}
	for _, err := range failed.Errors {
		fmt.Println(err)
	}
	if slow.Cancelled() {
		fmt.Println("cancelled")
	}
	return nil
}

func WaitTimeout(co *eventloop.Co) error {
	fast := eventloop.CreateTask(co, fetch("fast", time.Second))
	slow := eventloop.CreateTask(co, fetch("slow", 5*time.Second))
	tasks := []*eventloop.Task[string]{fast, slow}
	done, pending, err := eventloop.Wait(co, tasks, eventloop.AllCompleted, 2*time.Second)
	if err != nil {
		return err
	}
	for _, task := range done {
		if err := show(co, task); err != nil {
			return err
		}
	}
	fmt.Println(len(pending), "not yet")
	return nil
}

func WaitFirst(co *eventloop.Co) error {
	slow := eventloop.CreateTask(co, fetch("slow", 5*time.Second))
	fast := eventloop.CreateTask(co, fetch("fast", time.Second))
	tasks := []*eventloop.Task[string]{slow, fast}
	done, pending, err := eventloop.Wait(co, tasks, eventloop.FirstCompleted, eventloop.Forever)
	if err != nil {
		return err
	}
	for _, task := range pending {
		task.Cancel()
	}
	return show(co, done[0])
}

func WaitException(co *eventloop.Co) error {
	var tasks []*eventloop.Task[string]
	for _, job := range []eventloop.Coroutine[string]{
		fetch("a", time.Second), fail("no route", 2*time.Second), fetch("b", 5*time.Second),
	} {
		tasks = append(tasks, eventloop.CreateTask(co, job))
	}
	done, pending, err := eventloop.Wait(co, tasks, eventloop.FirstException, eventloop.Forever)
	if err != nil {
		return err
	}
	fmt.Println(len(done), "done,", len(pending), "pending")
	return nil
}

func AsCompleted(co *eventloop.Co) error {
	slow, fast := fetch("slow", 2*time.Second), fetch("fast", time.Second)
	for text, err := range eventloop.AsCompleted(co, slow, fast) {
		if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return nil
}

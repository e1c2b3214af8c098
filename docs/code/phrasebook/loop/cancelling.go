package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func Cancel(co *eventloop.Co) error {
	task := eventloop.CreateTask(co, fetch("a", 5*time.Second))
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	task.Cancel()
	_, err := task.Await(co)
	if errors.Is(err, eventloop.ErrCancelled) {
		fmt.Println("cancelled")
		return nil
	}
	return err
}

func Cleanup(co *eventloop.Co) error {
	job := func(co *eventloop.Co) (none, error) {
		defer func() {
			_ = show(co, fetch("saved", time.Second)) // a cancel is delivered once
		}()
		return none{}, co.Sleep(5 * time.Second)
	}
	task := eventloop.CreateTask(co, job)
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	task.Cancel()
	_, _, err := eventloop.Wait(co, []*eventloop.Task[none]{task}, eventloop.AllCompleted, eventloop.Forever)
	return err
}

func Uncancel(co *eventloop.Co) error {
	job := func(co *eventloop.Co) (string, error) {
		if err := co.Sleep(5 * time.Second); errors.Is(err, eventloop.ErrCancelled) {
			co.Uncancel()
		}
		return fetch("a later answer", time.Second).Await(co)
	}
	task := eventloop.CreateTask(co, job)
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	task.Cancel()
	return show(co, task)
}

func Shield(co *eventloop.Co) error {
	save := eventloop.CreateTask(co, fetch("saved", 2*time.Second))
	err := eventloop.WithTimeout(co, time.Second, func(*eventloop.Deadline) error {
		_, err := eventloop.Shield(co, save).Await(co)
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("not waiting any more")
	}
	return show(co, save)
}

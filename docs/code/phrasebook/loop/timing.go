package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func Sleep(co *eventloop.Co) error {
	for n := range 3 {
		if err := co.Sleep(time.Second); err != nil {
			return err
		}
		fmt.Println("tick", n)
	}
	return nil
}

func Timeout(co *eventloop.Co) error {
	err := eventloop.WithTimeout(co, time.Second, func(*eventloop.Deadline) error {
		return show(co, fetch("a", 5*time.Second))
	})
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("too late")
		return nil
	}
	return err
}

func TimeoutAt(co *eventloop.Co) error {
	deadline := co.Loop().Time() + 3*time.Second
	for _, name := range []string{"a", "b"} {
		err := eventloop.WithTimeoutAt(co, deadline, func(*eventloop.Deadline) error {
			return show(co, fetch(name, 2*time.Second))
		})
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println(name, "is too late")
		} else if err != nil {
			return err
		}
	}
	return nil
}

func Reschedule(co *eventloop.Co) error {
	return eventloop.WithTimeout(co, time.Second, func(deadline *eventloop.Deadline) error {
		if err := deadline.Reschedule(co.Loop().Time() + 3*time.Second); err != nil {
			return err
		}
		if err := show(co, fetch("a", 2*time.Second)); err != nil {
			return err
		}
		if !deadline.Expired() {
			fmt.Println("in time")
		}
		return nil
	})
}

func WaitFor(co *eventloop.Co) error {
	text, err := eventloop.WaitFor(co, fetch("a", 5*time.Second), time.Second)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("too late")
		return nil
	} else if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}

package loop

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/overlap/eventloop"
)

func Shared(co *eventloop.Co) error {
	visits := map[string]int{"a": 0}
	visit := func(co *eventloop.Co) (none, error) {
		if err := co.Sleep(time.Second); err != nil {
			return none{}, err
		}
		visits["a"]++ // nobody comes between
		return none{}, nil
	}
	var all []eventloop.Coroutine[none]
	for range 100 {
		all = append(all, visit)
	}
	if _, err := eventloop.Gather(co, all...).Await(co); err != nil {
		return err
	}
	fmt.Println(visits["a"])
	return nil
}

func Lock(co *eventloop.Co) error {
	var lock eventloop.Lock
	balance := 0
	deposit := eventloop.Coroutine[none](func(co *eventloop.Co) (none, error) {
		return none{}, eventloop.With(co, &lock, func() error {
			before := balance
			if err := co.Sleep(time.Second); err != nil {
				return err
			}
			balance = before + 1
			return nil
		})
	})
	if _, err := eventloop.Gather(co, deposit, deposit, deposit).Await(co); err != nil {
		return err
	}
	fmt.Println(balance)
	return nil
}

func Event(co *eventloop.Co) error {
	var ready eventloop.Event
	waiter := func(name string) *eventloop.Task[string] {
		return eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			return name, ready.Wait(co)
		})
	}
	a, b := waiter("a"), waiter("b")
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	ready.Set()
	names, err := eventloop.Gather(co, a, b).Await(co)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(names, " "))
	return nil
}

func Condition(co *eventloop.Co) error {
	changed := eventloop.NewCondition(nil)
	var stock []string
	task := eventloop.CreateTask(co, func(co *eventloop.Co) (item string, err error) {
		err = eventloop.With(co, changed, func() error {
			err := changed.WaitFor(co, func() bool { return len(stock) > 0 })
			if err == nil {
				item, stock = stock[0], stock[1:]
			}
			return err
		})
		return item, err
	})
	if err := eventloop.With(co, changed, func() error {
		stock = append(stock, "tea")
		return changed.Notify(1)
	}); err != nil {
		return err
	}
	return show(co, task)
}

func Semaphore(co *eventloop.Co) error {
	begun := co.Loop().Time()
	limit := eventloop.NewSemaphore(2)
	job := func(co *eventloop.Co) (none, error) {
		return none{}, eventloop.With(co, limit, func() error {
			return co.Sleep(time.Second)
		})
	}
	var all []eventloop.Coroutine[none]
	for range 6 {
		all = append(all, job)
	}
	if _, err := eventloop.Gather(co, all...).Await(co); err != nil {
		return err
	}
	fmt.Println((co.Loop().Time() - begun).Round(time.Second))
	return nil
}

func BoundedSemaphore(co *eventloop.Co) error {
	limit := eventloop.NewBoundedSemaphore(2)
	err := eventloop.With(co, limit, func() error {
		fmt.Println("inside")
		return nil
	})
	if errors.Is(limit.Release(), eventloop.ErrNotAcquired) {
		fmt.Println("released once too often")
	}
	return err
}

func Barrier(co *eventloop.Co) error {
	begun := co.Loop().Time()
	barrier := eventloop.NewBarrier(3)
	runner := func(d time.Duration) eventloop.Coroutine[none] {
		return func(co *eventloop.Co) (none, error) {
			if err := co.Sleep(d); err != nil {
				return none{}, err
			}
			if _, err := barrier.Wait(co); err != nil {
				return none{}, err
			}
			fmt.Println("off at", (co.Loop().Time() - begun).Round(time.Second))
			return none{}, nil
		}
	}
	_, err := eventloop.Gather(co,
		runner(time.Second), runner(2*time.Second), runner(3*time.Second)).Await(co)
	return err
}

func BrokenBarrier(co *eventloop.Co) error {
	barrier := eventloop.NewBarrier(2)
	task := eventloop.CreateTask(co, func(co *eventloop.Co) (none, error) {
		if _, err := barrier.Wait(co); errors.Is(err, eventloop.ErrBrokenBarrier) {
			fmt.Println("called off")
		}
		return none{}, nil
	})
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	barrier.Abort()
	_, err := task.Await(co)
	return err
}

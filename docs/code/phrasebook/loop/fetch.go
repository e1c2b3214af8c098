// Package loop is the phrasebook's answers in package eventloop: each of asyncio's
// phrases one to one.
package loop

import (
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

// none is the value of a coroutine that has none to give.
type none = struct{}

// fetch takes its time, as a request does, and gives its name.
func fetch[T any](name T, d time.Duration) eventloop.Coroutine[T] {
	return func(co *eventloop.Co) (T, error) {
		return name, co.Sleep(d)
	}
}

// fail takes its time, and fails.
func fail(reason string, d time.Duration) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		if err := co.Sleep(d); err != nil {
			return "", err
		}
		return "", errors.New(reason)
	}
}

// show waits for something, and prints it.
func show[T any](co *eventloop.Co, a eventloop.Awaitable[T]) error {
	value, err := a.Await(co)
	if err == nil {
		fmt.Println(value)
	}
	return err
}

// work keeps a processor busy.
func work(n int) int {
	total := 0
	for i := range n {
		total += i
	}
	return total
}

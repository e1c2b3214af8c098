package asyncio

import (
	"context"
	"fmt"

	"example.com/overlap/eventloop"
)

// Offloads are the ways to hand a function off the loop and to await its result.
func Offloads() []Row {
	type handing = func(co *eventloop.Co, f func(context.Context) (int, error)) (int, error)
	onLoop := func(hand handing) func(context.Context, Meter, int) (int, error) {
		return func(ctx context.Context, m Meter, n int) (int, error) {
			return eventloop.Main(ctx, func(co *eventloop.Co) (int, error) {
				return handOff(m, n, func(i int) (int, error) {
					return hand(co, func(context.Context) (int, error) { return i, nil })
				})
			})
		}
	}
	executor := eventloop.NewExecutor(1) // one function at a time is all that there is to do
	return []Row{
		{"eventloop", onLoop(func(co *eventloop.Co, f func(context.Context) (int, error)) (int, error) {
			return eventloop.Offload(co, f).Await(co)
		})},
		{"eventloop-to-thread", onLoop(func(co *eventloop.Co, f func(context.Context) (int, error)) (int, error) {
			return eventloop.ToThread(co, f)
		})},
		{"eventloop-executor", onLoop(func(co *eventloop.Co, f func(context.Context) (int, error)) (int, error) {
			return eventloop.RunInExecutor(co, executor, f).Await(co)
		})},
		{"goroutine", func(_ context.Context, m Meter, n int) (int, error) {
			return handOff(m, n, func(i int) (int, error) {
				result := make(chan int, 1)
				go func() { result <- i }()
				return <-result, nil
			})
		}},
	}
}

// handOff hands n functions off, one after another, and adds their results up.
func handOff(m Meter, n int, hand func(i int) (int, error)) (int, error) {
	if _, err := hand(0); err != nil { // a thread is there
		return 0, err
	}
	total := 0
	m.ResetTimer()
	for i := range n {
		result, err := hand(i)
		if err != nil {
			return 0, err
		}
		total += result
	}
	m.StopTimer()
	if total != n*(n-1)/2 {
		return 0, fmt.Errorf("the results add up to %d", total)
	}
	return n, nil
}

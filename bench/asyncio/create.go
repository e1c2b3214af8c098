package asyncio

import (
	"context"
	"fmt"

	"example.com/overlap/eventloop"
)

// Creates are the ways to create a task, run it and await it.
func Creates() []Row {
	return []Row{
		{"eventloop", func(ctx context.Context, m Meter, n int) (int, error) {
			ran := 0
			return eventloop.Main(ctx, func(co *eventloop.Co) (int, error) {
				task := func(*eventloop.Co) (struct{}, error) {
					ran++
					return struct{}{}, nil
				}
				m.ResetTimer()
				for range n {
					if _, err := eventloop.CreateTask(co, task).Await(co); err != nil {
						return 0, err
					}
				}
				m.StopTimer()
				return allRan(ran, n)
			})
		}},
		{"goroutine", func(_ context.Context, m Meter, n int) (int, error) {
			ran := 0
			m.ResetTimer()
			for range n {
				done := make(chan struct{}, 1)
				go func() {
					ran++
					done <- struct{}{}
				}()
				<-done
			}
			m.StopTimer()
			return allRan(ran, n)
		}},
	}
}

func allRan(ran, n int) (int, error) {
	if ran != n {
		return 0, fmt.Errorf("%d tasks ran, want %d", ran, n)
	}
	return n, nil
}

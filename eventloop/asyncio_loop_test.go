package eventloop_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.com/overlap/eventloop"
)

// The loop itself: rounds, handles, the states of a task.
func loopTwins() map[string]program {
	return map[string]program{
		"greedy-task": func(print printer) error {
			const none = -1

			consumer := func(queue *eventloop.Queue[int]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for item := value(queue.Get(co)); item != none; item = value(queue.Get(co)) {
						print("consumed", item)
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[int](0)
				task := eventloop.CreateTask(co, consumer(queue))
				must(co.Yield())
				print("greedy:")
				for n := range 3 {
					must(queue.Put(co, n))
					print("put", n)
				}
				print("polite:")
				for n := 3; n < 6; n++ {
					must(queue.Put(co, n))
					print("put", n)
					must(co.Yield())
				}
				must(queue.Put(co, none))
				value(task.Await(co))
				return nil
			})
		},

		"handle-cancelled": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				var second *eventloop.Handle
				var timer *eventloop.Timer

				first := func() {
					print("first cancels second and the timer")
					second.Cancel()
					timer.Cancel()
				}

				handle := loop.CallSoon(first)
				second = loop.CallSoon(func() { print("second") })
				loop.CallSoon(func() { print("third") })
				timer = loop.CallLater(10*time.Millisecond, func() { print("timer") })
				later := loop.CallLater(20*time.Millisecond, func() { print("later timer") })
				must(co.Yield())
				print("cancelled:", handle.Cancelled(), second.Cancelled(), timer.Cancelled())
				handle.Cancel()
				print("cancel of one that has run: nothing happens")
				must(co.Sleep(40 * time.Millisecond))
				later.Cancel()
				print("main ends")
				return nil
			})
		},

		"sleep-zero-rounds": func(print printer) error {
			var worker func(name string, steps int) eventloop.Coroutine[nothing]
			worker = func(name string, steps int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for step := range steps {
						print(name, step)
						if name == "b" && step == 0 {
							eventloop.CreateTask(co, worker("b's child", 2))
						}
						must(co.Yield())
					}
					print(name, "ends")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				tasks := []*eventloop.Task[nothing]{
					eventloop.CreateTask(co, worker("a", 3)),
					eventloop.CreateTask(co, worker("b", 1)),
					eventloop.CreateTask(co, worker("c", 2)),
				}
				runs := func(task *eventloop.Task[nothing]) bool { return !task.Done() }
				for round := 0; slices.ContainsFunc(tasks, runs); round++ {
					print("round", round)
					must(co.Yield())
				}
				print("main ends")
				return nil
			})
		},

		"task-states": func(print printer) error {
			divide := func(a, b int, gate *eventloop.Event) eventloop.Coroutine[int] {
				return func(co *Co) (int, error) {
					must(gate.Wait(co))
					if b == 0 {
						return 0, errors.New("division by zero")
					}
					return a / b, nil
				}
			}

			show := func(task *eventloop.Task[int]) {
				line := []any{task.Name(), "done:", task.Done(), "cancelled:", task.Cancelled()}
				exception := task.Exception()
				result, err := task.Result()
				switch {
				case errors.Is(exception, eventloop.ErrInvalidState):
					line = append(line, "invalid state")
				case err != nil:
					line = append(line, "result raises:", err)
				default:
					line = append(line, "failed:", exception != nil, "result:", result)
				}
				print(line...)
			}

			return asyncioRun(print, func(co *Co) error {
				var gate eventloop.Event
				var tasks []*eventloop.Task[int]
				for _, b := range []int{3, 0} {
					tasks = append(tasks, eventloop.CreateTask(co, divide(6, b, &gate)).SetName(fmt.Sprintf("6/%d", b)))
				}
				for _, task := range tasks {
					show(task)
				}
				must(co.Yield())
				gate.Set()
				print("gate is open, done:", tasks[0].Done())
				must(wait(co, tasks...))
				tasks[0].SetName("a third")
				for _, task := range tasks {
					show(task)
				}
				return nil
			})
		},
	}
}

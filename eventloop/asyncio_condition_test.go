package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// Condition.
func conditionTwins() map[string]program {
	return map[string]program{
		"condition-cancelled": func(print printer) error {
			waiter := func(condition *eventloop.Condition) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := eventloop.With(co, condition, func() error {
						err := condition.Wait(co)
						if cancelled(err) {
							print("waiter: cancelled, with the lock:", condition.Locked())
						}
						return err
					})
					if err != nil {
						return err
					}
					print("not reached")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				condition := eventloop.NewCondition(nil)
				task := eventloop.CreateTask(co, waiter(condition))
				must(co.Yield())
				must(eventloop.With(co, condition, func() error {
					task.Cancel()
					for range 3 {
						must(co.Yield())
					}
					print("main has the lock; waiter is done:", task.Done())
					return nil
				}))
				print("main released the lock")
				must(wait(co, task))
				print("cancelled:", task.Cancelled(), "locked:", condition.Locked())
				return nil
			})
		},

		"condition-notify": func(print printer) error {
			waiter := func(name string, condition *eventloop.Condition) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return eventloop.With(co, condition, func() error {
						must(condition.Wait(co))
						print(name, "has the lock")
						must(co.Yield())
						print(name, "gives it back")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				condition := eventloop.NewCondition(nil)
				tasks := []*eventloop.Task[nothing]{}
				for _, name := range []string{"a", "b", "c", "d", "e"} {
					tasks = append(tasks, eventloop.CreateTask(co, waiter(name, condition)))
				}
				must(co.Yield())
				must(eventloop.With(co, condition, func() error {
					must(condition.Notify(2))
					print("notified 2, locked:", condition.Locked())
					must(co.Yield())
					print("main still has the lock")
					return nil
				}))
				must(wait(co, tasks[:2]...))
				print("done:", each(tasks, isDone))
				must(eventloop.With(co, condition, func() error {
					must(condition.Notify(1))
					must(condition.NotifyAll())
					return nil
				}))
				must(wait(co, tasks...))
				print("locked:", condition.Locked())
				return nil
			})
		},

		"condition-wait-for": func(print printer) error {
			consumer := func(name string, condition *eventloop.Condition, items *[]string, need int) eventloop.Coroutine[nothing] {
				enough := func() bool {
					print(name, "looks:", len(*items), "of", need)
					return len(*items) >= need
				}

				return proc(func(co *Co) error {
					return eventloop.With(co, condition, func() error {
						must(condition.WaitFor(co, enough))
						for range need {
							*items = (*items)[:len(*items)-1]
						}
						print(name, "took", need)
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				condition := eventloop.NewCondition(nil)
				items := []string{"one"}
				must(eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, consumer("a", condition, &items, 2))
					eventloop.CreateTask(group, consumer("b", condition, &items, 1))
					eventloop.CreateTask(group, consumer("c", condition, &items, 1))
					for n := range 3 {
						for range 5 {
							must(co.Yield())
						}
						must(eventloop.With(co, condition, func() error {
							items = append(items, "another")
							print("main: added", n)
							return condition.NotifyAll()
						}))
					}
					return nil
				}))
				print("left:", len(items))
				return nil
			})
		},

		"condition-without-lock": func(print printer) error {
			waiter := func(condition *eventloop.Condition) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return eventloop.With(co, condition, func() error {
						print("waiter: waits")
						must(condition.Wait(co))
						print("waiter: was notified")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				condition := eventloop.NewCondition(nil)
				if err := condition.Wait(co); errors.Is(err, eventloop.ErrNotAcquired) {
					print("wait without the lock")
				}
				if err := condition.Notify(1); errors.Is(err, eventloop.ErrNotAcquired) {
					print("notify without the lock")
				}
				must(eventloop.With(co, condition, func() error {
					return condition.NotifyAll()
				}))
				task := eventloop.CreateTask(co, waiter(condition))
				_, pending, err := eventloop.Wait(co, []*eventloop.Task[nothing]{task}, eventloop.AllCompleted, 20*time.Millisecond)
				must(err)
				print("the early notify was lost:", len(pending) == 1)
				must(eventloop.With(co, condition, func() error {
					return condition.Notify(1)
				}))
				value(task.Await(co))
				return nil
			})
		},
	}
}

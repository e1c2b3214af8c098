package eventloop_test

import (
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

// Gather: order, errors, cancels.
func gatherTwins() map[string]program {
	return map[string]program{
		"gather-cancel-error": func(print printer) error {
			child := func(name, failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := forever(co)
					print(name, "closes")
					if failure != "" {
						return errors.New(failure)
					}
					return err
				})
			}

			parent := func(co *Co) (string, error) {
				_, err := eventloop.Gather(co, child("a", "a cannot close"), child("b", "")).Await(co)
				if cancelled(err) {
					return "", err
				} else if err != nil {
					print("parent: error:", err, "cancelling:", co.Cancelling())
				}
				must(co.Yield())
				return "parent went on", nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, parent)
				must(co.Yield())
				must(co.Yield())
				print("cancel:", task.Cancel())
				print("main:", value(task.Await(co)))
				print("parent is cancelled:", task.Cancelled())
				return nil
			})
		},

		"gather-cancel": func(print printer) error {
			child := func(name string, turns int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := forever(co)
					for range turns {
						must(co.Yield())
					}
					print(name, "closed")
					return err
				})
			}

			parent := func(waitAll bool) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					children := []*eventloop.Task[nothing]{
						eventloop.CreateTask(co, child("a", 4)),
						eventloop.CreateTask(co, child("b", 0)),
						eventloop.CreateTask(co, child("c", 2)),
					}
					var err error
					if waitAll {
						_, err = eventloop.GatherResults(co, children...).Await(co)
					} else {
						_, err = eventloop.Gather(co, children...).Await(co)
					}
					if cancelled(err) {
						print("parent: cancelled; children done:", each(children, isDone))
					}
					must(wait(co, children...))
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				for _, waitAll := range []bool{false, true} {
					task := eventloop.CreateTask(co, parent(waitAll))
					must(co.Yield())
					must(co.Yield())
					print("cancel; return_exceptions:", waitAll)
					task.Cancel()
					must(wait(co, task))
					print("parent is cancelled:", task.Cancelled())
				}
				return nil
			})
		},

		"gather-child-cancelled": func(print printer) error {
			child := func(name string, event *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					if err := event.Wait(co); err != nil {
						return "", err
					}
					print(name, "ends")
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				var event eventloop.Event
				var children []*eventloop.Task[string]
				for _, name := range []string{"a", "b", "c"} {
					children = append(children, eventloop.CreateTask(co, child(name, &event)))
				}
				co.Loop().CallSoon(func() { children[1].Cancel() })
				if _, err := eventloop.Gather(co, children...).Await(co); cancelled(err) {
					print("main: a child was cancelled")
				}
				print("main is cancelled:", co.Cancelling() > 0)
				print("cancelled:", each(children, isCancelled))
				print("done:", each(children, isDone))
				event.Set()
				print("main: last is", value(children[2].Await(co)))
				return nil
			})
		},

		"gather-first-error": func(print printer) error {
			work := func(name string, turns int, failure string) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					for range turns {
						must(co.Yield())
					}
					print(name, "ends")
					if failure != "" {
						return "", errors.New(failure)
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				a := eventloop.CreateTask(co, work("a", 6, ""))
				b := eventloop.CreateTask(co, work("b", 2, "b is bad"))
				c := eventloop.CreateTask(co, work("c", 4, "c is bad"))
				if results, err := eventloop.Gather(co, a, b, c).Await(co); err == nil {
					print(results)
				} else {
					print("main: error:", err)
				}
				print("done: a", a.Done(), "b", b.Done(), "c", c.Done())
				print("main:", value(a.Await(co)))
				print("c is done:", c.Done(), "exception:", c.Exception())
				return nil
			})
		},

		"gather-order": func(print printer) error {
			fetch := func(name string, turns int) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					print(name, "begins")
					for range turns {
						must(co.Yield())
					}
					print(name, "ends")
					return fmt.Sprintf("%s after %d", name, turns), nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, fetch("task", 2))
				future := eventloop.NewFuture[string](co)
				co.Loop().CallLater(20*time.Millisecond, func() { must(future.SetResult("a future's result")) })
				print("gather")
				awaitables := []eventloop.Awaitable[string]{fetch("slow", 4), future, task, fetch("quick", 1)}
				for _, result := range value(eventloop.Gather[string](co, awaitables...).Await(co)) {
					print("result:", result)
				}
				return nil
			})
		},

		"gather-return-exceptions": func(print printer) error {
			work := func(n int) eventloop.Coroutine[int] {
				return func(co *Co) (int, error) {
					must(co.Yield())
					if n == 1 {
						return 0, errors.New("1 is bad")
					}
					if n == 2 {
						co.Cancel()
					}
					if err := co.Yield(); err != nil {
						return 0, err
					}
					print("work", n, "ends")
					return n * 10, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				results := value(eventloop.GatherResults(co, work(0), work(1), work(2), work(3)).Await(co))
				for n, result := range results {
					switch {
					case cancelled(result.Err):
						print(n, "cancelled")
					case result.Err != nil:
						print(n, "error:", result.Err)
					default:
						print(n, "result:", result.Value)
					}
				}
				return nil
			})
		},

		// A coroutine of Go's is a function, which runs each time that it is given. So a is
		// made a task here, where Python's gather makes it one: after b.
		"gather-same-twice": func(print printer) error {
			work := func(name string) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					print(name, "runs")
					must(co.Yield())
					return name + "'s result", nil
				}
			}

			other := func(co *Co) error {
				print("other: runs")
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				b := eventloop.CreateTask(co, work("b"))
				a := eventloop.CreateTask(co, work("a"))
				for _, result := range value(eventloop.Gather(co, a, b, a, b).Await(co)) {
					print("result:", result)
				}
				task := createTask(co, other)
				print("empty gather:", len(value(eventloop.Gather[nothing, *eventloop.Task[nothing]](co).Await(co))))
				print("main did not wait; other is done:", task.Done())
				value(task.Await(co))
				return nil
			})
		},
	}
}

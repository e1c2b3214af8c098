package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// Wait: when it ends, and that it touches nothing.
func waitTwins() map[string]program {
	return map[string]program{
		"wait-all-raises-nothing": func(print printer) error {
			work := func(name, failure string) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					must(co.Yield())
					print(name, "ends")
					if failure != "" {
						return "", errors.New(failure)
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				tasks := []*eventloop.Task[string]{
					eventloop.CreateTask(co, work("a", "")),
					eventloop.CreateTask(co, work("b", "b is bad")),
					eventloop.CreateTask(co, work("c", "")),
				}
				tasks[2].Cancel()
				done, pending, err := eventloop.Wait(co, tasks, eventloop.AllCompleted, eventloop.Forever)
				must(err)
				print(len(done), "done,", len(pending), "pending")
				for _, task := range tasks {
					result, err := task.Result()
					switch {
					case err == nil:
						print("result:", result)
					case cancelled(err):
						print("cancelled")
					default:
						print("error:", err)
					}
				}
				return nil
			})
		},

		"wait-cancelled": func(print printer) error {
			type tasks = []*eventloop.Task[nothing]

			work := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := co.Sleep(20 * time.Millisecond)
					if cancelled(err) {
						print(name, "cancelled")
						return err
					}
					print(name, "ends")
					return nil
				})
			}

			waiter := func(how func(*Co, tasks) error, children tasks) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					if err := how(co, children); cancelled(err) {
						print("waiter: cancelled")
					}
					return nil
				})
			}

			inWait := func(co *Co, children tasks) error { return wait(co, children...) }
			inGather := func(co *Co, children tasks) error {
				_, err := eventloop.Gather(co, children...).Await(co)
				return err
			}

			return asyncioRun(print, func(co *Co) error {
				for _, how := range []func(*Co, tasks) error{inWait, inGather} {
					var children tasks
					for _, name := range []string{"a", "b"} {
						children = append(children, eventloop.CreateTask(co, work(name)))
					}
					task := eventloop.CreateTask(co, waiter(how, children))
					must(co.Yield())
					task.Cancel()
					value(task.Await(co))
					must(wait(co, children...))
					print("cancelled:", each(children, isCancelled))
				}
				return nil
			})
		},

		"wait-first-completed": func(print printer) error {
			work := func(name string, future *eventloop.Future[string]) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					print(name, "got", value(future.Await(co)))
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				var futures []*eventloop.Future[string]
				var pending []*eventloop.Task[string]
				for _, name := range []string{"a", "b", "c", "d"} {
					future := eventloop.NewFuture[string](co)
					futures = append(futures, future)
					pending = append(pending, eventloop.CreateTask(co, work(name, future)))
				}
				result := func(task *eventloop.Task[string]) string { return value(task.Result()) }
				var done []*eventloop.Task[string]
				var err error
				must(co.Yield())
				must(futures[2].SetResult("first"))
				must(futures[0].SetResult("in the same round"))
				for _, future := range []*eventloop.Future[string]{futures[1], futures[3]} {
					done, pending, err = eventloop.Wait(co, pending, eventloop.FirstCompleted, eventloop.Forever)
					must(err)
					print("done:", each(done, result), "pending:", len(pending))
					must(future.SetResult("later"))
				}
				done, pending, err = eventloop.Wait(co, pending, eventloop.AllCompleted, eventloop.Forever)
				must(err)
				print("done:", each(done, result), "pending:", len(pending))
				return nil
			})
		},

		"wait-first-exception": func(print printer) error {
			work := func(name string, event *eventloop.Event, failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					if err := event.Wait(co); err != nil {
						return err
					}
					print(name, "ends")
					if failure != "" {
						return errors.New(failure)
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var events [4]eventloop.Event
				tasks := []*eventloop.Task[nothing]{
					eventloop.CreateTask(co, work("well", &events[0], "")),
					eventloop.CreateTask(co, work("cancelled", &events[1], "")),
					eventloop.CreateTask(co, work("bad", &events[2], "an error")),
					eventloop.CreateTask(co, work("pending", &events[3], "")),
				}
				loop := co.Loop()
				loop.CallLater(20*time.Millisecond, events[0].Set)
				loop.CallLater(40*time.Millisecond, func() { tasks[1].Cancel() })
				loop.CallLater(60*time.Millisecond, events[2].Set)
				done, pending, err := eventloop.Wait(co, tasks, eventloop.FirstException, eventloop.Forever)
				must(err)
				print(len(done), "done,", len(pending), "pending")
				print("done:", each(tasks, isDone))
				print("error:", tasks[2].Exception())
				events[3].Set()
				value(tasks[3].Await(co))
				return nil
			})
		},

		"wait-timeout": func(print printer) error {
			work := func(name string, event *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := event.Wait(co)
					if cancelled(err) {
						print(name, "cancelled")
						return err
					}
					print(name, "ends")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var early, late eventloop.Event
				early.Set()
				tasks := []*eventloop.Task[nothing]{
					eventloop.CreateTask(co, work("a", &late)),
					eventloop.CreateTask(co, work("b", &early)),
				}
				done, pending, err := eventloop.Wait(co, tasks, eventloop.AllCompleted, 20*time.Millisecond)
				must(err)
				print("after the timeout:", len(done), "done,", len(pending), "pending")
				print("a is done:", tasks[0].Done(), "b is done:", tasks[1].Done())
				late.Set()
				done, pending, err = eventloop.Wait(co, pending, eventloop.AllCompleted, time.Minute)
				must(err)
				print("later:", len(done), "done,", len(pending), "pending")
				return nil
			})
		},
	}
}

// WaitFor: it cancels what is late, and waits for that.
func waitForTwins() map[string]program {
	return map[string]program{
		"wait-for-cancelled": func(print printer) error {
			inner := func(co *Co) error {
				err := forever(co)
				print("inner: cleanup begins")
				must(co.Sleep(20 * time.Millisecond))
				print("inner: cleanup ends")
				return err
			}

			outer := func(task *eventloop.Task[nothing]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					_, err := eventloop.WaitFor(co, task, time.Minute)
					switch {
					case timedOut(err):
						print("outer: timeout")
						return nil
					case cancelled(err):
						print("outer: cancelled; inner is done:", task.Done())
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				a := createTask(co, inner)
				b := eventloop.CreateTask(co, outer(a))
				must(co.Yield())
				b.Cancel()
				must(wait(co, b))
				print("cancelled: inner", a.Cancelled(), "outer", b.Cancelled())
				return nil
			})
		},

		"wait-for-suppressed": func(print printer) error {
			work := func(fails bool) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					if err := co.Sleep(time.Minute); cancelled(err) {
						print("work: cancelled")
					}
					if fails {
						return "", errors.New("cleanup is bad")
					}
					return "a late result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				for _, fails := range []bool{false, true} {
					task := eventloop.CreateTask(co, work(fails))
					result, err := eventloop.WaitFor(co, task, 20*time.Millisecond)
					switch {
					case err == nil:
						print("main: result:", result)
					case timedOut(err):
						print("main: timeout")
					default:
						print("main: error:", err)
					}
					print("cancelled:", task.Cancelled(), "cancelling:", task.Cancelling())
				}
				return nil
			})
		},

		"wait-for-timeout": func(print printer) error {
			work := func(name string, d time.Duration) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					err := co.Sleep(d)
					print(name, "closes")
					must(co.Sleep(20 * time.Millisecond))
					print(name, "closed")
					if err != nil {
						return "", err
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				print("main:", value(eventloop.WaitFor(co, work("quick", 0), time.Minute)))
				task := eventloop.CreateTask(co, work("late", time.Minute))
				if result, err := eventloop.WaitFor(co, task, 20*time.Millisecond); err == nil {
					print("main:", result)
				} else if timedOut(err) {
					print("main: timeout; late is done:", task.Done(), "cancelled:", task.Cancelled())
				}
				print("main is cancelled:", co.Cancelling() > 0)
				return nil
			})
		},

		"wait-for-zero": func(print printer) error {
			work := func(name string) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					defer print(name, "ends")
					print(name, "runs")
					if err := co.Yield(); err != nil {
						return "", err
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				for _, c := range []struct {
					name   string
					rounds int
				}{{"done", 2}, {"begun", 1}, {"fresh", 0}} {
					task := eventloop.CreateTask(co, work(c.name))
					for range c.rounds {
						must(co.Yield())
					}
					if result, err := eventloop.WaitFor(co, task, 0); err == nil {
						print("main:", result)
					} else if timedOut(err) {
						print("main: timeout;", c.name, "is cancelled:", task.Cancelled())
					}
				}
				return nil
			})
		},
	}
}

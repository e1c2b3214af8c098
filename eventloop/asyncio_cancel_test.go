package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// What cancel() does, to whom, and when.
func cancelTwins() map[string]program {
	return map[string]program{
		"cancel-after-result": func(print printer) error {
			waiter := func(name string, future *eventloop.Future[string]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					result, err := future.Await(co)
					if cancelled(err) {
						print(name, "cancelled; the future has", value(future.Result()))
						return err
					}
					print(name, "got", result)
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[string](co)
				a := eventloop.CreateTask(co, waiter("a", future))
				b := eventloop.CreateTask(co, waiter("b", future))
				must(co.Yield())
				must(future.SetResult("the result"))
				print("cancel a:", a.Cancel())
				must(co.Yield())
				print("a cancelled:", a.Cancelled(), "b cancelled:", b.Cancelled())
				return nil
			})
		},

		"cancel-before-first-step": func(print printer) error {
			work := func(co *Co) error {
				defer print("work: cleanup")
				print("work runs")
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, work)
				task.AddDoneCallback(func(t *eventloop.Future[nothing]) { print("callback: cancelled:", t.Cancelled()) })
				print("cancel:", task.Cancel())
				print("done:", task.Done(), "cancelled:", task.Cancelled())
				if _, err := task.Await(co); cancelled(err) {
					print("main: the task was cancelled")
				}
				print("done:", task.Done(), "cancelled:", task.Cancelled())
				return nil
			})
		},

		"cancel-chain": func(print printer) error {
			inner := func(future *eventloop.Future[nothing]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					defer func() {
						print("inner: cleanup; the future is cancelled:", future.Cancelled())
						must(co.Yield())
						print("inner ends")
					}()
					_, err := future.Await(co)
					return err
				})
			}

			outer := func(task *eventloop.Task[nothing]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					_, err := task.Await(co)
					if cancelled(err) {
						print("outer: inner is cancelled:", task.Cancelled())
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[nothing](co)
				a := eventloop.CreateTask(co, inner(future))
				b := eventloop.CreateTask(co, outer(a))
				must(co.Yield())
				b.Cancel()
				print("cancelling: outer", b.Cancelling(), "inner", a.Cancelling())
				if _, err := b.Await(co); cancelled(err) {
					print("main: outer is cancelled:", b.Cancelled())
				}
				return nil
			})
		},

		"cancel-cleanup-raises": func(print printer) error {
			work := func(fails bool) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := forever(co)
					print("work: cleanup")
					if fails {
						return errors.New("cannot close")
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				for _, fails := range []bool{false, true} {
					task := eventloop.CreateTask(co, work(fails))
					must(co.Yield())
					task.Cancel()
					_, err := task.Await(co)
					switch {
					case cancelled(err):
						print("main: cancelled")
					case err != nil:
						print("main: error:", err)
					}
					print("cancelled:", task.Cancelled(), "cancelling:", task.Cancelling())
				}
				return nil
			})
		},

		"cancel-during-cleanup": func(print printer) error {
			work := func(co *Co) error {
				err := forever(co)
				print("work: cleanup begins")
				if err := forever(co); cancelled(err) {
					print("work: cleanup is cancelled too")
					return err
				}
				print("work: cleanup ends")
				return err
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, work)
				must(co.Yield())
				print("first cancel:", task.Cancel())
				must(co.Yield())
				print("done:", task.Done())
				print("second cancel:", task.Cancel())
				must(co.Yield())
				print("done:", task.Done(), "cancelled:", task.Cancelled())
				print("third cancel:", task.Cancel())
				return nil
			})
		},

		"cancel-finished": func(print printer) error {
			well := func(co *Co) (string, error) {
				return "a result", nil
			}

			badly := func(co *Co) (string, error) {
				return "", errors.New("bad")
			}

			forever := func(co *Co) (string, error) {
				return "", forever(co)
			}

			return asyncioRun(print, func(co *Co) error {
				a := eventloop.CreateTask(co, well)
				b := eventloop.CreateTask(co, badly)
				c := eventloop.CreateTask(co, forever)
				must(co.Yield())
				print("cancel:", a.Cancel(), b.Cancel(), c.Cancel())
				must(co.Yield())
				print("cancel again:", a.Cancel(), b.Cancel(), c.Cancel())
				print("result:", value(a.Result()))
				print("exception:", b.Exception())
				print("cancelled:", a.Cancelled(), b.Cancelled(), c.Cancelled())
				print("cancelling:", a.Cancelling(), b.Cancelling(), c.Cancelling())
				return nil
			})
		},

		"cancel-inner-suppressed": func(print printer) error {
			inner := func(co *Co) (string, error) {
				if err := forever(co); cancelled(err) {
					print("inner: ignores the cancel")
				}
				return "inner's result", nil
			}

			outer := func(co *Co) error {
				print("outer: got", value(eventloop.CreateTask(co, inner).Await(co)))
				must(co.Yield())
				print("outer: goes on, cancelling:", co.Cancelling())
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, outer)
				must(co.Yield())
				must(co.Yield())
				print("cancel:", task.Cancel())
				value(task.Await(co))
				print("outer cancelled:", task.Cancelled())
				return nil
			})
		},

		"cancel-keeps-turns": func(print printer) error {
			ready := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for n := range 9 {
						print(name, n)
						if err := co.Yield(); cancelled(err) {
							print(name, "cancelled")
							break
						}
					}
					return nil
				})
			}

			waiting := func(co *Co) error {
				if err := forever(co); cancelled(err) {
					print("w cancelled")
				}
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				w := createTask(co, waiting)
				a := eventloop.CreateTask(co, ready("a"))
				b := eventloop.CreateTask(co, ready("b"))
				c := eventloop.CreateTask(co, ready("c"))
				must(co.Yield())
				print("main cancels w, then c, then a")
				w.Cancel()
				c.Cancel()
				a.Cancel()
				must(co.Yield())
				print("main cancels b")
				b.Cancel()
				must(wait(co, w, a, b, c))
				return nil
			})
		},

		"cancel-self": func(print printer) error {
			noWait := proc(func(co *Co) error {
				print("no_wait: runs")
				return nil
			})

			work := func(co *Co) error {
				print("work: cancel:", co.Cancel(), "cancelling:", co.Cancelling())
				value(noWait.Await(co))
				future := eventloop.NewFuture[string](co)
				must(future.SetResult("a result that is there"))
				print("work: got", value(future.Await(co)))
				if err := co.Yield(); cancelled(err) {
					print("work: cancelled at its first real wait")
					return err
				}
				print("work: not cancelled")
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, work)
				must(wait(co, task))
				print("cancelled:", task.Cancelled())
				return nil
			})
		},

		"cancel-self-and-return": func(print printer) error {
			returns := func(co *Co) (string, error) {
				co.Cancel()
				print("returns a result")
				return "result", nil
			}

			raises := func(co *Co) (string, error) {
				co.Cancel()
				print("raises an error")
				return "", errors.New("bad")
			}

			return asyncioRun(print, func(co *Co) error {
				for _, work := range []eventloop.Coroutine[string]{returns, raises} {
					task := eventloop.CreateTask(co, work)
					result, err := task.Await(co)
					switch {
					case err == nil:
						print("main:", result)
					case cancelled(err):
						print("main: cancelled")
					default:
						print("main: error:", err)
					}
					print("cancelled:", task.Cancelled())
				}
				return nil
			})
		},

		"cancel-spreads-to-waiters": func(print printer) error {
			inner := func(co *Co) error {
				return forever(co)
			}

			outer := func(name string, task *eventloop.Task[nothing]) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					if _, err := task.Await(co); cancelled(err) {
						if co.Cancelling() > 0 {
							print(name, "I am cancelled")
							return "", err
						}
						print(name, "only the other one is cancelled")
					}
					return "goes on", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				a, b := createTask(co, inner), createTask(co, inner)
				first := eventloop.CreateTask(co, outer("first", a))
				second := eventloop.CreateTask(co, outer("second", b))
				must(co.Yield())
				a.Cancel()
				second.Cancel()
				must(wait(co, first, second))
				print("first cancelled:", first.Cancelled(), "result:", value(first.Result()))
				print("second cancelled:", second.Cancelled(), "b cancelled:", b.Cancelled())
				return nil
			})
		},

		"cancel-suppressed": func(print printer) error {
			stubborn := func(event *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					for attempt := range 3 {
						if err := event.Wait(co); cancelled(err) {
							print("stubborn: ignores cancel", attempt)
							continue
						}
						print("stubborn: the event is set")
						break
					}
					return "a result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				event := &eventloop.Event{}
				task := eventloop.CreateTask(co, stubborn(event))
				must(co.Yield())
				for range 2 {
					print("cancel:", task.Cancel())
					must(co.Yield())
				}
				event.Set()
				print("main:", value(task.Await(co)))
				print("cancelled:", task.Cancelled(), "cancelling:", task.Cancelling())
				return nil
			})
		},

		"cancel-twice-at-once": func(print printer) error {
			work := func(co *Co) (string, error) {
				for n := range 2 {
					print("work: waits", n)
					if err := co.Sleep(20 * time.Millisecond); cancelled(err) {
						print("work: cancelled, cancelling:", co.Cancelling())
						continue
					}
					print("work: slept", n)
				}
				return "work's result", nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, work)
				must(co.Yield())
				print("cancel:", task.Cancel())
				print("cancel:", task.Cancel())
				print("main:", value(task.Await(co)))
				return nil
			})
		},

		"cancel-waits-for-cleanup": func(print printer) error {
			work := func(closed *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					defer func() {
						print("work: cleanup begins")
						must(closed.Wait(co))
						print("work: cleanup ends")
					}()
					print("work: waits")
					return forever(co)
				})
			}

			return asyncioRun(print, func(co *Co) error {
				closed := &eventloop.Event{}
				task := eventloop.CreateTask(co, work(closed))
				must(co.Yield())
				print("cancel:", task.Cancel())
				print("done:", task.Done())
				must(co.Yield())
				print("a round later, done:", task.Done())
				closed.Set()
				if _, err := task.Await(co); cancelled(err) {
					print("main: cancelled, done:", task.Done())
				}
				return nil
			})
		},

		"cancelling-and-uncancel": func(print printer) error {
			work := func(co *Co) (string, error) {
				for range 2 {
					if err := forever(co); cancelled(err) {
						print("work: cancelled, cancelling:", co.Cancelling())
					}
				}
				print("work: uncancel:", co.Uncancel())
				print("work: uncancel:", co.Uncancel())
				print("work: uncancel:", co.Uncancel())
				must(co.Yield())
				return "work's result", nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, work)
				must(co.Yield())
				print("cancelling:", task.Cancelling())
				task.Cancel()
				print("cancelling:", task.Cancelling())
				must(co.Yield())
				task.Cancel()
				print("main:", value(task.Await(co)))
				print("cancelling:", task.Cancelling(), "cancelled:", task.Cancelled())
				return nil
			})
		},
	}
}

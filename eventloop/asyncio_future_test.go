package eventloop_test

import (
	"errors"

	"example.com/overlap/eventloop"
)

// Futures: results, errors and cancels, and who hears of them.
func futureTwins() map[string]program {
	return map[string]program{
		"exception-never-retrieved": func(print printer) error {
			fails := func(what string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(what)
					return errors.New(what)
				})
			}

			handler := exceptionHandler(func(exception any) { print("never retrieved:", exception) })
			err := asyncioRun(print, func(co *Co) error {
				asked := eventloop.CreateTask(co, fails("asked"))
				gathered := eventloop.CreateTask(co, fails("gathered"))
				forgotten := eventloop.CreateTask(co, fails("forgotten"))
				print("main:", value(eventloop.GatherResults(co, gathered).Await(co))[0].Err)
				print("main:", asked.Exception())
				print("main: forgotten is done:", forgotten.Done())
				print("main ends")
				return nil
			}, handler)
			print("run returns")
			return err
		},

		"future-cancelled": func(print printer) error {
			careful := func(future *eventloop.Future[nothing]) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					if _, err := future.Await(co); cancelled(err) {
						print("careful: cancelled; goes on, cancelling:", co.Cancelling())
					}
					return "careful's result", nil
				}
			}

			careless := func(future *eventloop.Future[nothing]) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					defer print("careless: cleanup")
					_, err := future.Await(co)
					return "", err
				}
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[nothing](co)
				a := eventloop.CreateTask(co, careful(future))
				b := eventloop.CreateTask(co, careless(future))
				must(co.Yield())
				print("cancel:", future.Cancel())
				must(wait(co, a, b))
				print("careful cancelled:", a.Cancelled(), "result:", value(a.Result()))
				print("careless cancelled:", b.Cancelled())
				return nil
			})
		},

		"future-error-to-all": func(print printer) error {
			waiter := func(name string, future *eventloop.Future[nothing]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					if _, err := future.Await(co); err != nil {
						print(name, "error:", err)
						return errors.New(name + " gave up")
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[nothing](co)
				a := eventloop.CreateTask(co, waiter("a", future))
				b := eventloop.CreateTask(co, waiter("b", future))
				must(co.Yield())
				must(future.SetException(errors.New("no route")))
				for _, task := range []*eventloop.Task[nothing]{a, b} {
					if _, err := task.Await(co); err != nil {
						print("main:", err)
					}
				}
				for range 2 {
					if _, err := future.Await(co); err != nil {
						print("main: error:", err)
					}
				}
				print("exception:", future.Exception(), "cancelled:", future.Cancelled())
				return nil
			})
		},

		"future-settled-once": func(print printer) error {
			settle := func(what string, result any, err error) {
				if errors.Is(err, eventloop.ErrInvalidState) {
					print(what, "invalid state")
				} else {
					must(err)
					print(what, result)
				}
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[string](co)
				result, err := future.Result()
				settle("result of a pending future:", result, err)
				settle("exception of a pending future:", nil, future.Exception())
				must(future.SetResult("first"))
				settle("second result:", nil, future.SetResult("second"))
				settle("error after a result:", nil, future.SetException(errors.New("bad")))
				settle("cancel after a result:", future.Cancel(), nil)
				result, err = future.Result()
				settle("result:", result, err)
				print("failed:", future.Exception() != nil)
				future = eventloop.NewFuture[string](co)
				settle("cancel of a pending future:", future.Cancel(), nil)
				settle("second cancel:", future.Cancel(), nil)
				settle("result after cancel:", nil, future.SetResult("late"))
				print("cancelled:", future.Cancelled(), "done:", future.Done())
				return nil
			})
		},
	}
}

package eventloop_test

import (
	"errors"

	"example.com/overlap/eventloop"
)

// Barrier.
func barrierTwins() map[string]program {
	return map[string]program{
		"barrier-abort": func(print printer) error {
			party := func(name string, barrier *eventloop.Barrier) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					_, err := barrier.Wait(co)
					switch {
					case err == nil:
						print(name, "leaves")
					case errors.Is(err, eventloop.ErrBrokenBarrier):
						print(name, "broken")
					default:
						return err
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				barrier := eventloop.NewBarrier(2)
				task := eventloop.CreateTask(co, party("a", barrier))
				must(co.Yield())
				barrier.Abort()
				print("aborted; broken:", barrier.Broken())
				value(task.Await(co))
				value(party("b", barrier).Await(co))
				barrier.Reset()
				print("reset; broken:", barrier.Broken())
				_, err := eventloop.Gather(co, party("c", barrier), party("d", barrier)).Await(co)
				return err
			})
		},

		"barrier-release": func(print printer) error {
			party := func(name string, barrier *eventloop.Barrier) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for n := range 2 {
						print(name, "arrives, waiting:", barrier.Waiting())
						index, err := barrier.Wait(co)
						if err != nil {
							return err
						}
						print(name, "leaves", n, "as number", index)
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				barrier := eventloop.NewBarrier(3)
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					for _, name := range []string{"a", "b", "c"} {
						eventloop.CreateTask(group, party(name, barrier))
					}
					return nil
				})
				print("waiting:", barrier.Waiting(), "broken:", barrier.Broken())
				return err
			})
		},

		"barrier-reset": func(print printer) error {
			party := func(name string, barrier *eventloop.Barrier) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					index, err := barrier.Wait(co)
					switch {
					case err == nil:
						print(name, "leaves as number", index)
					case errors.Is(err, eventloop.ErrBrokenBarrier):
						print(name, "broken")
					default:
						return err
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				barrier := eventloop.NewBarrier(3)
				a := eventloop.CreateTask(co, party("a", barrier))
				b := eventloop.CreateTask(co, party("b", barrier))
				must(co.Yield())
				print("waiting:", barrier.Waiting())
				barrier.Reset()
				must(wait(co, a, b))
				print("broken:", barrier.Broken(), "waiting:", barrier.Waiting())
				c := eventloop.CreateTask(co, party("c", barrier))
				d := eventloop.CreateTask(co, party("d", barrier))
				e := eventloop.CreateTask(co, party("e", barrier))
				must(wait(co, c, d, e))
				return nil
			})
		},

		"barrier-waiter-cancelled": func(print printer) error {
			party := func(name string, barrier *eventloop.Barrier) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					index, err := barrier.Wait(co)
					switch {
					case err == nil:
						print(name, "leaves as number", index)
					case cancelled(err):
						print(name, "cancelled")
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				barrier := eventloop.NewBarrier(3)
				a := eventloop.CreateTask(co, party("a", barrier))
				b := eventloop.CreateTask(co, party("b", barrier))
				must(co.Yield())
				print("waiting:", barrier.Waiting())
				a.Cancel()
				must(wait(co, a))
				print("waiting:", barrier.Waiting(), "broken:", barrier.Broken())
				c := eventloop.CreateTask(co, party("c", barrier))
				must(co.Yield())
				print("waiting:", barrier.Waiting())
				d := eventloop.CreateTask(co, party("d", barrier))
				must(wait(co, b, c, d))
				return nil
			})
		},
	}
}

package eventloop_test

import (
	"errors"

	"example.com/overlap/eventloop"
)

// Semaphores: who passes, in which order.
func semaphoreTwins() map[string]program {
	return map[string]program{
		"semaphore-bounded": func(print printer) error {
			worker := func(name string, semaphore *eventloop.Semaphore) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					must(eventloop.With(co, semaphore, func() error {
						print(name, "is in")
						return co.Yield()
					}))
					print(name, "is out")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				for _, make := range []func(int) *eventloop.Semaphore{eventloop.NewBoundedSemaphore, eventloop.NewSemaphore} {
					semaphore := make(1)
					must(semaphore.Acquire(co))
					must(semaphore.Release())
					if err := semaphore.Release(); err == nil {
						print("released once too often: it grows")
					} else if errors.Is(err, eventloop.ErrNotAcquired) {
						print("released once too often: refused")
					}
					must(eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
						for _, name := range []string{"a", "b"} {
							eventloop.CreateTask(group, worker(name, semaphore))
						}
						return nil
					}))
				}
				return nil
			})
		},

		"semaphore-fair": func(print printer) error {
			worker := func(name string, semaphore *eventloop.Semaphore) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return eventloop.With(co, semaphore, func() error {
						print(name, "is in")
						must(co.Yield())
						print(name, "leaves")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				semaphore := eventloop.NewSemaphore(2)
				var tasks []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c", "d"} {
					tasks = append(tasks, eventloop.CreateTask(co, worker(name, semaphore)))
				}
				must(co.Yield())
				print("locked:", semaphore.Locked())
				must(co.Yield())
				print("a and b have left; locked:", semaphore.Locked())
				must(eventloop.With(co, semaphore, func() error {
					print("main is in; done:", each(tasks, isDone))
					return nil
				}))
				must(wait(co, tasks...))
				print("locked:", semaphore.Locked())
				return nil
			})
		},

		"semaphore-room-for-both": func(print printer) error {
			worker := func(name string, semaphore *eventloop.Semaphore) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return eventloop.With(co, semaphore, func() error {
						print(name, "is in")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				semaphore := eventloop.NewSemaphore(0)
				a := eventloop.CreateTask(co, worker("a", semaphore))
				must(co.Yield())
				b := eventloop.CreateTask(co, worker("b", semaphore))
				for range 3 {
					must(semaphore.Release())
				}
				print("three places, and one that waits; locked:", semaphore.Locked())
				must(eventloop.With(co, semaphore, func() error {
					print("main is in; done: a", a.Done(), "b", b.Done())
					return nil
				}))
				must(wait(co, a, b))
				print("locked:", semaphore.Locked())
				return nil
			})
		},

		"semaphore-waiter-cancelled": func(print printer) error {
			worker := func(name string, semaphore *eventloop.Semaphore) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := eventloop.With(co, semaphore, func() error {
						print(name, "is in")
						return nil
					})
					if cancelled(err) {
						print(name, "cancelled")
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				semaphore := eventloop.NewSemaphore(1)
				must(semaphore.Acquire(co))
				var tasks []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c", "d"} {
					tasks = append(tasks, eventloop.CreateTask(co, worker(name, semaphore)))
				}
				must(co.Yield())
				tasks[1].Cancel()
				print("b is cancelled while it waits")
				must(semaphore.Release())
				tasks[0].Cancel()
				print("a is cancelled when it has been woken")
				must(wait(co, tasks...))
				print("locked:", semaphore.Locked())
				return nil
			})
		},
	}
}

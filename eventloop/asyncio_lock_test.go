package eventloop_test

import (
	"errors"

	"example.com/overlap/eventloop"
)

// Locks: whose turn it is, and what becomes of it when that task is cancelled.
func lockTwins() map[string]program {
	return map[string]program{
		"lock-fair": func(print printer) error {
			worker := func(name string, lock *eventloop.Lock) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for n := range 2 {
						must(eventloop.With(co, lock, func() error {
							print(name, "has the lock", n)
							return co.Yield()
						}))
						print(name, "released", n)
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var lock eventloop.Lock
				print("locked:", lock.Locked())
				must(eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					for _, name := range []string{"a", "b", "c"} {
						eventloop.CreateTask(group, worker(name, &lock))
					}
					must(co.Yield())
					print("locked:", lock.Locked())
					return nil
				}))
				print("locked:", lock.Locked())
				return nil
			})
		},

		"lock-misused": func(print printer) error {
			worker := func(name string, lock *eventloop.Lock, failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return eventloop.With(co, lock, func() error {
						print(name, "has the lock")
						if failure != "" {
							return errors.New(failure)
						}
						return forever(co)
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var lock eventloop.Lock
				if err := lock.Release(); errors.Is(err, eventloop.ErrNotAcquired) {
					print("a free lock cannot be released")
				}
				a := eventloop.CreateTask(co, worker("a", &lock, "a is bad"))
				b := eventloop.CreateTask(co, worker("b", &lock, ""))
				c := eventloop.CreateTask(co, worker("c", &lock, ""))
				must(wait(co, a))
				print("error:", a.Exception(), "locked:", lock.Locked())
				must(co.Yield())
				b.Cancel()
				must(wait(co, b))
				must(co.Yield())
				c.Cancel()
				must(wait(co, c))
				print("locked:", lock.Locked())
				return nil
			})
		},

		"lock-released-not-taken": func(print printer) error {
			worker := func(name string, lock *eventloop.Lock) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "wants the lock")
					return eventloop.With(co, lock, func() error {
						print(name, "has the lock")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var lock eventloop.Lock
				must(lock.Acquire(co))
				a := eventloop.CreateTask(co, worker("a", &lock))
				must(co.Yield())
				b := eventloop.CreateTask(co, worker("b", &lock))
				must(lock.Release())
				print("released; locked:", lock.Locked())
				must(lock.Acquire(co))
				print("main has the lock again; done: a", a.Done(), "b", b.Done())
				must(lock.Release())
				must(wait(co, a, b))
				return nil
			})
		},

		"lock-uncontended": func(print printer) error {
			worker := func(name string, lock *eventloop.Lock) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "begins")
					return eventloop.With(co, lock, func() error {
						print(name, "has the lock")
						return nil
					})
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var lock eventloop.Lock
				var tasks []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b"} {
					tasks = append(tasks, eventloop.CreateTask(co, worker(name, &lock)))
				}
				for n := range 2 {
					must(eventloop.With(co, &lock, func() error {
						print("main has the lock", n)
						return nil
					}))
				}
				must(lock.Acquire(co))
				print("main waits with the lock")
				must(co.Yield())
				must(lock.Release())
				must(co.Yield())
				print("a round later, done:", each(tasks, isDone))
				must(wait(co, tasks...))
				return nil
			})
		},

		"lock-waiter-cancelled": func(print printer) error {
			worker := func(name string, lock *eventloop.Lock) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := eventloop.With(co, lock, func() error {
						print(name, "has the lock")
						return nil
					})
					if cancelled(err) {
						print(name, "cancelled")
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var lock eventloop.Lock
				must(lock.Acquire(co))
				var tasks []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c", "d"} {
					tasks = append(tasks, eventloop.CreateTask(co, worker(name, &lock)))
				}
				must(co.Yield())
				tasks[0].Cancel()
				print("a is cancelled while it waits")
				must(co.Yield())
				must(lock.Release())
				tasks[1].Cancel()
				print("b is cancelled when it has been woken")
				must(wait(co, tasks...))
				print("locked:", lock.Locked())
				return nil
			})
		},
	}
}

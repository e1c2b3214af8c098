package eventloop_test

import (
	"slices"
	"strings"

	"example.com/overlap/eventloop"
)

// Coroutines, tasks, and who runs when.
func awaitTwins() map[string]program {
	return map[string]program{
		"all-tasks": func(print printer) error {
			child := func(co *Co) error {
				return co.Yield()
			}

			parent := func(co *Co) error {
				_, err := createTask(co, child).SetName("child").Await(co)
				return err
			}

			show := func(loop *eventloop.Loop, when string) {
				names := []string{}
				for _, task := range loop.Tasks() {
					names = append(names, task.Name)
				}
				slices.Sort(names)
				print(when, strings.Join(names, " "))
			}

			return asyncioRun(print, func(co *Co) error {
				co.SetName("main")
				show(co.Loop(), "at the start:")
				quick := createTask(co, child).SetName("quick")
				task := createTask(co, parent).SetName("parent")
				show(co.Loop(), "two created:")
				must(co.Yield())
				show(co.Loop(), "two begun:")
				value(quick.Await(co))
				show(co.Loop(), "quick has ended:")
				value(task.Await(co))
				show(co.Loop(), "all ended:")
				return nil
			})
		},

		"await-coroutine-is-a-call": func(print printer) error {
			leaf := func(n int) eventloop.Coroutine[int] {
				return func(co *Co) (int, error) {
					print("leaf", n, "in", co.Name())
					if n == 2 {
						must(co.Yield())
						print("leaf 2 is resumed")
					}
					return n, nil
				}
			}

			branch := func(co *Co) (int, error) {
				total := 0
				for n := range 4 {
					total += value(leaf(n).Await(co))
				}
				return total, nil
			}

			other := func(co *Co) error {
				print("other: runs in", co.Name())
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				co.SetName("main")
				task := createTask(co, other).SetName("other")
				coroutine := eventloop.Coroutine[int](branch)
				print("a coroutine is made, nothing of it has run")
				print("total", value(coroutine.Await(co)), "other is done:", task.Done())
				return nil
			})
		},

		"await-done-future": func(print printer) error {
			other := func(co *Co) error {
				print("other: runs")
				return nil
			}

			quick := func(co *Co) (string, error) {
				return "quick's result", nil
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[string](co)
				must(future.SetResult("the future's result"))
				done := eventloop.CreateTask(co, quick)
				must(co.Yield())
				task := createTask(co, other)
				print("main:", value(future.Await(co)))
				print("main:", value(done.Await(co)))
				for range 3 {
					value(future.Await(co))
				}
				print("main: other is done:", task.Done())
				must(co.Yield())
				print("main: other is done:", task.Done())
				return nil
			})
		},

		"await-self": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				var task *eventloop.Task[string]
				work := func(co *Co) (string, error) {
					if _, err := task.Await(co); err == nil {
						print("work: got my own result")
					} else {
						print("work: a task cannot await itself")
					}
					must(co.Yield())
					print("work: can wait for others")
					return "work's result", nil
				}

				task = eventloop.CreateTask(co, work)
				print("main:", value(task.Await(co)))
				return nil
			})
		},

		"create-task-order": func(print printer) error {
			child := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name)
					return nil
				})
			}

			parent := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "begins")
					task := eventloop.CreateTask(co, child(name+"'s child"))
					print(name, "has created a child")
					value(task.Await(co))
					print(name, "ends")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				a := eventloop.CreateTask(co, parent("a"))
				b := eventloop.CreateTask(co, parent("b"))
				print("main: both created")
				value(b.Await(co))
				print("main: b awaited, a is done:", a.Done())
				value(a.Await(co))
				print("main: a awaited")
				return nil
			})
		},

		"run-last-round": func(print printer) error {
			busy := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for turn := range 100 {
						print(name, "turn", turn)
						if err := co.Yield(); err != nil {
							print(name, "cancelled")
							return err
						}
					}
					return nil
				})
			}

			must(asyncioRun(print, func(co *Co) error {
				a := eventloop.CreateTask(co, busy("a"))
				must(co.Yield())
				loop := co.Loop()
				loop.CallSoon(func() { eventloop.CreateTask(loop, busy("b")) })
				print("main returns, a is done:", a.Done())
				return nil
			}))
			print("run returns")
			return nil
		},
	}
}

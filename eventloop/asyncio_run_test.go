package eventloop_test

import (
	"context"
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// asyncioResult is asyncioRun for a main that returns something.
func asyncioResult[T any](print printer, main eventloop.Coroutine[T], options ...eventloop.Option) T {
	var result T
	must(asyncioRun(print, func(co *Co) (err error) {
		result, err = main(co)
		return err
	}, options...))
	return result
}

// Main: its end, and what becomes of the tasks that are left.
func runTwins() map[string]program {
	return map[string]program{
		"run-cancels-what-remains": func(print printer) error {
			service := func(name string, closing time.Duration) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "runs")
					err := co.Sleep(time.Minute)
					if cancelled(err) {
						print("a service is cancelled")
					}
					must(co.Sleep(closing))
					print(name, "closed")
					return err
				})
			}

			main := func(co *Co) (string, error) {
				tasks := []*eventloop.Task[nothing]{
					eventloop.CreateTask(co, service("database", 40*time.Millisecond)),
					eventloop.CreateTask(co, service("cache", 10*time.Millisecond)),
				}
				must(co.Yield())
				print("main returns with", len(tasks), "tasks running")
				return "result", nil
			}

			print("run:", asyncioResult(print, main))
			return nil
		},

		"run-cleanup-fails": func(print printer) error {
			sloppy := func(co *Co) error {
				_ = co.Sleep(time.Minute)
				print("sloppy: cleanup")
				return errors.New("cannot close")
			}

			handler := exceptionHandler(func(exception any) { print("handler:", exception) })
			main := func(co *Co) (int, error) {
				task := createTask(co, sloppy)
				must(co.Yield())
				print("main: sloppy is done:", task.Done())
				return 42, nil
			}

			print("run:", asyncioResult(print, main, handler))
			return nil
		},

		"run-main-cancelled": func(print printer) error {
			killer := func(victim *Co) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print("killer: cancel main")
					victim.Cancel()
					err := co.Sleep(time.Minute)
					if cancelled(err) {
						print("killer: cancelled by run")
					}
					return err
				})
			}

			err := asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, killer(co))
				print("main: waits; killer is done:", task.Done())
				err := forever(co)
				print("main: cleanup")
				must(co.Yield())
				print("main: ends")
				return err
			})
			if !cancelled(err) {
				return err
			}
			print("run: cancelled")
			return nil
		},

		"run-main-fails": func(print printer) error {
			background := func(co *Co) error {
				err := co.Sleep(time.Minute)
				print("background: cleanup begins")
				must(co.Yield())
				print("background: cleanup ends")
				return err
			}

			err := asyncioRun(print, func(co *Co) error {
				task := createTask(co, background)
				must(co.Yield())
				print("main: background is done:", task.Done())
				return errors.New("main is broken")
			})
			if err != nil {
				print("run:", err)
			}
			return nil
		},

		"run-stubborn-task": func(print printer) error {
			stubborn := func(co *Co) error {
				for n := range 3 {
					if err := co.Sleep(20 * time.Millisecond); cancelled(err) {
						print("stubborn: ignores a cancel")
						continue
					}
					print("stubborn: slept", n)
				}
				print("stubborn: ends")
				return nil
			}

			must(asyncioRun(print, func(co *Co) error {
				task := createTask(co, stubborn)
				must(co.Yield())
				print("main returns; stubborn is done:", task.Done())
				return nil
			}))
			print("run returns")
			return nil
		},

		"run-waits-for-executor": func(print printer) error {
			job := func(gate threadEvent) func(context.Context) (nothing, error) {
				return func(context.Context) (nothing, error) {
					gate.wait()
					print("job: ends")
					return nothing{}, nil
				}
			}

			background := func(gate threadEvent) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := co.Sleep(time.Minute)
					print("background: cancelled; the job may end")
					gate.set()
					return err
				})
			}

			main := func(co *Co) (string, error) {
				gate := make(threadEvent)
				future := eventloop.RunInExecutor(co, nil, job(gate))
				task := eventloop.CreateTask(co, background(gate))
				must(co.Yield())
				print("main: ends; done: job", future.Done(), "background", task.Done())
				return "result", nil
			}

			print("run:", asyncioResult(print, main))
			return nil
		},
	}
}

package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// Shields: what they keep out, and what not.
func shieldTwins() map[string]program {
	return map[string]program{
		"shield-in-timeout": func(print printer) error {
			save := func(gate *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := gate.Wait(co)
					if cancelled(err) {
						print("save: cancelled")
						return err
					}
					print("save: fails")
					return errors.New("disk is full")
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var gate eventloop.Event
				task := eventloop.CreateTask(co, save(&gate))
				err := eventloop.WithTimeout(co, 20*time.Millisecond, func(*eventloop.Deadline) error {
					_, err := eventloop.Shield(co, task).Await(co)
					return err
				})
				if timedOut(err) {
					print("main: timeout; save is done:", task.Done())
				}
				gate.Set()
				if _, err := eventloop.WaitFor(co, eventloop.Shield(co, task), time.Minute); err != nil {
					print("main: error:", err)
				}
				print("save is cancelled:", task.Cancelled())
				return nil
			})
		},

		"shield-inner-cancelled": func(print printer) error {
			inner := func(failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					if failure != "" {
						return errors.New(failure)
					}
					return forever(co)
				})
			}

			return asyncioRun(print, func(co *Co) error {
				task := eventloop.CreateTask(co, inner(""))
				co.Loop().CallSoon(func() { task.Cancel() })
				if _, err := eventloop.Shield(co, task).Await(co); cancelled(err) {
					print("main: inner was cancelled; main is:", co.Cancelling() > 0)
				}
				if _, err := eventloop.Shield(co, inner("inner is bad")).Await(co); err != nil {
					print("main: error:", err)
				}
				task = eventloop.CreateTask(co, inner("bad again"))
				must(wait(co, task))
				if _, err := eventloop.Shield(co, task).Await(co); err != nil {
					print("main: error of a task that is done:", err)
				}
				return nil
			})
		},

		"shield-outer-cancelled": func(print printer) error {
			inner := func(gate *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					print("inner: begins")
					must(gate.Wait(co))
					print("inner: ends")
					return "inner's result", nil
				}
			}

			outer := func(task *eventloop.Task[string]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					_, err := eventloop.Shield(co, task).Await(co)
					if cancelled(err) {
						print("outer: cancelled; inner is done:", task.Done())
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var gate eventloop.Event
				a := eventloop.CreateTask(co, inner(&gate))
				b := eventloop.CreateTask(co, outer(a))
				must(co.Yield())
				b.Cancel()
				must(wait(co, b))
				print("outer cancelled:", b.Cancelled(), "inner cancelling:", a.Cancelling())
				gate.Set()
				print("main:", value(a.Await(co)))
				return nil
			})
		},
	}
}

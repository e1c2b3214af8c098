package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// exceptions is "except* ... as errors": those of a group that failed.
func exceptions(err error) []error {
	if group, ok := errors.AsType[*eventloop.GroupError](err); ok {
		return group.Errors
	}
	return nil
}

// Task groups: who is waited for, who is cancelled, which errors come out.
func groupTwins() map[string]program {
	// closes waits for ever, and takes some rounds to clean up.
	closes := func(print printer, name string, rounds int) eventloop.Coroutine[nothing] {
		return proc(func(co *Co) error {
			err := forever(co)
			for range rounds {
				must(co.Yield())
			}
			print(name, "closed")
			return err
		})
	}

	return map[string]program{
		"group-all-well": func(print printer) error {
			var child func(name string, group *eventloop.TaskGroup, depth int) eventloop.Coroutine[string]
			child = func(name string, group *eventloop.TaskGroup, depth int) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					print(name, "begins")
					if depth > 0 {
						eventloop.CreateTask(group, child(name+"'s child", group, depth-1))
					}
					must(co.Yield())
					print(name, "ends")
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				var a, b *eventloop.Task[string]
				must(eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					a = eventloop.CreateTask(group, child("a", group, 2))
					b = eventloop.CreateTask(group, child("b", group, 0))
					print("body ends")
					return nil
				}))
				print("group ends;", value(a.Result()), "and", value(b.Result()), "are done")
				must(eventloop.WithTaskGroup(co, func(*eventloop.TaskGroup) error {
					print("an empty group")
					return nil
				}))
				print("main ends")
				return nil
			})
		},

		"group-body-raises": func(print printer) error {
			child := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					defer print(name, "closed")
					print(name, "begins")
					return forever(co)
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var late *eventloop.Task[nothing]
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, child("a"))
					must(co.Yield())
					late = eventloop.CreateTask(group, child("late"))
					return errors.New("the body is bad")
				})
				if errs := exceptions(err); errs != nil {
					print("main: errors:", each(errs, error.Error))
				}
				print("late is cancelled and never began:", late.Cancelled())
				return nil
			})
		},

		"group-cancelled-child-fails": func(print printer) error {
			child := func(name string, rounds int, failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := forever(co)
					for range rounds {
						must(co.Yield())
					}
					print(name, "closes")
					if failure != "" {
						return errors.New(failure)
					}
					return err
				})
			}

			parent := func(co *Co) error {
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, child("a", 3, ""))
					eventloop.CreateTask(group, child("b", 1, "b cannot close"))
					return nil
				})
				if errs := exceptions(err); errs != nil {
					print("parent: errors:", each(errs, error.Error))
				} else if err != nil {
					return err
				}
				print("parent: cancelling:", co.Cancelling())
				return nil
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, parent)
				must(co.Yield())
				must(co.Yield())
				task.Cancel()
				must(wait(co, task))
				print("main ends")
				return nil
			})
		},

		"group-cancelled": func(print printer) error {
			parent := func(co *Co) error {
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, closes(print, "a", 3))
					eventloop.CreateTask(group, closes(print, "b", 1))
					print("parent: body ends")
					return nil
				})
				if cancelled(err) {
					print("parent: cancelled")
				}
				print("parent: group is over")
				return err
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, parent)
				must(co.Yield())
				must(co.Yield())
				print("cancel:", task.Cancel())
				must(wait(co, task))
				print("parent is cancelled:", task.Cancelled())
				return nil
			})
		},

		"group-child-cancelled": func(print printer) error {
			child := func(name string, event *eventloop.Event) eventloop.Coroutine[nothing] {
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
				var event eventloop.Event
				var children []*eventloop.Task[nothing]
				must(eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					for _, name := range []string{"a", "b", "c"} {
						children = append(children, eventloop.CreateTask(group, child(name, &event)))
					}
					must(co.Yield())
					children[1].Cancel()
					must(co.Yield())
					print("body: goes on; done:", each(children, isDone))
					event.Set()
					return nil
				}))
				print("main: group is over; cancelled:", each(children, isCancelled))
				return nil
			})
		},

		// A group of Go's refuses a task by giving one that is done, with an error.
		"group-closed": func(print printer) error {
			child := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "runs")
					return nil
				})
			}

			tryCreate := func(group *eventloop.TaskGroup, name string) {
				if task := eventloop.CreateTask(group, child(name)); !task.Done() {
					print(name, "is accepted")
				} else if task.Exception() != nil {
					print(name, "is refused")
				}
			}

			sibling := func(group *eventloop.TaskGroup) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					tryCreate(group, "early")
					defer tryCreate(group, "late")
					return forever(co)
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var closed *eventloop.TaskGroup
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					closed = group
					eventloop.CreateTask(group, sibling(group))
					must(co.Yield())
					return errors.New("bad")
				})
				if errs := exceptions(err); errs != nil {
					print("errors:", each(errs, error.Error))
				}
				tryCreate(closed, "too late")
				return nil
			})
		},

		"group-errors-joined": func(print printer) error {
			fails := func(co *Co) error {
				return errors.New("the first")
			}

			sibling := func(name string, rounds int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					_ = forever(co)
					for range rounds {
						must(co.Yield())
					}
					return errors.New(name + " cannot close")
				})
			}

			return asyncioRun(print, func(co *Co) error {
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, sibling("a", 2))
					eventloop.CreateTask(group, sibling("b", 0))
					createTask(group, fails)
					err := forever(co)
					if cancelled(err) {
						return errors.New("the body cannot close")
					}
					return err
				})
				for _, err := range exceptions(err) {
					print("error:", err)
				}
				return nil
			})
		},

		"group-first-failure": func(print printer) error {
			fails := func(co *Co) error {
				must(co.Yield())
				print("fails: raises")
				return errors.New("bad")
			}

			return asyncioRun(print, func(co *Co) error {
				var a, b *eventloop.Task[nothing]
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					a = eventloop.CreateTask(group, closes(print, "a", 2))
					createTask(group, fails)
					b = eventloop.CreateTask(group, closes(print, "b", 0))
					defer print("body: cancelled")
					return forever(co)
				})
				if errs := exceptions(err); errs != nil {
					print("main: errors:", each(errs, error.Error))
				}
				print("cancelled: a", a.Cancelled(), "b", b.Cancelled())
				print("main is cancelled:", co.Cancelling() > 0)
				return nil
			})
		},

		"group-in-timeout": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				var limit *eventloop.Deadline
				var a, b *eventloop.Task[nothing]
				err := eventloop.WithTimeout(co, time.Minute, func(d *eventloop.Deadline) error {
					limit = d
					err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
						a = eventloop.CreateTask(group, closes(print, "a", 2))
						b = eventloop.CreateTask(group, closes(print, "b", 0))
						must(co.Yield())
						must(limit.Reschedule(co.Loop().Time() + 20*time.Millisecond))
						print("body ends")
						return nil
					})
					if err != nil {
						return err
					}
					print("not reached")
					return nil
				})
				if timedOut(err) {
					print("main: timeout; expired:", limit.Expired())
				}
				print("cancelled: a", a.Cancelled(), "b", b.Cancelled())
				print("cancelling: a", a.Cancelling(), "main", co.Cancelling())
				return nil
			})
		},

		"group-nested": func(print printer) error {
			fails := func(failure string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					return errors.New(failure)
				})
			}

			inner := func(name string, handled bool) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
						eventloop.CreateTask(group, closes(print, name+"'s child", 0))
						eventloop.CreateTask(group, fails(name+" is bad"))
						return nil
					})
					if errs := exceptions(err); errs != nil {
						print(name, "handles:", each(errs, error.Error))
						if handled {
							return nil
						}
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, closes(print, "sibling", 0))
					if _, err := inner("first", true).Await(co); err != nil {
						return err
					}
					print("body: goes on")
					eventloop.CreateTask(group, inner("second", false))
					return nil
				})
				for _, err := range exceptions(err) {
					print("main:", each(exceptions(err), error.Error))
				}
				return nil
			})
		},

		"group-stubborn-child": func(print printer) error {
			fails := func(co *Co) error {
				return errors.New("bad")
			}

			stubborn := func(event *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					if err := event.Wait(co); cancelled(err) {
						print("stubborn: ignores the cancel")
						co.Loop().CallLater(20*time.Millisecond, event.Set)
					}
					must(event.Wait(co))
					print("stubborn: ends")
					return "stubborn's result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				var event eventloop.Event
				var task *eventloop.Task[string]
				err := eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					task = eventloop.CreateTask(group, stubborn(&event))
					createTask(group, fails)
					return nil
				})
				if errs := exceptions(err); errs != nil {
					print("main: errors:", each(errs, error.Error))
				}
				print("main:", value(task.Result()), "cancelled:", task.Cancelled())
				return nil
			})
		},
	}
}

package eventloop_test

import "example.com/overlap/eventloop"

// Event.
func eventTwins() map[string]program {
	return map[string]program{
		"event-cleared-at-once": func(print printer) error {
			waiter := func(name string, event *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					must(event.Wait(co))
					print(name, "was woken; set:", event.IsSet())
					must(event.Wait(co))
					print(name, "was woken again; set:", event.IsSet())
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				event := &eventloop.Event{}
				a := eventloop.CreateTask(co, waiter("a", event))
				b := eventloop.CreateTask(co, waiter("b", event))
				must(co.Yield())
				event.Set()
				event.Clear()
				print("set and cleared")
				must(co.Yield())
				must(co.Yield())
				print("done:", a.Done(), b.Done())
				event.Set()
				must(wait(co, a, b))
				return nil
			})
		},

		"event-wakes-all": func(print printer) error {
			waiter := func(name string, event *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "waits")
					if err := event.Wait(co); err != nil {
						return err
					}
					print(name, "goes on; set:", event.IsSet())
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				event := &eventloop.Event{}
				a := eventloop.CreateTask(co, waiter("a", event))
				b := eventloop.CreateTask(co, waiter("b", event))
				c := eventloop.CreateTask(co, waiter("c", event))
				must(co.Yield())
				b.Cancel()
				event.Set()
				print("set")
				must(event.Wait(co))
				event.Set()
				print("main did not wait; done: a", a.Done(), "c", c.Done())
				d := eventloop.CreateTask(co, waiter("d", event))
				must(wait(co, a, b, c, d))
				print("b is cancelled:", b.Cancelled())
				return nil
			})
		},
	}
}

package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// as_completed.
func completedTwins() map[string]program {
	return map[string]program{
		"as-completed-error": func(print printer) error {
			work := func(name string, turns int) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					for range turns {
						if err := co.Yield(); err != nil {
							return "", err
						}
					}
					if name == "b" {
						return "", errors.New("b is bad")
					}
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				a := eventloop.CreateTask(co, work("a", 5))
				b := eventloop.CreateTask(co, work("b", 3))
				c := eventloop.CreateTask(co, work("c", 1))
				d := eventloop.CreateTask(co, work("d", 9))
				d.AddDoneCallback(func(d *eventloop.Future[string]) { print("callback: d cancelled:", d.Cancelled()) })
				for name, err := range eventloop.AsCompleted(co, a, b, c, d) {
					switch {
					case err == nil:
						print("got", name)
						if name == "a" {
							d.Cancel()
						}
					case cancelled(err):
						print("cancelled")
					default:
						print("error:", err)
					}
				}
				print("main ends")
				return nil
			})
		},

		"as-completed-order": func(print printer) error {
			work := func(name string, event *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					must(event.Wait(co))
					print(name, "ends")
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				events := map[string]*eventloop.Event{}
				tasks := []*eventloop.Task[string]{}
				for _, name := range []string{"a", "b", "c", "d"} {
					events[name] = &eventloop.Event{}
					tasks = append(tasks, eventloop.CreateTask(co, work(name, events[name])))
				}
				events["c"].Set()
				must(co.Yield())
				opens := map[string][]string{"c": {"d", "a"}, "d": {}, "a": {"b"}, "b": {}}
				for name, err := range eventloop.AsCompleted(co, tasks...) {
					must(err)
					print("main: got", name, "and opens", len(opens[name]))
					for _, other := range opens[name] {
						events[other].Set()
					}
					must(co.Yield())
				}
				print("main ends")
				return nil
			})
		},

		"as-completed-timeout": func(print printer) error {
			work := func(name string, event *eventloop.Event) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					must(event.Wait(co))
					print(name, "ends")
					return name, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				early, late := &eventloop.Event{}, &eventloop.Event{}
				early.Set()
				a := eventloop.CreateTask(co, work("a", late))
				b := eventloop.CreateTask(co, work("b", early))
				c := eventloop.CreateTask(co, work("c", late))
				value(b.Await(co))
				err := eventloop.WithTimeout(co, 20*time.Millisecond, func(*eventloop.Deadline) error {
					for name, err := range eventloop.AsCompleted(co, a, b, c) {
						if err != nil {
							return err
						}
						print("got", name)
					}
					return nil
				})
				if timedOut(err) {
					print("timeout; done:", a.Done(), b.Done(), c.Done())
				}
				late.Set()
				return eventloop.WithTimeout(co, time.Minute, func(*eventloop.Deadline) error {
					for name, err := range eventloop.AsCompleted(co, a, c) {
						must(err)
						print("got", name)
					}
					return nil
				})
			})
		},
	}
}

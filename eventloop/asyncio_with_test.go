package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// A connection is the resource of with-exit-may-wait: class Connection.
type connection struct {
	name  string
	print printer
}

func (c connection) Enter(co *Co) error {
	must(co.Yield())
	c.print(c.name, "opened")
	return nil
}

func (c connection) Exit(co *Co, _ error) error {
	c.print(c.name, "closes")
	must(co.Sleep(10 * time.Millisecond))
	c.print(c.name, "closed")
	return nil
}

// A namedResource is that of with-two-resources.
type namedResource struct {
	name, failure string
	print         printer
}

func (r namedResource) Enter(co *Co) error {
	must(co.Yield())
	if r.failure != "" {
		r.print(r.name, "cannot be opened")
		return errors.New(r.failure)
	}
	r.print(r.name, "opened")
	return nil
}

func (r namedResource) Exit(co *Co, _ error) error {
	must(co.Yield())
	r.print(r.name, "closed")
	return nil
}

// Resources: they are left in every case, and leaving them may wait.
func withTwins() map[string]program {
	return map[string]program{
		"with-exit-may-wait": func(print printer) error {
			work := func(name string, event *eventloop.Event, failure string) eventloop.Coroutine[string] {
				return func(co *Co) (string, error) {
					err := eventloop.With(co, connection{name, print}, func() error {
						if err := event.Wait(co); err != nil {
							return err
						}
						if failure != "" {
							return errors.New(failure)
						}
						return nil
					})
					if err != nil {
						return "", err
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				for _, c := range []struct{ name, failure string }{{"a", ""}, {"b", "b is bad"}, {"c", ""}} {
					var event eventloop.Event
					task := eventloop.CreateTask(co, work(c.name, &event, c.failure))
					for range 3 {
						must(co.Yield())
					}
					if c.name == "c" {
						task.Cancel()
					} else {
						event.Set()
					}
					result, err := task.Await(co)
					switch {
					case err == nil:
						print("main:", result)
					case cancelled(err):
						print("main: cancelled")
					default:
						print("main: error:", err)
					}
				}
				return nil
			})
		},

		"with-two-resources": func(print printer) error {
			resource := func(name, failure string) namedResource { return namedResource{name, failure, print} }

			return asyncioRun(print, func(co *Co) error {
				a, b := resource("first", ""), resource("second", "")
				must(eventloop.With(co, a, func() error {
					return eventloop.With(co, b, func() error {
						print("body has", a.name, "and", b.name)
						return nil
					})
				}))
				err := eventloop.With(co, resource("first", ""), func() error {
					return eventloop.With(co, resource("second", ""), func() error {
						return eventloop.With(co, resource("third", "no such file"), func() error {
							print("not reached")
							return nil
						})
					})
				})
				if err != nil {
					print("main: error:", err)
				}
				return nil
			})
		},
	}
}

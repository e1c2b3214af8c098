package eventloop_test

import (
	"errors"
	"fmt"
	"iter"

	"example.com/overlap/eventloop"
)

// Asynchronous iteration: a generator is a sequence that holds the Co of its consumer, and
// hands out what it would raise as the error of its last pair. Leaving the loop runs its
// clean-up, without aclosing.
func iterTwins() map[string]program {
	return map[string]program{
		"iter-break-closes": func(print printer) error {
			pages := func(co *Co) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					defer func() {
						print("pages: closes")
						must(co.Yield())
						print("pages: closed")
					}()
					for n := range 10 {
						must(co.Yield())
						print("page", n, "is made")
						if !yield(n, nil) {
							return
						}
					}
				}
			}

			return asyncioRun(print, func(co *Co) error {
				for page := range pages(co) {
					print("main has", page)
					if page == 1 {
						break
					}
				}
				print("after the break")
				_ = pages(co)
				print("never iterated: nothing to clean up")
				print("main ends")
				return nil
			})
		},

		"iter-cancelled": func(print printer) error {
			ticks := func(co *Co, gate *eventloop.Event) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					if !yield("a tick", nil) {
						return
					}
					if err := gate.Wait(co); cancelled(err) {
						print("ticks: cancelled")
						must(co.Yield())
						print("ticks: cleanup ends")
						yield("", err)
						return
					}
					yield("another tick", nil)
				}
			}

			consumer := func(gate *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for tick, err := range ticks(co, gate) {
						if cancelled(err) {
							print("consumer: cancelled")
							return err
						}
						print("consumer has", tick)
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var gate eventloop.Event
				task := eventloop.CreateTask(co, consumer(&gate))
				must(co.Yield())
				task.Cancel()
				must(wait(co, task))
				print("cancelled:", task.Cancelled())
				return nil
			})
		},

		"iter-error-inside": func(print printer) error {
			numbers := func(co *Co) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					cleanup := func() {
						must(co.Yield())
						print("numbers: cleanup")
					}
					if !yield(1, nil) {
						cleanup()
						return
					}
					must(co.Yield())
					if !yield(2, nil) {
						cleanup()
						return
					}
					cleanup()
					yield(0, errors.New("no third number"))
				}
			}

			doubled := func(source iter.Seq2[int, error]) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for n, err := range source {
						if err != nil {
							print("doubled: cleanup")
							yield(0, err)
							return
						}
						if !yield(2*n, nil) {
							print("doubled: cleanup")
							return
						}
					}
					print("not reached")
				}
			}

			return asyncioRun(print, func(co *Co) error {
				for n, err := range doubled(numbers(co)) {
					if err != nil {
						print("main: error:", err)
						break
					}
					print("main has", n)
				}
				return nil
			})
		},

		"iter-turns": func(print printer) error {
			items := func(co *Co, name string, wait bool) iter.Seq[string] {
				return func(yield func(string) bool) {
					for n := range 3 {
						if wait {
							must(co.Yield())
						}
						if !yield(fmt.Sprint(name, n)) {
							return
						}
					}
				}
			}

			consumer := func(name string, wait bool) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for item := range items(co, name, wait) {
						print("got", item)
					}
					print(name, "ends")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				print("generators that do not wait:")
				value(eventloop.Gather(co, consumer("a", false), consumer("b", false)).Await(co))
				print("generators that wait:")
				value(eventloop.Gather(co, consumer("c", true), consumer("d", true), consumer("e", false)).Await(co))
				return nil
			})
		},
	}
}

package eventloop_test

import (
	"context"
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// A threadEvent is threading.Event, for functions off the loop.
type threadEvent chan struct{}

func (e threadEvent) set()  { close(e) }
func (e threadEvent) wait() { <-e }

func (e threadEvent) isSet() bool {
	select {
	case <-e:
		return true
	default:
		return false
	}
}

// awaitThread is asyncio.to_thread(e.wait).
func awaitThread(co *Co, e threadEvent) error {
	_, err := eventloop.ToThread(co, func(context.Context) (nothing, error) {
		e.wait()
		return nothing{}, nil
	})
	return err
}

// Threads: functions off the loop, and callbacks that come from there.
func threadTwins() map[string]program {
	return map[string]program{
		"thread-await-cancelled": func(print printer) error {
			blocking := func(begun, gate, over threadEvent) func(context.Context) (string, error) {
				return func(context.Context) (string, error) {
					begun.set()
					gate.wait()
					print("function: ends")
					over.set()
					return "a result", nil
				}
			}

			work := func(begun, gate, over threadEvent) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					result, err := eventloop.ToThread(co, blocking(begun, gate, over))
					if cancelled(err) {
						print("work: cancelled; function is over:", over.isSet())
						return err
					}
					print("work:", result)
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				begun, gate, over := make(threadEvent), make(threadEvent), make(threadEvent)
				task := eventloop.CreateTask(co, work(begun, gate, over))
				must(awaitThread(co, begun))
				task.Cancel()
				must(wait(co, task))
				print("main: opens the gate; task is cancelled:", task.Cancelled())
				gate.set()
				must(awaitThread(co, over))
				print("main: function is over:", over.isSet())
				return nil
			})
		},

		"thread-order": func(print printer) error {
			type result struct {
				name  string
				opens threadEvent
			}

			blocking := func(name string, gate, opens threadEvent) func(context.Context) (result, error) {
				return func(context.Context) (result, error) {
					gate.wait()
					print("function", name, "ends")
					return result{name, opens}, nil
				}
			}

			work := func(name string, gate, opens threadEvent) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					result := value(eventloop.ToThread(co, blocking(name, gate, opens)))
					print("task", result.name, "goes on")
					if result.opens != nil {
						result.opens.set()
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				a, b, c := make(threadEvent), make(threadEvent), make(threadEvent)
				return eventloop.WithTaskGroup(co, func(group *eventloop.TaskGroup) error {
					eventloop.CreateTask(group, work("a", a, nil))
					eventloop.CreateTask(group, work("b", b, a))
					eventloop.CreateTask(group, work("c", c, b))
					must(co.Yield())
					print("main: all are started")
					c.set()
					return nil
				})
			})
		},

		"thread-result-and-error": func(print printer) error {
			divide := func(a, b int, gate threadEvent) func(context.Context) (int, error) {
				return func(context.Context) (int, error) {
					gate.wait()
					if b == 0 {
						return 0, errors.New("division by zero")
					}
					return a / b, nil
				}
			}

			ticker := func(gate threadEvent) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for n := range 3 {
						print("tick", n)
						must(co.Yield())
					}
					gate.set()
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				for _, b := range []int{2, 0} {
					gate := make(threadEvent)
					task := eventloop.CreateTask(co, ticker(gate))
					if result, err := eventloop.ToThread(co, divide(6, b, gate)); err == nil {
						print("main: result:", result)
					} else {
						print("main: error:", err)
					}
					value(task.Await(co))
				}
				return nil
			})
		},

		"threadsafe-callbacks-order": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				result := eventloop.NewFuture[string](co)

				work := func() {
					for n := range 3 {
						must(loop.CallSoonThreadsafe(func() { print("from the thread:", n) }))
					}
					must(loop.CallSoonThreadsafe(func() { must(result.SetResult("the thread's result")) }))
				}

				loop.CallSoon(func() { print("ready before the thread began") })
				thread := make(threadEvent)
				go func() {
					defer thread.set()
					work()
				}()
				thread.wait()
				loop.CallSoon(func() { print("added after the thread ended") })
				print("main: the thread has ended, the result is there:", result.Done())
				print("main:", value(result.Await(co)))
				return nil
			})
		},

		"threadsafe-wakes-loop": func(print printer) error {
			waiter := func(event *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					must(event.Wait(co))
					print("waiter: the event is set")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				var event eventloop.Event
				asleep := make(threadEvent)

				work := func() {
					asleep.wait()
					must(loop.CallSoonThreadsafe(func() { print("callback from the thread") }))
					must(loop.CallSoonThreadsafe(event.Set))
				}

				thread := make(threadEvent)
				go func() {
					defer thread.set()
					work()
				}()
				timer := loop.CallLater(time.Minute, func() { print("timer of a minute") })
				task := eventloop.CreateTask(co, waiter(&event))
				loop.CallSoon(asleep.set)
				print("main waits")
				value(task.Await(co))
				timer.Cancel()
				thread.wait()
				print("main ends")
				return nil
			})
		},
	}
}

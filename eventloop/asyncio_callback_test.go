package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// Callbacks of the loop, of its timers and of futures.
func callbackTwins() map[string]program {
	return map[string]program{
		"blocked-loop-late-timers": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				done := &eventloop.Event{}

				block := func() {
					now := loop.Time()
					loop.CallAt(now+30*time.Millisecond, done.Set)
					loop.CallAt(now+20*time.Millisecond, print.with("timer of 20 ms"))
					loop.CallAt(now+10*time.Millisecond, print.with("timer of 10 ms"))
					print("block: begins")
					time.Sleep(40 * time.Millisecond)
					loop.CallSoon(print.with("ready: added by block"))
					print("block: ends")
				}

				loop.CallSoon(block)
				loop.CallSoon(print.with("ready: added before"))
				must(done.Wait(co))
				print("main: timer of 30 ms")
				return nil
			})
		},

		"busy-tasks-and-timers": func(print printer) error {
			busy := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for turn := range 3 {
						print(name, "turn", turn)
						must(co.Yield())
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				a := eventloop.CreateTask(co, busy("a"))
				b := eventloop.CreateTask(co, busy("b"))
				loop.CallLater(0, print.with("timer of 0 ms"))
				thread := make(chan nothing)
				go func() {
					defer close(thread)
					must(loop.CallSoonThreadsafe(print.with("from a thread")))
				}()
				<-thread
				print("main waits")
				value(a.Await(co))
				value(b.Await(co))
				print("main ends")
				return nil
			})
		},

		"call-later-order": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				start := loop.Time()
				done := eventloop.NewFuture[string](co)

				last := func() {
					print("at 100")
					must(done.SetResult("all timers ran"))
				}

				loop.CallLater(100*time.Millisecond, last)
				loop.CallAt(start+20*time.Millisecond, print.with("at 20"))
				loop.CallLater(40*time.Millisecond, print.with("after 40"))
				loop.CallLater(-time.Second, print.with("after -1000"))
				loop.CallAt(start-2*time.Second, print.with("at -2000"))
				loop.CallSoon(print.with("soon"))
				print("main waits")
				print(value(done.Await(co)))
				return nil
			})
		},

		"call-soon-and-tasks": func(print printer) error {
			task := func(name string) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "step 1")
					must(co.Yield())
					print(name, "step 2")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()

				nested := func() {
					print("callback 1")
					loop.CallSoon(print.with("callback 1's callback"))
					eventloop.CreateTask(loop, task("callback 1's task"))
				}

				a := eventloop.CreateTask(co, task("a"))
				loop.CallSoon(nested)
				b := eventloop.CreateTask(co, task("b"))
				loop.CallSoon(print.with("callback 2"))
				print("main waits")
				value(a.Await(co))
				print("main: a is awaited; b is done:", b.Done())
				must(co.Yield())
				must(co.Yield())
				print("main ends")
				return nil
			})
		},

		"callback-raises": func(print printer) error {
			handler := exceptionHandler(func(exception any) { print("handler:", exception) })
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()

				bad := func(what string) {
					print("bad callback:", what)
					panic(errors.New("from " + what))
				}

				future := eventloop.NewFuture[string](co)
				future.AddDoneCallback(func(f *eventloop.Future[string]) { bad("a future's callback") })
				future.AddDoneCallback(func(f *eventloop.Future[string]) { print("good callback:", value(f.Result())) })
				loop.CallSoon(func() { bad("call_soon") })
				loop.CallLater(10*time.Millisecond, func() { bad("call_later") })
				must(future.SetResult("result"))
				print("main:", value(future.Await(co)))
				must(co.Sleep(40 * time.Millisecond))
				print("main ends")
				return nil
			}, handler)
		},

		"done-callback-called-soon": func(print printer) error {
			fails := func(co *Co) error {
				return errors.New("bad")
			}

			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				task := createTask(co, fails)
				task.AddDoneCallback(func(t *eventloop.Future[nothing]) { print("callback while pending:", t.Exception()) })
				print("main waits")
				must(co.Yield())
				print("main: done:", task.Done())
				loop.CallSoon(print.with("ready before"))
				task.AddDoneCallback(func(t *eventloop.Future[nothing]) { print("callback when done:", t.Exception()) })
				loop.CallSoon(print.with("ready after"))
				print("main: callback added")
				must(co.Yield())
				print("main ends")
				return nil
			})
		},

		"done-callback-removed": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[string](co)

				early := func(f *eventloop.Future[string]) {
					print("early callback")
				}

				late := func(f *eventloop.Future[string]) {
					print("late callback:", value(f.Result()))
				}

				removeEarly := future.AddDoneCallback(early)
				removeLate := future.AddDoneCallback(late)
				print("removed:", removeEarly())
				print("removed:", removeEarly())
				must(future.SetResult("result"))
				print("removed:", removeLate())
				print("main waits")
				must(co.Yield())
				print("main ends")
				return nil
			})
		},

		"done-callbacks-and-ready-tasks": func(print printer) error {
			waiter := func(name string, future *eventloop.Future[int]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "waits")
					print(name, "got", value(future.Await(co)))
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[int](co)
				future.AddDoneCallback(func(f *eventloop.Future[int]) { print("callback 1 got", value(f.Result())) })
				eventloop.CreateTask(co, waiter("waiter 1", future))
				must(co.Yield())
				future.AddDoneCallback(func(f *eventloop.Future[int]) { print("callback 2 got", value(f.Result())) })
				eventloop.CreateTask(co, waiter("waiter 2", future))
				must(co.Yield())
				loop := co.Loop()
				loop.CallSoon(print.with("ready before the result"))
				must(future.SetResult(7))
				loop.CallSoon(print.with("ready after the result"))
				print("the result is set, nobody has run")
				must(co.Yield())
				print("main ends")
				return nil
			})
		},
	}
}

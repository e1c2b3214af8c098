package eventloop_test

import (
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// Timeouts: whose cancel it was, and what becomes of it. A program that asks its timeout
// when that is over has it in a variable, as Python's "as limit" makes one.
func timeoutTwins() map[string]program {
	return map[string]program{
		"timeout-after-result": func(print printer) error {
			wait := func(future *eventloop.Future[string], limit *eventloop.Deadline) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					loop := co.Loop()

					result := func() {
						must(future.SetResult("a result"))
						print("the result is there")
					}

					loop.CallSoon(result)
					must(limit.Reschedule(loop.Time()))
					loop.CallSoon(func() { print("a callback behind the timeout") })
					got, err := future.Await(co)
					if err != nil {
						return err
					}
					print("main: got", got)
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				future := eventloop.NewFuture[string](co)
				err := eventloop.WithTimeout(co, time.Minute, func(limit *eventloop.Deadline) error {
					_, err := wait(future, limit).Await(co)
					return err
				})
				if timedOut(err) {
					print("main: timeout; the future has", value(future.Result()))
				}
				return nil
			})
		},

		"timeout-and-cancel": func(print printer) error {
			work := func(cleaning *eventloop.Event) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					var limit *eventloop.Deadline
					err := eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
						limit = d
						err := co.Sleep(time.Minute)
						if cancelled(err) {
							print("work: the timeout's cancel; expired:", limit.Expired())
							cleaning.Set()
							return co.Sleep(time.Minute)
						}
						return err
					})
					switch {
					case timedOut(err):
						print("work: timeout")
						return nil
					case cancelled(err):
						print("work: cancelled, expired:", limit.Expired())
						print("work: cancelling:", co.Cancelling())
					}
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				var cleaning eventloop.Event
				task := eventloop.CreateTask(co, work(&cleaning))
				must(cleaning.Wait(co))
				print("main: cancels")
				task.Cancel()
				must(wait(co, task))
				print("cancelled:", task.Cancelled())
				return nil
			})
		},

		"timeout-cancelled": func(print printer) error {
			work := func(co *Co) error {
				var limit *eventloop.Deadline
				err := eventloop.WithTimeout(co, 100*time.Millisecond, func(d *eventloop.Deadline) error {
					limit = d
					return co.Sleep(time.Minute)
				})
				switch {
				case timedOut(err):
					print("work: timeout")
					return nil
				case cancelled(err):
					print("work: cancelled; expired:", limit.Expired())
					must(co.Sleep(120 * time.Millisecond))
					print("work: cleanup ends; cancelling:", co.Cancelling())
				}
				return err
			}

			return asyncioRun(print, func(co *Co) error {
				task := createTask(co, work)
				must(co.Yield())
				task.Cancel()
				must(wait(co, task))
				print("cancelled:", task.Cancelled())
				return nil
			})
		},

		"timeout-expires": func(print printer) error {
			body := proc(func(co *Co) error {
				err := co.Sleep(time.Minute)
				if cancelled(err) {
					print("body: cancelled")
				}
				must(co.Sleep(20 * time.Millisecond))
				print("body: cleanup ends")
				return err
			})

			return asyncioRun(print, func(co *Co) error {
				var limit *eventloop.Deadline
				err := eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
					limit = d
					print("expired:", limit.Expired())
					if _, err := body.Await(co); err != nil {
						return err
					}
					print("not reached")
					return nil
				})
				if timedOut(err) {
					print("timeout; expired:", limit.Expired())
				}
				print("cancelling:", co.Cancelling())
				must(co.Yield())
				print("main goes on")
				return nil
			})
		},

		"timeout-nested-inner": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				err := eventloop.WithTimeout(co, time.Minute, func(outer *eventloop.Deadline) error {
					var inner *eventloop.Deadline
					err := eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
						inner = d
						return co.Sleep(time.Minute)
					})
					if timedOut(err) {
						print("inner timeout; expired: inner", inner.Expired(), "outer", outer.Expired())
					}
					must(co.Yield())
					print("body: goes on")
					must(outer.Reschedule(loop.Time() + 20*time.Millisecond))
					err = co.Sleep(time.Minute)
					if cancelled(err) {
						print("body: cancelled; outer expired:", outer.Expired())
					}
					return err
				})
				if timedOut(err) {
					print("outer timeout; cancelling:", co.Cancelling())
				}
				return nil
			})
		},

		"timeout-nested-outer": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				var outer, inner *eventloop.Deadline
				err := eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
					outer = d
					err := eventloop.WithTimeout(co, time.Minute, func(d *eventloop.Deadline) error {
						inner = d
						return co.Sleep(time.Minute)
					})
					switch {
					case timedOut(err):
						print("inner: timeout")
					case cancelled(err):
						print("inner: cancelled; expired: inner", inner.Expired(), "outer", outer.Expired())
						return err
					}
					print("not reached")
					return nil
				})
				if timedOut(err) {
					print("outer: timeout; expired: inner", inner.Expired(), "outer", outer.Expired())
				}
				print("cancelling:", co.Cancelling())
				return nil
			})
		},

		"timeout-reschedule": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				loop := co.Loop()
				start := loop.Time()
				must(eventloop.WithTimeoutAt(co, start+20*time.Millisecond, func(limit *eventloop.Deadline) error {
					must(limit.Reschedule(start + time.Minute))
					must(co.Sleep(40 * time.Millisecond))
					print("body 1: ends; expired:", limit.Expired())
					return nil
				}))
				must(eventloop.WithTimeout(co, 20*time.Millisecond, func(limit *eventloop.Deadline) error {
					must(limit.Reschedule(eventloop.Forever))
					must(co.Sleep(40 * time.Millisecond))
					print("body 2: ends; expired:", limit.Expired())
					return nil
				}))
				var limit *eventloop.Deadline
				err := eventloop.WithTimeout(co, eventloop.Forever, func(d *eventloop.Deadline) error {
					limit = d
					must(limit.Reschedule(start))
					print("body 3: runs; expired:", limit.Expired())
					if err := co.Yield(); err != nil {
						return err
					}
					print("not reached")
					return nil
				})
				if timedOut(err) {
					print("body 3: timeout; expired:", limit.Expired())
				}
				return nil
			})
		},

		"timeout-swallowed": func(print printer) error {
			return asyncioRun(print, func(co *Co) error {
				var limit *eventloop.Deadline
				must(eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
					limit = d
					if err := co.Sleep(time.Minute); cancelled(err) {
						print("body: ignores the cancel; expired:", limit.Expired())
					}
					must(co.Yield())
					print("body: goes on, cancelling:", co.Cancelling())
					return nil
				}))
				print("no timeout; expired:", limit.Expired())
				print("cancelling:", co.Cancelling())
				err := eventloop.WithTimeout(co, 20*time.Millisecond, func(d *eventloop.Deadline) error {
					limit = d
					_ = co.Sleep(time.Minute)
					return errors.New("cleanup is bad")
				})
				if timedOut(err) {
					print("timeout")
				} else if err != nil {
					print("error:", err, "expired:", limit.Expired())
				}
				return nil
			})
		},

		"timeout-zero": func(print printer) error {
			noWait := func(n int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print("body", n, "runs")
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				done := eventloop.NewFuture[string](co)
				must(done.SetResult("a result that is there"))
				var limit *eventloop.Deadline
				must(eventloop.WithTimeout(co, 0, func(d *eventloop.Deadline) error {
					limit = d
					value(noWait(1).Await(co))
					print("body 1: got", value(done.Await(co)))
					return nil
				}))
				print("body 1 expired:", limit.Expired())
				err := eventloop.WithTimeout(co, 0, func(*eventloop.Deadline) error {
					value(noWait(2).Await(co))
					if err := co.Yield(); err != nil {
						return err
					}
					print("body 2: not reached")
					return nil
				})
				if timedOut(err) {
					print("body 2: timeout")
				}
				must(co.Yield())
				print("main goes on")
				return nil
			})
		},
	}
}

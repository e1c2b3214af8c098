package eventloop_test

import (
	"context"
	"errors"
	"time"

	"example.com/overlap/eventloop"
)

// run_in_executor with an executor of one's own. It needs no with: an [eventloop.Executor]
// need not be shut down.
func executorTwins() map[string]program {
	return map[string]program{
		"executor-bounded": func(print printer) error {
			job := func(name string, err error) func(context.Context) (string, error) {
				return func(context.Context) (string, error) {
					print("job", name, "runs")
					if err != nil {
						return "", err
					}
					return name + "'s result", nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				executor := eventloop.NewExecutor(1)
				futures := []*eventloop.Future[string]{
					eventloop.RunInExecutor(co, executor, job("a", nil)),
					eventloop.RunInExecutor(co, executor, job("b", errors.New("b is bad"))),
					eventloop.RunInExecutor(co, executor, job("c", nil)),
				}
				print("main:", value(futures[2].Await(co)))
				print("done:", futures[0].Done(), futures[1].Done(), futures[2].Done())
				for _, future := range futures[:2] {
					if result, err := future.Await(co); err != nil {
						print("main: error:", err)
					} else {
						print("main:", result)
					}
				}
				return nil
			})
		},

		"executor-rest-runs": func(print printer) error {
			job := func(number int, gate threadEvent) func(context.Context) (nothing, error) {
				return func(context.Context) (nothing, error) {
					gate.wait()
					print("job", number)
					return nothing{}, nil
				}
			}

			background := func(gate threadEvent) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := co.Sleep(time.Minute)
					print("background: cancelled; the jobs may go on")
					gate.set()
					return err
				})
			}

			main := func(co *Co) (string, error) {
				gate := make(threadEvent)
				var jobs []*eventloop.Future[nothing]
				for number := range 4 {
					jobs = append(jobs, eventloop.RunInExecutor(co, nil, job(number, gate)))
				}
				jobs[2].Cancel()
				task := eventloop.CreateTask(co, background(gate))
				must(co.Yield())
				print("main ends; done: background", task.Done())
				return "result", nil
			}

			print("run:", asyncioResult(print, main, eventloop.Threads(1)))
			return nil
		},

		"executor-cancel-queued": func(print printer) error {
			job := func(name string, begun, gate chan nothing) func(context.Context) (nothing, error) {
				return func(context.Context) (nothing, error) {
					print(name, "begins")
					close(begun)
					<-gate
					print(name, "ends")
					return nothing{}, nil
				}
			}

			return asyncioRun(print, func(co *Co) error {
				begun, gate := make(chan nothing), make(chan nothing)
				executor := eventloop.NewExecutor(1)
				running := eventloop.RunInExecutor(co, executor, job("running", begun, gate))
				queued := eventloop.RunInExecutor(co, executor, job("queued", begun, gate))
				<-begun
				print("cancel:", running.Cancel(), queued.Cancel())
				must(wait(co, running, queued))
				print("main: cancelled:", running.Cancelled(), queued.Cancelled())
				close(gate)
				_, err := eventloop.RunInExecutor(co, executor, func(context.Context) (nothing, error) {
					print("the worker is free again")
					return nothing{}, nil
				}).Await(co)
				return err
			})
		},
	}
}

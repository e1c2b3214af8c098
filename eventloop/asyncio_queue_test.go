package eventloop_test

import (
	"cmp"
	"errors"
	"fmt"

	"example.com/overlap/eventloop"
)

// Queues: who gets which item, and that a cancel loses none.
func queueTwins() map[string]program {
	return map[string]program{
		"queue-bounded": func(print printer) error {
			producer := func(name string, queue *eventloop.Queue[string]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for n := range 2 {
						must(queue.Put(co, fmt.Sprint(name, n)))
						print("put", fmt.Sprint(name, n), "size", queue.Len())
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[string](2)
				var producers []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c"} {
					producers = append(producers, eventloop.CreateTask(co, producer(name, queue)))
				}
				must(co.Yield())
				print("full:", queue.Full(), "done:", each(producers, isDone))
				for range 6 {
					print("got", value(queue.Get(co)))
					must(co.Yield())
				}
				print("empty:", queue.Empty(), "done:", each(producers, isDone))
				return nil
			})
		},

		"queue-get-cancelled": func(print printer) error {
			consumer := func(name string, queue *eventloop.Queue[string]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					item, err := queue.Get(co)
					if cancelled(err) {
						print(name, "cancelled")
						return err
					}
					print(name, "got", item)
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[string](0)
				a := eventloop.CreateTask(co, consumer("a", queue))
				b := eventloop.CreateTask(co, consumer("b", queue))
				c := eventloop.CreateTask(co, consumer("c", queue))
				d := eventloop.CreateTask(co, consumer("d", queue))
				must(co.Yield())
				a.Cancel()
				must(queue.Put(co, "first"))
				print("put first; a was cancelled before")
				must(wait(co, a, b))
				must(queue.Put(co, "second"))
				c.Cancel()
				print("put second; c is cancelled after it was woken")
				must(wait(co, c, d))
				print("size", queue.Len())
				return nil
			})
		},

		"queue-getters": func(print printer) error {
			consumer := func(name string, queue *eventloop.Queue[int]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for range 2 {
						print(name, "waits")
						print(name, "got", value(queue.Get(co)))
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[int](0)
				var consumers []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b", "c"} {
					consumers = append(consumers, eventloop.CreateTask(co, consumer(name, queue)))
				}
				must(co.Yield())
				for n := range 4 {
					must(queue.PutNowait(n))
				}
				print("put 4 items, size", queue.Len())
				must(co.Yield())
				must(co.Yield())
				print("two rounds later, size", queue.Len())
				for n := 4; n < 6; n++ {
					must(queue.Put(co, n))
				}
				must(wait(co, consumers...))
				print("size", queue.Len())
				return nil
			})
		},

		"queue-join": func(print printer) error {
			worker := func(name string, queue *eventloop.Queue[int]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for {
						item, err := queue.Get(co)
						if err != nil {
							return err
						}
						print(name, "works on", item)
						must(co.Yield())
						if item == 1 {
							must(queue.PutNowait(9))
						}
						must(queue.TaskDone())
					}
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[int](0)
				must(queue.Join(co))
				print("join of a new queue does not wait")
				for n := range 3 {
					must(queue.PutNowait(n))
				}
				var workers []*eventloop.Task[nothing]
				for _, name := range []string{"a", "b"} {
					workers = append(workers, eventloop.CreateTask(co, worker(name, queue)))
				}
				must(queue.Join(co))
				waits := func(w *eventloop.Task[nothing]) bool { return !w.Done() }
				print("all is done, the workers wait:", each(workers, waits))
				if err := queue.TaskDone(); errors.Is(err, eventloop.ErrTaskDone) {
					print("task_done was called too often")
				}
				for _, task := range workers {
					task.Cancel()
				}
				must(wait(co, workers...))
				print("workers cancelled:", each(workers, isCancelled))
				return nil
			})
		},

		"queue-lifo": func(print printer) error {
			consumer := func(queue *eventloop.Queue[int], count int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for range count {
						print("got", value(queue.Get(co)))
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewLifoQueue[int](3)
				task := eventloop.CreateTask(co, consumer(queue, 5))
				must(co.Yield())
				for n := range 3 {
					must(queue.Put(co, n))
					print("put", n)
				}
				for n := 3; n < 5; n++ {
					must(queue.Put(co, n))
					print("put", n)
				}
				value(task.Await(co))
				return nil
			})
		},

		"queue-nowait": func(print printer) error {
			consumer := func(name string, queue *eventloop.Queue[int]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					print(name, "got", value(queue.Get(co)))
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[int](1)
				if _, err := queue.GetNowait(); errors.Is(err, eventloop.ErrQueueEmpty) {
					print("empty")
				}
				a := eventloop.CreateTask(co, consumer("a", queue))
				must(co.Yield())
				must(queue.PutNowait(1))
				if err := queue.PutNowait(2); errors.Is(err, eventloop.ErrQueueFull) {
					print("full")
				}
				print("main got", value(queue.GetNowait()), "before a could run")
				b := eventloop.CreateTask(co, consumer("b", queue))
				must(co.Yield())
				print("done: a", a.Done(), "b", b.Done())
				for _, n := range []int{3, 4} {
					must(queue.Put(co, n))
				}
				must(wait(co, a, b))
				return nil
			})
		},

		"queue-priority": func(print printer) error {
			type item struct {
				priority int
				what     string
			}
			compare := func(a, b item) int {
				return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.what, b.what))
			}

			consumer := func(queue *eventloop.Queue[item], count int) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					for range count {
						got := value(queue.Get(co))
						print("got", got.priority, got.what)
						if got.priority == 2 {
							must(queue.PutNowait(item{1, "urgent, added later"}))
						}
					}
					return nil
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewPriorityQueue(0, compare)
				task := eventloop.CreateTask(co, consumer(queue, 6))
				must(co.Yield())
				for _, item := range []item{{5, "low"}, {2, "high"}, {9, "lowest"}, {3, "normal"}} {
					must(queue.PutNowait(item))
					print("put", item.priority, item.what)
				}
				must(co.Yield())
				print("size", queue.Len(), "done:", task.Done())
				must(queue.Put(co, item{4, "into the empty queue"}))
				value(task.Await(co))
				return nil
			})
		},

		"queue-put-cancelled": func(print printer) error {
			producer := func(name string, queue *eventloop.Queue[string]) eventloop.Coroutine[nothing] {
				return proc(func(co *Co) error {
					err := queue.Put(co, name)
					if cancelled(err) {
						print(name, "cancelled")
						return err
					}
					print("put", name)
					return err
				})
			}

			return asyncioRun(print, func(co *Co) error {
				queue := eventloop.NewQueue[string](1)
				must(queue.PutNowait("full"))
				a := eventloop.CreateTask(co, producer("a", queue))
				b := eventloop.CreateTask(co, producer("b", queue))
				c := eventloop.CreateTask(co, producer("c", queue))
				d := eventloop.CreateTask(co, producer("d", queue))
				must(co.Yield())
				a.Cancel()
				print("got", value(queue.GetNowait()), "and a is cancelled")
				must(wait(co, a, b))
				print("got", value(queue.GetNowait()))
				c.Cancel()
				print("c is cancelled after it was woken")
				must(wait(co, c, d))
				print("got", value(queue.GetNowait()), "and the queue is empty:", queue.Empty())
				return nil
			})
		},
	}
}

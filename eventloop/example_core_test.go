package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/overlap/eventloop"
)

// The first program of asyncio's manual. What the coroutine returns, Main returns.
func ExampleMain() {
	answer, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (int, error) {
		fmt.Println("hello")
		if err := co.Sleep(time.Millisecond); err != nil {
			return 0, err
		}
		fmt.Println("world")
		return 42, nil
	})
	fmt.Println(answer, err)
	// Output:
	// hello
	// world
	// 42 <nil>
}

// A task is only made by CreateTask. It begins when its maker waits, here for its result.
func ExampleCreateTask() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		tea := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			fmt.Println("the kettle is on")
			return "tea", co.Sleep(time.Millisecond)
		})
		fmt.Println("nothing has begun")
		drink, err := tea.Await(co)
		fmt.Println(drink)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// nothing has begun
	// the kettle is on
	// tea
}

// Cancel only asks. The task hears of it where it waits, cleans up, and is over when its
// Await returns.
func ExampleTask_Cancel() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		guard := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			defer fmt.Println("the door is locked")
			return struct{}{}, co.Sleep(time.Hour)
		})
		if err := co.Yield(); err != nil { // the guard begins
			return struct{}{}, err
		}
		fmt.Println("asked:", guard.Cancel(), "over:", guard.Done())
		_, err := guard.Await(co)
		fmt.Println(errors.Is(err, eventloop.ErrCancelled), guard.Cancelled())
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// asked: true over: false
	// the door is locked
	// true true
}

// One task waits for a result, another brings it. A result can be set only once.
func ExampleNewFuture() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		letter := eventloop.NewFuture[string](co)
		postman := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			fmt.Println("there already:", letter.Done())
			return struct{}{}, letter.SetResult("greetings from Oslo")
		})
		text, err := letter.Await(co)
		fmt.Println(text, err)

		err = letter.SetResult("greetings from Rome")
		fmt.Println(errors.Is(err, eventloop.ErrInvalidState))
		return postman.Await(co)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// there already: false
	// greetings from Oslo <nil>
	// true
}

// What waits outside of the loop, for a network or a disk, is any Go function, on a
// goroutine of its own. A cancel, here by a timeout, ends its context.
func ExampleOffload() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		page := eventloop.Offload(co, func(ctx context.Context) (string, error) {
			return "<a>", nil // http.NewRequestWithContext(ctx, ...)
		})
		fmt.Println(page.Await(co))

		dead := eventloop.Offload(co, func(ctx context.Context) (string, error) {
			<-ctx.Done() // a server that never answers
			return "", ctx.Err()
		})
		_, err := eventloop.WaitFor(co, dead, time.Millisecond)
		fmt.Println(err)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// <a> <nil>
	// context deadline exceeded
}

// A call that blocks would hold every task, had it not left the loop. Here it blocks
// until another task has had its turn.
func ExampleToThread() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		coin := make(chan string)
		customer := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			fmt.Println("the loop goes on")
			close(coin)
			return struct{}{}, nil
		})
		drink, err := eventloop.ToThread(co, func(context.Context) (string, error) {
			<-coin
			return "coffee", nil
		})
		fmt.Println(drink, err)
		return customer.Await(co)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// the loop goes on
	// coffee <nil>
}

// The printer takes one page at a time, in the order in which they were sent. An executor
// of one is its queue.
func ExampleRunInExecutor() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		printer := eventloop.NewExecutor(1)
		sheets := 0 // only the printer touches it, so that it needs no lock
		var pages []*eventloop.Future[string]
		for _, text := range []string{"title", "preface", "index"} {
			pages = append(pages, eventloop.RunInExecutor(co, printer, func(context.Context) (string, error) {
				sheets++
				return fmt.Sprint(sheets, ": ", text), nil
			}))
		}
		printed, err := eventloop.Gather(co, pages...).Await(co)
		fmt.Println(strings.Join(printed, "\n"))
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1: title
	// 2: preface
	// 3: index
}

// A goroutine of one's own, which reads a socket, say, hands what it has to the loop. What
// it posts runs there, and may use a queue, which the goroutine itself may not.
func ExampleLoop_NewSource() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		lines := eventloop.NewQueue[string](0)
		socket := co.Loop().NewSource()
		go func() {
			defer socket.Close()
			for _, line := range []string{"HELO", "DATA", "QUIT"} {
				err := socket.Post(func() {
					if err := lines.PutNowait(line); err != nil {
						fmt.Println(err)
					}
				})
				if err != nil {
					return // the loop has ended
				}
			}
			_ = socket.Post(func() { lines.Shutdown(false) })
		}()
		for line, err := range lines.All(co) {
			if err != nil {
				return struct{}{}, err
			}
			fmt.Println(line)
		}
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// HELO
	// DATA
	// QUIT
}

// A callback has no task: it runs when its time has come, unless the timer was cancelled.
func ExampleLoop_CallLater() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var ready eventloop.Event
		loop := co.Loop()
		alarm := loop.CallLater(time.Hour, func() { fmt.Println("burnt") })
		loop.CallLater(time.Millisecond, func() {
			fmt.Println("the eggs are done")
			alarm.Cancel()
			ready.Set()
		})
		loop.CallSoon(func() { fmt.Println("the water boils") })
		err := ready.Wait(co)
		fmt.Println("alarm cancelled:", alarm.Cancelled())
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// the water boils
	// the eggs are done
	// alarm cancelled: true
}

// Why does it hang? All tasks say what they wait for, and in debug mode also where, as
// file:line, of which the example shows the file.
func ExampleDebug() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var open eventloop.Event
		orders := eventloop.NewQueue[string](0)
		cook := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			return orders.Get(co)
		}).SetName("cook")
		guest := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			if err := open.Wait(co); err != nil {
				return "", err
			}
			return "", orders.Put(co, "soup")
		}).SetName("guest")
		if err := co.Yield(); err != nil {
			return struct{}{}, err
		}
		for _, task := range co.Loop().Tasks()[1:] { // the first is this one, which runs
			file, _, _ := strings.Cut(task.At, ":")
			fmt.Println(task.Name, "waits for", task.Waits, "in", file)
		}
		open.Set()
		_, err := eventloop.Gather(co, cook, guest).Await(co)
		return struct{}{}, err
	}, eventloop.Debug(0))
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// cook waits for Queue.Get in example_core_test.go
	// guest waits for Event.Wait in example_core_test.go
}

// Two waits, one after the other, without a task: the second begins with what the first
// has brought.
func ExampleChain() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		loop := co.Loop()
		address := eventloop.Offload(co, func(context.Context) (string, error) { return "10.0.0.7", nil })
		page := eventloop.Chain(address, func(ip string, err error) *eventloop.Future[string] {
			return eventloop.Offload(loop, func(context.Context) (string, error) {
				return "<page of " + ip + ">", err
			})
		})
		fmt.Println(page.Await(co))
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: <page of 10.0.0.7> <nil>
}

// What is in the cache is there at once, without a turn of the loop. What is not goes on
// as a task like any other.
func ExampleEagerTask() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		cache := map[string]string{"a": "<a>"}
		load := func(name string) *eventloop.Task[string] {
			return eventloop.EagerTask(co, func(co *eventloop.Co) (string, error) {
				if page, ok := cache[name]; ok {
					return page, nil
				}
				return "<" + name + ">", co.Sleep(time.Millisecond)
			})
		}
		a, b := load("a"), load("b")
		fmt.Println("at once:", a.Done(), b.Done())
		pages, err := eventloop.Gather(co, a, b).Await(co)
		fmt.Println(pages)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// at once: true false
	// [<a> <b>]
}

// The loop over a queue ends when the queue is shut down and empty: nothing is lost, and
// no last item has to say that it is the last.
func ExampleQueue_All() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		songs := eventloop.NewQueue[string](1)
		singer := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			defer songs.Shutdown(false)
			for _, song := range []string{"Yesterday", "Help", "Let it be"} {
				if err := songs.Put(co, song); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
		for song, err := range songs.All(co) {
			if err != nil {
				return struct{}{}, err // this task was cancelled
			}
			fmt.Println(song)
		}
		fmt.Println("applause")
		return singer.Await(co)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// Yesterday
	// Help
	// Let it be
	// applause
}

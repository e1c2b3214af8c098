package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// fetch is a coroutine that waits for some turns of the loop, and then has a page or an
// error. In a program of yours it would be an Offload.
func fetch(page string, turns int, err error) eventloop.Coroutine[string] {
	return func(co *eventloop.Co) (string, error) {
		for range turns {
			if err := co.Yield(); err != nil {
				return "", err
			}
		}
		if err != nil {
			return "", err
		}
		return "<" + page + ">", nil
	}
}

var errNotFound = errors.New("not found")

// All are fetched at once, and come in the order in which they were asked for. An error
// is there as soon as it has happened, and the others go on without their caller.
func ExampleGather() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		pages, err := eventloop.Gather(co, fetch("a", 3, nil), fetch("b", 1, nil), fetch("c", 2, nil)).Await(co)
		fmt.Println(pages, err)

		slow := eventloop.CreateTask(co, fetch("slow", 3, nil))
		pages, err = eventloop.Gather(co, slow, eventloop.CreateTask(co, fetch("lost", 1, errNotFound))).Await(co)
		fmt.Println(pages, err)
		page, err := slow.Await(co)
		fmt.Println(page, err)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// [<a> <b> <c>] <nil>
	// [] not found
	// <slow> <nil>
}

// Every page has its result, and none is lost because another could not be had.
func ExampleGatherResults() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		pages := eventloop.GatherResults(co, fetch("a", 2, nil), fetch("b", 1, errNotFound), fetch("c", 1, nil))
		results, err := pages.Await(co)
		for _, r := range results {
			fmt.Printf("%q %v\n", r.Value, r.Err)
		}
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// "<a>" <nil>
	// "" not found
	// "<c>" <nil>
}

// The page of the mirror that answers first is enough. Wait cancels nobody: that is for
// the caller to do.
func ExampleWait() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		mirrors := []*eventloop.Task[string]{
			eventloop.CreateTask(co, fetch("from Oslo", 9, nil)),
			eventloop.CreateTask(co, fetch("from Rome", 2, nil)),
			eventloop.CreateTask(co, fetch("from Lima", 5, nil)),
		}
		done, pending, err := eventloop.Wait(co, mirrors, eventloop.FirstCompleted, eventloop.Forever)
		if err != nil {
			return struct{}{}, err
		}
		for _, t := range done {
			fmt.Println(t.Result())
		}
		for _, t := range pending {
			t.Cancel()
		}
		_, _, err = eventloop.Wait(co, pending, eventloop.AllCompleted, eventloop.Forever)
		for _, t := range pending {
			fmt.Println("cancelled:", t.Cancelled())
		}
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// <from Rome> <nil>
	// cancelled: true
	// cancelled: true
}

// Each page is shown as it comes, the fast ones first.
func ExampleAsCompleted() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		for page, err := range eventloop.AsCompleted(co, fetch("a", 5, nil), fetch("b", 1, errNotFound), fetch("c", 3, nil)) {
			if err != nil {
				fmt.Println("no page:", err)
				continue
			}
			fmt.Println(page)
		}
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// no page: not found
	// <c>
	// <a>
}

// A deadline stands over all that its body awaits, and may be moved: here each answer
// gives the server some more time.
func ExampleWithTimeout() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		answers := eventloop.NewQueue[string](0)
		for _, a := range []string{"one", "two"} {
			if err := answers.PutNowait(a); err != nil {
				return struct{}{}, err
			}
		}
		err := eventloop.WithTimeout(co, time.Second, func(d *eventloop.Deadline) error {
			for {
				answer, err := answers.Get(co) // the third never comes
				if err != nil {
					return err
				}
				fmt.Println(answer)
				if err := d.Reschedule(co.Loop().Time() + time.Millisecond); err != nil {
					return err
				}
			}
		})
		fmt.Println(err)
		fmt.Println("cancelled:", co.Cancelling() > 0)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// one
	// two
	// context deadline exceeded
	// cancelled: false
}

// What is not there in time is cancelled, and its clean-up waited for.
func ExampleWaitFor() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		page, err := eventloop.WaitFor(co, fetch("a", 1, nil), time.Hour)
		fmt.Println(page, err)

		download := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			err := co.Sleep(time.Hour)
			fmt.Println("download:", err)
			return "", err
		})
		_, err = eventloop.WaitFor(co, download, time.Millisecond)
		fmt.Println("timed out:", errors.Is(err, context.DeadlineExceeded))
		fmt.Println("over:", download.Done())
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// <a> <nil>
	// download: eventloop: cancelled
	// timed out: true
	// over: true
}

// The caller no longer waits for the letter; the letter is sent all the same.
func ExampleShield() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var post eventloop.Event
		letter := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			return "sent", post.Wait(co)
		})
		caller := eventloop.CreateTask(co, func(co *eventloop.Co) (string, error) {
			return eventloop.Shield(co, letter).Await(co)
		})
		if err := co.Yield(); err != nil {
			return struct{}{}, err
		}
		caller.Cancel()
		_, err := caller.Await(co)
		fmt.Println("caller:", err)

		post.Set()
		state, err := letter.Await(co)
		fmt.Println("letter:", state, err)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// caller: eventloop: cancelled
	// letter: sent <nil>
}

// The group is left when all its tasks are over. One fails, so the others are cancelled,
// and the body with them.
func ExampleWithTaskGroup() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var a, b *eventloop.Task[string]
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			a = eventloop.CreateTask(g, fetch("a", 1, nil))
			b = eventloop.CreateTask(g, fetch("b", 9, nil))
			eventloop.CreateTask(g, fetch("c", 2, errNotFound))
			err := co.Sleep(time.Hour)
			fmt.Println("the body:", err)
			return err
		})
		fmt.Println(err)
		fmt.Println("not found:", errors.Is(err, errNotFound))
		fmt.Println(a.Result())
		fmt.Println("b is cancelled:", b.Cancelled())
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// the body: eventloop: cancelled
	// eventloop: 1 of a group failed
	// 	not found
	// not found: true
	// <a> <nil>
	// b is cancelled: true
}

// A session is a resource whose beginning and end both take a turn or two.
type session struct{ user string }

func (s session) Enter(co *eventloop.Co) error {
	fmt.Println(s.user, "logs in")
	return co.Yield()
}

func (s session) Exit(co *eventloop.Co, err error) error {
	fmt.Println(s.user, "logs out after:", err)
	return co.Yield()
}

// However the body ends, the session does too, and may wait for the server in it.
func ExampleWith() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		err := eventloop.With(co, session{"alice"}, func() error {
			page, err := fetch("inbox", 1, nil).Await(co)
			fmt.Println(page)
			return err
		})
		fmt.Println(err)

		bob := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			return struct{}{}, eventloop.With(co, session{"bob"}, func() error { return co.Sleep(time.Hour) })
		})
		for range 3 {
			if err := co.Yield(); err != nil {
				return struct{}{}, err
			}
		}
		bob.Cancel()
		_, err = bob.Await(co)
		fmt.Println(err)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice logs in
	// <inbox>
	// alice logs out after: <nil>
	// <nil>
	// bob logs in
	// bob logs out after: eventloop: cancelled
	// eventloop: cancelled
}

// Ten thousand reminders wait without a task among them: no stack, some 220 bytes each.
// The step runs on the loop, so that it may count without a lock.
func ExampleThen() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		rung := 0
		reminders := make([]*eventloop.Future[int], 10_000)
		for i := range reminders {
			reminders[i] = eventloop.Then(eventloop.After(co, time.Millisecond), func(_ struct{}, err error) (int, error) {
				rung++
				return i, err
			})
		}
		numbers, err := eventloop.Gather(co, reminders...).Await(co)
		if err != nil {
			return struct{}{}, err
		}
		fmt.Println(rung, "rung; the last is", numbers[len(numbers)-1])

		// A panic in a step is the error of its future.
		_, err = eventloop.Then(reminders[0], func(int, error) (int, error) { panic("out of paper") }).Await(co)
		var fault *overlap.PanicError
		fmt.Println(errors.As(err, &fault), err)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 10000 rung; the last is 9999
	// true panic: out of paper
}

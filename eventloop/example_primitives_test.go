package eventloop_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

// Between asking for the balance and changing it the task awaits the bank, and the other
// one has its turn. The lock keeps the two steps together.
func ExampleLock() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var account eventloop.Lock
		balance := 100
		withdraw := func(amount int) eventloop.Coroutine[struct{}] {
			return func(co *eventloop.Co) (struct{}, error) {
				return struct{}{}, eventloop.With(co, &account, func() error {
					if balance < amount {
						return fmt.Errorf("%d of %d: not enough", amount, balance)
					}
					if err := co.Sleep(time.Millisecond); err != nil { // the bank is slow
						return err
					}
					balance -= amount
					return nil
				})
			}
		}
		alice := eventloop.CreateTask(co, withdraw(70))
		bob := eventloop.CreateTask(co, withdraw(70))
		_, err := alice.Await(co)
		fmt.Println("alice:", err)
		_, err = bob.Await(co)
		fmt.Println("bob:", err)
		fmt.Println("left:", balance)
		return struct{}{}, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice: <nil>
	// bob: 70 of 30: not enough
	// left: 30
}

// Both guests wait for the door, and one Set lets both in.
func ExampleEvent() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		var open eventloop.Event
		var guests []*eventloop.Task[struct{}]
		for _, name := range []string{"alice", "bob"} {
			guests = append(guests, eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
				fmt.Println(name, "waits")
				if err := open.Wait(co); err != nil {
					return struct{}{}, err
				}
				fmt.Println(name, "comes in")
				return struct{}{}, nil
			}))
		}
		if err := co.Sleep(time.Millisecond); err != nil {
			return struct{}{}, err
		}
		fmt.Println("the door opens")
		open.Set()
		_, err := eventloop.Gather(co, guests...).Await(co)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice waits
	// bob waits
	// the door opens
	// alice comes in
	// bob comes in
}

// The baker needs three eggs, whoever brings them. At each delivery it looks again.
func ExampleCondition() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		eggs := 0
		kitchen := eventloop.NewCondition(nil)
		baker := eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
			return struct{}{}, eventloop.With(co, kitchen, func() error {
				if err := kitchen.WaitFor(co, func() bool { return eggs >= 3 }); err != nil {
					return err
				}
				eggs -= 3
				fmt.Println("a cake;", eggs, "left")
				return nil
			})
		})
		for range 2 {
			if err := co.Sleep(time.Millisecond); err != nil {
				return struct{}{}, err
			}
			err := eventloop.With(co, kitchen, func() error {
				eggs += 2
				fmt.Println("a delivery:", eggs, "eggs")
				return kitchen.NotifyAll()
			})
			if err != nil {
				return struct{}{}, err
			}
		}
		return baker.Await(co)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// a delivery: 2 eggs
	// a delivery: 4 eggs
	// a cake; 1 left
}

// Ten downloads, never more than three of them in flight.
func ExampleSemaphore() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		limit := eventloop.NewSemaphore(3)
		inFlight, peak := 0, 0
		var downloads []*eventloop.Task[struct{}]
		for range 10 {
			downloads = append(downloads, eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
				return struct{}{}, eventloop.With(co, limit, func() error {
					inFlight++
					peak = max(peak, inFlight)
					defer func() { inFlight-- }()
					return co.Sleep(time.Millisecond)
				})
			}))
		}
		_, err := eventloop.Gather(co, downloads...).Await(co)
		fmt.Println("at most", peak, "in flight")
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: at most 3 in flight
}

// Nobody starts to play before all have loaded the map. The first who came says so.
func ExampleBarrier() {
	_, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (struct{}, error) {
		start := eventloop.NewBarrier(3)
		var players []*eventloop.Task[struct{}]
		for i, name := range []string{"alice", "bob", "carol"} {
			players = append(players, eventloop.CreateTask(co, func(co *eventloop.Co) (struct{}, error) {
				if err := co.Sleep(time.Duration(1+5*i) * time.Millisecond); err != nil {
					return struct{}{}, err
				}
				fmt.Println(name, "has loaded the map")
				index, err := start.Wait(co)
				if index == 0 && err == nil {
					fmt.Println("the game begins")
				}
				return struct{}{}, err
			}))
		}
		_, err := eventloop.Gather(co, players...).Await(co)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice has loaded the map
	// bob has loaded the map
	// carol has loaded the map
	// the game begins
}

// Two workers share what one task puts. The bound of 2 makes that task wait for them, and
// Join waits for the work that they have begun.
func ExampleQueue() {
	sum, err := eventloop.Main(context.Background(), func(co *eventloop.Co) (int, error) {
		numbers := eventloop.NewQueue[int](2)
		sum := 0
		work := func(co *eventloop.Co) (struct{}, error) {
			for n, err := range numbers.All(co) {
				if err != nil {
					return struct{}{}, err
				}
				if err := co.Sleep(time.Millisecond); err != nil {
					return struct{}{}, err
				}
				sum += n
				if err := numbers.TaskDone(); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		}
		workers := eventloop.Gather(co, eventloop.CreateTask(co, work), eventloop.CreateTask(co, work))
		for n := range 10 {
			if err := numbers.Put(co, n); err != nil {
				return 0, err
			}
		}
		if err := numbers.Join(co); err != nil {
			return 0, err
		}
		numbers.Shutdown(false) // the workers' loops end
		_, err := workers.Await(co)
		return sum, err
	})
	fmt.Println(sum, err)
	// Output: 45 <nil>
}

// The most urgent patient comes first, and of two who are equally urgent the one who came
// first.
func ExampleNewPriorityQueue() {
	type patient struct {
		urgency, number int
		name            string
	}
	waiting := eventloop.NewPriorityQueue(0, func(a, b patient) int {
		return cmp.Or(-cmp.Compare(a.urgency, b.urgency), cmp.Compare(a.number, b.number))
	})
	for i, p := range []patient{{name: "alice", urgency: 1}, {name: "bob", urgency: 3}, {name: "carol", urgency: 1}, {name: "dan", urgency: 3}} {
		p.number = i
		if err := waiting.PutNowait(p); err != nil {
			fmt.Println(err)
		}
	}
	for {
		p, err := waiting.GetNowait()
		if errors.Is(err, eventloop.ErrQueueEmpty) {
			break
		}
		fmt.Println(p.name)
	}
	// Output:
	// bob
	// dan
	// alice
	// carol
}

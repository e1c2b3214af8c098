package loop

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"example.com/overlap/eventloop"
)

func Queue(co *eventloop.Co) error {
	queue := eventloop.NewQueue[string](1)
	task := eventloop.CreateTask(co, func(co *eventloop.Co) (none, error) {
		defer queue.Shutdown(false)
		for _, name := range []string{"a", "b", "c"} {
			if err := queue.Put(co, name); err != nil { // waits while the queue is full
				return none{}, err
			}
		}
		return none{}, nil
	})
	for name, err := range queue.All(co) {
		if err != nil {
			return err
		}
		fmt.Println(name)
	}
	_, err := task.Await(co)
	return err
}

func QueueJoin(co *eventloop.Co) error {
	begun := co.Loop().Time()
	queue := eventloop.NewQueue[string](0)
	worker := func(co *eventloop.Co) (none, error) {
		for name, err := range queue.All(co) {
			if err != nil {
				return none{}, err
			}
			if _, err := fetch(name, time.Second).Await(co); err != nil {
				return none{}, err
			}
			_ = queue.TaskDone() // it was taken from the queue
		}
		return none{}, nil
	}
	eventloop.CreateTask(co, worker)
	eventloop.CreateTask(co, worker)
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := queue.Put(co, name); err != nil {
			return err
		}
	}
	if err := queue.Join(co); err != nil {
		return err
	}
	fmt.Println((co.Loop().Time() - begun).Round(time.Second))
	return nil
}

func QueueNowait(co *eventloop.Co) error {
	queue := eventloop.NewQueue[string](1)
	if err := queue.PutNowait("a"); err != nil {
		return err
	}
	if err := queue.PutNowait("b"); errors.Is(err, eventloop.ErrQueueFull) {
		fmt.Println("full")
	}
	name, err := queue.GetNowait()
	if err != nil {
		return err
	}
	fmt.Println(name)
	if _, err := queue.GetNowait(); errors.Is(err, eventloop.ErrQueueEmpty) {
		fmt.Println("empty")
	}
	return nil
}

func QueueShutdown(co *eventloop.Co) error {
	queue := eventloop.NewQueue[string](0)
	task := eventloop.CreateTask(co, func(co *eventloop.Co) (none, error) {
		for name, err := range queue.All(co) {
			if err != nil {
				return none{}, err
			}
			fmt.Println(name)
		}
		fmt.Println("no more") // Get returns ErrQueueShutDown
		return none{}, nil
	})
	if err := queue.Put(co, "a"); err != nil {
		return err
	}
	queue.Shutdown(false)
	_, err := task.Await(co)
	return err
}

func QueueEither(co *eventloop.Co) error {
	news, post := eventloop.NewQueue[string](0), eventloop.NewQueue[string](0)
	if err := post.Put(co, "a letter"); err != nil {
		return err
	}
	var getters []*eventloop.Task[string]
	for _, get := range []eventloop.Coroutine[string]{news.Get, post.Get} {
		getters = append(getters, eventloop.CreateTask(co, get))
	}
	done, pending, err := eventloop.Wait(co, getters, eventloop.FirstCompleted, 5*time.Second)
	if err != nil {
		return err
	}
	for _, task := range pending {
		task.Cancel()
	}
	for _, task := range done {
		if err := show(co, task); err != nil {
			return err
		}
	}
	return nil
}

//region PriorityQueue

type job struct {
	turn int
	name string
}

func PriorityQueue(co *eventloop.Co) error {
	queue := eventloop.NewPriorityQueue(0, func(a, b job) int { return cmp.Compare(a.turn, b.turn) })
	for _, j := range []job{{3, "sweep"}, {1, "cook"}, {2, "eat"}} {
		if err := queue.Put(co, j); err != nil {
			return err
		}
	}
	for !queue.Empty() {
		j, err := queue.Get(co)
		if err != nil {
			return err
		}
		fmt.Println(j.turn, j.name)
	}
	return nil
}

//endregion

func LifoQueue(co *eventloop.Co) error {
	queue := eventloop.NewLifoQueue[string](0)
	for _, name := range []string{"a", "b", "c"} {
		if err := queue.Put(co, name); err != nil {
			return err
		}
	}
	for !queue.Empty() {
		name, err := queue.Get(co)
		if err != nil {
			return err
		}
		fmt.Println(name)
	}
	return nil
}

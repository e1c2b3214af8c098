package plain

import (
	"container/heap"
	"fmt"
	"sync"
	"time"
)

func Queue() {
	queue := make(chan string, 1)
	go func() {
		defer close(queue)
		for _, name := range []string{"a", "b", "c"} {
			queue <- name // waits while the queue is full
		}
	}()
	for name := range queue {
		fmt.Println(name)
	}
}

func QueueJoin() {
	begun := time.Now()
	queue := make(chan string)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for name := range queue {
				fetch(name, time.Second)
			}
		})
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		queue <- name
	}
	close(queue)
	workers.Wait()
	fmt.Println(time.Since(begun).Round(time.Second))
}

func QueueNowait() {
	queue := make(chan string, 1)
	queue <- "a"
	select {
	case queue <- "b":
	default:
		fmt.Println("full")
	}
	fmt.Println(<-queue)
	select {
	case name := <-queue:
		fmt.Println(name)
	default:
		fmt.Println("empty")
	}
}

func QueueShutdown() {
	queue := make(chan string)
	var worker sync.WaitGroup
	worker.Go(func() {
		for name := range queue {
			fmt.Println(name)
		}
		fmt.Println("no more")
	})
	queue <- "a"
	close(queue)
	worker.Wait()
}

func QueueEither() {
	news, post := make(chan string), make(chan string, 1)
	post <- "a letter"
	select {
	case text := <-news:
		fmt.Println(text)
	case text := <-post:
		fmt.Println(text)
	case <-time.After(5 * time.Second):
	}
}

//region PriorityQueue

type job struct {
	turn int
	name string
}

type queue []job

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].turn < q[j].turn }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(job)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

func PriorityQueue() {
	var jobs queue
	for _, j := range []job{{3, "sweep"}, {1, "cook"}, {2, "eat"}} {
		heap.Push(&jobs, j)
	}
	for jobs.Len() > 0 {
		j := heap.Pop(&jobs).(job)
		fmt.Println(j.turn, j.name)
	}
}

//endregion

func LifoQueue() {
	var stack []string
	stack = append(stack, "a", "b", "c")
	for len(stack) > 0 {
		last := len(stack) - 1
		fmt.Println(stack[last])
		stack = stack[:last]
	}
}

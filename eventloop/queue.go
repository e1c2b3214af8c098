package eventloop

import (
	"errors"
	"iter"
)

var (
	// ErrQueueEmpty says that GetNowait found nothing (asyncio.QueueEmpty).
	ErrQueueEmpty = errors.New("eventloop: the queue is empty")

	// ErrQueueFull says that PutNowait found no room (asyncio.QueueFull).
	ErrQueueFull = errors.New("eventloop: the queue is full")

	// ErrQueueShutDown (asyncio.QueueShutDown) says that nothing can be put any more, or
	// that nothing is left to get and nothing will come.
	ErrQueueShutDown = errors.New("eventloop: the queue is shut down")

	// ErrTaskDone (ValueError of Queue.task_done) says that TaskDone was called more
	// often than items were put.
	ErrTaskDone = errors.New("eventloop: TaskDone called too often")
)

// A Queue hands items from tasks to tasks (asyncio.Queue). With a bound it makes who puts
// wait for who gets: backpressure.
//
// It can do three things that a channel cannot: callbacks may use it, by the methods that
// take no [*Co]; it counts the items whose work is not done, so that one can wait for the
// work and not only for the hand-over ([Queue.Join]); and tasks that wait to put are told
// when it is shut down, where the close of a channel makes them panic.
//
// Tasks that wait are served first come, first served. But a task that is woken takes its
// item at its next step: one that comes in between may take it first, and then the woken
// one waits on, behind the others.
type Queue[T any] struct {
	max        int
	items      store[T]
	getters    waiters
	putters    waiters
	unfinished int
	finished   Event
	down       bool
}

// NewQueue makes a queue (asyncio.Queue(maxsize)) whose items come out in the order in
// which they went in. It has room for max items, or for any number if max is zero or
// below.
func NewQueue[T any](max int) *Queue[T] { return newQueue(max, &ring[T]{}) }

// NewLifoQueue makes a queue whose newest item comes out first (asyncio.LifoQueue): see
// [NewQueue].
func NewLifoQueue[T any](max int) *Queue[T] { return newQueue(max, &lifo[T]{}) }

// NewPriorityQueue makes a queue (asyncio.PriorityQueue) whose least item comes out
// first: see [NewQueue]. compare is negative if a is to come out before b, as cmp.Compare
// is. The order of items that compare equal is not defined: to have them come out as they
// went in, number them and compare the numbers too. It panics if compare is nil.
func NewPriorityQueue[T any](max int, compare func(a, b T) int) *Queue[T] {
	if compare == nil {
		panic("eventloop: compare is nil")
	}
	return newQueue(max, &heap[T]{compare: compare})
}

func newQueue[T any](max int, items store[T]) *Queue[T] {
	q := &Queue[T]{max: max, items: items}
	q.finished.Set()
	return q
}

// Put adds an item, and waits for room if the queue is full (Queue.put). On
// [ErrCancelled] and [ErrQueueShutDown] the item is not in the queue.
func (q *Queue[T]) Put(co *Co, item T) error {
	co.mustRun()
	for q.Full() {
		if q.down {
			return ErrQueueShutDown
		}
		if woken, err := q.putters.wait(co, kindQueuePut); err != nil {
			if woken && !q.Full() {
				q.putters.wake()
			}
			return err
		}
	}
	return q.PutNowait(item)
}

// PutNowait adds an item if there is room (Queue.put_nowait), and wakes the first task
// that waits to get one. The error is [ErrQueueFull] or [ErrQueueShutDown].
func (q *Queue[T]) PutNowait(item T) error {
	if q.down {
		return ErrQueueShutDown
	}
	if q.Full() {
		return ErrQueueFull
	}
	q.items.push(item)
	q.unfinished++
	q.finished.Clear()
	q.getters.wake()
	return nil
}

// Get takes an item, and waits for one if the queue is empty (Queue.get). On
// [ErrCancelled] nothing is taken. The error is [ErrQueueShutDown] if the queue is empty
// and shut down.
func (q *Queue[T]) Get(co *Co) (T, error) {
	co.mustRun()
	for q.Empty() {
		var none T
		if q.down {
			return none, ErrQueueShutDown
		}
		if woken, err := q.getters.wait(co, kindQueueGet); err != nil {
			if woken && !q.Empty() {
				q.getters.wake()
			}
			return none, err
		}
	}
	return q.GetNowait()
}

// GetNowait takes an item if there is one (Queue.get_nowait), and wakes the first task
// that waits to put one. The error is [ErrQueueEmpty], or [ErrQueueShutDown] if nothing
// will come either.
func (q *Queue[T]) GetNowait() (T, error) {
	if q.Empty() {
		var none T
		if q.down {
			return none, ErrQueueShutDown
		}
		return none, ErrQueueEmpty
	}
	item := q.items.pop()
	q.putters.wake()
	return item, nil
}

// All takes items (async for, which asyncio's Queue does not have), and waits for them,
// until the queue is empty and shut down. If the wait ends with another error, which is
// [ErrCancelled], the last pair is that error with no item. TaskDone is the consumer's to
// call.
func (q *Queue[T]) All(co *Co) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			item, err := q.Get(co)
			if err == ErrQueueShutDown || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Len is how many items are in the queue (Queue.qsize).
func (q *Queue[T]) Len() int { return q.items.len() }

// Max is the bound that the queue was made with; zero or below: none (Queue.maxsize).
func (q *Queue[T]) Max() int { return q.max }

// Empty reports whether there is nothing to get (Queue.empty).
func (q *Queue[T]) Empty() bool { return q.items.len() == 0 }

// Full reports whether there is no room to put (Queue.full).
func (q *Queue[T]) Full() bool { return q.max > 0 && q.items.len() >= q.max }

// TaskDone says that the work of one item that was taken is done (Queue.task_done). The
// error is [ErrTaskDone] if no item is left whose work is not.
func (q *Queue[T]) TaskDone() error {
	if q.unfinished == 0 {
		return ErrTaskDone
	}
	q.unfinished--
	if q.unfinished == 0 {
		q.finished.Set()
	}
	return nil
}

// Join suspends the task until the work of all items that were put is done (Queue.join),
// by the count of [Queue.TaskDone]. It does not suspend if none is left. The error is
// [ErrCancelled] or nil.
func (q *Queue[T]) Join(co *Co) error { return q.finished.wait(co, kindQueueJoin) }

// Shutdown ends the queue (Queue.shutdown, new in Python 3.13): nothing can be put any
// more, and what is in it can still be taken. If immediate it is dropped instead, and
// counts as done. All tasks that wait to put or get are woken, and have
// [ErrQueueShutDown] unless there is an item for them.
func (q *Queue[T]) Shutdown(immediate bool) {
	q.down = true
	if immediate {
		for !q.Empty() {
			q.items.pop()
			q.unfinished = max(0, q.unfinished-1)
		}
		if q.unfinished == 0 {
			q.finished.Set()
		}
	}
	for q.getters.wake() {
	}
	for q.putters.wake() {
	}
}

// A store keeps the items of a queue, and decides which comes out next.
type store[T any] interface {
	push(item T)
	pop() T // only if there is one
	len() int
}

// lifo is a stack.
type lifo[T any] struct{ items []T }

func (s *lifo[T]) len() int { return len(s.items) }

func (s *lifo[T]) push(item T) { s.items = append(s.items, item) }

func (s *lifo[T]) pop() T {
	var none T
	last := len(s.items) - 1
	item := s.items[last]
	s.items[last] = none
	s.items = s.items[:last]
	return item
}

// heap is a binary heap. It moves items as Python's heapq does, so that also items that
// compare equal come out in the same order: container/heap orders those otherwise, and
// compares about twice as often.
type heap[T any] struct {
	items   []T
	compare func(a, b T) int
}

func (s *heap[T]) len() int { return len(s.items) }

func (s *heap[T]) push(item T) {
	s.items = append(s.items, item)
	s.up(len(s.items)-1, item)
}

// pop takes the root, moves up the lesser child of each hole down to a leaf, and puts the
// last item there, which belongs near the leaves: that saves comparing it on the way.
func (s *heap[T]) pop() T {
	var none T
	n := len(s.items) - 1
	least, last := s.items[0], s.items[n]
	s.items[n] = none
	s.items = s.items[:n]
	if n == 0 {
		return least
	}
	hole := 0
	for child := 1; child < n; child = 2*hole + 1 {
		if right := child + 1; right < n && s.compare(s.items[child], s.items[right]) >= 0 {
			child = right
		}
		s.items[hole] = s.items[child]
		hole = child
	}
	s.up(hole, last)
	return least
}

// up puts an item into the hole at i, or above it.
func (s *heap[T]) up(i int, item T) {
	for i > 0 {
		parent := (i - 1) / 2
		if s.compare(item, s.items[parent]) >= 0 {
			break
		}
		s.items[i] = s.items[parent]
		i = parent
	}
	s.items[i] = item
}

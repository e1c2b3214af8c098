package eventloop_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

// queues are all kinds, with room for max numbers.
var queues = map[string]func(max int) *eventloop.Queue[int]{
	"first in, first out": eventloop.NewQueue[int],
	"last in, first out":  eventloop.NewLifoQueue[int],
	"least first":         func(max int) *eventloop.Queue[int] { return eventloop.NewPriorityQueue(max, cmp.Compare[int]) },
}

func TestTheOrderOfAQueue(t *testing.T) {
	want := map[string][]int{
		"first in, first out": {3, 1, 2, 3, 0},
		"last in, first out":  {0, 3, 2, 1, 3},
		"least first":         {0, 1, 2, 3, 3},
	}
	for name, make := range queues {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				q := make(0)
				for _, item := range []int{3, 1, 2, 3, 0} {
					requireNoWait(t, co, func() error { return q.Put(co, item) })
				}
				require.Equal(t, 5, q.Len())
				var got []int
				for range 5 {
					requireNoWait(t, co, func() error {
						item, err := q.Get(co)
						got = append(got, item)
						return err
					})
				}
				require.Equal(t, want[name], got)
				require.True(t, q.Empty())
			})
		})
	}
}

// Each kind against the plainest thing that does the same.
func TestAQueueOfManyItems(t *testing.T) {
	models := map[string]func(items []int) (next int){
		"first in, first out": func([]int) int { return 0 },
		"last in, first out":  func(items []int) int { return len(items) - 1 },
		"least first":         func(items []int) int { return slices.Index(items, slices.Min(items)) },
	}
	for name, make := range queues {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			q := make(0)
			var items []int
			for n := range 10_000 {
				// Grows for a while, then shrinks.
				if grows := n/1000%2 == 0; len(items) == 0 || (random.IntN(4) > 0) == grows {
					item := random.IntN(100)
					require.NoError(t, q.PutNowait(item))
					items = append(items, item)
				} else {
					i := models[name](items)
					item, err := q.GetNowait()
					require.NoError(t, err)
					require.Equal(t, items[i], item)
					items = slices.Delete(items, i, i+1)
				}
				require.Equal(t, len(items), q.Len())
			}
		})
	}
}

// The order is heapq's, as Python 3 printed it.
func TestItemsOfAPriorityQueueThatCompareEqual(t *testing.T) {
	type item struct{ priority, number int }
	q := eventloop.NewPriorityQueue(0, func(a, b item) int { return cmp.Compare(a.priority, b.priority) })
	for number, priority := range []int{2, 1, 1, 2, 1, 1, 2, 1, 0, 1} {
		require.NoError(t, q.PutNowait(item{priority, number}))
	}
	var got []item
	for !q.Empty() {
		next, err := q.GetNowait()
		require.NoError(t, err)
		got = append(got, next)
	}
	require.Equal(t, []item{{0, 8}, {1, 2}, {1, 5}, {1, 7}, {1, 1}, {1, 9}, {1, 4}, {2, 6}, {2, 0}, {2, 3}}, got)
}

func TestAPriorityQueueNeedsItsOrder(t *testing.T) {
	require.PanicsWithValue(t, "eventloop: compare is nil", func() { eventloop.NewPriorityQueue[int](0, nil) })
}

func TestTheBoundOfAQueue(t *testing.T) {
	for name, make := range queues {
		t.Run(name, func(t *testing.T) {
			q := make(2)
			require.Equal(t, 2, q.Max())
			_, err := q.GetNowait()
			require.Equal(t, eventloop.ErrQueueEmpty, err)
			require.NoError(t, q.PutNowait(1))
			require.False(t, q.Full())
			require.NoError(t, q.PutNowait(2))
			require.True(t, q.Full())
			require.Equal(t, eventloop.ErrQueueFull, q.PutNowait(3))
			require.Equal(t, 2, q.Len())

			for _, max := range []int{0, -1} {
				q := make(max)
				require.Equal(t, max, q.Max())
				for i := range 100 {
					require.NoError(t, q.PutNowait(i))
				}
				require.False(t, q.Full())
			}
		})
	}
}

func TestTasksThatGetAreServedInTheOrderOfArrival(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		q := eventloop.NewQueue[int](0)
		for _, name := range []string{"a", "b", "c"} {
			begin(co, func(co *Co) error {
				item, err := q.Get(co)
				s.say("%s has %d", name, item)
				return err
			})
		}
		yield(t, co, 1)
		require.NoError(t, q.PutNowait(1))
		require.NoError(t, q.PutNowait(2))
		yield(t, co, 1)
		s.say("main puts")
		require.NoError(t, q.PutNowait(3))
		yield(t, co, 1)
	})
	require.Equal(t, script{"a has 1", "b has 2", "main puts", "c has 3"}, s)
}

func TestTasksThatPutAreServedInTheOrderOfArrival(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		q := eventloop.NewQueue[string](1)
		for _, name := range []string{"a", "b", "c"} {
			begin(co, func(co *Co) error {
				err := q.Put(co, name)
				s.say("%s has put", name)
				return err
			})
		}
		yield(t, co, 1)
		for range 3 {
			item, err := q.Get(co)
			require.NoError(t, err)
			s.say("main gets %s", item)
			yield(t, co, 1)
		}
	})
	require.Equal(t, script{"a has put", "main gets a", "b has put", "main gets b", "c has put", "main gets c"}, s)
}

func TestWhoComesInBetweenMayTakeTheItem(t *testing.T) {
	do(t, func(co *Co) {
		q := eventloop.NewQueue[int](0)
		waits := begin(co, func(co *Co) error {
			item, err := q.Get(co)
			require.Equal(t, 2, item)
			return err
		})
		yield(t, co, 1)
		require.NoError(t, q.PutNowait(1))
		item, err := q.GetNowait()
		require.NoError(t, err)
		require.Equal(t, 1, item)
		yield(t, co, 2)
		require.False(t, waits.Done())
		require.NoError(t, q.PutNowait(2))
		_, err = waits.Await(co)
		require.NoError(t, err)
	})
}

func TestWhoComesInBetweenMayTakeTheRoom(t *testing.T) {
	do(t, func(co *Co) {
		q := eventloop.NewQueue[int](1)
		require.NoError(t, q.PutNowait(1))
		waits := begin(co, func(co *Co) error { return q.Put(co, 3) })
		yield(t, co, 1)
		_, err := q.GetNowait()
		require.NoError(t, err)
		require.NoError(t, q.PutNowait(2))
		yield(t, co, 2)
		require.False(t, waits.Done())
		for want := 2; want <= 3; want++ {
			item, err := q.Get(co)
			require.NoError(t, err)
			require.Equal(t, want, item)
		}
		require.True(t, waits.Done())
	})
}

func TestCancelsAtAQueue(t *testing.T) {
	get := func(q *eventloop.Queue[int]) func(co *Co) error {
		return func(co *Co) error {
			_, err := q.Get(co)
			return err
		}
	}
	t.Run("of who gets, after it was woken: the item goes to the next", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			a, b := begin(co, get(q)), begin(co, get(q))
			yield(t, co, 1)
			require.NoError(t, q.PutNowait(1))
			a.Cancel()
			yield(t, co, 2)
			require.True(t, a.Cancelled())
			require.True(t, b.Done())
			require.NoError(t, b.Exception())
		})
	})
	t.Run("of who gets, after it was woken, the item taken by another: the rest wait on in their order", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			a, b, c := begin(co, get(q)), begin(co, get(q)), begin(co, get(q))
			yield(t, co, 1)
			require.NoError(t, q.PutNowait(1))
			_, err := q.GetNowait()
			require.NoError(t, err)
			a.Cancel()
			yield(t, co, 2)
			require.True(t, a.Cancelled())
			require.NoError(t, q.PutNowait(2))
			yield(t, co, 1)
			require.True(t, b.Done())
			require.False(t, c.Done())
		})
	})
	t.Run("of who gets, while there is an item for another: the rest wait on in their order", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			a, b, c, d := begin(co, get(q)), begin(co, get(q)), begin(co, get(q)), begin(co, get(q))
			yield(t, co, 1)
			b.Cancel()
			require.NoError(t, q.PutNowait(1)) // is for a, which takes it after b has left
			yield(t, co, 2)
			require.True(t, a.Done())
			require.True(t, b.Cancelled())
			require.NoError(t, q.PutNowait(2))
			yield(t, co, 1)
			require.True(t, c.Done())
			require.False(t, d.Done())
		})
	})
	t.Run("of who gets: the item goes to the next", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			a, b := begin(co, get(q)), begin(co, get(q))
			yield(t, co, 1)
			a.Cancel()
			require.NoError(t, q.PutNowait(1))
			yield(t, co, 1)
			require.True(t, a.Cancelled())
			require.True(t, b.Done())
			require.NoError(t, b.Exception())
		})
	})
	t.Run("of who puts, after it was woken: the room goes to the next", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](1)
			require.NoError(t, q.PutNowait(0))
			a := begin(co, func(co *Co) error { return q.Put(co, 1) })
			b := begin(co, func(co *Co) error { return q.Put(co, 2) })
			yield(t, co, 1)
			_, err := q.GetNowait()
			require.NoError(t, err)
			a.Cancel()
			yield(t, co, 2)
			require.True(t, a.Cancelled())
			require.True(t, b.Done())
			require.Equal(t, 1, q.Len())
			item, err := q.GetNowait()
			require.NoError(t, err)
			require.Equal(t, 2, item)
		})
	})
	t.Run("of who puts, after it was woken, the room taken by another: the rest wait on in their order", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](1)
			require.NoError(t, q.PutNowait(0))
			a := begin(co, func(co *Co) error { return q.Put(co, 1) })
			b := begin(co, func(co *Co) error { return q.Put(co, 2) })
			c := begin(co, func(co *Co) error { return q.Put(co, 3) })
			yield(t, co, 1)
			_, err := q.GetNowait()
			require.NoError(t, err)
			require.NoError(t, q.PutNowait(4))
			a.Cancel()
			yield(t, co, 2)
			require.True(t, a.Cancelled())
			_, err = q.GetNowait()
			require.NoError(t, err)
			yield(t, co, 1)
			require.True(t, b.Done())
			require.False(t, c.Done())
		})
	})
	t.Run("of who puts, while there is room for another: the rest wait on in their order", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](1)
			require.NoError(t, q.PutNowait(0))
			var puts []*eventloop.Task[nothing]
			for i := range 4 {
				puts = append(puts, begin(co, func(co *Co) error { return q.Put(co, i) }))
			}
			yield(t, co, 1)
			puts[1].Cancel()
			_, err := q.GetNowait() // makes room for the first, which takes it after the second has left
			require.NoError(t, err)
			yield(t, co, 2)
			require.True(t, puts[0].Done())
			require.True(t, puts[1].Cancelled())
			_, err = q.GetNowait()
			require.NoError(t, err)
			yield(t, co, 1)
			require.True(t, puts[2].Done())
			require.False(t, puts[3].Done())
		})
	})
}

func TestJoinWaitsForTheWork(t *testing.T) {
	do(t, func(co *Co) {
		q := eventloop.NewQueue[int](0)
		requireNoWait(t, co, func() error { return q.Join(co) })
		for i := range 2 {
			require.NoError(t, q.PutNowait(i))
		}
		joins := begin(co, q.Join)
		for range 2 {
			_, err := q.GetNowait()
			require.NoError(t, err)
		}
		yield(t, co, 2)
		require.False(t, joins.Done(), "all is taken, but not done")
		require.NoError(t, q.TaskDone())
		yield(t, co, 2)
		require.False(t, joins.Done())
		require.NoError(t, q.TaskDone())
		yield(t, co, 1)
		require.True(t, joins.Done())
		requireNoWait(t, co, func() error { return q.Join(co) })
		require.NoError(t, q.PutNowait(1))
		again := begin(co, q.Join)
		yield(t, co, 2)
		require.False(t, again.Done())
	})
}

func TestTaskDoneTooOften(t *testing.T) {
	q := eventloop.NewQueue[int](0)
	require.Equal(t, eventloop.ErrTaskDone, q.TaskDone())
	require.NoError(t, q.PutNowait(1))
	require.NoError(t, q.TaskDone())
	require.Equal(t, eventloop.ErrTaskDone, q.TaskDone())
}

func TestShutdown(t *testing.T) {
	for name, make := range queues {
		t.Run(name+": what is in it can be taken", func(t *testing.T) {
			do(t, func(co *Co) {
				q := make(1)
				require.NoError(t, q.PutNowait(1))
				puts := begin(co, func(co *Co) error { return q.Put(co, 2) })
				joins := begin(co, q.Join)
				yield(t, co, 1)
				q.Shutdown(false)
				q.Shutdown(false)
				require.Equal(t, eventloop.ErrQueueShutDown, q.PutNowait(3))
				require.Equal(t, eventloop.ErrQueueShutDown, q.Put(co, 3))
				yield(t, co, 1)
				require.Equal(t, eventloop.ErrQueueShutDown, puts.Exception())

				item, err := q.Get(co)
				require.NoError(t, err)
				require.Equal(t, 1, item)
				_, err = q.Get(co)
				require.Equal(t, eventloop.ErrQueueShutDown, err)
				_, err = q.GetNowait()
				require.Equal(t, eventloop.ErrQueueShutDown, err)
				require.Equal(t, eventloop.ErrQueueShutDown, q.Put(co, 3), "also with room")
				require.False(t, joins.Done())
				require.NoError(t, q.TaskDone())
				_, err = joins.Await(co)
				require.NoError(t, err)
			})
		})
		t.Run(name+": immediately", func(t *testing.T) {
			do(t, func(co *Co) {
				q := make(0)
				for i := range 3 {
					require.NoError(t, q.PutNowait(i))
				}
				_, err := q.GetNowait()
				require.NoError(t, err)
				joins := begin(co, q.Join)
				yield(t, co, 1)
				q.Shutdown(true)
				require.True(t, q.Empty())
				_, err = q.Get(co)
				require.Equal(t, eventloop.ErrQueueShutDown, err)
				yield(t, co, 1)
				require.False(t, joins.Done(), "one was taken, and is not done")
				require.NoError(t, q.TaskDone())
				yield(t, co, 1)
				require.True(t, joins.Done())
			})
		})
		t.Run(name+": immediately, more done than taken", func(t *testing.T) {
			do(t, func(co *Co) {
				q := make(0)
				require.NoError(t, q.PutNowait(1))
				require.NoError(t, q.PutNowait(1))
				joins := begin(co, q.Join)
				yield(t, co, 1)
				require.NoError(t, q.TaskDone())
				q.Shutdown(true)
				yield(t, co, 1)
				require.True(t, joins.Done())
				require.Equal(t, eventloop.ErrTaskDone, q.TaskDone())
			})
		})
		t.Run(name+": who waits to get", func(t *testing.T) {
			do(t, func(co *Co) {
				q := make(0)
				var tasks []*eventloop.Task[int]
				for range 3 {
					tasks = append(tasks, eventloop.CreateTask(co, q.Get))
				}
				yield(t, co, 1)
				require.NoError(t, q.PutNowait(7))
				q.Shutdown(false)
				yield(t, co, 1)
				item, err := tasks[0].Result()
				require.NoError(t, err)
				require.Equal(t, 7, item)
				for _, task := range tasks[1:] {
					_, err = task.Result()
					require.Equal(t, eventloop.ErrQueueShutDown, err)
				}
			})
		})
	}
}

func TestAllItemsOfAQueue(t *testing.T) {
	t.Run("until it is shut down and empty", func(t *testing.T) {
		var got []int
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](1)
			begin(co, func(co *Co) error {
				for i := range 5 {
					require.NoError(t, q.Put(co, i))
				}
				q.Shutdown(false)
				return nil
			})
			for item, err := range q.All(co) {
				require.NoError(t, err)
				got = append(got, item)
			}
		})
		require.Equal(t, []int{0, 1, 2, 3, 4}, got)
	})
	t.Run("until the task is cancelled", func(t *testing.T) {
		var s script
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			require.NoError(t, q.PutNowait(7))
			task := begin(co, func(co *Co) (last error) {
				for item, err := range q.All(co) {
					s.say("%d, %v", item, err)
					last = err
				}
				s.say("the end")
				return last
			})
			yield(t, co, 1)
			task.Cancel()
			_, err := task.Await(co)
			require.Equal(t, eventloop.ErrCancelled, err)
		})
		require.Equal(t, script{"7, <nil>", "0, eventloop: cancelled", "the end"}, s)
	})
	t.Run("until the consumer has enough", func(t *testing.T) {
		do(t, func(co *Co) {
			q := eventloop.NewQueue[int](0)
			for i := range 3 {
				require.NoError(t, q.PutNowait(i))
			}
			for item, err := range q.All(co) {
				require.NoError(t, err)
				if item == 1 {
					break
				}
			}
			require.Equal(t, 1, q.Len(), "nothing is taken too much")
		})
	})
}

func TestAQueueAllocatesNothingIfNobodyWaits(t *testing.T) {
	for name, make := range queues {
		t.Run(name, func(t *testing.T) {
			q := make(4)
			requireNoAllocs(t, func(co *Co) {
				for i := range 4 {
					_ = q.Put(co, i)
				}
				for range 4 {
					_, _ = q.Get(co)
					_ = q.TaskDone()
				}
				_ = q.Join(co)
			})
		})
	}
}

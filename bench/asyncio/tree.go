package asyncio

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap/eventloop"
)

// A Tree is a tree of tasks: each node creates its children and waits for them, and each
// leaf sleeps, or does nothing.
type Tree struct {
	Levels, Branches int
	Sleep            time.Duration // of each leaf
}

// Rows are the ways to run the tree. An operation is a whole one; one more, before
// them, is not measured: it touches memory for the first time.
func (t Tree) Rows() []Row {
	return []Row{
		{"eventloop-gather", t.onLoop(func(co *eventloop.Co, leaf eventloop.Coroutine[struct{}]) error {
			return t.gather(co, leaf, t.Levels)
		})},
		{"eventloop-taskgroup", t.onLoop(func(co *eventloop.Co, leaf eventloop.Coroutine[struct{}]) error {
			return t.taskGroup(co, leaf, t.Levels)
		})},
		{"goroutines", t.goroutines},
	}
}

// leaves is how many of them n trees have.
func (t Tree) leaves(n int) int { return n * int(math.Pow(float64(t.Branches), float64(t.Levels))) }

func (t Tree) check(leaves, n int) (int, error) {
	if want := t.leaves(n + 1); leaves != want {
		return 0, fmt.Errorf("%d leaves, want %d", leaves, want)
	}
	return n, nil
}

func (t Tree) onLoop(node func(co *eventloop.Co, leaf eventloop.Coroutine[struct{}]) error) func(context.Context, Meter, int) (int, error) {
	return func(ctx context.Context, m Meter, n int) (int, error) {
		return eventloop.Main(ctx, func(co *eventloop.Co) (int, error) {
			leaves := 0
			leaf := func(co *eventloop.Co) (struct{}, error) {
				leaves++
				if t.Sleep > 0 {
					return struct{}{}, co.Sleep(t.Sleep)
				}
				return struct{}{}, nil
			}
			if err := node(co, leaf); err != nil {
				return 0, err
			}
			m.ResetTimer()
			for range n {
				if err := node(co, leaf); err != nil {
					return 0, err
				}
			}
			m.StopTimer()
			return t.check(leaves, n)
		})
	}
}

func (t Tree) gather(co *eventloop.Co, leaf eventloop.Coroutine[struct{}], levels int) error {
	if levels == 0 {
		_, err := leaf(co)
		return err
	}
	children := make([]eventloop.Coroutine[struct{}], t.Branches)
	for i := range children {
		children[i] = func(co *eventloop.Co) (struct{}, error) {
			return struct{}{}, t.gather(co, leaf, levels-1)
		}
	}
	_, err := eventloop.Gather(co, children...).Await(co)
	return err
}

func (t Tree) taskGroup(co *eventloop.Co, leaf eventloop.Coroutine[struct{}], levels int) error {
	if levels == 0 {
		_, err := leaf(co)
		return err
	}
	return eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
		for range t.Branches {
			eventloop.CreateTask(g, func(co *eventloop.Co) (struct{}, error) {
				return struct{}{}, t.taskGroup(co, leaf, levels-1)
			})
		}
		return nil
	})
}

// goroutines has a goroutine in place of each task. Its leaves are counted by all
// processors at once, which costs it some nanoseconds a leaf.
func (t Tree) goroutines(_ context.Context, m Meter, n int) (int, error) {
	var leaves atomic.Int64
	var node func(levels int)
	node = func(levels int) {
		if levels == 0 {
			leaves.Add(1)
			if t.Sleep > 0 {
				time.Sleep(t.Sleep)
			}
			return
		}
		var children sync.WaitGroup
		for range t.Branches {
			children.Go(func() { node(levels - 1) })
		}
		children.Wait()
	}
	node(t.Levels)
	m.ResetTimer()
	for range n {
		node(t.Levels)
	}
	m.StopTimer()
	return t.check(int(leaves.Load()), n)
}

package loops_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench"
	"example.com/overlap/eventloop"
)

// TestTurns counts how often a task gets its turn while another one works.
func TestTurns(t *testing.T) {
	var sum uint64
	for _, c := range []struct {
		name string
		rest func(co *eventloop.Co) error
		want int
	}{
		{"a task that never waits", func(*eventloop.Co) error { return nil }, 0},
		{"a task that yields", (*eventloop.Co).Yield, 1000},
	} {
		turns := 0
		//region loop
		main := func(co *eventloop.Co) error {
			other := eventloop.CreateTask(co, func(co *eventloop.Co) (nothing, error) {
				for {
					turns++
					if err := co.Yield(); err != nil {
						return nothing{}, err
					}
				}
			})
			for range 1000 {
				sum = bench.Spin(sum, 1000) // computes
				if err := c.rest(co); err != nil {
					return err
				}
			}
			other.Cancel()
			return nil
		}
		//endregion
		run(t, main)
		fmt.Fprintf(t.Output(), "%-24s the other one has had %d turns\n", c.name+":", turns)
		require.Equal(t, c.want, turns, c.name)
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	//region goroutine
	var turns atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() { turns.Add(1) })
	for turns.Load() == 0 {
		sum = bench.Spin(sum, 1000) // computes, and never waits
	}
	wg.Wait()
	//endregion
	fmt.Fprintf(t.Output(), "%-24s the other one has had its turn\n", "goroutines, one P:")
	require.NotZero(t, sum)
}

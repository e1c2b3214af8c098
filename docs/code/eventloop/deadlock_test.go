package loops_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

// Two tasks take two locks in two orders.
func TestDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		//region deadlock
		var left, right eventloop.Lock
		both := func(first, second *eventloop.Lock) eventloop.Coroutine[int] {
			return func(co *eventloop.Co) (int, error) {
				if err := first.Acquire(co); err != nil {
					return 0, err
				}
				defer first.Release()
				if err := co.Yield(); err != nil { // the other one takes its first
					return 0, err
				}
				if err := second.Acquire(co); err != nil {
					return 0, err
				}
				return 2, second.Release()
			}
		}
		_, err := eventloop.Main(t.Context(), func(co *eventloop.Co) (int, error) {
			eventloop.CreateTask(co, both(&left, &right)).SetName("lefty")
			righty := eventloop.CreateTask(co, both(&right, &left)).SetName("righty")
			return righty.Await(co)
		})
		//endregion
		fmt.Fprintln(t.Output(), err)
		deadlock, ok := errors.AsType[*eventloop.DeadlockError](err)
		require.True(t, ok)
		var tasks []string
		for _, task := range deadlock.Tasks {
			tasks = append(tasks, task.String())
		}
		require.Equal(t, []string{"Task-1 waits for righty", "lefty waits for Lock.Acquire", "righty waits for Lock.Acquire"}, tasks)
	})
}

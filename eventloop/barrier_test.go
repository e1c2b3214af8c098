package eventloop_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

func TestABarrierHasAtLeastOneParty(t *testing.T) {
	require.PanicsWithValue(t, "eventloop: parties is 0, want at least 1", func() { eventloop.NewBarrier(0) })
	require.Equal(t, 3, eventloop.NewBarrier(3).Parties())
}

// party are tasks that wait at a barrier and say what became of that.
func party(co *Co, b *eventloop.Barrier, s *script, names ...string) (tasks []*eventloop.Task[nothing]) {
	for _, name := range names {
		tasks = append(tasks, begin(co, func(co *Co) error {
			index, err := b.Wait(co)
			switch {
			case err == nil:
				s.say("%s is number %d", name, index)
			case errors.Is(err, eventloop.ErrBrokenBarrier):
				s.say("%s finds it broken", name)
			default:
				s.say("%s: %v", name, err)
				return err
			}
			return nil
		}))
	}
	return tasks
}

func TestABarrierOfOneHoldsNobodyUp(t *testing.T) {
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(1)
		for range 2 {
			requireNoWait(t, co, func() error {
				index, err := b.Wait(co)
				require.Zero(t, index)
				return err
			})
		}
	})
}

func TestABarrierLetsAPartyGoWhenAllHaveCome(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(3)
		party(co, b, &s, "a", "b")
		yield(t, co, 4)
		require.Empty(t, s)
		require.Equal(t, 2, b.Waiting())

		party(co, b, &s, "c")
		yield(t, co, 6)
		require.Zero(t, b.Waiting())
	})
	require.Equal(t, script{"c is number 2", "a is number 0", "b is number 1"}, s, "who comes last need not wait")
}

func TestABarrierServesOnePartyAfterAnother(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(2)
		party(co, b, &s, "a", "b", "c", "d", "e")
		yield(t, co, 1)
		require.Zero(t, b.Waiting(), "the first party is leaving")
		yield(t, co, 10)
		require.Equal(t, 1, b.Waiting(), "e waits for another")
	})
	require.Equal(t, script{
		"b is number 1", "a is number 0",
		"d is number 1", "c is number 0",
		"e: eventloop: cancelled", // at the end of the loop
	}, s)
}

func TestResetBreaksThePartyThatWaits(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(3)
		party(co, b, &s, "a", "b")
		yield(t, co, 2)
		party(co, b, &s, "c", "d", "e") // they come while the old party leaves, and wait for that
		b.Reset()
		require.Zero(t, b.Waiting(), "it is being reset")
		require.False(t, b.Broken())
		yield(t, co, 10)
		require.Zero(t, b.Waiting())
	})
	require.Equal(t, script{
		"a finds it broken", "b finds it broken",
		"e is number 2", "c is number 0", "d is number 1",
	}, s)
}

func TestResetWhileAPartyLeavesBreaksThoseWhoHaveNotLeft(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(2)
		tasks := party(co, b, &s, "a", "b")
		yield(t, co, 1) // b was the last: it has gone on, a has not
		require.True(t, tasks[1].Done())
		require.False(t, tasks[0].Done())
		b.Reset()
		yield(t, co, 4)
	})
	require.Equal(t, script{"b is number 1", "a finds it broken"}, s)
}

func TestAbortBreaksTheBarrierUntilItIsReset(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(2)
		party(co, b, &s, "a")
		yield(t, co, 1)
		b.Abort()
		require.True(t, b.Broken())
		require.Zero(t, b.Waiting())
		party(co, b, &s, "b")
		yield(t, co, 6)
		require.True(t, b.Broken(), "though all have left")

		b.Reset()
		require.False(t, b.Broken())
		party(co, b, &s, "c", "d")
		yield(t, co, 6)
	})
	require.Equal(t, script{
		"a finds it broken", "b finds it broken",
		"d is number 1", "c is number 0",
	}, s)
}

func TestABarrierOfOneCanBeAborted(t *testing.T) {
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(1)
		b.Abort()
		_, err := b.Wait(co)
		require.Equal(t, eventloop.ErrBrokenBarrier, err)
	})
}

func TestResetOfAnAbortedBarrierWaitsForThoseInside(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		b := eventloop.NewBarrier(2)
		party(co, b, &s, "a")
		yield(t, co, 1)
		b.Abort()
		b.Reset()
		party(co, b, &s, "b", "c")
		yield(t, co, 10)
	})
	require.Equal(t, script{"a finds it broken", "c is number 1", "b is number 0"}, s)
}

func TestCancelsAtABarrier(t *testing.T) {
	t.Run("who is cancelled does not count any more", func(t *testing.T) {
		var s script
		do(t, func(co *Co) {
			b := eventloop.NewBarrier(2)
			tasks := party(co, b, &s, "a")
			yield(t, co, 2)
			tasks[0].Cancel()
			yield(t, co, 2)
			require.Zero(t, b.Waiting())
			party(co, b, &s, "b")
			yield(t, co, 4)
			require.Equal(t, 1, b.Waiting())
			party(co, b, &s, "c")
			yield(t, co, 4)
		})
		require.Equal(t, script{"a: eventloop: cancelled", "c is number 1", "b is number 0"}, s)
	})
	t.Run("those that come later count on from one less", func(t *testing.T) {
		var s script
		do(t, func(co *Co) {
			b := eventloop.NewBarrier(4)
			tasks := party(co, b, &s, "a", "b", "c")
			yield(t, co, 1)
			tasks[0].Cancel()
			yield(t, co, 4)
			require.Equal(t, 2, b.Waiting(), "the one that was woken for nothing waits on")
			party(co, b, &s, "d", "e")
			yield(t, co, 4)
		})
		require.Equal(t, script{
			"a: eventloop: cancelled",
			"e is number 3", "c is number 2", "b is number 1", "d is number 2",
		}, s, "b was woken for nothing, and is behind c")
	})
	t.Run("as the party leaves: the others leave all the same", func(t *testing.T) {
		var s script
		do(t, func(co *Co) {
			b := eventloop.NewBarrier(3)
			tasks := party(co, b, &s, "a", "b", "c")
			yield(t, co, 1)
			tasks[0].Cancel()
			yield(t, co, 6)
			party(co, b, &s, "d", "e", "f")
			yield(t, co, 8)
		})
		require.Equal(t, script{
			"c is number 2", "a: eventloop: cancelled", "b is number 1",
			"f is number 2", "d is number 0", "e is number 1",
		}, s)
	})
	t.Run("as it waits for the party before to leave: it does not come in", func(t *testing.T) {
		var s script
		do(t, func(co *Co) {
			b := eventloop.NewBarrier(2)
			tasks := party(co, b, &s, "a", "b", "c")
			yield(t, co, 1)
			tasks[2].Cancel()
			yield(t, co, 6)
			require.Zero(t, b.Waiting())
		})
		require.Equal(t, script{"b is number 1", "a is number 0", "c: eventloop: cancelled"}, s)
	})
}

func TestABarrierAllocatesNothingIfNobodyWaits(t *testing.T) {
	b := eventloop.NewBarrier(1)
	requireNoAllocs(t, func(co *Co) { _, _ = b.Wait(co) })
}

package eventloop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

func TestAnEventThatIsSetIsNotWaitedFor(t *testing.T) {
	do(t, func(co *Co) {
		var event eventloop.Event
		require.False(t, event.IsSet())
		event.Set()
		event.Set()
		require.True(t, event.IsSet())
		requireNoWait(t, co, func() error { return event.Wait(co) })
		event.Clear()
		require.False(t, event.IsSet())
	})
}

func TestAnEventWakesAllInTheOrderOfArrival(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		var event eventloop.Event
		for _, name := range []string{"a", "b", "c"} {
			begin(co, func(co *Co) error {
				if err := event.Wait(co); err != nil {
					return err
				}
				s.say("%s goes on", name)
				return nil
			})
		}
		yield(t, co, 1)
		event.Set()
		s.say("it is set")
		yield(t, co, 1)
	})
	require.Equal(t, script{"it is set", "a goes on", "b goes on", "c goes on"}, s)
}

func TestWhoWasWokenGoesOnThoughTheEventIsCleared(t *testing.T) {
	do(t, func(co *Co) {
		var event eventloop.Event
		early := begin(co, event.Wait)
		yield(t, co, 1)
		event.Set()
		event.Clear()
		late := begin(co, event.Wait)
		yield(t, co, 2)
		require.True(t, early.Done())
		require.False(t, late.Done())

		event.Set()
		_, err := late.Await(co)
		require.NoError(t, err)
	})
}

func TestAnEventPassesOverWhoIsCancelled(t *testing.T) {
	do(t, func(co *Co) {
		var event eventloop.Event
		a, b, c := begin(co, event.Wait), begin(co, event.Wait), begin(co, event.Wait)
		yield(t, co, 1)
		a.Cancel()
		event.Set()
		c.Cancel() // is set to go on, but learns of the cancel there
		yield(t, co, 1)
		require.True(t, a.Cancelled())
		require.NoError(t, b.Exception())
		require.True(t, c.Cancelled())
	})
}

func TestAnEventAllocatesNothingIfNobodyWaits(t *testing.T) {
	var event eventloop.Event
	requireNoAllocs(t, func(co *Co) {
		event.Set()
		_ = event.Wait(co)
		event.Clear()
	})
}

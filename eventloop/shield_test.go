package eventloop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

func TestAShieldGivesWhatIsBehindIt(t *testing.T) {
	do(t, func(co *Co) {
		value, err := eventloop.Shield(co, after(time.Second, 7, nil)).Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)
		_, err = eventloop.Shield(co, after(time.Second, 7, errBad)).Await(co)
		require.Equal(t, errBad, err)
		_, err = eventloop.Shield(co, eventloop.Coroutine[int](func(co *Co) (int, error) { panic(errBad) })).Await(co)
		var fault *overlap.PanicError
		require.ErrorAs(t, err, &fault)
	})
}

func TestAShieldOfWhatIsDoneIsThatItself(t *testing.T) {
	do(t, func(co *Co) {
		future := eventloop.NewFuture[int](co)
		require.NoError(t, future.SetResult(7))
		require.Same(t, future, eventloop.Shield(co, future))
	})
}

func TestAShieldKeepsACancelFromWhatIsBehindIt(t *testing.T) {
	for name, cancel := range map[string]func(outer *eventloop.Future[int], task *eventloop.Task[int]) bool{
		"of the task that awaits": func(_ *eventloop.Future[int], task *eventloop.Task[int]) bool { return task.Cancel() },
		"of the shield":           func(outer *eventloop.Future[int], _ *eventloop.Task[int]) bool { return outer.Cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				inner := eventloop.CreateTask(co, after(time.Minute, 7, nil))
				outer := eventloop.Shield(co, inner)
				task := eventloop.CreateTask(co, func(co *Co) (int, error) { return outer.Await(co) })
				require.NoError(t, co.Sleep(time.Second))
				require.True(t, cancel(outer, task))
				require.True(t, outer.Cancelled(), "at once")
				require.False(t, outer.Cancel())
				_, err := task.Await(co)
				require.Equal(t, eventloop.ErrCancelled, err)
				require.Equal(t, time.Second, co.Loop().Time())
				require.Zero(t, inner.Cancelling())
				value, err := inner.Await(co)
				require.NoError(t, err)
				require.Equal(t, 7, value)
			})
		})
	}
}

func TestAShieldIsCancelledWithWhatIsBehindIt(t *testing.T) {
	do(t, func(co *Co) {
		inner := eventloop.CreateTask(co, after(time.Minute, 7, nil))
		outer := eventloop.Shield(co, inner)
		yield(t, co, 1)
		inner.Cancel()
		_, err := outer.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.True(t, outer.Cancelled())
	})
}

func TestAnErrorBehindAShieldThatIsGoneIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		cancel func(co *Co, inner *eventloop.Future[int], outer *eventloop.Future[int])
		want   string
	}{
		"when the shield is gone": {func(co *Co, inner, outer *eventloop.Future[int]) {
			outer.Cancel()
			_ = co.Yield()
			_ = inner.SetException(errBad)
		}, "level=ERROR msg=\"an error was never asked for\" error=bad\n"},
		"not in the turn in which it goes": {func(co *Co, inner, outer *eventloop.Future[int]) {
			outer.Cancel()
			_ = inner.SetException(errBad)
		}, ""},
		"not if somebody asks": {func(co *Co, inner, outer *eventloop.Future[int]) {
			outer.Cancel()
			_ = co.Yield()
			_ = inner.SetException(errBad)
			_ = inner.Exception()
		}, ""},
		"as the shield's error, if it is there and nobody awaits it": {func(co *Co, inner, outer *eventloop.Future[int]) {
			_ = inner.SetException(errBad)
		}, "level=ERROR msg=\"an error was never asked for\" error=bad\n"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, logged(t, func(co *Co) (nothing, error) {
				inner := eventloop.NewFuture[int](co)
				outer := eventloop.Shield(co, inner)
				c.cancel(co, inner, outer)
				return nothing{}, co.Sleep(time.Second)
			}))
		})
	}
}

func TestAShieldInATimeout(t *testing.T) {
	do(t, func(co *Co) {
		inner := eventloop.CreateTask(co, after(time.Minute, 7, nil))
		_, err := eventloop.WaitFor(co, eventloop.Shield(co, inner), time.Second)
		require.ErrorContains(t, err, "deadline")
		require.Equal(t, time.Second, co.Loop().Time())
		value, err := inner.Await(co)
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}

func TestAShieldIsNoneAgainstTheEndOfTheGroup(t *testing.T) {
	do(t, func(co *Co) {
		err := eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
			eventloop.Shield(g, after(time.Hour, 7, nil))
			yield(t, co, 1)
			return errBad
		})
		require.ErrorIs(t, err, errBad)
		require.Zero(t, co.Loop().Time())
	})
}

func TestAShieldThatSomebodyElseSets(t *testing.T) {
	do(t, func(co *Co) {
		inner := eventloop.NewFuture[int](co)
		outer := eventloop.Shield(co, inner)
		require.NoError(t, outer.SetResult(1))
		require.NoError(t, inner.SetResult(2))
		yield(t, co, 2)
		value, err := outer.Result()
		require.NoError(t, err)
		require.Equal(t, 1, value)
	})
}

func TestAShieldOfAnotherLoopsFuture(t *testing.T) {
	do(t, func(co *Co) {
		theirs := eventloop.NewFuture[int](co)
		_, err := eventloop.Main(co.Context(), func(co *Co) (int, error) { return eventloop.Shield(co, theirs).Await(co) })
		require.EqualError(t, err, "eventloop: given a future of another loop")
	})
}

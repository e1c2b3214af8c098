package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// Co and nothing shorten what every test writes.
type (
	Co      = eventloop.Co
	nothing = struct{}
)

var errBad = errors.New("bad")

// logTo is a logger whose lines have no time.
func logTo(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// run is Main in a bubble of virtual time, in which a goroutine that is left is an error.
// Whatever the loop reports is one too.
func run[T any](t *testing.T, main func(co *Co) (T, error)) (value T, err error) {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		value, err = eventloop.Main(t.Context(), main, eventloop.Logger(logTo(&log)))
	})
	require.Empty(t, log.String(), "the loop's log")
	return value, err
}

// do is run for a main that gives no value and is to succeed.
func do(t *testing.T, main func(co *Co)) {
	t.Helper()
	_, err := run(t, func(co *Co) (nothing, error) {
		main(co)
		return nothing{}, nil
	})
	require.NoError(t, err)
}

func TestMainReturnsWhatItsCoroutineReturns(t *testing.T) {
	value, err := run(t, func(co *Co) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, value)

	_, err = run(t, func(co *Co) (int, error) { return 7, errBad })
	require.ErrorIs(t, err, errBad)
}

func TestMainTurnsAPanicIntoAnError(t *testing.T) {
	_, err := run(t, func(co *Co) (int, error) { panic(errBad) })
	var fault *overlap.PanicError
	require.ErrorAs(t, err, &fault)
	require.ErrorIs(t, err, errBad)
	require.Contains(t, string(fault.Stack), "TestMainTurnsAPanicIntoAnError")
}

func TestMainTurnsAGoexitIntoAnError(t *testing.T) {
	_, err := run(t, func(co *Co) (int, error) {
		runtime.Goexit()
		return 0, nil
	})
	require.ErrorIs(t, err, overlap.ErrGoexit)
}

func TestMainPanicsOnANilCoroutine(t *testing.T) {
	require.PanicsWithValue(t, "eventloop: the coroutine is nil", func() {
		_, _ = eventloop.Main[int](t.Context(), nil)
	})
	do(t, func(co *Co) {
		require.PanicsWithValue(t, "eventloop: the coroutine is nil", func() { eventloop.CreateTask[int](co, nil) })
	})
}

func TestTheEndOfMainCancelsWhatIsLeftAndWaits(t *testing.T) {
	var order []string
	do(t, func(co *Co) {
		for _, name := range []string{"a", "b"} {
			eventloop.CreateTask(co, func(co *Co) (nothing, error) {
				err := co.Sleep(time.Hour)
				order = append(order, name+" is cancelled")
				require.NoError(t, co.Sleep(time.Second))
				order = append(order, name+" has cleaned up")
				return nothing{}, err
			})
		}
		require.NoError(t, co.Yield())
	})
	require.Equal(t, []string{"a is cancelled", "b is cancelled", "a has cleaned up", "b has cleaned up"}, order)
}

func TestATaskMadeWhileTheLoopEndsIsDroppedWhereItWaits(t *testing.T) {
	var order []string
	do(t, func(co *Co) {
		eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			err := co.Sleep(time.Hour)
			eventloop.CreateTask(co, func(co *Co) (nothing, error) {
				defer func() { order = append(order, "its deferred call runs") }()
				order = append(order, "begins")
				err := co.Sleep(time.Hour)
				order = append(order, "never comes here")
				return nothing{}, err
			})
			return nothing{}, err
		})
		require.NoError(t, co.Yield())
	})
	require.Equal(t, []string{"begins", "its deferred call runs"}, order)
}

func TestTheEndOfTheContextCancelsMain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cleaned := false
		time.AfterFunc(time.Second, func() { cancel(errBad) })
		_, err := eventloop.Main(ctx, func(co *Co) (int, error) {
			defer func() { cleaned = true }()
			return 0, co.Sleep(time.Hour)
		})
		require.Equal(t, errBad, err)
		require.True(t, cleaned)
	})
}

func TestMainMayRefuseTheCancelOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		value, err := eventloop.Main(ctx, func(co *Co) (int, error) {
			require.ErrorIs(t, co.Sleep(time.Hour), eventloop.ErrCancelled)
			return 7, co.Sleep(time.Second)
		})
		require.NoError(t, err)
		require.Equal(t, 7, value)
	})
}

func TestAContextThatHasEndedKeepsMainFromBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBad)
		_, err := eventloop.Main(ctx, func(co *Co) (int, error) {
			t.Error("main has begun")
			return 0, nil
		})
		require.Equal(t, errBad, err)
	})
}

func TestADeadlockIsAnErrorThatNamesTheTasks(t *testing.T) {
	for name, c := range map[string]struct {
		main func(co *Co) (nothing, error)
		want []string
	}{
		"main waits for a future that nobody has": {
			main: func(co *Co) (nothing, error) { return eventloop.NewFuture[nothing](co).Await(co) },
			want: []string{"Task-1 waits for a Future"},
		},
		"two tasks wait for each other": {
			main: func(co *Co) (nothing, error) {
				var a, b *eventloop.Task[nothing]
				a = eventloop.CreateTask(co, func(co *Co) (nothing, error) { return b.Await(co) }).SetName("a")
				b = eventloop.CreateTask(co, func(co *Co) (nothing, error) { return a.Await(co) }).SetName("b")
				return a.Await(co)
			},
			want: []string{"Task-1 waits for a", "a waits for b", "b waits for a"},
		},
		"a source that is closed": {
			main: func(co *Co) (nothing, error) {
				source := co.Loop().NewSource()
				source.Close()
				source.Close()
				return eventloop.NewFuture[nothing](co).Await(co)
			},
			want: []string{"Task-1 waits for a Future"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, c.main)
			var deadlock *eventloop.DeadlockError
			require.ErrorAs(t, err, &deadlock)
			var got []string
			for _, task := range deadlock.Tasks {
				got = append(got, task.String())
			}
			require.Equal(t, c.want, got)
			require.ErrorContains(t, err, c.want[0])
		})
	}
}

func TestATaskThatWillNotEndIsDropped(t *testing.T) {
	var order []string
	_, err := run(t, func(co *Co) (nothing, error) {
		stuck := eventloop.NewFuture[nothing](co)
		eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			defer func() {
				order = append(order, "its deferred call runs")
				_, err := eventloop.NewFuture[nothing](co).Await(co)
				order = append(order, "and can wait for nothing: "+err.Error())
			}()
			_, err := stuck.Await(co)
			order = append(order, err.Error())
			return eventloop.NewFuture[nothing](co).Await(co)
		})
		return nothing{}, co.Yield()
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"eventloop: cancelled",
		"its deferred call runs",
		"and can wait for nothing: eventloop: cancelled",
	}, order)
}

func TestMainInATaskOfAnotherLoop(t *testing.T) {
	value, err := run(t, func(co *Co) (int, error) {
		return eventloop.Main(co.Context(), func(inner *Co) (int, error) {
			_, err := eventloop.NewFuture[int](co).Await(inner)
			require.EqualError(t, err, "eventloop: awaited a future of another loop")
			return 7, inner.Sleep(time.Second)
		})
	})
	require.NoError(t, err)
	require.Equal(t, 7, value)
}

func TestMainOnAGoroutineLockedToItsThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	value, err := eventloop.Main(t.Context(), func(co *Co) (int, error) {
		task := eventloop.CreateTask(co, func(co *Co) (int, error) { return 7, co.Yield() })
		return task.Await(co)
	})
	require.NoError(t, err)
	require.Equal(t, 7, value)
}

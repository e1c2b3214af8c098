package eventloop_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

// logged is what the loop reports while main runs. Main may fail.
func logged[T any](t *testing.T, main func(co *Co) (T, error), options ...eventloop.Option) string {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		_, _ = eventloop.Main(t.Context(), main, append(options, eventloop.Logger(logTo(&log)))...)
	})
	return log.String()
}

func TestDebugReportsWhatHoldsTheLoop(t *testing.T) {
	hold := func(co *Co) (nothing, error) {
		eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			time.Sleep(99 * time.Millisecond) // not long enough to be reported
			if err := co.Sleep(time.Second); err != nil {
				return nothing{}, err
			}
			time.Sleep(250 * time.Millisecond)
			if err := co.Yield(); err != nil {
				return nothing{}, err
			}
			time.Sleep(100 * time.Millisecond)
			return nothing{}, nil
		}).SetName("hog")
		co.Loop().CallLater(2*time.Second, func() { time.Sleep(time.Second) })
		return nothing{}, co.Sleep(time.Minute)
	}
	log := logged(t, hold, eventloop.Debug(0))
	lines := strings.Split(strings.TrimSpace(log), "\n")
	require.Len(t, lines, 4, log)
	require.Regexp(t, `^level=WARN msg="the loop was held" took=250ms task=hog made=debug_test.go:\d+ until=debug_test.go:\d+$`, lines[0])
	require.Regexp(t, `^level=WARN msg="the loop was held" took=100ms task=hog made=debug_test.go:\d+ until="its end"$`, lines[1])
	require.Regexp(t, `^level=WARN msg="the loop was held" took=1s callback=example.com/overlap/eventloop_test.TestDebugReportsWhatHoldsTheLoop.\S+$`, lines[2])
	require.Regexp(t, `msg="a task was never awaited" cancelled=false task=hog`, lines[3])

	require.Contains(t, logged(t, hold, eventloop.Debug(99*time.Millisecond)), "took=99ms")
	require.Empty(t, logged(t, hold), "without debug mode")
}

// The place must be the line of the await itself.
func TestDebugNamesTheLine(t *testing.T) {
	var infos []eventloop.TaskInfo
	_ = logged(t, func(co *Co) (nothing, error) {
		task := eventloop.CreateTask(co, func(co *Co) (nothing, error) {
			return nothing{}, co.Sleep(time.Hour) // the line where it waits
		})
		_ = co.Yield()
		infos = co.Loop().Tasks()
		task.Cancel()
		_, err := task.Await(co)
		return nothing{}, err
	}, eventloop.Debug(0))
	require.Len(t, infos, 2)
	require.Equal(t, "Task-2", infos[1].Name)
	require.Equal(t, "Sleep", infos[1].Waits)
	waits, made := lineOf(t, "the line where it "+"waits"), lineOf(t, "task := eventloop.CreateTask(co, func(co *Co) (nothing, error) {")
	require.Equal(t, fmt.Sprintf("debug_test.go:%d", waits), infos[1].At)
	require.Equal(t, fmt.Sprintf("debug_test.go:%d", made), infos[1].Made)
	require.Equal(t, fmt.Sprintf("Task-2 waits for Sleep at debug_test.go:%d, made at debug_test.go:%d", waits, made), infos[1].String())
	require.Empty(t, infos[0].Waits, "the task that asks runs")
	require.Regexp(t, `^debug_test.go:\d+$`, infos[0].Made)
}

func TestErrorsThatNobodyAskedForAreReported(t *testing.T) {
	fail := func(co *Co) (nothing, error) { return nothing{}, errBad }
	for name, c := range map[string]struct {
		main func(co *Co) (nothing, error)
		want string
	}{
		"a task's": {func(co *Co) (nothing, error) {
			eventloop.CreateTask(co, fail).SetName("lost")
			return nothing{}, co.Sleep(time.Second)
		}, `level=ERROR msg="an error was never asked for" error=bad task=lost`},
		"a future's": {func(co *Co) (nothing, error) {
			return nothing{}, eventloop.NewFuture[int](co).SetException(errBad)
		}, `level=ERROR msg="an error was never asked for" error=bad`},
		"a task's while the loop ends": {func(co *Co) (nothing, error) {
			eventloop.CreateTask(co, func(co *Co) (nothing, error) {
				_ = co.Sleep(time.Hour)
				return nothing{}, errBad
			})
			return nothing{}, co.Yield()
		}, `level=ERROR msg="an error was never asked for" error=bad task=Task-2`},
		"of a task that was awaited": {func(co *Co) (nothing, error) {
			_, err := eventloop.CreateTask(co, fail).Await(co)
			return nothing{}, err
		}, ``},
		"of a task whose exception was asked for": {func(co *Co) (nothing, error) {
			task := eventloop.CreateTask(co, fail)
			_ = co.Yield()
			return nothing{}, task.Exception()
		}, ``},
		"of a cancelled task": {func(co *Co) (nothing, error) {
			eventloop.CreateTask(co, fail).Cancel()
			return nothing{}, co.Yield()
		}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, strings.TrimSpace(logged(t, c.main)))
		})
	}
}

func TestErrorsThatNobodyAskedForAreReportedOnce(t *testing.T) {
	log := logged(t, func(co *Co) (nothing, error) {
		for i := range 5000 {
			task := eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, errors.New(fmt.Sprint(i)) })
			_ = co.Yield()
			if i%2 == 0 {
				_ = task.Exception()
			}
		}
		return nothing{}, nil
	})
	lines := strings.Split(strings.TrimSpace(log), "\n")
	require.Len(t, lines, 2500, "each is reported once")
	require.Contains(t, lines[0], "error=1 ")
	require.Contains(t, lines[2499], "error=4999 ")
}

// While there is somebody who could ask, it may still be asked for.
func TestErrorsThatAreAskedForLateAreNotReported(t *testing.T) {
	require.Empty(t, logged(t, func(co *Co) (nothing, error) {
		var tasks []*eventloop.Task[nothing]
		for range 3000 {
			tasks = append(tasks, eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, errBad }))
		}
		_ = co.Sleep(time.Second)
		runtime.GC()
		for range 100 { // for the list of failures to be looked through
			tasks = append(tasks, eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, errBad }))
		}
		_ = co.Sleep(time.Second)
		for _, task := range tasks {
			require.ErrorIs(t, task.Exception(), errBad)
		}
		return nothing{}, nil
	}))
}

func TestErrorsAreReportedWhenTheirTaskIsGarbage(t *testing.T) {
	var log bytes.Buffer
	fail := func(co *Co) (nothing, error) { return nothing{}, errBad }
	_, err := eventloop.Main(t.Context(), func(co *Co) (nothing, error) {
		for range 64 {
			eventloop.CreateTask(co, fail)
		}
		_, _ = co.Yield(), co.Yield() // they have failed, and the loop has forgotten them
		runtime.GC()
		require.Empty(t, log.String())
		eventloop.CreateTask(co, fail)
		_ = co.Yield()
		// The last few may still be on somebody's stack.
		require.Greater(t, strings.Count(log.String(), "never asked for"), 50)
		return nothing{}, nil
	}, eventloop.Logger(logTo(&log)))
	require.NoError(t, err)
	require.Equal(t, 65, strings.Count(log.String(), "never asked for"), "each once")
}

func TestDebugReportsTasksThatNobodyAwaited(t *testing.T) {
	main := func(co *Co) (nothing, error) {
		eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, nil }).SetName("done")
		eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, co.Sleep(time.Hour) }).SetName("cut off")
		awaited := eventloop.CreateTask(co, func(co *Co) (nothing, error) { return nothing{}, nil })
		return awaited.Await(co)
	}
	lines := strings.Split(strings.TrimSpace(logged(t, main, eventloop.Debug(0))), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `^level=ERROR msg="a task was never awaited" cancelled=false task=done made=debug_test.go:\d+$`, lines[0])
	require.Regexp(t, `^level=ERROR msg="a task was never awaited" cancelled=true task="cut off" made=debug_test.go:\d+$`, lines[1])
	require.Empty(t, logged(t, main))
}

func TestDebugReportsADeadlockOnce(t *testing.T) {
	require.Empty(t, logged(t, func(co *Co) (nothing, error) {
		eventloop.CreateTask(co, func(co *Co) (nothing, error) { return eventloop.NewFuture[nothing](co).Await(co) })
		return eventloop.NewFuture[nothing](co).Await(co)
	}, eventloop.Debug(0)))
}

func TestTheDefaultLoggerIsSlogs(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(logTo(&log))
	defer slog.SetDefault(old)
	_, err := eventloop.Main(t.Context(), func(co *Co) (nothing, error) {
		return nothing{}, eventloop.NewFuture[int](co).SetException(errBad)
	})
	require.NoError(t, err)
	require.Contains(t, log.String(), "an error was never asked for")
}

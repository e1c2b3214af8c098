package eventloop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

func TestASemaphoreLetsNPassWithoutSuspending(t *testing.T) {
	for name, s := range map[string]*eventloop.Semaphore{
		"unbounded": eventloop.NewSemaphore(2),
		"bounded":   eventloop.NewBoundedSemaphore(2),
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(co *Co) {
				requireNoWait(t, co, func() error { return s.Acquire(co) })
				require.False(t, s.Locked())
				requireNoWait(t, co, func() error { return s.Acquire(co) })
				require.True(t, s.Locked())
				waits := begin(co, s.Acquire)
				yield(t, co, 2)
				require.False(t, waits.Done())
				require.NoError(t, s.Release())
				require.True(t, s.Locked(), "the place is kept for who waits")
				_, err := waits.Await(co)
				require.NoError(t, err)
				require.NoError(t, s.Release())
				require.False(t, s.Locked())
			})
		})
	}
}

func TestASemaphoreCannotBeNegative(t *testing.T) {
	require.PanicsWithValue(t, "eventloop: n is -1, want at least 0", func() { eventloop.NewSemaphore(-1) })
	require.PanicsWithValue(t, "eventloop: n is -2, want at least 0", func() { eventloop.NewBoundedSemaphore(-2) })
}

func TestReleasesBeyondTheNumber(t *testing.T) {
	do(t, func(co *Co) {
		unbounded := eventloop.NewSemaphore(0)
		require.True(t, unbounded.Locked())
		require.NoError(t, unbounded.Release())
		requireNoWait(t, co, func() error { return unbounded.Acquire(co) })

		bounded := eventloop.NewBoundedSemaphore(1)
		require.ErrorIs(t, bounded.Release(), eventloop.ErrNotAcquired)
		require.EqualError(t, bounded.Release(), "eventloop: not acquired: the semaphore was released too often")
		require.NoError(t, bounded.Acquire(co))
		require.NoError(t, bounded.Release())
		require.ErrorIs(t, bounded.Release(), eventloop.ErrNotAcquired)
		require.NoError(t, bounded.Acquire(co))
		require.True(t, bounded.Locked(), "a release that failed has changed nothing")
	})
}

func TestASemaphoreBoundsWhatIsInFlight(t *testing.T) {
	inFlight, peak := 0, 0
	do(t, func(co *Co) {
		s := eventloop.NewSemaphore(3)
		var tasks []*eventloop.Task[nothing]
		for range 10 {
			tasks = append(tasks, begin(co, func(co *Co) error {
				require.NoError(t, s.Acquire(co))
				inFlight++
				peak = max(peak, inFlight)
				require.NoError(t, co.Sleep(time.Second))
				inFlight--
				return s.Release()
			}))
		}
		begun := time.Now()
		for _, task := range tasks {
			_, err := task.Await(co)
			require.NoError(t, err)
		}
		require.Equal(t, 4*time.Second, time.Since(begun))
	})
	require.Equal(t, 3, peak)
}

func TestNobodyOvertakesAtASemaphore(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		semaphore := eventloop.NewSemaphore(0)
		pass := func(name string) *eventloop.Task[nothing] {
			return begin(co, func(co *Co) error {
				err := semaphore.Acquire(co)
				s.say("%s passes", name)
				return err
			})
		}
		pass("a")
		pass("b")
		yield(t, co, 1)
		require.NoError(t, semaphore.Release())
		require.NoError(t, semaphore.Release())
		require.NoError(t, semaphore.Release())
		require.True(t, semaphore.Locked(), "there is room, but others come first")
		require.NoError(t, semaphore.Acquire(co))
		s.say("main passes")
	})
	require.Equal(t, script{"a passes", "b passes", "main passes"}, s)
}

func TestCancelsAtASemaphore(t *testing.T) {
	type tasks = []*eventloop.Task[nothing]
	for name, c := range map[string]struct {
		// cancel is given three tasks that wait for a semaphore which has no room.
		cancel func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks)
		want   script
		locked bool // in the end
	}{
		"while it waits": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				waiting[0].Cancel()
				require.NoError(t, s.Release())
			},
			script{"a is cancelled", "b passes"}, true,
		},
		"after it was woken: it passes that on": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				require.NoError(t, s.Release())
				waiting[0].Cancel()
			},
			script{"a is cancelled", "b passes"}, true,
		},
		"of two after they were woken: one that waits passes, and there is room for one more": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				require.NoError(t, s.Release())
				require.NoError(t, s.Release())
				waiting[0].Cancel()
				waiting[1].Cancel()
			},
			script{"a is cancelled", "b is cancelled", "c passes"}, false,
		},
		"of the second, while the first was woken": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				require.NoError(t, s.Release())
				waiting[1].Cancel()
			},
			script{"a passes", "b is cancelled"}, true,
		},
		"after it was woken, with room for all: those behind it pass together": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				waiting[1].Cancel()
				waiting[2].Cancel()
				yield(t, co, 1)
				require.NoError(t, s.Release())
				require.NoError(t, s.Release()) // room, while the first has not moved
				late := begin(co, s.Acquire)
				later := begin(co, s.Acquire)
				waiting[0].Cancel()
				yield(t, co, 2)
				require.True(t, late.Done())
				require.True(t, later.Done())
			},
			script{"b is cancelled", "c is cancelled", "a is cancelled"}, true,
		},
		"of all: who comes before they could leave passes": {
			func(t *testing.T, co *Co, s *eventloop.Semaphore, waiting tasks) {
				for _, task := range waiting {
					task.Cancel()
				}
				require.NoError(t, s.Release())
				require.False(t, s.Locked())
				requireNoWait(t, co, func() error { return s.Acquire(co) })
			},
			script{"a is cancelled", "b is cancelled", "c is cancelled"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				semaphore := eventloop.NewSemaphore(0)
				var waiting tasks
				for _, name := range []string{"a", "b", "c"} {
					waiting = append(waiting, begin(co, func(co *Co) error {
						err := semaphore.Acquire(co)
						if err != nil {
							s.say("%s is cancelled", name)
							return err
						}
						s.say("%s passes", name)
						return nil
					}))
				}
				yield(t, co, 1)
				c.cancel(t, co, semaphore, waiting)
				yield(t, co, 4)
				require.Equal(t, c.want, s)
				require.Equal(t, c.locked, semaphore.Locked())
			})
		})
	}
}

func TestASemaphoreAllocatesNothingIfThereIsRoom(t *testing.T) {
	s := eventloop.NewBoundedSemaphore(1)
	requireNoAllocs(t, func(co *Co) {
		_ = s.Acquire(co)
		_ = s.Release()
	})
}

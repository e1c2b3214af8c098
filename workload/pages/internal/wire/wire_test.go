package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// reading is a Read that waits on a watched connection of the test's.
type reading struct {
	conn    net.Conn
	watched Watched
	ended   chan error
}

func read(t *testing.T, w *Watch, ctx context.Context) *reading {
	here, there := net.Pipe()
	t.Cleanup(func() { _ = here.Close(); _ = there.Close() })
	r := &reading{conn: here, ended: make(chan error, 1)}
	w.Begin(ctx, here, &r.watched)
	go func() {
		_, err := here.Read(make([]byte, 1))
		r.ended <- err
	}()
	return r
}

type key struct{}

func TestWatchCutsWhatItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Watch
		first, cancelFirst := context.WithCancel(t.Context())
		second, cancelSecond := context.WithCancel(t.Context())
		defer cancelSecond()
		a, b, other := read(t, &w, first), read(t, &w, context.WithValue(first, key{}, "v")), read(t, &w, second)
		require.Len(t, w.groups, 2, "a context with a value ends with the one it is made of")
		cancelFirst()
		require.ErrorIs(t, <-a.ended, os.ErrDeadlineExceeded)
		require.ErrorIs(t, <-b.ended, os.ErrDeadlineExceeded)
		require.True(t, w.End(&a.watched))
		require.True(t, w.End(&b.watched))
		require.True(t, w.End(&b.watched), "twice is no harm")
		synctest.Wait()
		require.Empty(t, other.ended)
		require.False(t, w.End(&other.watched))
		require.Empty(t, w.groups)

		cancelSecond()
		synctest.Wait()
		require.Empty(t, other.ended, "it is watched no more")
	})
}

func TestWatchUnderAContextThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Watch
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := read(t, &w, ctx)
		require.ErrorIs(t, <-r.ended, os.ErrDeadlineExceeded)
		require.True(t, w.End(&r.watched))
		require.Empty(t, w.groups)
	})
}

func TestWatchWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Watch
		r := read(t, &w, context.Background())
		require.Empty(t, w.groups)
		require.False(t, w.End(&r.watched))
	})
}

// counting is a context that counts the functions to be called at its end.
type counting struct {
	context.Context
	begun, stopped int
}

// Value hides the context within, which package context would else turn to directly.
func (c *counting) Value(any) any { return nil }

func (c *counting) AfterFunc(f func()) (stop func() bool) {
	c.begun++
	inner := context.AfterFunc(c.Context, f)
	return func() bool { c.stopped++; return inner() }
}

// What waits at the same time has one function at the context's end, and none is left.
func TestWatchRegistersOnce(t *testing.T) {
	var w Watch
	inner, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx := &counting{Context: inner}
	conns := make([]Watched, 50)
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	for round := range 3 {
		for i := range conns {
			w.Begin(ctx, here, &conns[i])
		}
		require.Equal(t, round+1, ctx.begun)
		for _, i := range []int{49, 0, 25} { // the last, the first, one between
			require.False(t, w.End(&conns[i]))
			require.False(t, w.End(&conns[i]))
		}
		for i := range conns {
			require.False(t, w.End(&conns[i]))
		}
		require.Equal(t, round+1, ctx.stopped)
		require.Empty(t, w.groups)
	}
}

// Requests begin and end while contexts end: whoever is not cut can use the connection.
func TestWatchAtOnce(t *testing.T) {
	var w Watch
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			here, there := net.Pipe()
			defer here.Close()
			defer there.Close()
			for range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				var e Watched
				w.Begin(ctx, here, &e)
				ended := make(chan struct{})
				go func() { cancel(); close(ended) }()
				if !w.End(&e) {
					go func() { _, _ = there.Write([]byte("x")) }()
					if _, err := here.Read(make([]byte, 1)); err != nil {
						t.Error(err)
					}
				}
				<-ended
				_ = here.SetDeadline(time.Time{})
			}
		})
	}
	wg.Wait()
	require.Empty(t, w.groups)
}

func TestConnectHoldsAllTillAllHaveAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		held, most := 0, 0
		require.NoError(t, Connect(5, func(hold func()) error {
			mu.Lock()
			held++
			most = max(most, held)
			mu.Unlock()
			time.Sleep(time.Second)
			hold()
			mu.Lock()
			held--
			mu.Unlock()
			return nil
		}))
		require.Equal(t, 5, most)

		// Nobody waits for those that fail.
		failed := false
		err := Connect(3, func(hold func()) error {
			mu.Lock()
			first := !failed
			failed = true
			mu.Unlock()
			if first {
				return io.EOF
			}
			hold()
			return nil
		})
		require.EqualError(t, err, "open 3 connections: EOF")

		err = Connect(3, func(hold func()) error { return io.EOF })
		require.EqualError(t, err, "open 3 connections: EOF\nEOF\nEOF")
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestTimeoutError(t *testing.T) {
	var err error = &TimeoutError{After: 3 * time.Second}
	require.EqualError(t, err, "no whole answer within 3s")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, err, context.Canceled)
	timeout, ok := errors.AsType[net.Error](err)
	require.True(t, ok)
	require.True(t, timeout.Timeout())
}

func TestMaxBytes(t *testing.T) {
	require.EqualValues(t, 7, MaxBytes(7, 9))
	require.EqualValues(t, 9, MaxBytes(0, 9))
	require.PanicsWithValue(t, "pages: maxBytes is -1, want at least 0", func() { MaxBytes(-1, 9) })
}

// What heeding a context costs a request, of which others are in flight under the same one:
// the reason for Watch.
func BenchmarkHeeding(b *testing.B) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	b.Run("form=watch", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		var w Watch
		var other Watched
		w.Begin(ctx, here, &other)
		defer w.End(&other)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var e Watched
			for pb.Next() {
				w.Begin(ctx, here, &e)
				w.End(&e)
			}
		})
	})
	b.Run("form=watch-alone", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		var w Watch
		var e Watched
		b.ReportAllocs()
		for b.Loop() {
			w.Begin(ctx, here, &e)
			w.End(&e)
		}
	})
	b.Run("form=afterfunc", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				stop := context.AfterFunc(ctx, func() { _ = here.SetDeadline(time.Unix(1, 0)) })
				stop()
			}
		})
	})
}

package overlap_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

func TestPanicError(t *testing.T) {
	for _, c := range []struct {
		name    string
		value   any
		text    string
		unwraps error
	}{
		{"a text", "out of paper", "panic: out of paper", nil},
		{"a number", 42, "panic: 42", nil},
		{"an error", errParse, "panic: no title", errParse},
		{"an error that wraps another", fmt.Errorf("page 7: %w", errParse), "panic: page 7: no title", errParse},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &overlap.PanicError{Value: c.value, Stack: []byte("a stack")}
			require.EqualError(t, p, c.text)
			if c.unwraps == nil {
				require.NoError(t, p.Unwrap())
			} else {
				require.Equal(t, c.value, p.Unwrap())
				require.ErrorIs(t, p, c.unwraps)
			}
		})
	}

	t.Run("errors.As sees the type of the error", func(t *testing.T) {
		missing := &fs.PathError{Op: "open", Path: "about.html", Err: fs.ErrNotExist}
		got := job{Fetch: func(context.Context, string) (int, error) { panic(missing) }, Process: describe}.Do(t.Context(), "about")
		wrapped := fmt.Errorf("page 7: %w", got.Err)
		path, ok := errors.AsType[*fs.PathError](wrapped)
		require.True(t, ok)
		require.Same(t, missing, path)
		require.ErrorIs(t, wrapped, fs.ErrNotExist)
	})
}

func TestPending(t *testing.T) {
	require.Empty(t, overlap.Pending[string](0))

	results := overlap.Pending[string](3)
	results[1] = result{Value: "done"} // one slot is nobody else's
	require.Equal(t, []result{{Err: overlap.ErrGoexit}, {Value: "done"}, {Err: overlap.ErrGoexit}}, results)
}

func TestGo(t *testing.T) {
	t.Run("a worker that returns is not started again", func(t *testing.T) {
		var wg sync.WaitGroup
		var starts atomic.Int64
		overlap.Go(&wg, func() { starts.Add(1) })
		wg.Wait()
		require.EqualValues(t, 1, starts.Load())
	})

	t.Run("a worker that a Goexit ends is started again, until it returns", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var wg sync.WaitGroup
			var starts atomic.Int64
			begin := time.Now()
			overlap.Go(&wg, func() {
				n := starts.Add(1)
				time.Sleep(time.Second)
				if n < 4 {
					runtime.Goexit()
				}
			})
			wg.Wait() // waits for the new goroutines as for the first
			require.EqualValues(t, 4, starts.Load())
			require.Equal(t, 4*time.Second, time.Since(begin))
		})
	})

	t.Run("a pool does not shrink", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			queue := make(chan int, 12)
			for i := range cap(queue) {
				queue <- i
			}
			close(queue)
			var wg sync.WaitGroup
			begin := time.Now()
			for range 3 {
				overlap.Go(&wg, func() {
					for range queue {
						time.Sleep(time.Second)
						runtime.Goexit()
					}
				})
			}
			wg.Wait()
			require.Equal(t, 4*time.Second, time.Since(begin), "12 jobs of a second for 3 workers, each job ending its worker")
		})
	})
}

// crashing is set in the process that TestPanicOfAWorker lets crash.
const crashing = "OVERLAP_TEST_CRASHING"

// Go recovers no panic: jobs recover theirs, so one that gets here is the
// model's own, a bug that must not pass in silence.
func TestPanicOfAWorker(t *testing.T) {
	if os.Getenv(crashing) != "" {
		var wg sync.WaitGroup
		var starts atomic.Int64
		overlap.Go(&wg, func() {
			if starts.Add(1) == 1 {
				blowUp("a bug in the model")
			}
		})
		wg.Wait()
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestPanicOfAWorker$")
	cmd.Env = append(os.Environ(), crashing+"=1")
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "the program went on: %v\n%s", err, out)
	require.Equal(t, 2, exit.ExitCode(), "a crash has this exit status\n%s", out)
	require.Contains(t, string(out), "panic: a bug in the model")
	require.Contains(t, string(out), "overlap_test.blowUp(")
}

func TestDoEach(t *testing.T) {
	// untouched marks slots that DoEach must leave alone.
	untouched := func(n int) []result { return slices.Repeat([]result{{Value: "untouched"}}, n) }
	claims := func(list ...int) (claim func() int, left func() int) {
		return func() int {
			i := list[0]
			list = list[1:]
			return i
		}, func() int { return len(list) }
	}

	for _, c := range []struct {
		name   string
		keys   []string
		claims []int
		want   []result
	}{
		{"no keys", nil, []int{0}, untouched(0)},
		{"each key in turn", []string{"a", "bb"}, []int{0, 1, 2}, []result{{Value: "1 letters"}, {Value: "2 letters"}}},
		{"in the order of the claims, not of the keys", []string{"a", "bb", "ccc"}, []int{2, 0, 1, 3}, []result{{Value: "1 letters"}, {Value: "2 letters"}, {Value: "3 letters"}}},
		{"only what is claimed", []string{"a", "bb", "ccc"}, []int{1, 3}, []result{{Value: "untouched"}, {Value: "2 letters"}, {Value: "untouched"}}},
		{"nothing is claimed", []string{"a"}, []int{1}, untouched(1)},
		{"a claim far beyond the end", []string{"a"}, []int{1000}, untouched(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			results := untouched(len(c.keys))
			claim, left := claims(c.claims...)
			job{Fetch: measure, Process: describe}.DoEach(t.Context(), c.keys, results, claim)
			require.Equal(t, c.want, results)
			require.Zero(t, left(), "claims that were not asked for")
		})
	}

	t.Run("it goes on after errors and panics", func(t *testing.T) {
		results := untouched(6)
		var began []string
		job{
			Fetch: func(_ context.Context, key string) (int, error) {
				began = append(began, key)
				n, err := strconv.Atoi(key)
				if n == 2 || n == 5 {
					blowUp(key)
				}
				return n, err
			},
			Process: func(ctx context.Context, body int) (string, error) {
				if body == 3 {
					blowUp(strconv.Itoa(body))
				}
				return describe(ctx, body)
			},
		}.DoEach(t.Context(), []string{"0", "one", "2", "3", "4", "5"}, results, inTurn())

		require.Equal(t, []string{"0", "one", "2", "3", "4", "5"}, began, "each job once")
		require.Equal(t, result{Value: "0 letters"}, results[0])
		require.ErrorIs(t, results[1].Err, strconv.ErrSyntax)
		require.Equal(t, result{Value: "4 letters"}, results[4])
		for _, i := range []int{2, 3, 5} {
			p, ok := errors.AsType[*overlap.PanicError](results[i].Err)
			require.True(t, ok, "result %d: %v", i, results[i])
			require.Equal(t, strconv.Itoa(i), p.Value, "the panic of another job")
		}
	})

	t.Run("after ctx has ended each gets the cause", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		results := untouched(4)
		job{
			Fetch: func(ctx context.Context, key string) (int, error) {
				if key == "bb" {
					cancel(errClosing)
				}
				return measure(ctx, key)
			},
			Process: describe,
		}.DoEach(ctx, []string{"a", "bb", "ccc", "dddd"}, results, inTurn())
		closing := result{Err: errClosing}
		require.Equal(t, []result{{Value: "1 letters"}, closing, closing, closing}, results)
	})

	t.Run("workers that share a claim share the keys", func(t *testing.T) {
		keys := make([]string, 200)
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		var done atomic.Int64
		j := job{Process: describe, Fetch: func(_ context.Context, key string) (int, error) {
			done.Add(1)
			switch n, err := strconv.Atoi(key); n % 10 {
			case 3:
				panic(key)
			case 7:
				runtime.Goexit()
				return 0, nil
			default:
				return n, err
			}
		}}
		results := overlap.Pending[string](len(keys))
		claim := inTurn()
		var wg sync.WaitGroup
		for range 4 {
			overlap.Go(&wg, func() { j.DoEach(t.Context(), keys, results, claim) })
		}
		wg.Wait()

		require.EqualValues(t, len(keys), done.Load(), "each job once")
		for i, r := range results {
			switch i % 10 {
			case 3:
				require.EqualError(t, r.Err, "panic: "+keys[i])
			case 7:
				require.Equal(t, result{Err: overlap.ErrGoexit}, r)
			default:
				require.Equal(t, result{Value: keys[i] + " letters"}, r)
			}
		}
	})
}

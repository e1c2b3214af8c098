package failures_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/docs/code/failures"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
)

// lengths is a job that goes wrong in three ways, by its key.
var lengths = overlap.Job[string, string, int]{
	Fetch: func(_ context.Context, page string) (string, error) {
		if page == "lost" {
			return "", errors.New("no such page")
		}
		return "the page " + page, nil
	},
	Process: func(_ context.Context, text string) (int, error) {
		switch text {
		case "the page empty":
			var words []string
			return len(words[0]), nil // panics
		case "the page odd":
			runtime.Goexit() // as t.FailNow does
		}
		return len(text), nil
	},
}

// Three of five jobs go wrong, each in its own way. The other two know nothing of it.
func Example_anErrorStaysWithItsKey() {
	pages := []string{"home", "lost", "empty", "odd", "news"}
	for i, result := range goroutines.Run(context.Background(), lengths, pages) {
		fmt.Println(pages[i], result.Value, result.Err)
	}
	// Output:
	// home 13 <nil>
	// lost 0 no such page
	// empty 0 panic: runtime error: index out of range [0] with length 0
	// odd 0 job called runtime.Goexit
	// news 13 <nil>
}

// The same results, asked in four ways.
func Example_askForErrors() {
	results := goroutines.Run(context.Background(), lengths, []string{"home", "lost", "empty"})

	values, err := overlap.Values(results) // all, or the first error
	fmt.Println(values, err)
	fmt.Println(overlap.Failures(results), "failed")
	fmt.Println(overlap.Errors(results))
	if panicked, ok := errors.AsType[*overlap.PanicError](results[2].Err); ok {
		fmt.Println("has a stack:", strings.Contains(string(panicked.Stack), "failures_test.go"))
	}
	// Output:
	// [] job 1: no such page
	// 2 failed
	// job 1: no such page
	// job 2: panic: runtime error: index out of range [0] with length 0
	// has a stack: true
}

// oneWorker is a pool of one, so that it is clear who comes after an error.
func oneWorker(ctx context.Context, job overlap.Job[string, string, int], keys []string) []overlap.Result[int] {
	return pool.Run(ctx, job, keys, 1)
}

func Example_failFast() {
	pages := []string{"home", "lost", "news", "sport"}
	for i, result := range failures.RunFailFast(context.Background(), oneWorker, lengths, pages) {
		fmt.Println(pages[i], result.Value, result.Err)
	}
	// Output:
	// home 13 <nil>
	// lost 0 no such page
	// news 0 no such page
	// sport 0 no such page
}

func TestRunFailFast(t *testing.T) {
	t.Run("a panic ends the others too", func(t *testing.T) {
		inFetch := lengths
		inFetch.Fetch = func(ctx context.Context, page string) (string, error) {
			body, _ := lengths.Fetch(ctx, page)
			_, _ = lengths.Process(ctx, body) // panics
			return body, nil
		}
		for _, job := range []overlap.Job[string, string, int]{lengths, inFetch} {
			for _, r := range failures.RunFailFast(t.Context(), oneWorker, job, []string{"empty", "home"}) {
				require.ErrorContains(t, r.Err, "index out of range")
			}
		}
	})
	t.Run("what is running hears of it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			began := time.Now()
			results := failures.RunFailFast(t.Context(), goroutines.Run[int, int, int], overlap.Job[int, int, int]{
				Fetch: func(ctx context.Context, n int) (int, error) {
					if n == 3 {
						time.Sleep(time.Second)
						return 0, broken
					}
					<-ctx.Done()
					return 0, context.Cause(ctx)
				},
				Process: func(_ context.Context, n int) (int, error) { return n, nil },
			}, []int{1, 2, 3, 4})
			for _, r := range results {
				require.Equal(t, broken, r.Err)
			}
			require.Equal(t, time.Second, time.Since(began))
		})
	})
	t.Run("without an error all is as it was", func(t *testing.T) {
		values, err := overlap.Values(failures.RunFailFast(t.Context(), goroutines.Run[string, string, int], lengths, []string{"home", "news"}))
		require.NoError(t, err)
		require.Equal(t, []int{13, 13}, values)
	})
}

// sleeping is a job that waits for as many seconds as its key says, and heeds ctx.
var sleeping = overlap.Job[int, int, int]{
	Fetch: func(ctx context.Context, seconds int) (int, error) {
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
			return seconds, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	},
	Process: func(_ context.Context, n int) (int, error) { return n, nil },
}

// deaf is the same job, and does not heed ctx.
var deaf = overlap.Job[int, int, int]{
	Fetch: func(_ context.Context, seconds int) (int, error) {
		time.Sleep(time.Duration(seconds) * time.Second)
		return seconds, nil
	},
	Process: sleeping.Process,
}

var errLate = errors.New("a page has two seconds")

// Jobs of 1, 10 and 1 seconds, one worker: a deadline for the whole, a deadline for
// each, and a job that does not listen.
func TestDeadlines(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(ctx context.Context) []overlap.Result[int]
		want time.Duration
		errs []error
	}{
		{
			name: "two seconds for all three",
			run: func(ctx context.Context) []overlap.Result[int] {
				ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Second, errors.New("two seconds are over"))
				defer cancel()
				return pool.Run(ctx, sleeping, []int{1, 10, 1}, 1)
			},
			want: 2 * time.Second,
			errs: []error{nil, context.DeadlineExceeded, errors.New("two seconds are over")},
		},
		{
			name: "two seconds for each",
			run: func(ctx context.Context) []overlap.Result[int] {
				return pool.Run(ctx, failures.EachWithin(sleeping, 2*time.Second, errLate), []int{1, 10, 1}, 1)
			},
			want: 4 * time.Second,
			errs: []error{nil, errLate, nil},
		},
		{
			name: "two seconds for all, and nobody listens",
			run: func(ctx context.Context) []overlap.Result[int] {
				ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Second, errors.New("two seconds are over"))
				defer cancel()
				return pool.Run(ctx, deaf, []int{1, 10, 1}, 1)
			},
			want: 11 * time.Second,
			errs: []error{nil, errors.New("two seconds are over"), errors.New("two seconds are over")},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			results := c.run(t.Context())
			took := time.Since(began)
			require.Equal(t, c.want, took, c.name)
			fmt.Fprintf(t.Output(), "%s: %v\n", c.name, took)
			for i, r := range results {
				require.Equal(t, c.errs[i], r.Err, c.name)
				fmt.Fprintf(t.Output(), "    job %d: %v\n", i, r.Err)
			}
		})
	}
}

// Ctrl-C after a second and a half, with 50 jobs of a second each. Run returns with every result, and the
// bubble of synctest.Test fails the test if a goroutine is left.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(errors.New("Ctrl-C")) })
		results := pool.Run(ctx, sleeping, slices.Repeat([]int{1}, 50), 4)
		require.Len(t, results, 50)
		require.Equal(t, 46, overlap.Failures(results)) // the first four were done
	})
}

func TestEachWithin(t *testing.T) {
	t.Run("an error of its own stays", func(t *testing.T) {
		lost := failures.EachWithin(lengths, time.Hour, errLate).Do(t.Context(), "lost")
		require.EqualError(t, lost.Err, "no such page")
	})
	t.Run("the caller's cause stays", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			over := errors.New("over")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, over)
			defer cancel()
			began := time.Now()
			require.Equal(t, over, failures.EachWithin(sleeping, time.Minute, errLate).Do(ctx, 10).Err)
			require.Equal(t, time.Second, time.Since(began))
		})
	})
}

// A place is free and ctx has ended: both cases of the select are ready, and Go
// takes any of them.
func TestAcquire(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	begun := func(acquire func(context.Context, chan struct{}) error) (n int) {
		for range 1000 {
			if acquire(ended, make(chan struct{}, 1)) == nil {
				n++
			}
		}
		return n
	}
	hasty, careful := begun(failures.AcquireHasty), begun(failures.Acquire)
	fmt.Fprintf(t.Output(), "begun after ctx had ended, of 1000: %d without the second look, %d with it\n", hasty, careful)
	require.NotZero(t, hasty)
	require.Zero(t, careful)

	places := make(chan struct{}, 1)
	require.NoError(t, failures.Acquire(t.Context(), places))
	require.Len(t, places, 1)
	require.ErrorIs(t, failures.Acquire(ended, places), context.Canceled) // full
	<-places
	for range 100 {
		require.ErrorIs(t, failures.Acquire(ended, places), context.Canceled)
		require.Empty(t, places, "the place is given back")
	}
}

// All of this happens after ctx has ended.
func TestFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type user struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), user{}, "Ada"))
		cancel()
		told := ""
		require.NoError(t, failures.Farewell(ctx, time.Second, func(ctx context.Context) error {
			told, _ = ctx.Value(user{}).(string)
			return ctx.Err()
		}))
		require.Equal(t, "Ada", told)

		began := time.Now()
		require.ErrorIs(t, failures.Farewell(ctx, time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
	})
}

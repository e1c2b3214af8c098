package overlap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

// The tests' job: a key is the name of a page, a body its length, a result a
// line about it.
type (
	job    = overlap.Job[string, int, string]
	result = overlap.Result[string]
)

var (
	errRefused = errors.New("connection refused")
	errParse   = errors.New("no title")
	errClosing = errors.New("the site is closing")
)

func measure(_ context.Context, key string) (int, error) { return len(key), nil }

func describe(_ context.Context, body int) (string, error) {
	return fmt.Sprintf("%d letters", body), nil
}

// ways are the ways in which a model may do a job. Whatever becomes of the job,
// they come to the same result.
var ways = []struct {
	name string
	do   func(ctx context.Context, j job, key string) result
}{
	{"Do", func(ctx context.Context, j job, key string) result { return j.Do(ctx, key) }},
	{"TryFetch and TryProcess", func(ctx context.Context, j job, key string) result {
		body, err := j.TryFetch(ctx, key)
		if err != nil {
			return result{Err: err}
		}
		value, err := j.TryProcess(ctx, body)
		return result{Value: value, Err: err}
	}},
	{"DoEach", func(ctx context.Context, j job, key string) result {
		results := overlap.Pending[string](1)
		j.DoEach(ctx, []string{key}, results, inTurn())
		return results[0]
	}},
	{"Send", func(ctx context.Context, j job, key string) result {
		out := make(chan overlap.Keyed[string, string], 1)
		j.Send(ctx, key, out)
		return (<-out).Result
	}},
}

func eachWay(t *testing.T, test func(t *testing.T, do func(context.Context, job, string) result)) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { test(t, way.do) })
	}
}

// inTurn claims 0, 1, 2 and so on, for one worker or several.
func inTurn() func() int {
	var mu sync.Mutex
	next := -1
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next
	}
}

// blowUp panics. Stacks are searched for its name.
func blowUp(v any) { panic(v) }

// onItsOwn calls f on a new goroutine and says whether it returned: after a
// runtime.Goexit it did not.
func onItsOwn(f func()) (returned bool) {
	var wg sync.WaitGroup
	wg.Go(func() {
		f()
		returned = true
	})
	wg.Wait()
	return returned
}

func TestResultOfAJob(t *testing.T) {
	for _, c := range []struct {
		name       string
		fetchErr   error
		processErr error
		want       result
		processed  bool
	}{
		{"both halves succeed", nil, nil, result{Value: "5 letters"}, true},
		{"Fetch fails, so Process is not called", errRefused, nil, result{Err: errRefused}, false},
		{"Process fails", nil, errParse, result{Err: errParse}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, do func(context.Context, job, string) result) {
				processed := false
				got := do(t.Context(), job{
					Fetch: func(_ context.Context, key string) (int, error) {
						return len(key), c.fetchErr
					},
					Process: func(ctx context.Context, body int) (string, error) {
						processed = true
						if c.processErr != nil {
							return "", c.processErr
						}
						return describe(ctx, body)
					},
				}, "about")
				require.Equal(t, c.want, got)
				require.Equal(t, c.processed, processed)
			})
		})
	}
}

// halves makes a job that calls f in one half; the other succeeds.
var halves = []struct {
	name string
	with func(f func()) job
}{
	{"Fetch", func(f func()) job {
		return job{Process: describe, Fetch: func(ctx context.Context, key string) (int, error) {
			f()
			return measure(ctx, key)
		}}
	}},
	{"Process", func(f func()) job {
		return job{Fetch: measure, Process: func(ctx context.Context, body int) (string, error) {
			f()
			return describe(ctx, body)
		}}
	}},
}

func TestPanicInAJob(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		check func(t *testing.T, p *overlap.PanicError)
	}{
		{"with a text", "out of paper", func(t *testing.T, p *overlap.PanicError) {
			require.Equal(t, "out of paper", p.Value)
		}},
		{"with an error", errParse, func(t *testing.T, p *overlap.PanicError) {
			require.Equal(t, errParse, p.Value)
			require.ErrorIs(t, p, errParse)
		}},
		{"with nil", nil, func(t *testing.T, p *overlap.PanicError) {
			require.IsType(t, (*runtime.PanicNilError)(nil), p.Value)
		}},
	} {
		for _, half := range halves {
			t.Run(half.name+" panics "+c.name, func(t *testing.T) {
				eachWay(t, func(t *testing.T, do func(context.Context, job, string) result) {
					got := do(t.Context(), half.with(func() { blowUp(c.value) }), "about")
					require.Empty(t, got.Value)
					var p *overlap.PanicError
					require.ErrorAs(t, got.Err, &p)
					c.check(t, p)

					// The stack is that of the job's goroutine, innermost call first.
					stack := string(p.Stack)
					panicked, caller := strings.Index(stack, "overlap_test.blowUp("), strings.Index(stack, "overlap_test.TestPanicInAJob")
					require.NotEqual(t, -1, panicked, stack)
					require.Greater(t, caller, panicked, stack)
				})
			})
		}
	}
}

// A Goexit in a job ends the goroutine that does it, and is never taken for a
// panic.
func TestGoexitInAJob(t *testing.T) {
	for _, half := range halves {
		t.Run(half.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, do func(context.Context, job, string) result) {
				require.False(t, onItsOwn(func() { do(t.Context(), half.with(runtime.Goexit), "about") }))
			})
		})
	}
}

func TestContextThatEnds(t *testing.T) {
	for _, c := range []struct {
		name     string
		inFetch  bool // ctx ends inside of Fetch; otherwise before
		inWork   bool // or inside of Process
		fetchErr error
		want     result
		began    []string
	}{
		{name: "before Fetch: neither half begins", want: result{Err: errClosing}},
		{name: "in Fetch: Process does not begin", inFetch: true, want: result{Err: errClosing}, began: []string{"Fetch"}},
		{name: "in Fetch, which fails: its own error counts", inFetch: true, fetchErr: errRefused, want: result{Err: errRefused}, began: []string{"Fetch"}},
		{name: "in Process: its value counts", inWork: true, want: result{Value: "5 letters"}, began: []string{"Fetch", "Process"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, do func(context.Context, job, string) result) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if !c.inFetch && !c.inWork {
					cancel(errClosing)
				}
				var began []string
				got := do(ctx, job{
					Fetch: func(_ context.Context, key string) (int, error) {
						began = append(began, "Fetch")
						if c.inFetch {
							cancel(errClosing)
						}
						return len(key), c.fetchErr
					},
					Process: func(ctx context.Context, body int) (string, error) {
						began = append(began, "Process")
						if c.inWork {
							cancel(errClosing)
						}
						return describe(ctx, body)
					},
				}, "about")
				require.Equal(t, c.want, got)
				require.Equal(t, c.began, began)
			})
		})
	}
}

// The error is the cause as it is, whatever ended ctx.
func TestCauseOfTheEnd(t *testing.T) {
	past := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		name string
		end  func(ctx context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled},
		{"past its deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, past)
		}, context.DeadlineExceeded},
		{"past a deadline that has a cause", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadlineCause(ctx, past, errClosing)
		}, errClosing},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := c.end(t.Context())
			defer cancel()
			j := job{Fetch: measure, Process: describe}

			require.Equal(t, result{Err: c.want}, j.Do(ctx, "about"))
			body, err := j.TryFetch(ctx, "about")
			require.Zero(t, body)
			require.Equal(t, c.want, err)
			value, err := j.TryProcess(ctx, 5)
			require.Zero(t, value)
			require.Equal(t, c.want, err)
		})
	}
}

func TestMustValid(t *testing.T) {
	require.NotPanics(t, func() { job{Fetch: measure, Process: describe}.MustValid() })
	require.PanicsWithValue(t, "overlap: job.Fetch is nil", func() { job{Process: describe}.MustValid() })
	require.PanicsWithValue(t, "overlap: job.Process is nil", func() { job{Fetch: measure}.MustValid() })
}

func TestMustLimit(t *testing.T) {
	for _, limit := range []int{1, 2, math.MaxInt} {
		require.NotPanics(t, func() { overlap.MustLimit("workers", limit) })
	}
	require.PanicsWithValue(t, "overlap: workers is 0, want at least 1", func() { overlap.MustLimit("workers", 0) })
	require.PanicsWithValue(t, "overlap: widths.Fetch is -3, want at least 1", func() { overlap.MustLimit("widths.Fetch", -3) })
}

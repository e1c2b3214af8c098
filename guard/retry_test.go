package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

func ExampleRetry() {
	tries := 0
	job := fetching(func(ctx context.Context, key string) (string, error) {
		if tries++; tries < 3 {
			return "", &pages.StatusError{URL: key, StatusCode: http.StatusServiceUnavailable}
		}
		return "the page", nil
	})
	job = guard.Retry(job, guard.RetryPolicy{Base: time.Millisecond})
	results := pool.Run(context.Background(), job, []string{"/"}, 1)
	fmt.Println(results[0].Value, results[0].Err, "after", tries, "tries")
	// Output: the page <nil> after 3 tries
}

// A server that is down gets a tenth more requests than there are jobs, not four times as many.
func ExampleBudget() {
	requests := 0
	job := fetching(func(ctx context.Context, key string) (string, error) {
		requests++
		return "", &pages.StatusError{URL: key, StatusCode: http.StatusServiceUnavailable}
	})
	job = guard.Retry(job, guard.RetryPolicy{Base: time.Millisecond, Budget: guard.NewBudget(0.1)})
	results := pool.Run(context.Background(), job, make([]string, 100), 1)
	fmt.Println(requests, "requests")
	fmt.Println(results[99].Err)
	// Output:
	// 110 requests
	// after 2 tries, the retry budget is spent: get : status 503 Service Unavailable
}

// recorded is a job that notes when its tries begin, each of which lasts 10 ms.
func recorded(begun *[]time.Duration, answer func(try int) error) textJob {
	start := time.Now()
	return fetching(func(ctx context.Context, key string) (string, error) {
		*begun = append(*begun, time.Since(start))
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return "", err
		}
		return "answer", answer(len(*begun))
	})
}

func gives(err error) func(int) error { return func(int) error { return err } }

func TestRetryTriesWithinItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			var begun []time.Duration
			job := guard.Retry(recorded(&begun, gives(errPassing)), guard.RetryPolicy{
				Tries: 7, Base: 100 * time.Millisecond, Cap: time.Second,
			})
			r, took := do(t.Context(), job, "")
			require.Len(t, begun, 7)
			require.Zero(t, begun[0])
			for i, bound := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
				wait := begun[i+1] - begun[i] - 10*time.Millisecond
				require.GreaterOrEqual(t, wait, time.Duration(0))
				require.LessOrEqual(t, wait, bound*time.Millisecond, "wait %d", i+1)
			}
			require.Equal(t, begun[6]+10*time.Millisecond, took, "no wait after the last try")
			require.EqualError(t, r.Err, "after 7 tries: not now")
			require.ErrorIs(t, r.Err, errPassing)
		}
	})
}

func TestRetryIsOverWith(t *testing.T) {
	panicked := &overlap.PanicError{Value: errPassing} // of a guard within
	for name, tt := range map[string]struct {
		answer func(try int) error
		policy guard.RetryPolicy
		tries  int
		text   string // empty: no error
		is     error
	}{
		"a success": {answer: gives(nil), tries: 1},
		"a success at the third try": {
			answer: func(try int) error {
				if try < 3 {
					return errPassing
				}
				return nil
			},
			tries: 3,
		},
		"an error that is not temporary": {answer: gives(errBroken), tries: 1, text: "broken", is: errBroken},
		"one at the second try": {
			answer: func(try int) error {
				if try == 2 {
					return errBroken
				}
				return errPassing
			},
			tries: 2, text: "after 2 tries: broken", is: errBroken,
		},
		"all tries":        {answer: gives(errPassing), tries: 4, text: "after 4 tries: not now", is: errPassing},
		"the only try":     {answer: gives(errPassing), policy: guard.RetryPolicy{Tries: 1}, tries: 1, text: "after 1 try: not now", is: errPassing},
		"what a panic was": {answer: gives(panicked), policy: all(), tries: 1, text: "panic: not now", is: panicked},
		"what a Goexit was": {
			answer: gives(fmt.Errorf("x: %w", overlap.ErrGoexit)), policy: all(), tries: 1,
			text: "x: job called runtime.Goexit", is: overlap.ErrGoexit,
		},
		"what its own function says is temporary": {
			answer: gives(errBroken), policy: guard.RetryPolicy{Tries: 2, Temporary: func(err error) bool { return errors.Is(err, errBroken) }},
			tries: 2, text: "after 2 tries: broken", is: errBroken,
		},
		"what its own function says is not": {
			answer: gives(errPassing), policy: guard.RetryPolicy{Temporary: func(error) bool { return false }},
			tries: 1, text: "not now", is: errPassing,
		},
		"an empty budget": {
			answer: gives(errPassing), policy: guard.RetryPolicy{Budget: guard.NewBudget(0.9)},
			tries: 1, text: "after 1 try, the retry budget is spent: not now", is: errPassing,
		},
		"a budget for one": {
			answer: gives(errPassing), policy: guard.RetryPolicy{Budget: guard.NewBudget(1)},
			tries: 2, text: "after 2 tries, the retry budget is spent: not now", is: errPassing,
		},
		"a wait beyond its patience": {
			answer: gives(passing{time.Minute + 1}), policy: guard.RetryPolicy{},
			tries: 1, text: "after 1 try, the next may come in 1m0.000000001s only: not now", is: passing{time.Minute + 1},
		},
		"a wait for ever": {
			answer: gives(passing{math.MaxInt64}), policy: guard.RetryPolicy{Patience: time.Hour},
			tries: 1, text: "after 1 try, the next may come in 2562047h47m16.854775807s only: not now", is: passing{math.MaxInt64},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var begun []time.Duration
				r, took := do(t.Context(), guard.Retry(recorded(&begun, tt.answer), tt.policy), "")
				require.Len(t, begun, tt.tries)
				require.Equal(t, begun[tt.tries-1]+10*time.Millisecond, took)
				if tt.text == "" {
					require.NoError(t, r.Err)
					require.Equal(t, "answer", r.Value)
					return
				}
				require.EqualError(t, r.Err, tt.text)
				require.ErrorIs(t, r.Err, tt.is)
			})
		})
	}
}

// all is a policy that calls everything temporary.
func all() guard.RetryPolicy {
	return guard.RetryPolicy{Temporary: func(error) bool { return true }}
}

func TestRetryLetsEveryEndThrough(t *testing.T) {
	eachExit(t, func(t *testing.T, e exit) {
		tries := 0
		job := guard.Retry(fetching(func(context.Context, string) (string, error) {
			if tries++; tries == 1 {
				return "", errPassing
			}
			return e.half()
		}), guard.RetryPolicy{})
		r, _ := do(t.Context(), job, "")
		e.is(t, r.Err)
		require.Equal(t, 2, tries)
	})
}

// The wait asked for is kept, and the random one comes on top of it.
func TestRetryWaitsAsLongAsItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct{ asked, least time.Duration }{
			"a wait":         {time.Minute, time.Minute},
			"one below zero": {-time.Hour, 0},
		} {
			spread := time.Duration(0)
			for range 100 {
				var begun []time.Duration
				policy := guard.RetryPolicy{Tries: 2, Base: 100 * time.Millisecond}
				r, _ := do(t.Context(), guard.Retry(recorded(&begun, gives(fmt.Errorf("x: %w", passing{tt.asked}))), policy), "")
				require.Error(t, r.Err)
				require.Len(t, begun, 2, name)
				wait := begun[1] - 10*time.Millisecond - tt.least
				require.GreaterOrEqual(t, wait, time.Duration(0), name)
				require.LessOrEqual(t, wait, 100*time.Millisecond, name)
				spread = max(spread, wait)
			}
			require.Greater(t, spread, 50*time.Millisecond, "%s: nobody comes at the same moment as others", name)
		}
	})
}

func TestRetryHeedsRetryAfterOfAPage(t *testing.T) {
	for name, tt := range map[string]struct {
		header string
		least  time.Duration
	}{
		"seconds": {"20", 20*time.Second + 10*time.Millisecond}, // after the answer
		"a date":  {"Sat, 01 Jan 2000 00:00:20 GMT", 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins as the year 2000 does
				var begun []time.Duration
				job := recorded(&begun, func(try int) error {
					if try == 1 {
						return &pages.StatusError{StatusCode: 429, RetryAfter: tt.header}
					}
					return nil
				})
				r, _ := do(t.Context(), guard.Retry(job, guard.RetryPolicy{}), "")
				require.NoError(t, r.Err)
				require.GreaterOrEqual(t, begun[1], tt.least)
				require.LessOrEqual(t, begun[1], tt.least+100*time.Millisecond)
			})
		})
	}
}

func TestRetryWhenTheContextEnds(t *testing.T) {
	cause := errors.New("enough")
	t.Run("during a wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			var begun []time.Duration
			r, took := do(ctx, guard.Retry(recorded(&begun, gives(passing{time.Minute})), guard.RetryPolicy{}), "")
			require.Equal(t, time.Second, took)
			require.Len(t, begun, 1)
			require.EqualError(t, r.Err, "enough, while waiting after 1 try: not now")
			require.ErrorIs(t, r.Err, cause)
			require.ErrorIs(t, r.Err, passing{time.Minute}, "nothing is lost")
		})
	})
	t.Run("during a try", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(5*time.Millisecond, func() { cancel(cause) })
			var begun []time.Duration
			r, took := do(ctx, guard.Retry(recorded(&begun, gives(nil)), all()), "")
			require.Equal(t, 5*time.Millisecond, took)
			require.Len(t, begun, 1)
			require.Equal(t, cause, r.Err)
		})
	})
	t.Run("as a try fails with a temporary error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var begun []time.Duration
			job := recorded(&begun, func(int) error { cancel(cause); return errPassing })
			r, _ := do(ctx, guard.Retry(job, guard.RetryPolicy{}), "")
			require.Len(t, begun, 1)
			require.Equal(t, errPassing, r.Err)
		})
	})
	t.Run("before the next try would begin", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, left := range []time.Duration{time.Second, 30 * time.Second} { // 30 s: exactly at the next
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond+left)
				var begun []time.Duration
				policy := guard.RetryPolicy{Base: 1, Cap: 1}
				r, took := do(ctx, guard.Retry(recorded(&begun, gives(passing{30 * time.Second})), policy), "")
				require.Equal(t, 10*time.Millisecond, took, "nobody waits in vain")
				require.EqualError(t, r.Err, "after 1 try, no time for another: not now")
				require.NotErrorIs(t, r.Err, context.DeadlineExceeded)
				cancel()
			}
		})
	})
}

// The bar of a budget: a server that fails everything is never offered more than 1.1 requests
// a job, by its own record, under any model; and without a budget it is offered each try.
func TestRetryStorm(t *testing.T) {
	const keys = 1000
	for name, tt := range map[string]struct {
		policy   func() guard.RetryPolicy
		requests int64
	}{
		"with a budget": {func() guard.RetryPolicy { return guard.RetryPolicy{Budget: guard.NewBudget(0.1)} }, keys + keys/10},
		"without":       {func() guard.RetryPolicy { return guard.RetryPolicy{} }, 4 * keys},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range bench.Models[string, pages.Body, pages.Page](bench.Limit{InFlight: 20}) {
				t.Run(m.Name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						transport, err := mockserver.NewTransport(mockserver.Settings{
							Pages:   keys,
							Latency: mockserver.Latency{Profile: mockserver.Uniform, Mean: 50 * time.Millisecond, PerRequest: true},
							Faults:  mockserver.Faults{Status: 1},
						})
						require.NoError(t, err)
						urls := make([]string, keys)
						for i := range urls {
							urls[i] = transport.PageURL(i)
						}
						job := guard.Retry(pages.Job(&http.Client{Transport: transport}, 0), tt.policy())
						results := m.Run(t.Context(), job, urls)
						require.Equal(t, keys, overlap.Failures(results))
						for _, r := range results {
							require.ErrorAs(t, r.Err, new(*pages.StatusError))
						}
						require.Equal(t, tt.requests, transport.Record().Requests)
					})
				})
			}
		})
	}
}

type timeouted struct{ error }

func (timeouted) Timeout() bool { return true }

type permanent struct{ error }

func (permanent) Temporary() bool { return false }
func (p permanent) Unwrap() error { return p.error }

func TestTemporary(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"none":                           {nil, false},
		"one that says nothing":          {errBroken, false},
		"one that says so":               {errPassing, true},
		"one that says so, deep within":  {fmt.Errorf("a: %w", errors.Join(io.EOF, fmt.Errorf("b: %w", errPassing))), true},
		"one that a wrapper says is not": {permanent{errPassing}, false},
		"a timeout":                      {fmt.Errorf("a: %w", timeouted{io.EOF}), true},
		"a timeout that says it is not":  {permanent{timeouted{io.EOF}}, false},
		"the end of a deadline":          {context.DeadlineExceeded, true},
		"cancelled":                      {context.Canceled, false},
		"a page that is unavailable":     {&pages.StatusError{StatusCode: 503}, true},
		"a page that is not there":       {&pages.StatusError{StatusCode: 404}, false},
		"a turn that comes too late":     {&guard.TooLateError{Err: io.EOF}, false},
		"a job that had no time left":    {&guard.DeadlineError{Err: errPassing}, false},
		"a try that had no time left":    {&guard.TimeoutError{Err: errBroken}, true},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, guard.Temporary(tt.err)) })
	}
}

func TestRetryRefuses(t *testing.T) {
	good := fetching(nil)
	good.Fetch = func(context.Context, string) (string, error) { return "", nil }
	for text, policy := range map[string]guard.RetryPolicy{
		"guard: policy.Tries is -1, want at least 0":       {Tries: -1},
		"guard: policy.Base is -1ns, want more than 0":     {Base: -1},
		"guard: policy.Cap is -1ns, want more than 0":      {Cap: -1},
		"guard: policy.Patience is -1ns, want more than 0": {Patience: -1},
	} {
		require.PanicsWithValue(t, text, func() { guard.Retry(good, policy) })
	}
}

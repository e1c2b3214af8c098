package guard_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/goroutines"
)

type (
	textJob    = overlap.Job[string, string, string]
	textResult = overlap.Result[string]
	textModel  = bench.Model[string, string, string]
)

// fetching is a job whose Process does nothing.
func fetching(fetch func(ctx context.Context, key string) (string, error)) textJob {
	return textJob{Fetch: fetch, Process: func(_ context.Context, body string) (string, error) { return body, nil }}
}

// pause sleeps, but not beyond the end of ctx; then the error is its cause.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// do does one job on a goroutine of its own, so that it survives a Goexit, and says how long
// that took.
func do[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], key K) (overlap.Result[R], time.Duration) {
	begun := time.Now()
	result := goroutines.Run(ctx, job, []K{key})[0]
	return result, time.Since(begun)
}

// An exit is how half a job can end, other than by returning a value.
type exit struct {
	name string
	half func() (string, error)
	is   func(t *testing.T, err error)
}

func exits() []exit {
	return []exit{
		{"an error", func() (string, error) { return "", errBroken }, func(t *testing.T, err error) { require.ErrorIs(t, err, errBroken) }},
		{"a panic", func() (string, error) { panic(errBroken) }, func(t *testing.T, err error) {
			require.ErrorIs(t, err, errBroken)
			require.ErrorAs(t, err, new(*overlap.PanicError))
		}},
		{"a Goexit", func() (string, error) { runtime.Goexit(); return "", nil }, func(t *testing.T, err error) { require.ErrorIs(t, err, overlap.ErrGoexit) }},
	}
}

// eachExit runs a test for each, in a bubble, which fails if a goroutine is left.
func eachExit(t *testing.T, test func(t *testing.T, e exit)) {
	for _, e := range exits() {
		t.Run(e.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, e) })
		})
	}
}

// eachModel runs a test for each model, in a bubble.
func eachModel(t *testing.T, inFlight int, test func(t *testing.T, m textModel)) {
	for _, m := range bench.Models[string, string, string](bench.Limit{InFlight: inFlight}) {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, m) })
		})
	}
}

// broken is an error that is not temporary, passing one that is.
type (
	broken  struct{}
	passing struct{ in time.Duration }
)

var (
	errBroken  error = broken{}
	errPassing error = passing{}
)

func (broken) Error() string    { return "broken" }
func (passing) Error() string   { return "not now" }
func (passing) Temporary() bool { return true }

func (p passing) RetryIn(time.Time) (time.Duration, bool) { return p.in, p.in != 0 }

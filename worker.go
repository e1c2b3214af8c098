package overlap

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// A PanicError is the error of a job that panicked: what it panicked with, and
// the stack of its goroutine at that moment, innermost call first.
type PanicError struct {
	Value any
	Stack []byte
}

// Error gives the panic's value; the stack is left to those who ask for it.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns what the job panicked with if that was an error, so that
// errors.Is and errors.As see through a panic(err).
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ErrGoexit is the error of a job that called runtime.Goexit, most often by
// way of t.FailNow or testify's require in a test: its goroutine has ended, so
// the job could give no answer.
var ErrGoexit = errors.New("job called runtime.Goexit")

// catch is deferred around a job's functions and turns a panic into an error.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

// Pending returns n results that say [ErrGoexit], for a model to overwrite as
// its jobs return. A job that ends its goroutine never returns, so its slot
// already tells the truth.
func Pending[R any](n int) []Result[R] {
	results := make([]Result[R], n)
	for i := range results {
		results[i].Err = ErrGoexit
	}
	return results
}

// Go starts worker on a goroutine of wg's, as wg.Go does. When a job ends that
// goroutine with runtime.Goexit, worker starts again on a new one: a pool does
// not shrink because one of its jobs walked out. A panic in worker itself ends
// the program, as it would under wg.Go.
func Go(wg *sync.WaitGroup, worker func()) {
	wg.Go(func() {
		returned := false
		defer func() {
			if v := recover(); v != nil {
				panic(v) // the worker's own mistake, not a job's
			}
			if !returned {
				Go(wg, worker)
			}
		}()
		worker()
		returned = true
	})
}

// DoEach is [Job.Do] in a loop, for workers that claim jobs by index: it does
// the job for keys[i] into results[i] for each i that claim returns, until
// claim returns len(keys) or more.
//
// Do recovers once a job; DoEach recovers once a worker, and goes round again
// after a panic. That saves about 10 ns a job, which is most of what a claim
// by index costs. A panic in claim is the worker's own, and goes through.
func (j Job[K, B, R]) DoEach(ctx context.Context, keys []K, results []Result[R], claim func() int) {
	for j.doEach(ctx, keys, results, claim) {
	}
}

func (j Job[K, B, R]) doEach(ctx context.Context, keys []K, results []Result[R], claim func() int) (panicked bool) {
	i := -1 // the job that is being done
	defer func() {
		if v := recover(); v != nil {
			if i < 0 {
				panic(v)
			}
			results[i].Err = &PanicError{Value: v, Stack: debug.Stack()}
			panicked = true
		}
	}()
	for {
		claimed := claim()
		if claimed >= len(keys) {
			return false
		}
		i = claimed
		results[i] = j.do(ctx, keys[i])
		i = -1
	}
}

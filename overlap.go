// Package overlap is the contract that every concurrency model in this
// module keeps: what a job is, what a result is, and what it means to run a
// job over many keys.
//
// One idea holds the module together: everything is a function of a [Job].
// A model (sequential, goroutines, pool, pipeline, eventloop) runs a Job over
// keys; a workload makes a Job from a real component; a guard takes a Job and
// gives a Job; an instrument (bench, bench/conform) takes a model and says what
// it costs, or whether it is right. No model knows of a workload, a guard or an
// instrument, so a model is as short as its idea, and a model of your own gets
// tests and benchmarks by being one function:
//
//	func Run(ctx, job, keys []K, limits...) []Result[R]
//	func Stream(ctx, job, keys iter.Seq[K], limits...) iter.Seq2[K, Result[R]]
//
// The sixth model, queue, does the jobs in other processes. Functions cannot
// travel, so it takes a Job that both sides know by name, and keeps those of
// the clauses that can hold between processes (conform.Remote).
//
// # The contract
//
//  1. One result per key, in input order, whatever the order of completion.
//  2. A job's error stays with its key; the others go on.
//  3. A panic in Fetch or Process becomes that key's [PanicError], a
//     runtime.Goexit becomes its [ErrGoexit]; nothing else is lost.
//  4. When ctx ends, no Fetch and no Process begins any more: the jobs that
//     did not begin get context.Cause(ctx). Functions that are running are
//     waited for, never abandoned.
//  5. When Run, or the loop over Stream, has returned, nothing that it
//     started is still running.
//  6. Never more jobs in flight than the limit.
//  7. Stream gives one result per key pulled, as it completes, and pulls no
//     further ahead of its consumer than limit + documented buffers + 1.
//     Breaking out of the loop cancels the jobs, and waits for them and for
//     keys: an iterator that blocks must be ended by its owner.
//  8. The schedule is exact: in virtual time the makespan is the model's
//     formula, to the nanosecond.
//  9. A nil function (job.Fetch, job.Process, keys) or a limit below one panics
//     at once, naming the argument.
//
// Package bench/conform proves these clauses for anyone's model.
package overlap

import (
	"context"
	"fmt"
	"iter"
)

// A Job is one piece of work, in two halves: Fetch waits (for a network, a
// disk, a database), Process works (parses, hashes, aggregates). K is the key
// that names a piece of work, B the body that Fetch brings, R the result that
// Process makes of it.
//
// Both functions are called from many goroutines at once and must be safe for
// that. Both should return soon after ctx ends: a model waits for them.
type Job[K, B, R any] struct {
	Fetch   func(ctx context.Context, key K) (B, error)
	Process func(ctx context.Context, body B) (R, error)
}

// A Result is what became of one key: the value, or the error of the half that
// failed, or context.Cause(ctx) if the job was never begun. Beside an error the
// value means nothing: a model may drop it.
type Result[R any] struct {
	Value R
	Err   error
}

// A Runner is a model with its limits bound: it runs job over keys and returns
// one result per key, in the order of keys.
type Runner[K, B, R any] func(ctx context.Context, job Job[K, B, R], keys []K) []Result[R]

// A Streamer is the Stream form of a model with its limits bound: it pulls keys
// as it has room for them and yields each key with its result as it completes.
type Streamer[K, B, R any] func(ctx context.Context, job Job[K, B, R], keys iter.Seq[K]) iter.Seq2[K, Result[R]]

// Do does the whole job for one key on the calling goroutine: Fetch, then
// Process. When ctx has ended before either of them, that half does not begin
// and the error is context.Cause(ctx). A panic comes back as a [*PanicError].
// A runtime.Goexit ends the calling goroutine, as in any call: [Pending] and
// [Go] are how a model survives that.
func (j Job[K, B, R]) Do(ctx context.Context, key K) (result Result[R]) {
	defer catch(&result.Err)
	return j.do(ctx, key)
}

// do is Do for a caller that recovers panics itself.
func (j Job[K, B, R]) do(ctx context.Context, key K) Result[R] {
	if ctx.Err() != nil {
		return Result[R]{Err: context.Cause(ctx)}
	}
	body, err := j.Fetch(ctx, key)
	if err != nil {
		return Result[R]{Err: err}
	}
	if ctx.Err() != nil {
		return Result[R]{Err: context.Cause(ctx)}
	}
	value, err := j.Process(ctx, body)
	return Result[R]{Value: value, Err: err}
}

// TryFetch is the first half of [Job.Do], for a model that gives the halves to
// different workers.
func (j Job[K, B, R]) TryFetch(ctx context.Context, key K) (body B, err error) {
	defer catch(&err)
	if ctx.Err() != nil {
		return body, context.Cause(ctx)
	}
	return j.Fetch(ctx, key)
}

// TryProcess is the second half of [Job.Do].
func (j Job[K, B, R]) TryProcess(ctx context.Context, body B) (value R, err error) {
	defer catch(&err)
	if ctx.Err() != nil {
		return value, context.Cause(ctx)
	}
	return j.Process(ctx, body)
}

// MustValid panics, naming the argument, if the job lacks a function. Every
// model calls it before anything begins.
func (j Job[K, B, R]) MustValid() {
	if j.Fetch == nil {
		panic("overlap: job.Fetch is nil")
	}
	if j.Process == nil {
		panic("overlap: job.Process is nil")
	}
}

// MustLimit panics, naming the argument, if limit is below one.
func MustLimit(name string, limit int) {
	if limit < 1 {
		panic(fmt.Sprintf("overlap: %s is %d, want at least 1", name, limit))
	}
}

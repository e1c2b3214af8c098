package openloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"example.com/overlap"
)

// A Sent body takes the two moments that its job's latencies count from along, from
// Fetch to Process.
type Sent[B any] struct {
	Body     B
	intended time.Time
	sent     time.Time
}

// Sends are counted while jobs run; they may be read at any time.
type Sends struct {
	begun, late atomic.Int64
}

// Begun is the number of jobs whose Fetch began, Late that of those among them that
// were sent later than intended by more than the tolerance.
func (s *Sends) Begun() int { return int(s.begun.Load()) }
func (s *Sends) Late() int  { return int(s.late.Load()) }

// Watch makes of a job on keys the same job on arrivals, which gives c.FromSend and
// c.FromIntended its latencies when it has succeeded. A job that fails, panics or ends
// its goroutine has none: how long it took to fail would make the others look
// better, or worse. It panics if job lacks a function.
func Watch[K, B, R any](job overlap.Job[K, B, R], c Config) (overlap.Job[Arrival[K], Sent[B], R], *Sends) {
	job.MustValid()
	sends, tolerance := new(Sends), c.tolerance()
	return overlap.Job[Arrival[K], Sent[B], R]{
		Fetch: func(ctx context.Context, a Arrival[K]) (Sent[B], error) {
			now := time.Now()
			sends.begun.Add(1)
			if now.Sub(a.Intended) > tolerance {
				sends.late.Add(1)
			}
			body, err := job.Fetch(ctx, a.Key)
			return Sent[B]{Body: body, intended: a.Intended, sent: now}, err
		},
		Process: func(ctx context.Context, s Sent[B]) (R, error) {
			value, err := job.Process(ctx, s.Body)
			if err == nil {
				now := time.Now()
				if c.FromSend != nil {
					c.FromSend(now.Sub(s.sent))
				}
				if c.FromIntended != nil {
					c.FromIntended(now.Sub(s.intended))
				}
			}
			return value, err
		},
	}, sends
}

// A Report is what became of a run. Every arrival that was handed over has given one
// result: Handed = Done + Failed.
type Report struct {
	Counts
	Done     int // jobs that succeeded
	Failed   int // results with an error, for whatever reason
	Panicked int // of those, jobs that panicked
	Exited   int // of those, jobs that ended their goroutine with runtime.Goexit
	Unbegun  int // of those, jobs that never began, as ctx had ended
	Late     int // jobs that began, but later than intended by more than the tolerance

	Elapsed time.Duration // from the call of the stream to its end
}

// Achieved is how many jobs succeeded a second, of Elapsed. In a run that kept up it
// is a little under the schedule's rate, as the last job ends after the last arrival.
func (r Report) Achieved() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Done) / r.Elapsed.Seconds()
}

// NoStream is why a model without a Stream has no open loop: for a benchmark to
// skip, and a command to refuse, by name.
func NoStream(model string) error {
	return fmt.Errorf("%s has no open loop: it needs all keys before the first job begins (it has no Stream)", model)
}

// Run drives stream over keys that arrive as c says, to the end, and takes each result
// at once. A job that fails is no error of Run. An error names the field of c that
// cannot be; or says that stream broke the contract (each arrival that it takes gives
// one result, and it takes all unless ctx ends); or is context.Cause(ctx) when ctx has
// ended. With the latter two the report tells what was done up to there.
//
// To see the results themselves, give it a stream that ranges over the model's and
// passes them on. Nil functions panic, so a model without a Stream does: see
// [NoStream]. It keeps a bit for each arrival, to know a result that comes twice.
func Run[K, B, R any](ctx context.Context, stream overlap.Streamer[Arrival[K], Sent[B], R], job overlap.Job[K, B, R], keys iter.Seq[K], c Config) (Report, error) {
	if stream == nil {
		panic("overlap: stream is nil")
	}
	watched, sends := Watch(job, c)
	source, err := NewSource(keys, c)
	if err != nil {
		return Report{}, err
	}

	var r Report
	var seen bits
	var again error
	began := time.Now()
	for arrival, result := range stream(ctx, watched, source.Arrivals(ctx)) {
		if !seen.add(arrival.Number) && again == nil {
			again = fmt.Errorf("openloop: arrival %d gave a second result", arrival.Number)
		}
		r.add(result.Err)
	}
	r.Elapsed = time.Since(began)
	r.Counts = source.Counts()
	r.Late = sends.Late()
	r.Unbegun = r.Handed - sends.Begun()

	switch missing := r.Handed - seen.n; {
	case again != nil:
		return r, again
	case missing != 0:
		return r, fmt.Errorf("openloop: %d of the %d arrivals that were taken gave no result", missing, r.Handed)
	case r.Unbegun < 0:
		return r, fmt.Errorf("openloop: %d arrivals were taken, and %d jobs begun", r.Handed, sends.Begun())
	case ctx.Err() != nil:
		return r, context.Cause(ctx)
	case !source.ended:
		return r, fmt.Errorf("openloop: the stream took no more arrivals after %d, and ctx had not ended", r.Handed)
	}
	return r, nil
}

func (r *Report) add(err error) {
	if err == nil {
		r.Done++
		return
	}
	r.Failed++
	var panicked *overlap.PanicError
	switch {
	case errors.As(err, &panicked):
		r.Panicked++
	case errors.Is(err, overlap.ErrGoexit):
		r.Exited++
	}
}

// bits is a set of small numbers.
type bits struct {
	words []uint64
	n     int
}

// add tells if i is new.
func (b *bits) add(i int) bool {
	for i/64 >= len(b.words) {
		b.words = append(b.words, 0)
	}
	bit := uint64(1) << (i % 64)
	if b.words[i/64]&bit != 0 {
		return false
	}
	b.words[i/64] |= bit
	b.n++
	return true
}

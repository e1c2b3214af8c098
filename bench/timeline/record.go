package timeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime/trace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
)

// A Recorder notes when jobs begin and end. It is safe for concurrent use, and
// may be given to several jobs, whose parts then lie in one timeline.
//
// It keeps the key of every job, and 32 bytes: 48 a job for a string, 40 for an
// int. Slots are allocated ahead, in chunks that double, so up to twice that is
// held; in all no more than for MaxJobs. Jobs beyond that run unrecorded, and are
// counted: an endless stream may be recorded in bounded memory. The memory goes
// when the recorder does.
type Recorder[K any] struct {
	start  time.Time
	name   func(K) string
	_      [64]byte     // those above are read by every job; the next line is written by every job
	next   atomic.Int64 // the next slot to be taken
	_      [64]byte
	chunks [chunks]atomic.Pointer[[]slot[K]]
	grow   sync.Mutex // held to allocate a chunk: eleven times at most
}

// Chunk 0 and 1 hold firstChunk slots each, every later one twice as many as the
// one before.
const (
	firstChunk = 1 << 10
	chunks     = 11 // MaxJobs in all
)

// A slot is one job's record.
type slot[K any] struct {
	key K // written before begun
	times
}

// times are in nanoseconds from the recorder's start, plus one: zero is not yet.
// They are atomic so that a Timeline can be made while jobs run.
type times struct {
	begun      atomic.Int64 // Fetch began
	fetched    atomic.Int64 // Fetch ended well
	processing atomic.Int64 // Process began
	ended      atomic.Int64 // the job ended: the moment times outcomes, plus the Outcome
}

// outcomes is room for the outcomes beside a moment.
const outcomes = 8

// NewRecorder returns a recorder that starts now. name gives a job's label from
// its key; nil stands for fmt.Sprint. It is called when the Timeline is made, or
// under a trace when the job begins, maybe from several goroutines at once.
func NewRecorder[K any](name func(K) string) *Recorder[K] {
	if name == nil {
		name = func(key K) string { return fmt.Sprint(key) }
	}
	return &Recorder[K]{start: time.Now(), name: name}
}

// now is cheaper than time.Now: it reads one clock, not two.
func (r *Recorder[K]) now() int64 { return int64(time.Since(r.start)) + 1 }

// place is where slot i lies.
func place(i int64) (chunk int, at int64) {
	chunk = bits.Len64(uint64(i) / firstChunk)
	if chunk == 0 {
		return 0, i
	}
	return chunk, i - firstChunk<<(chunk-1)
}

// begin gives a job a slot and notes that its Fetch begins. It returns nil if
// there is no slot left.
func (r *Recorder[K]) begin(key K) *times {
	i := r.next.Add(1) - 1
	if i >= MaxJobs {
		return nil
	}
	c, at := place(i)
	slots := r.chunks[c].Load()
	if slots == nil {
		slots = r.chunk(c)
	}
	s := &(*slots)[at]
	s.key = key
	s.begun.Store(r.now())
	return &s.times
}

// chunk allocates chunk c, unless another has meanwhile.
func (r *Recorder[K]) chunk(c int) *[]slot[K] {
	r.grow.Lock()
	defer r.grow.Unlock()
	if slots := r.chunks[c].Load(); slots != nil {
		return slots
	}
	slots := make([]slot[K], firstChunk<<max(0, c-1))
	r.chunks[c].Store(&slots)
	return &slots
}

// end notes that a job ends.
func (r *Recorder[K]) end(t *times, o Outcome) {
	if t != nil {
		t.ended.Store(r.now()*outcomes + int64(o))
	}
}

// A Body takes a job's record along, from Fetch to Process.
type Body[B any] struct {
	inner B
	times *times // nil if the job has no slot
	task  *task  // nil if no trace was on
}

// Record returns job, recorded: it does what job does, and recorder notes it.
// Errors, panics and Goexits pass unchanged. A guard around a recorded job shows
// by what it does: a job that is fetched three times is there three times. A nil
// recorder records nothing, and sets no task. It panics if job lacks a function.
func Record[K, B, R any](job overlap.Job[K, B, R], recorder *Recorder[K]) overlap.Job[K, Body[B], R] {
	job.MustValid() // or the model could not see that a function is nil
	if recorder == nil {
		return overlap.Job[K, Body[B], R]{
			Fetch: func(ctx context.Context, key K) (body Body[B], err error) {
				body.inner, err = job.Fetch(ctx, key)
				return body, err
			},
			Process: func(ctx context.Context, body Body[B]) (R, error) { return job.Process(ctx, body.inner) },
		}
	}
	return overlap.Job[K, Body[B], R]{
		Fetch: func(ctx context.Context, key K) (body Body[B], err error) {
			body.times = recorder.begin(key)
			returned := false
			defer func() {
				if returned && err == nil {
					if body.times != nil {
						body.times.fetched.Store(recorder.now())
					}
					return
				}
				recorder.end(body.times, outcome(ctx, returned, err))
				body.task.end()
			}()
			if trace.IsEnabled() {
				ctx, body.task = newTask(ctx, recorder.name(key))
				defer trace.StartRegion(ctx, "fetch").End()
			}
			body.inner, err = job.Fetch(ctx, key)
			returned = true
			return body, err
		},
		Process: func(ctx context.Context, body Body[B]) (value R, err error) {
			if body.times != nil {
				body.times.processing.Store(recorder.now())
			}
			returned := false
			defer func() {
				recorder.end(body.times, outcome(ctx, returned, err))
				body.task.end()
			}()
			if body.task != nil {
				ctx = body.task.in(ctx)
				defer trace.StartRegion(body.task.ctx, "process").End()
			}
			value, err = job.Process(ctx, body.inner)
			returned = true
			return value, err
		},
	}
}

func outcome(ctx context.Context, returned bool, err error) Outcome {
	switch {
	case !returned:
		return Panicked
	case err == nil:
		return Done
	case errors.Is(err, context.Canceled):
		return Cancelled
	case ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
		return Cancelled
	}
	return Failed
}

// A task is a job in a runtime trace. It begins with Fetch and ends with the job;
// that of a job that is never processed does not end.
type task struct {
	ctx   context.Context // Fetch's, with the task in it
	trace *trace.Task
}

func newTask(ctx context.Context, label string) (context.Context, *task) {
	ctx, t := trace.NewTask(ctx, label)
	return ctx, &task{ctx, t}
}

func (t *task) end() {
	if t != nil {
		t.trace.End()
	}
}

// in returns ctx with the task in it, so that what Process logs with trace.Log
// belongs to the job.
func (t *task) in(ctx context.Context) context.Context { return taskContext{ctx, t.ctx} }

// A taskContext has the values of both; only the first one can end it.
type taskContext struct {
	context.Context
	task context.Context
}

func (c taskContext) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.task.Value(key)
}

// Timeline is what was recorded up to now; most often it is asked for when the
// model has returned. It is safe at any time, and the recorder goes on.
func (r *Recorder[K]) Timeline() Timeline {
	now := r.now()
	taken := r.next.Load()
	t := Timeline{Missed: int(max(0, taken-MaxJobs))}
	for i := range min(taken, MaxJobs) {
		c, at := place(i)
		if slots := r.chunks[c].Load(); slots != nil {
			if s := &(*slots)[at]; s.begun.Load() > 0 {
				j := s.job(now)
				j.Label = strings.ToValidUTF8(r.name(s.key), "\ufffd")
				t.Jobs = append(t.Jobs, j)
			}
		}
	}
	slices.SortStableFunc(t.Jobs, func(a, b Job) int { return cmp.Compare(a.Begin(), b.Begin()) })
	return t
}

// job reads the times, last first, so that it never sees a later one without those
// before it.
func (t *times) job(now int64) Job {
	ended, processing, fetched, begun := t.ended.Load(), t.processing.Load(), t.fetched.Load(), t.begun.Load()
	j := Job{Outcome: Outcome(ended % outcomes), Processed: processing > 0}
	last := ended / outcomes
	switch {
	case ended > 0:
	case fetched > 0 && processing == 0: // no model keeps such a job, unless it is at work
		j.Outcome = Cancelled
	default:
		last = max(now, begun, processing)
	}
	if fetched == 0 { // Fetch failed, or runs
		fetched = last
	}
	j.Fetch = Span{time.Duration(begun - 1), time.Duration(fetched - 1)}
	if j.Processed {
		j.Process = Span{time.Duration(processing - 1), time.Duration(last - 1)}
	}
	return j
}

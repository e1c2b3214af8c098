// Package timeline records when each job waited and when it worked, and draws
// that. It answers the question that a makespan raises: where did the time go?
//
// A [Recorder] wraps a job; no model knows of it:
//
//	recorder := timeline.NewRecorder[string](nil)
//	pool.Run(ctx, timeline.Record(job, recorder), keys, 20)
//	err := timeline.Draw(w, recorder.Timeline(), timeline.Drawing{})
//
// # How to read the picture
//
// Time runs to the right. A job is a bar: hatched while its Fetch waits, solid
// while its Process works, a thin line where it lay between the two, as in the
// pipeline's buffer. Errors, cancelled jobs and panics have a mark at their end,
// each with a shape of its own. Below is how many jobs were in flight.
//
// A row is a lane. Lanes are made from the intervals afterwards: each job takes
// the first lane that is free when it begins and holds it until it ends. So a
// lane is not a worker, but the number of lanes is the number of jobs in flight
// at the peak, and a model shows by its shape:
//
//   - sequential: one lane, waiting and working by turns;
//   - goroutines: as many lanes as jobs, all beginning at once;
//   - pool: as many lanes as workers, each full to the end;
//   - pipeline: thin lines where the processors are behind, and where the limits
//     are, no more lanes: that is backpressure.
//
// # What it costs
//
// Recording is four readings of the clock and a slot of 48 bytes for a string key,
// about 150 ns a job (BenchmarkRecord, two cores), without a lock and without an
// allocation a job. It is the harness's cost, not the model's: time what you
// compare without it.
//
// While runtime/trace is on, each job is also a task by its label, with the
// regions fetch and process, so that `go tool trace` shows jobs by name. While it
// is off, that costs a load.
package timeline

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// MaxJobs is how many jobs a timeline holds.
const MaxJobs = 1 << 20

// MaxTime is the latest moment in a timeline: eighteen years.
const MaxTime = time.Duration(1 << 59)

// A Timeline is what a Recorder saw. Its moments are counted from the start of
// the recorder, on the monotonic clock.
type Timeline struct {
	Title   string // a line: what ran
	Model   string // the model's name, as it stands in /model=NAME; empty if there is none
	Caption string // a line: the machine that it ran on
	Jobs    []Job  // in the order in which they began
	Missed  int    // jobs beyond MaxJobs, which ran unrecorded
}

// A Job is one job's part in a timeline.
type Job struct {
	Label     string
	Outcome   Outcome
	Fetch     Span
	Process   Span // zero if Processed is false
	Processed bool // whether Process began
}

// A Span is the time from Begin to End, End itself not included.
type Span struct{ Begin, End time.Duration }

// Length is how long the span is.
func (s Span) Length() time.Duration { return s.End - s.Begin }

// Begin is when the job's Fetch began.
func (j Job) Begin() time.Duration { return j.Fetch.Begin }

// End is when the job was last seen: the end of its Process, or of its Fetch if
// no Process began.
func (j Job) End() time.Duration {
	if j.Processed {
		return j.Process.End
	}
	return j.Fetch.End
}

// An Outcome is what became of a job.
type Outcome uint8

const (
	// Running: a function of the job had not returned when the Timeline was
	// made. Its span ends at that moment.
	Running Outcome = iota
	// Done: Fetch and Process returned no error.
	Done
	// Failed: one of the two returned an error. A timeout of the job's own is one.
	Failed
	// Cancelled: one of the two returned context.Canceled, or the error or cause
	// of the context that it was given, which had ended; or the job was fetched
	// and never processed, as models leave it when their context ends.
	Cancelled
	// Panicked: one of the two panicked or called runtime.Goexit. Which, only the
	// model can tell: telling would need a recover, and change the stack.
	Panicked
)

var outcomeNames = [...]string{"running", "done", "error", "cancelled", "panic"}

// String is the outcome's name, as the file format has it.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText returns the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeNames) {
		return nil, fmt.Errorf("%v is no outcome", o)
	}
	return []byte(outcomeNames[o]), nil
}

// UnmarshalText takes the outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomeNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no outcome; want done, error, cancelled, panic or running", text)
	}
	*o = Outcome(i)
	return nil
}

// span is the time from the first job's begin to the last one's end.
func (t Timeline) span() Span {
	if len(t.Jobs) == 0 {
		return Span{}
	}
	s := Span{t.Jobs[0].Begin(), 0}
	for _, j := range t.Jobs {
		s.End = max(s.End, j.End())
	}
	return s
}

// Makespan is the time from the first job's begin to the last one's end.
func (t Timeline) Makespan() time.Duration { return t.span().Length() }

// Count is how many jobs had the outcome.
func (t Timeline) Count(o Outcome) (n int) {
	for _, j := range t.Jobs {
		if j.Outcome == o {
			n++
		}
	}
	return n
}

// Peak is how many jobs were in flight at most: the number of lanes. A job that
// ends at the moment at which another begins leaves it its place.
func (t Timeline) Peak() int {
	_, peak := t.Lanes()
	return peak
}

// Lanes gives each job of Jobs a lane, from 0, and returns how many there are.
// In the order of their begin, jobs take the lowest lane that is free. It takes
// O(N log N).
func (t Timeline) Lanes() (lanes []int, n int) {
	lanes = make([]int, len(t.Jobs))
	var busy laneHeap // by the end of its job
	var free laneHeap // by number: at is zero
	for i, j := range t.Jobs {
		for len(busy) > 0 && busy[0].at <= j.Begin() {
			heap.Push(&free, laneAt{lane: heap.Pop(&busy).(laneAt).lane})
		}
		if len(free) > 0 {
			lanes[i] = heap.Pop(&free).(laneAt).lane
		} else {
			lanes[i] = n
			n++
		}
		heap.Push(&busy, laneAt{j.End(), lanes[i]})
	}
	return lanes, n
}

type laneAt struct {
	at   time.Duration
	lane int
}

type laneHeap []laneAt

func (h laneHeap) Len() int { return len(h) }
func (h laneHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].lane, h[j].lane)) < 0
}
func (h laneHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *laneHeap) Push(x any)   { *h = append(*h, x.(laneAt)) }
func (h *laneHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// A Level is how many jobs are in flight from a moment on.
type Level struct {
	At time.Duration
	N  int
}

// InFlight is how many jobs were in flight over time: a level for each moment at
// which that changed.
func (t Timeline) InFlight() []Level {
	changes := make([]Level, 0, 2*len(t.Jobs))
	for _, j := range t.Jobs {
		changes = append(changes, Level{j.Begin(), 1}, Level{j.End(), -1})
	}
	slices.SortFunc(changes, func(a, b Level) int { return cmp.Compare(a.At, b.At) })
	var levels []Level
	now := 0
	for i, c := range changes {
		now += c.N
		if i+1 < len(changes) && changes[i+1].At == c.At {
			continue // all that happens at a moment happens at once
		}
		if len(levels) == 0 && now == 0 || len(levels) > 0 && levels[len(levels)-1].N == now {
			continue
		}
		levels = append(levels, Level{c.At, now})
	}
	return levels
}

// Check returns an error, naming the job by its place from 0, for a timeline that
// could not have happened.
func (t Timeline) Check() error {
	switch {
	case len(t.Jobs) > MaxJobs:
		return fmt.Errorf("there are %d jobs, want at most %d", len(t.Jobs), MaxJobs)
	case t.Missed < 0:
		return fmt.Errorf("missed is %d, want 0 or more", t.Missed)
	}
	begin := time.Duration(0)
	for i, j := range t.Jobs {
		if err := j.check(begin); err != nil {
			return fmt.Errorf("job %d: %w", i, err)
		}
		begin = j.Begin()
	}
	return nil
}

// check is given when the job before this one began.
func (j Job) check(before time.Duration) error {
	switch {
	case int(j.Outcome) >= len(outcomeNames):
		return fmt.Errorf("%v is no outcome", j.Outcome)
	case !utf8.ValidString(j.Label):
		return errors.New("the label is not UTF-8")
	case j.Fetch.Begin < 0:
		return fmt.Errorf("fetch begins at %d ns, want 0 or more", j.Fetch.Begin)
	case j.Fetch.End < j.Fetch.Begin:
		return fmt.Errorf("fetch ends at %d ns, before it begins at %d ns", j.Fetch.End, j.Fetch.Begin)
	case j.End() > MaxTime:
		return fmt.Errorf("it ends at %d ns, want at most %d", j.End(), MaxTime)
	case j.Fetch.Begin < before:
		return fmt.Errorf("it begins at %d ns, before the job before it, at %d ns", j.Fetch.Begin, before)
	case j.Processed && j.Process.Begin < j.Fetch.End:
		return fmt.Errorf("process begins at %d ns, before fetch ends at %d ns", j.Process.Begin, j.Fetch.End)
	case j.Processed && j.Process.End < j.Process.Begin:
		return fmt.Errorf("process ends at %d ns, before it begins at %d ns", j.Process.End, j.Process.Begin)
	case !j.Processed && j.Process != Span{}:
		return errors.New("process has times, but never began")
	case !j.Processed && j.Outcome == Done:
		return errors.New("it is done, but its process never began")
	}
	return nil
}

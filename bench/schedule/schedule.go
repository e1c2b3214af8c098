// Package schedule computes when every job ends under each model, if waiting
// and working take exactly as long as told and nothing else takes any time.
//
// It is list scheduling: jobs are taken in the order of the keys, each by the
// first worker that is free. What it gives is the makespan that no real run can
// beat, and that a run in virtual time (testing/synctest) must meet to the
// nanosecond; conform holds models to it and bench divides by it.
package schedule

import (
	"container/heap"
	"time"

	"example.com/overlap"
)

// A Job is how long its Fetch waits and its Process works.
type Job struct{ Wait, Work time.Duration }

// A Plan is what becomes of the jobs.
type Plan struct {
	Done         []time.Duration // when each job ends, by its index, from the start
	Makespan     time.Duration   // when the last one ends
	PeakInFlight int             // jobs begun and not ended, at most
}

func (p *Plan) end(i int, at time.Duration) {
	p.Done[i] = at
	p.Makespan = max(p.Makespan, at)
}

// Sequential does one job after another: the sum of all.
func Sequential(jobs []Job) Plan { return Pool(jobs, 1) }

// Goroutines begins all jobs at once: the longest of all.
func Goroutines(jobs []Job) Plan { return Pool(jobs, max(1, len(jobs))) }

// Pool gives each job to the first of the workers that is free. It panics if
// workers is below one. It takes O(N log workers).
//
// It is also the schedule of goroutines behind a semaphore.
func Pool(jobs []Job, workers int) Plan {
	overlap.MustLimit("workers", workers)
	workers = min(workers, max(1, len(jobs)))
	plan := Plan{Done: make([]time.Duration, len(jobs)), PeakInFlight: min(workers, len(jobs))}
	free := make(times, workers) // when each worker is free; all zero is a heap
	for i, job := range jobs {
		free[0] += job.Wait + job.Work
		plan.end(i, free[0])
		heap.Fix(&free, 0)
	}
	return plan
}

// times is a min-heap of moments.
type times []time.Duration

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(time.Duration)) }
func (t *times) Pop() any          { panic("schedule: a worker never leaves") }

// Pipeline gives each job to the first free fetcher, holds fetched bodies in a
// first-in first-out buffer, and gives each to the first free processor. A
// fetcher that finds the buffer full waits with its body until there is room, as
// a send on a Go channel does. A negative buffer is unbounded. It panics if
// fetchers or processors is below one. It takes O(N log (fetchers+processors)).
func Pipeline(jobs []Job, fetchers, processors, buffer int) Plan {
	overlap.MustLimit("fetchers", fetchers)
	overlap.MustLimit("processors", processors)
	p := pipeline{
		jobs:   jobs,
		plan:   Plan{Done: make([]time.Duration, len(jobs))},
		idle:   processors,
		buffer: buffer,
	}
	return p.run(fetchers)
}

// EventLoop overlaps the fetches of as many jobs as limit lets through, and processes
// one at a time, on the loop, in the order in which they were fetched. A job keeps its
// place until it is processed; then the next one is fetched, at the same moment. It
// panics if limit is below one. It takes O(N log limit).
//
// Without a limit, that is with as many places as jobs, N jobs that wait L and work D
// take L + N*D. Where processing goes to threads it is a [Pipeline] with as many
// fetchers as jobs.
func EventLoop(jobs []Job, limit int) Plan {
	overlap.MustLimit("limit", limit)
	p := pipeline{
		jobs:   jobs,
		plan:   Plan{Done: make([]time.Duration, len(jobs))},
		idle:   1,
		buffer: -1,
		whole:  true,
	}
	return p.run(limit)
}

type pipeline struct {
	jobs     []Job
	plan     Plan
	next     int // the next job to be fetched
	inFlight int
	idle     int   // processors without a job
	buffer   int   // room between the stages; negative: no end of it
	whole    bool  // whoever fetches a job has no other until it is processed
	waiting  []int // fetched jobs in order: the first `buffer` of them in the buffer, the others with their fetchers
	events   events
}

func (p *pipeline) run(fetchers int) Plan {
	for range min(fetchers, len(p.jobs)) {
		p.fetchNext(0)
	}
	for p.events.Len() > 0 {
		e := heap.Pop(&p.events).(event)
		if e.processed {
			p.processed(e.at, e.job)
		} else {
			p.fetched(e.at, e.job)
		}
	}
	return p.plan
}

func (p *pipeline) fetchNext(now time.Duration) {
	if p.next == len(p.jobs) {
		return
	}
	p.inFlight++
	p.plan.PeakInFlight = max(p.plan.PeakInFlight, p.inFlight)
	p.events.add(event{at: now + p.jobs[p.next].Wait, job: p.next})
	p.next++
}

func (p *pipeline) process(now time.Duration, job int) {
	p.events.add(event{at: now + p.jobs[job].Work, job: job, processed: true})
}

func (p *pipeline) fetched(now time.Duration, job int) {
	if p.idle > 0 {
		p.idle--
		p.process(now, job)
	} else {
		p.waiting = append(p.waiting, job)
	}
	if p.whole {
		return
	}
	if p.buffer < 0 || len(p.waiting) <= p.buffer {
		p.fetchNext(now)
	} // else the fetcher waits with its body
}

func (p *pipeline) processed(now time.Duration, job int) {
	p.inFlight--
	p.plan.end(job, now)
	if p.whole {
		p.fetchNext(now)
	}
	if len(p.waiting) == 0 {
		p.idle++
		return
	}
	released := p.buffer >= 0 && len(p.waiting) > p.buffer // a fetcher hands its body on
	first := p.waiting[0]
	p.waiting = p.waiting[1:]
	p.process(now, first)
	if released {
		p.fetchNext(now)
	}
}

// An event is the end of a job's fetch or of its processing.
type event struct {
	at        time.Duration
	seq       int // of two at one moment, the one that was planned first
	job       int
	processed bool
}

// events is a min-heap.
type events struct {
	list []event
	seq  int
}

func (e *events) add(ev event) {
	ev.seq = e.seq
	e.seq++
	heap.Push(e, ev)
}

func (e *events) Len() int { return len(e.list) }
func (e *events) Less(i, j int) bool {
	a, b := e.list[i], e.list[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (e *events) Swap(i, j int) { e.list[i], e.list[j] = e.list[j], e.list[i] }
func (e *events) Push(x any)    { e.list = append(e.list, x.(event)) }
func (e *events) Pop() any {
	last := e.list[len(e.list)-1]
	e.list = e.list[:len(e.list)-1]
	return last
}

package conform

import (
	"fmt"
	"strings"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
)

// The suite runs every model with one set of concrete types: a key is a number,
// a body and a result are texts. A generic model needs no more than to be named
// where one of these is asked for.
type (
	Job      = overlap.Job[int, string, string]
	Result   = overlap.Result[string]
	Runner   = overlap.Runner[int, string, string]
	Streamer = overlap.Streamer[int, string, string]
)

// A Promise is what a model says of itself, and what the suite holds it to. The
// zero Promise is a model without a limit that says nothing of its schedule.
//
// Each function is given the limit that the model was built with, one of Limits.
type Promise struct {
	// Limits are the limits that the suite builds the model with. Empty stands
	// for 1, 2, 3, 7 and 100.
	Limits []int

	// LimitName is what a panic about a bad limit must contain, such as
	// "workers". Empty: the model takes no limit, and the suite tries no bad one.
	LimitName string

	// InFlight, Fetching and Processing are the jobs begun and not ended, the
	// Fetches running and the Processes running, at most. Nil: no bound.
	InFlight, Fetching, Processing func(limit int) int

	// Ahead is the number of keys that a Stream has pulled and not delivered, at
	// most: the jobs in flight, the buffers that are documented, and one. Nil: no
	// bound.
	Ahead func(limit int) int

	// Plan is the exact schedule in virtual time. Nil: any.
	Plan func(jobs []schedule.Job, limit int) schedule.Plan

	// AnyOrder says that jobs begin in no promised order. Plan is then held to for
	// jobs of equal length only; whatever their length, no job may wait while
	// there is room for it.
	AnyOrder bool

	// OnCaller says that jobs run on the goroutine of the caller, so that a
	// runtime.Goexit in a job must end the caller.
	OnCaller bool

	// Except is what the suite does not hold the model to, and why, for a model under
	// a guard. Everything else is tried.
	Except []Exception

	// Proven says that the model is proven by itself already, and that what is tried
	// is what stands around its jobs, such as a guard. Then no clause is tried in a
	// process of its own first, so a panic that nobody recovers ends the tests; and
	// what is tried with thousands of jobs is tried with 100. That takes a third of
	// the time.
	Proven bool
}

// An Exception is a clause that is not kept, or one check of it. In its place there
// is a subtest of that name, which is skipped and says why.
type Exception struct {
	Clause int    // 1 to 9; of 7, which is Stream's alone, a Runner has nothing to skip
	Check  string // as the subtest below the clause is called; empty stands for the whole clause
	Why    string // in words
}

// validate returns an error that says which exception excepts nothing or has no
// reason. The names of checks turn out as the suite gets to them.
func (p Promise) validate() error {
	for i, e := range p.Except {
		switch {
		case e.Clause < 1 || e.Clause > 9:
			return fmt.Errorf("Promise.Except[%d].Clause is %d, want 1 to 9", i, e.Clause)
		case strings.TrimSpace(e.Why) == "":
			return fmt.Errorf("Promise.Except[%d].Why is empty: what is not kept needs a reason", i)
		}
	}
	return nil
}

// excepts says why a check is excepted, or with an empty name the whole clause;
// empty: it is not.
func (p Promise) excepts(clause int, check string) string {
	for _, e := range p.Except {
		if e.Clause == clause && e.Check == check {
			return e.Why
		}
	}
	return ""
}

// Sequential is the promise of one job after another on the caller's goroutine.
func Sequential() Promise {
	return Promise{
		Limits:   []int{1},
		InFlight: fixed(1),
		Ahead:    fixed(1),
		Plan:     func(jobs []schedule.Job, _ int) schedule.Plan { return schedule.Sequential(jobs) },
		OnCaller: true,
	}
}

// Unlimited is the promise of a model that begins every job at once, on a
// goroutine of its own.
func Unlimited() Promise {
	return Promise{
		Limits: []int{1},
		Plan:   func(jobs []schedule.Job, _ int) schedule.Plan { return schedule.Goroutines(jobs) },
	}
}

// Limited is the promise of a pool of workers or a semaphore: at most limit
// jobs in flight, begun in the order of the keys, none kept waiting while there
// is room. name is how the model calls its limit.
func Limited(name string) Promise {
	return Promise{
		LimitName: name,
		InFlight:  func(limit int) int { return limit },
		Ahead:     func(limit int) int { return limit + 1 },
		Plan:      schedule.Pool,
	}
}

// Staged is the promise of a pipeline of two stages: at most so many fetches and
// so many processes at once, and so many fetched bodies between them. widths
// says what the suite's limit makes of them.
func Staged(name string, widths func(limit int) (fetch, process, buffer int)) Promise {
	sum := func(limit int) int {
		fetch, process, buffer := widths(limit)
		return fetch + process + buffer
	}
	return Promise{
		LimitName:  name,
		InFlight:   sum,
		Fetching:   func(limit int) int { fetch, _, _ := widths(limit); return fetch },
		Processing: func(limit int) int { _, process, _ := widths(limit); return process },
		Ahead:      func(limit int) int { return sum(limit) + 1 },
		Plan: func(jobs []schedule.Job, limit int) schedule.Plan {
			fetch, process, buffer := widths(limit)
			return schedule.Pipeline(jobs, fetch, process, buffer)
		},
	}
}

// Fixed is the same promise for a model whose limit cannot be chosen.
func (p Promise) Fixed(limit int) Promise {
	p.Limits, p.LimitName = []int{limit}, ""
	return p
}

// most is a large number of jobs, or fewer for a model that is proven by itself.
func (p Promise) most(n int) int {
	if p.Proven {
		return min(n, 100)
	}
	return n
}

func (p Promise) limits() []int {
	if len(p.Limits) == 0 {
		return []int{1, 2, 3, 7, 100}
	}
	return p.Limits
}

// bound is what f allows at limit; 0 stands for no bound.
func bound(f func(limit int) int, limit int) int {
	if f == nil {
		return 0
	}
	return f(limit)
}

func fixed(n int) func(int) int { return func(int) int { return n } }

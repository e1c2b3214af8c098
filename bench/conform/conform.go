package conform

import (
	"fmt"
	"slices"
	"testing"
)

// Test proves that a Runner keeps the contract, or says by which clause it does
// not. build makes the Runner for a limit; promise is what the model says of
// itself. Each clause is a subtest, so one of them can be run alone:
//
//	go test -run 'TestMine/clause_4' .
func Test(t *testing.T, build func(limit int) Runner, promise Promise) {
	t.Helper()
	s := &suite{promise: promise, build: func(limit int) model {
		return model{Promise: promise, limit: limit, runner: build(limit)}
	}}
	s.clauses(t)
}

// TestStream is Test for a Streamer.
func TestStream(t *testing.T, build func(limit int) Streamer, promise Promise) {
	t.Helper()
	s := &suite{promise: promise, streams: true, build: func(limit int) model {
		return model{Promise: promise, limit: limit, stream: build(limit)}
	}}
	s.clauses(t)
}

// A model is what is under test, at one limit: a Runner or a Streamer.
type model struct {
	Promise
	limit  int
	runner Runner
	stream Streamer
}

// some is a number of jobs that keeps the model busy for a few rounds.
func (m model) some() int { return min(4*m.limit+7, 2*m.limit+47) }

type suite struct {
	promise Promise
	streams bool
	build   func(limit int) model

	// Why the rest is not run: a check that had to be given up still runs
	// somewhere, and would disturb those after it.
	stopped bool
	// Clause 3 found that a panic in a job ends the program, or is excepted, so no
	// other clause lets a job panic.
	fragile bool

	clause int             // that is being tried
	tried  map[string]bool // its checks so far, by name
}

func (s *suite) clauses(t *testing.T) {
	if err := s.promise.validate(); err != nil {
		t.Fatal(err)
	}
	s.fragile = s.promise.excepts(3, "") != ""
	one := "one result per key, in input order"
	if s.streams {
		one = "one result per key"
	}
	s.run(t, 1, one, s.clause1)
	s.run(t, 2, "an error stays with its key", s.clause2)
	s.run(t, 3, "a panic or Goexit becomes its key's error", s.clause3)
	s.run(t, 4, "nothing begins after ctx ends", s.clause4)
	s.run(t, 5, "nothing still runs after the end", s.clause5)
	s.run(t, 6, "never more in flight than the limit", s.clause6)
	if s.streams {
		s.run(t, 7, "results as they complete, keys within the window", s.clause7)
	}
	s.run(t, 8, "the schedule is exact", s.clause8)
	s.run(t, 9, "a nil function or a bad limit panics at once", s.clause9)
}

// run runs one clause as a subtest, unless it is excepted.
func (s *suite) run(t *testing.T, clause int, says string, checks func(*testing.T)) {
	t.Run(fmt.Sprintf("clause %d: %s", clause, says), func(t *testing.T) {
		s.clause, s.tried = clause, map[string]bool{}
		if why := s.promise.excepts(clause, ""); why != "" {
			t.Skipf("excepted: %s", why)
		}
		checks(t)
		if t.Failed() {
			return // it may have ended early
		}
		for _, e := range s.promise.Except {
			if e.Clause == clause && !s.tried[e.Check] { // e.Check is not empty, or we would not be here
				t.Errorf("Promise.Except names the check %q, and clause %d has none of that name", e.Check, clause)
			}
		}
	})
}

// excepted notes a check of this clause by its name, and skips it as a subtest if
// it is excepted.
func (s *suite) excepted(t *testing.T, name string) bool {
	s.tried[name] = true
	why := s.promise.excepts(s.clause, name)
	if why != "" {
		t.Run(name, func(t *testing.T) { t.Skipf("excepted: %s", why) })
	}
	return why != ""
}

// check runs one check of a clause as a subtest, at every limit.
func (s *suite) check(t *testing.T, name string, check func(b *bubble, m model)) {
	limits := s.promise.limits()
	if onTrial() && len(limits) > 2 {
		limits = []int{limits[0], s.largestLimit()} // a crash shows at any
	}
	if len(limits) == 1 {
		s.checkAt(t, name, limits[0], check)
		return
	}
	if s.excepted(t, name) {
		return
	}
	t.Run(name, func(t *testing.T) {
		for _, limit := range limits {
			s.inBubble(t, fmt.Sprintf("limit=%d", limit), func(b *bubble) { check(b, s.build(limit)) })
		}
	})
}

func (s *suite) checkAt(t *testing.T, name string, limit int, check func(b *bubble, m model)) {
	s.one(t, name, func(b *bubble) { check(b, s.build(limit)) })
}

// one runs one check of a clause as a subtest.
func (s *suite) one(t *testing.T, name string, check func(b *bubble)) {
	if !s.excepted(t, name) {
		s.inBubble(t, name, check)
	}
}

// inBubble runs a check as a subtest, unless an earlier one still runs.
func (s *suite) inBubble(t *testing.T, name string, check func(b *bubble)) {
	if s.stopped {
		t.Run(name, func(t *testing.T) { t.Skip("not run: an earlier check did not come to an end") })
		return
	}
	s.stopped = !inBubble(t, name, check)
}

func (s *suite) largestLimit() int { return slices.Max(s.promise.limits()) }

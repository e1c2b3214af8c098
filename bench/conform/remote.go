package conform

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"example.com/overlap"
)

// The suite runs every distributed engine with one set of concrete types: a key and a result
// are texts, and what Fetch brings is bytes.
type (
	RemoteJob    = overlap.Job[string, []byte, string]
	RemoteRunner = overlap.Runner[string, []byte, string]
)

// A Remote is an engine that does jobs in other processes, as [TestRemote] drives it. The
// processes are the test binary once more: see [RemoteMain].
//
// A job is to be tried once: an engine that gives a job that failed another try must be told not
// to. Its errors travel by code, those of [RemoteErrors]; a panic comes back as an
// *overlap.PanicError, its value as a text, and a runtime.Goexit as overlap.ErrGoexit.
type Remote struct {
	// Name tells the engines of one test binary apart. With one of them it may be empty.
	Name string

	// LimitName is what Work's panic about a bad limit must contain, such as "limit".
	LimitName string

	// New makes a queue that nobody has used, and says where workers find it and what runs keys
	// on it in this process. What is to be closed goes to t.Cleanup.
	New func(t *testing.T) (address string, run RemoteRunner)

	// Work is what a worker process does: jobs from the queue at address, limit of them at once,
	// until ctx ends. Then it lets those that run come to their end, takes no more, and returns
	// nil. An error fails the test, and so does an earlier return.
	//
	// The job is the suite's own, and the same in every process.
	Work func(ctx context.Context, address string, job RemoteJob, limit int) error
}

// The errors that jobs of [TestRemote] return, wrapped with a text of their own.
var (
	ErrRemoteFetch   = errors.New("conform: this Fetch was to fail")
	ErrRemoteProcess = errors.New("conform: this Process was to fail")
)

// RemoteErrors are [ErrRemoteFetch] and [ErrRemoteProcess] by their codes: what errors.Is finds in
// the worker it has to find in the results of Run.
func RemoteErrors() map[string]error {
	return map[string]error{"fetch": ErrRemoteFetch, "process": ErrRemoteProcess}
}

// TestRemote proves that a distributed engine keeps those clauses of the contract that make sense
// of one, in real time:
//
//	clause 1: one result per key, in input order
//	clause 2: an error stays with its key
//	clause 3: a panic or Goexit becomes its key's error
//	clause 4: nothing begins after ctx ends
//	clause 6: never more in flight than the limit
//	clause 9: a nil function or a bad limit panics at once
//
// The judge is a web site of the suite's own, whose pages the jobs ask for, and its record of what
// came, in which half of which job, how often, and how many at once; it also decides when a job may
// go on. So nothing here depends on how fast a machine is. A check that does not come to an end is
// given up, as those of [Test] are.
//
// Where a message has to travel before a worker knows that ctx has ended, a job may begin
// meanwhile. Clause 4 is this: as soon as the functions of a run have seen their ctx end, and at
// the latest when Run has returned, nothing of it begins any more, in whatever process; and Run
// returns when they have ended.
//
// A key that stands twice may be one job or two. Every other job must be done once: an engine that
// repeats what it is not sure of must be sure where nobody has died.
//
// Three clauses do not apply, and are subtests that are skipped and say why:
//
//	clause 5: workers are processes of their own, and go on after Run; that none of its jobs does, clause 4 shows
//	clause 7: there is no Stream: keys wait in the queue, and how many may is the queue's affair
//	clause 8: there is no virtual time between processes, so no schedule is exact
func TestRemote(t *testing.T, engine Remote) {
	t.Helper()
	if isWorker() {
		t.Fatal("this process was to be a worker, but TestMain does not begin with conform.RemoteMain for its engine")
	}
	s := &remote{Remote: engine}
	s.clause(t, 1, "one result per key, in input order", s.clause1)
	s.clause(t, 2, "an error stays with its key", s.clause2)
	s.clause(t, 3, "a panic or Goexit becomes its key's error", s.clause3)
	s.clause(t, 4, "nothing begins after ctx ends", s.clause4)
	s.spared(t, 5, "nothing still runs after the end",
		"workers are processes of their own, which go on after Run; that none of its jobs still runs, clause 4 shows")
	s.clause(t, 6, "never more in flight than the limit", s.clause6)
	s.spared(t, 7, "results as they complete, keys within the window",
		"a distributed engine has no Stream: keys wait in the queue, and how many may is the queue's affair")
	s.spared(t, 8, "the schedule is exact", "there is no virtual time between processes, so no schedule is exact")
	s.clause(t, 9, "a nil function or a bad limit panics at once", s.clause9)
}

// A remote is one call of TestRemote.
type remote struct {
	Remote
	stopped bool // a check still runs somewhere, and would disturb those after it
}

func (s *remote) clause(t *testing.T, clause int, says string, checks func(*testing.T)) {
	t.Run(fmt.Sprintf("clause %d: %s", clause, says), checks)
}

func (s *remote) spared(t *testing.T, clause int, says, why string) {
	s.clause(t, clause, says, func(t *testing.T) { t.Skipf("does not apply: %s", why) })
}

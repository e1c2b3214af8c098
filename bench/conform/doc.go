// Package conform is the contract of package overlap as a test suite, for this
// module's models and for anyone's: a model of your own is right when conform
// says so.
//
// # A model of your own
//
// Write it as a generic function, as the models of this module are, or as a
// [Runner] right away. Then one test proves it:
//
//	func TestMine(t *testing.T) {
//		conform.Test(t, func(workers int) conform.Runner {
//			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
//				return mine.Run(ctx, job, keys, workers)
//			}
//		}, conform.Limited("workers"))
//	}
//
// The function that is given builds the model for a limit, and the suite
// tries several. The [Promise] is what the model says of itself; [Sequential],
// [Unlimited], [Limited] and [Staged] are the promises of most models that this
// module has, and a model unlike those, such as an event loop, fills in a Promise of
// its own. A model
// whose limit is part of it:
//
//	conform.Test(t, func(int) conform.Runner { return mine.Run }, conform.Limited("").Fixed(4))
//
// A job that runs under a guard may keep less. Such a model is built with the guard in
// it, and Except says in words which clause, or which check of one, is not kept and why;
// the suite skips just that, by its name and with the reason:
//
//	promise := conform.Limited("workers")
//	promise.Except = []conform.Exception{{Clause: 8, Why: "a rate limit makes jobs wait"}}
//	conform.Test(t, func(workers int) conform.Runner {
//		limiter := rate.NewLimiter(100, 1)
//		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
//			return mine.Run(ctx, guard.RateLimit(job, limiter), keys, workers)
//		}
//	}, promise)
//
// [TestStream] is the same for a [Streamer]. The file own_test.go holds both, for
// a model of twenty lines.
//
// # What is tested
//
// Each clause of the contract is a subtest, and each check in it one below
// that; the failure message says in a sentence what broke.
//
//	clause 1: one result per key, in input order
//	clause 1: one result per key                                  (Stream)
//	clause 2: an error stays with its key
//	clause 3: a panic or Goexit becomes its key's error
//	clause 4: nothing begins after ctx ends
//	clause 5: nothing still runs after the end
//	clause 6: never more in flight than the limit
//	clause 7: results as they complete, keys within the window    (Stream)
//	clause 8: the schedule is exact
//	clause 9: a nil function or a bad limit panics at once
//
// The contract leaves open in which order a Stream delivers results that are
// finished already when the consumer asks, so newest first is as good as oldest
// first.
//
// So clause 4 alone is
//
//	go test -run 'TestMine/clause_4' .
//
// All of that runs in virtual time (testing/synctest): a job that lasts an hour costs
// nothing, and the schedule is compared to the nanosecond. So a model under test
// may use goroutines, channels, sync and time as it likes, but must not wait
// for a goroutine that was there before, nor for the network or a file.
//
// # An engine in other processes
//
// Work that is done by other processes, on whatever queue, cannot be a [Runner]: functions do not
// travel. [TestRemote] is the suite for it. It starts the test binary again as workers and holds
// the engine to clauses 1 to 4, 6 and 9, in real time, judged by a mock server that the jobs talk
// to; 5, 7 and 8 are skipped by name, with the reason. The author says what makes a queue, what
// runs keys on it, and what a worker does:
//
//	func engine() conform.Remote {
//		return conform.Remote{
//			LimitName: "limit",
//			New: func(t *testing.T) (string, conform.RemoteRunner) {
//				q := open(t, t.TempDir())
//				return q.Dir, func(ctx context.Context, job conform.RemoteJob, keys []string) []conform.Result {
//					return mine.Run(ctx, q, job, keys)
//				}
//			},
//			Work: func(ctx context.Context, dir string, job conform.RemoteJob, limit int) error {
//				return mine.Work(ctx, dir, job, limit)
//			},
//		}
//	}
//
//	func TestMain(m *testing.M) {
//		conform.RemoteMain(engine())
//		os.Exit(m.Run())
//	}
//
//	func TestMine(t *testing.T) { conform.TestRemote(t, engine()) }
//
// The files queue/conform_test.go and remote_test.go hold two that are whole.
//
// # Models that are badly wrong
//
// A model that leaks or blocks for good fails the check that found it, with the
// stacks of the goroutines that are left. One that spins, or blocks where virtual time
// does not see it, is given up after a minute of real time, or a quarter of what
// -timeout leaves if that is less; the checks after that are not run.
//
// A panic that a model does not recover on a goroutine of its own ends the
// process. Clauses 3, 7 and 9 provoke such panics, and clause 2 may with errors
// that cannot be compared, so they run in a second process first: the test binary
// again, with -test.run for that subtest. Other tests of the package are not run
// in it; TestMain and init functions are.
//
// The suite is itself tested with mutants, models that break one clause each,
// most of them subtly; it has to reject every one by the name of that clause.
package conform

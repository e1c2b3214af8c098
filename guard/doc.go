// Package guard is what real programs put around a job: limits of time, further
// tries, limits of rate. A guard takes a Job and gives a Job, so every model runs
// it, and guards are put around one another:
//
//	job := pages.Job(client, 0)
//	job = guard.Timeout(job, 2*time.Second)
//	job = guard.Retry(job, guard.RetryPolicy{Temporary: pages.Temporary})
//	results := pool.Run(ctx, job, urls, 20)
//
// Each file is one guard and teaches one idea. A guard is made once and serves any
// number of runs at once, with what it shares between jobs (a limiter, a budget,
// what was seen) shared by all of them; [FailFast] alone serves one run. A nil
// function or a number that makes no sense panics at once, naming the argument.
// A guard that is not said to alter Process leaves it as it was.
//
// # The order
//
// From outermost to innermost, so the last line of code is the first here:
//
//	FailFast       the run ends with what a job comes to in the end, not with a try of it
//	Deadline       all below it counts: tries, and the waits between and before them
//	SingleFlight   one caller tries again for all who want the same, each with a deadline of his own
//	Retry          a try may be hedged; what both come to is tried again
//	Hedge          both of its requests wait for a place and a turn: limits hold
//	PerHost        he who waits for a place has not yet taken a turn that he cannot use
//	RateLimit      whoever has his turn sends at once, so the rate is what the server sees
//	Timeout        the time of one request: no wait of ours counts
//	the job
//
// Nobody needs all of them. What goes wrong in another order:
//
//   - Timeout around Retry ends the tries, not a try: that is what Deadline is for.
//   - Retry around Deadline gives each try all of the time.
//   - RateLimit or PerHost around Retry or Hedge counts a job once, however often it asks.
//   - RateLimit around PerHost hands out turns to those who then wait for a place; when
//     places become free their requests go out in a burst, above the rate.
//   - Timeout around RateLimit fails requests that were never sent, because of our own limit.
//   - FailFast inside Retry ends the run with the first error that a second try would mend.
//   - SingleFlight around Deadline shares the first caller's deadline, too.
//
// # What they alter
//
// The contract of package overlap holds for every model with a guard, but for these
// clauses. Altering 8 means that the schedule is another where the guard bites, such
// as by a wait; where it does not, the schedule is the model's, to the nanosecond. Where
// checks are counted, so many of bench/conform's fail for it; the rest of the clause holds.
//
//	guard        | clauses altered | library beneath
//	FailFast     | 2, 3 (5 checks), 8 (2 checks): the first job that goes wrong ends the others | context
//	Deadline     | 4 (1 check): a job has a deadline of its own; 8: a job ends at its deadline | context
//	SingleFlight | 1 (1 check): a Fetch is begun once for equal keys; 3 (1 check): it has a goroutine of its own; 4 (1 check): it has nobody's deadline; 8: a Fetch ends when the one that it shares does | none: x/sync/singleflight cannot, see there
//	Retry        | 8: a job lasts as long as its tries and the waits between them | github.com/cenkalti/backoff/v5
//	Hedge        | 6: two requests of a job may be in flight; 8: a Fetch ends when the quicker of two does | github.com/HdrHistogram/hdrhistogram-go
//	PerHost      | 8: a Fetch begins when its host has a place | golang.org/x/sync/semaphore
//	RateLimit    | 8: a Fetch begins when it is its turn | golang.org/x/time/rate
//	Timeout      | 4 (1 check): a Fetch has a deadline of its own; 8: a Fetch ends at its timeout | context
package guard

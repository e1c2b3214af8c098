// Package openloop runs a model in an open loop: keys arrive when they are meant
// to, whether or not the model is ready for them.
//
// # Closed and open
//
// In a closed loop there is a new job when an old one has made room for it: the
// keys lie there, and the model takes the next as soon as it can. A batch is that: a
// crawl, an import, a build. What counts is the makespan, and a slow job
// costs what it takes. Every other benchmark of this module is a closed loop.
//
// In an open loop jobs come from outside, on a clock that knows nothing of the
// model: users who press a button do not wait for each other. A service is that. Jobs
// that come while all places are taken wait, and a job has been slow for the one who
// sent it from the moment it came. What counts is the latency, at a given rate.
//
// Believe the closed loop when you ask how long a batch takes, or how much a model
// can do at most; believe the open loop when you ask what somebody who sends a job
// will see. Schroeder, Wierman and Harchol-Balter show how far the two may be apart
// ("Open Versus Closed: A Cautionary Tale", NSDI 2006).
//
// # Two latencies
//
// A latency is measured from the send, when Fetch begins, or from the intended
// start, when the key came. A closed loop has only the first, and it leaves out just the
// bad moments: while the model is stuck it sends nothing, so the jobs that should have
// met the stall do not exist, and a stall of half a second is one slow job among
// hundreds of fast ones. Gil Tene, who wrote HdrHistogram and wrk2, calls it
// coordinated omission: the measuring has agreed with the measured not to look.
// wrk2 measures from the time the plan says, and so does this package; HdrHistogram's
// recordValueWithExpectedInterval repairs histograms of a closed loop, where
// the plan has to be guessed.
//
// A server that hangs for 500 ms, at 100 jobs a second for 3 s, with jobs of 5 ms: exact
// in virtual time (TestOneStall).
//
//	              from the send         from the intended start
//	              slow jobs     p99     slow jobs     p99
//	sequential    1 of 300      5 ms    100 of 300    490 ms
//	pool of 2     2 of 300      5 ms     67 of 300    480 ms
//	goroutines   50 of 300    475 ms     50 of 300    475 ms
//
// From the send sequential looks best, as it looked away longest. The model without a
// limit sends on time whatever happens, so it has nothing to omit: it is the limit
// that lets the two part, and the second is what a user sees.
//
// # Waiting, late, dropped
//
// By Little's law a rate of r jobs a second that take L seconds each has r*L jobs in
// flight on average. A limit above that holds; below it the backlog grows for as long
// as the load lasts. So the backlog is bounded, as every real queue should be: an
// arrival that finds it full is dropped, and counted. One that is sent later than
// intended, by more than a tolerance, is late, and counted.
//
// Arrivals at a constant rate are the kindest: they never come two at once. A
// [Poisson] process has gaps like those of many users who do not know of each other: a
// model that has room enough on average sees queues all the same.
package openloop

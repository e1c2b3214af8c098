// Package peers runs the models' Job on other Go libraries: how fast are they beside this
// module's models, and which clause of the contract does each of them keep? It is a module of
// its own, so that none of them is needed by who uses this one.
//
//	make bench-peers       # beside the models, and the runtimes of package runtimes: the tables
//	make peers-report      # each library through bench/conform: the clauses that it keeps
//	go test -bench Dispatch .
//	PEERS_CONFORM=errgroup/plain go test -run TestConform -v .
//
// # What is measured
//
//	BenchmarkDispatch  10,000 empty jobs, 8 at once: what a library itself costs
//	BenchmarkProcess   no waiting: jobs of 1 µs and of 50 µs, 8 at once
//	BenchmarkWait      1,000 jobs that sleep 1 ms or 10 ms, 100 at once
//	BenchmarkPages     100 pages over HTTP, each answered after 10 ms, 30 at once
//
// Beside the libraries stand this module's pool, in three forms, its semaphore (goroutines-limit),
// and, where jobs do not wait, a plain loop. A library without a limit has no row where they do:
// to begin all at once is another task.
//
// The task is that of every model: a function for each of N keys, at most so many at once, and
// one result per key in the order of the keys. Each library does it as its own documentation
// recommends it for that, or comes nearest; the file of a library says where it says so. A pool
// that is made to be kept is opened once and does all runs of a benchmark.
//
// # Two forms
//
// A library runs functions, and what stands in the function is its user's. So each is measured
// and judged in two forms, which differ in nothing else:
//
//   - [Plain] is what a user writes who trusts the library: Fetch, Process, and the result
//     stored. The library is given ctx wherever it takes one.
//   - [Careful] is Job.Do in its place: it looks at ctx before each half and recovers a panic.
//     The results begin as [overlap.Pending] ones, so that a job that leaves by
//     runtime.Goexit is told from one that returns; arguments are checked; and the library does
//     not hear of the end of ctx, because Job.Do sees to that.
//
// The benchmarks run the plain form, as it is in use; -form careful runs the other, which gives
// what the models give.
//
// Clause 7 is of a Stream. None of the libraries has one in the contract's sense, results as they
// complete for keys that are pulled: conc's stream comes nearest, and gives them in order.
//
// What both forms break is the library's own doing. A clause that the plain form breaks and the
// careful form keeps can be kept with the library: it leaves to its users what Job.Do does, or has
// a way with ctx of its own that the careful form does not take. (A function knows nothing of
// clauses 5, 6 and 8, so where the plain form breaks one of these, and not only with jobs that
// panic or exit, it is the second.) A nil function or a bad limit, clause 9, is our adapter's
// matter always: a library knows nothing of a Job, and most take any number. [Court] finds out
// which is which.
package peers

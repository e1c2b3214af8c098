// Package asyncio measures the event loop beside what it is the model of and what Go
// has in its place: this module's eventloop, goroutines, and the machine's python3
// with its own asyncio, in one run.
//
//	make bench-asyncio
//	bin/overlap bench -pkg ./bench/asyncio -bench Switch -rounds 20
//	bin/overlap bench -pkg ./bench/asyncio -bench Tree -- -python python3,python3.13
//	go run ./bench/asyncio/bars FILE...
//
// # What is measured
//
//	BenchmarkSwitch   ns/op: a turn of one of the tasks, which all are ready and give way in turn
//	BenchmarkCreate   ns/op: create a task, run it, await it
//	BenchmarkTree     ns/op: a tree of tasks, 6 levels of 6 children, each node waiting for its
//	                  children; the leaves (46,656) do nothing (kind=none) or sleep 50 ms (kind=io)
//	BenchmarkOffload  ns/op: hand a function off the loop and await its result
//	BenchmarkJob      cpu-ns/job: CPU time of a model's for a job that fetches nothing, of 100
//	BenchmarkWaiting  B/job: resident memory at its highest, less what was there before, over the
//	                  tasks, which all sleep at once; us/job: time over the sleep, likewise
//
// The tree's shape is that of pyperformance's async_tree.
//
// # The rows
//
// A row of Python is a Go benchmark as well: it starts python3 with a script of this
// directory, which measures by its own clock (time.perf_counter_ns), for 0.2 s at least and
// after shorter tries that warm it up, as go test does, and says what came out. So the
// rounds of `overlap bench` order, repeat and compare all rows alike, each in fresh
// processes. What it takes to start Python is in no figure. Where python3 is missing or
// older than 3.11, its rows are skipped, and so are those of uvloop where that cannot be
// imported.
//
// Every row checks its work: turns, leaves, results are counted, and all tasks of
// BenchmarkWaiting must have slept at the same time. A row that did something else fails.
//
//	eventloop, eventloop-...  package eventloop; stackless is After and Then, without coroutines
//	channel                   so many goroutines in a ring (two, at least) that hand a token on over
//	                          unbuffered channels
//	gosched                   so many goroutines that call runtime.Gosched, on all processors
//	goroutine, goroutines     a goroutine a task, and a channel or WaitGroup that waits for it
//	asyncio, asyncio-...      the machine's python3, on asyncio's own loop or on uvloop's
//	asyncio-3.13, ...         another Python that -python asks for
//
// # The bars
//
// The command bars reads the results and says which of the bars hold that were set for
// the event loop: see [Bars].
package asyncio

import "context"

// A Meter is told when what is measured begins and ends. A *testing.B is one.
type Meter interface {
	ResetTimer()
	StopTimer()
}

// A Row is one way to do what a benchmark measures, in Go.
type Row struct {
	Model string // as it stands in /model=NAME

	// Run does n operations, or about so many where they come in rounds, checks them, and
	// returns how many there were. What comes before and after them is not measured.
	Run func(ctx context.Context, m Meter, n int) (int, error)
}

// Package cost measures what a run cost this process besides time: CPU, memory, the
// garbage collector's share, the scheduler's delays, and the latencies of its jobs.
//
// Where each number comes from:
//
//	CPU        getrusage, GetProcessTimes on Windows             Reading, CPU
//	GC         runtime/metrics /cpu/classes/...                  Reading
//	Sched      runtime/metrics /sched/latencies:seconds          Reading
//	heap       runtime/metrics /memory/classes/heap/objects      MemoryWatch
//	stacks     runtime/metrics /memory/classes/heap/stacks       MemoryWatch
//	resident   VmHWM on Linux, getrusage's maxrss elsewhere      RSSWatch
//	latencies  durations given to it, in an HdrHistogram         Latencies
//
// All are of the whole process: a mock server inside it is counted too, one in
// another process is not. A metric that the platform does not have is an error that
// names it (errors.Is(err, errors.ErrUnsupported)); one that had nothing to measure
// is absent (ok is false), never a zero that looks measured.
//
// A Reading is cheap (microseconds) and goes around each timed run. MemoryWatch and
// RSSWatch begin with garbage collections, and the first samples while the run goes:
// they want an untimed run of their own.
package cost

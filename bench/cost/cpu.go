package cost

import "time"

// CPU returns the CPU time that this process has used since it began, user and
// system together, by all its threads and by none of its children. The difference of
// two readings is what was used in between.
//
// Unix has it from getrusage(RUSAGE_SELF), in microseconds. The kernel brings the
// calling thread up to date; a thread running elsewhere is counted up to its last
// scheduler tick, so that a reading may lag by some milliseconds a core (1 to 10, by
// the kernel's HZ): what is shorter than that must be summed over many runs. Windows
// has it from GetProcessTimes, which counts in clock ticks of about 16 ms. Elsewhere
// the error says that there is none.
//
// It costs a system call, half a microsecond to one; longer with thousands of threads.
// It may be called from any goroutine.
func CPU() (time.Duration, error) { return cpuTime() }

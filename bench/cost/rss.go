package cost

import "runtime/debug"

// RSS is the memory of the process that was resident at most, in bytes: code, heap,
// stacks, the runtime's own, and pages freed but not yet given back. Kernels count it
// loosely, by some hundred kilobytes a core.
type RSS struct {
	Peak int64

	// SinceReset says that Peak is of the time since WatchRSS. If not, it is of the
	// process's whole life, and tells of one run only in a process that made no other;
	// Why then says why.
	SinceReset bool
	Why        error

	// Before is what was resident when the watch began, which Peak contains; 0 if
	// there was no reset.
	Before int64
}

// An RSSWatch knows whether the kernel's high-water mark was reset when it began.
type RSSWatch struct {
	before int64
	why    error
}

// WatchRSS gives free memory back to the operating system (debug.FreeOSMemory, which
// also collects garbage: milliseconds, more for a large heap) and then, on Linux,
// resets the process's high-water mark (5 to /proc/self/clear_refs). There is one mark
// in a process: a second watch takes the peak away from the first.
//
// Elsewhere there is nothing to reset and the peak is that of the process's life.
func WatchRSS() RSSWatch {
	debug.FreeOSMemory()
	if err := resetRSS(); err != nil {
		return RSSWatch{why: err}
	}
	before, err := peakRSS()
	return RSSWatch{before: before, why: err}
}

// Peak returns the high-water mark as it stands now: VmHWM of /proc/self/status on
// Linux (about 20 microseconds), maxrss of getrusage on other Unixes. Where there is
// neither (Windows, illumos, Solaris) the error says so.
func (w RSSWatch) Peak() (RSS, error) {
	peak, err := peakRSS()
	if err != nil {
		return RSS{}, err
	}
	return RSS{Peak: peak, SinceReset: w.why == nil, Why: w.why, Before: w.before}, nil
}

// PeakRSSOf is the memory of another process that was resident at most in its life so far,
// in bytes: VmHWM, which Linux alone tells. Elsewhere, and once the process has ended, it is
// an error. A peak never falls, so what is read last is what counts.
func PeakRSSOf(pid int) (int64, error) { return peakRSSOf(pid) }

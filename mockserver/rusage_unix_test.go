//go:build unix

package mockserver_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far; negative if unknown.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return -1
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

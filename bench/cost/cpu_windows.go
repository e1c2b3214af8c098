package cost

import (
	"fmt"
	"syscall"
	"time"
)

func cpuTime() (time.Duration, error) {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, fmt.Errorf("cost: client CPU time: GetCurrentProcess: %w", err)
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		return 0, fmt.Errorf("cost: client CPU time: GetProcessTimes: %w", err)
	}
	return span(kernel) + span(user), nil
}

// span reads a Filetime that is a length of time: 100 ns units. (Its method
// Nanoseconds is for points in time, and takes off the years from 1601 to 1970.)
func span(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}

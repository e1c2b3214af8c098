//go:build unix && !linux

package cost

import (
	"fmt"
	"runtime"
	"syscall"
)

func resetRSS() error { return unsupported("reset of the peak resident memory") }

func peakRSSOf(int) (int64, error) { return 0, unsupported("peak resident memory of another process") }

func peakRSS() (int64, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, fmt.Errorf("cost: peak resident memory: getrusage: %w", err)
	}
	peak := int64(r.Maxrss)
	if peak <= 0 { // illumos and Solaris have the field and leave it empty
		return 0, unsupported("peak resident memory")
	}
	switch runtime.GOOS {
	case "darwin", "ios": // in bytes; in kilobytes on the BSDs and AIX
	default:
		peak *= 1024
	}
	return peak, nil
}

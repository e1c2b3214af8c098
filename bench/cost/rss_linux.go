package cost

import (
	"fmt"
	"os"
)

func resetRSS() error {
	// Opened without O_CREATE: no such file means a kernel built without it.
	f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("5")
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("cost: reset of the peak resident memory: %w", err)
	}
	return nil
}

// peakRSS does not ask getrusage: there Linux keeps the maximum across exec, so that
// a small process shows the size of the one that started it.
func peakRSS() (int64, error) { return peakOf("/proc/self/status") }

func peakRSSOf(pid int) (int64, error) { return peakOf(fmt.Sprintf("/proc/%d/status", pid)) }

func peakOf(status string) (int64, error) {
	f, err := os.Open(status)
	if err != nil {
		return 0, fmt.Errorf("cost: peak resident memory: %w", err)
	}
	defer f.Close()
	peak, err := parseHWM(f)
	if err != nil {
		return 0, fmt.Errorf("cost: peak resident memory: %s: %w", status, err)
	}
	return peak, nil
}

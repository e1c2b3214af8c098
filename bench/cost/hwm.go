package cost

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// parseHWM reads the line `VmHWM:  1640 kB` of Linux's /proc/self/status, in bytes.
// It reads line by line, up to that one.
func parseHWM(r io.Reader) (int64, error) {
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		value, found := strings.CutPrefix(lines.Text(), "VmHWM:")
		if !found {
			continue
		}
		fields := strings.Fields(value)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, fmt.Errorf("line %d: VmHWM is %q, want a number and kB", n, strings.TrimSpace(value))
		}
		kb, err := strconv.ParseUint(fields[0], 10, 63)
		if err != nil {
			return 0, fmt.Errorf("line %d: VmHWM: %w", n, err)
		}
		if kb > math.MaxInt64/1024 {
			return 0, fmt.Errorf("line %d: VmHWM: %d kB is more than can be counted in bytes", n, kb)
		}
		return int64(kb) * 1024, nil
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("line %d: %w", n+1, err)
	}
	return 0, fmt.Errorf("no VmHWM in %d lines", n)
}

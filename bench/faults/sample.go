package faults

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
)

// measure looks at the process. It stops nobody, and costs some tens of microseconds, and
// a millisecond more for each few thousand descriptors.
func measure() (now [measures]int64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	now[goroutineCount] = int64(runtime.NumGoroutine())
	now[liveHeap] = -1
	if live[0].Value.Kind() == metrics.KindUint64 {
		now[liveHeap] = int64(live[0].Value.Uint64())
	}
	now[resident], now[descriptorCount] = -1, -1
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				now[resident] = pages * int64(os.Getpagesize())
			}
		}
	}
	// Names alone: to look at each file would open what is being counted.
	if dir, err := os.Open("/proc/self/fd"); err == nil {
		if names, err := dir.Readdirnames(-1); err == nil {
			now[descriptorCount] = int64(len(names) - 1) // but for dir itself
		}
		_ = dir.Close()
	}
	return now
}

// settled is measure once all garbage is collected. It goes twice, for what sync.Pools keep.
func settled() [measures]int64 {
	runtime.GC()
	runtime.GC()
	return measure()
}

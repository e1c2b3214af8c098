package cost

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// Memory is how far heap and stacks grew at most, in bytes, over what the process
// held when the watch began. The two peaks need not have been at the same moment.
//
// The heap is what objects occupy (/memory/classes/heap/objects:bytes), dead ones too
// until the collector has swept them: how much garbage lies about at the peak depends
// on GOGC and on luck. The stacks are what is set apart for them
// (/memory/classes/heap/stacks:bytes), used or not; they shrink at a collection only.
type Memory struct {
	Heap, Stacks int64

	// Samples were taken, and Gap is the longest time that passed without one. What
	// came and went within a gap was not seen: the peaks are lower bounds.
	Samples int
	Gap     time.Duration
}

// A MemoryWatch looks at heap and stacks while something runs. Its methods may be
// called from any goroutine.
type MemoryWatch struct {
	halt chan struct{}
	done sync.WaitGroup
	once sync.Once

	mu       sync.Mutex
	from     level
	peak     Memory
	last     time.Time
	stopped  bool
	sampling bool
}

// level is what heap and stacks hold, in bytes.
type level struct{ heap, stacks int64 }

// WatchMemory collects garbage (twice, so that what is kept in sync.Pools goes too),
// takes the level from which growth counts, and then samples at the interval, on a
// goroutine of its own, until Stop. An interval of 0 or less takes only the samples
// that the caller asks for.
//
// A sample of its own costs about a third of a microsecond, stops nobody and allocates
// nothing. It does not see small objects in the spans that each P is filling, up to
// some ten kilobytes a P and size; Sample sees them.
//
// The goroutine is one more in runtime.NumGoroutine, and on a machine with all cores
// busy it gets its turn late: see Memory.Gap for how late.
func WatchMemory(interval time.Duration) *MemoryWatch {
	w := &MemoryWatch{halt: make(chan struct{}), sampling: interval > 0}
	begin := make(chan struct{})
	if w.sampling {
		w.done.Go(func() {
			<-begin
			samples := levelMetrics()
			tick := time.NewTicker(interval)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					w.see(roughLevel(samples))
				case <-w.halt:
					return
				}
			}
		})
	}
	roughLevel(levelMetrics()) // the first use of runtime/metrics allocates its tables
	runtime.GC()
	runtime.GC()
	w.from, w.last = exactLevel(), time.Now()
	close(begin)
	return w
}

// Sample takes a sample now, to the byte, by runtime.ReadMemStats, which stops the
// world for some 15 to 50 microseconds, so at a moment that the caller knows to be the peak
// (say, all jobs wait), not in every job. It counts what is garbage by then as well:
// call runtime.GC first, under a watch without an interval, to have only what lives.
// After Stop it does nothing.
func (w *MemoryWatch) Sample() { w.see(exactLevel()) }

// Stop ends the watch and waits for its goroutine; with an interval it takes a last
// sample, so that there is one even if no interval passed. It returns the growth, the
// same one however often it is called.
func (w *MemoryWatch) Stop() Memory {
	w.once.Do(func() {
		close(w.halt)
		w.done.Wait()
		if w.sampling {
			w.Sample()
		}
		w.mu.Lock()
		w.stopped = true
		w.mu.Unlock()
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peak
}

func (w *MemoryWatch) see(now level) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	at := time.Now()
	w.peak.Gap = max(w.peak.Gap, at.Sub(w.last))
	w.last = at
	w.peak.Samples++
	w.peak.Heap = max(w.peak.Heap, now.heap-w.from.heap)
	w.peak.Stacks = max(w.peak.Stacks, now.stacks-w.from.stacks)
}

func levelMetrics() []metrics.Sample {
	return []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
}

// roughLevel reads without stopping the world.
func roughLevel(samples []metrics.Sample) level {
	metrics.Read(samples)
	value := func(i int) int64 {
		if v := samples[i].Value; v.Kind() == metrics.KindUint64 {
			return int64(v.Uint64())
		}
		return 0 // no such metric in this Go version: Sample alone sees it
	}
	return level{value(0), value(1)}
}

// exactLevel gives the same two numbers with what each P has in hand: ReadMemStats
// takes that back first.
func exactLevel() level {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return level{int64(m.HeapAlloc), int64(m.StackInuse)}
}

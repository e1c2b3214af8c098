package bench

import (
	"math"
	"time"
)

// Spin is CPU work of a known size: n steps of a chain of multiplications, each
// of which needs the one before. It touches no memory and cannot be optimised
// away as long as its value is used. The steps are those of Knuth's 64-bit
// linear congruential generator (MMIX).
func Spin(seed uint64, n int) uint64 {
	for range n {
		seed = seed*6364136223846793005 + 1442695040888963407
	}
	return seed
}

// StepsPerMicrosecond measures how many steps of Spin take a microsecond here.
// It takes the fastest of many short runs: whatever else the machine does can
// only make a run slower. It takes about 10 ms.
func StepsPerMicrosecond() int {
	const steps = 100_000
	fastest := time.Duration(math.MaxInt64)
	var x uint64
	for range 100 {
		start := time.Now()
		x = Spin(x, steps)
		fastest = min(fastest, time.Since(start))
	}
	if x == 0 { // never: keeps the work
		return 1
	}
	return max(1, int(steps*time.Microsecond/fastest))
}

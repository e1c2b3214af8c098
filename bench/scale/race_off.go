//go:build !race

package scale

import "math"

// MostGoroutines may be alive at a time: the race detector ends a program with more
// than 8,128 of them, and leaves the others alone.
const MostGoroutines = math.MaxInt

const raceEnabled = false

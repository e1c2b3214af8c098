package mockserver

import (
	"fmt"
	"math"
)

// spare is how many descriptors a program has open beside its connections.
const spare = 64

// CheckFiles returns an error if this process may not open the descriptors that
// n connections at once need, so that a program can refuse at the start and not
// fail in the middle. With client and server in one process, each request in
// flight takes two.
//
// The limit is RLIMIT_NOFILE, which the Go runtime has raised as far as it may.
// Where there is none (Windows), CheckFiles returns nil.
func CheckFiles(n int) error {
	limit, ok := fileLimit()
	if !ok {
		return nil
	}
	return checkFiles(n, limit)
}

// MaxConnections is how many connections at once CheckFiles allows this process.
// Where there is no limit it is math.MaxInt.
func MaxConnections() int {
	limit, ok := fileLimit()
	if !ok || limit > math.MaxInt {
		return math.MaxInt
	}
	return max(0, int(limit)-spare)
}

func checkFiles(n int, limit uint64) error {
	need := uint64(max(0, n)) + spare
	if need <= limit {
		return nil
	}
	return fmt.Errorf("%d connections need %d file descriptors, but this process may open %d: raise the limit (ulimit -n %d) or ask for fewer", n, need, limit, need)
}

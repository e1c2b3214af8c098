package mockserver

import "fmt"

// spare is how many descriptors a program has open beside its connections.
const spare = 64

// CheckFiles returns an error if this process may not open the descriptors that
// n connections at once need. A program with client and server in one process
// has two of them for each request in flight.
func CheckFiles(n int) error {
	limit, ok := fileLimit()
	if need := uint64(n) + spare; ok && need > limit {
		return fmt.Errorf("%d connections need %d file descriptors, but this process may open %d: raise the limit (ulimit -n %d) or ask for fewer", n, need, limit, need)
	}
	return nil
}

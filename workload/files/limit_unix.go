//go:build unix

package files

import "syscall"

// fileLimit is how many descriptors this process may have open. The Go runtime has raised
// it as far as it may.
func fileLimit() (limit uint64, known bool) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return uint64(r.Cur), true
}

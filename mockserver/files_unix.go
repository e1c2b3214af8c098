//go:build unix

package mockserver

import "syscall"

// fileLimit is RLIMIT_NOFILE. The Go runtime has raised the soft limit to the hard one.
func fileLimit() (uint64, bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}

//go:build !windows

package pages

import "syscall"

// connectionLost is the errors of a server that does not listen, or no longer.
func connectionLost() []syscall.Errno {
	return []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
}

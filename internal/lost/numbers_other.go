//go:build !windows

package lost

import "syscall"

func refused() []syscall.Errno { return []syscall.Errno{syscall.ECONNREFUSED} }

func broken() []syscall.Errno {
	return []syscall.Errno{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
}

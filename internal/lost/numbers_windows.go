package lost

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// Windows's sockets have numbers of their own. Those that package syscall made up for the names
// of Unix come from no socket, but from what stands in for one.

func refused() []syscall.Errno {
	return []syscall.Errno{windows.WSAECONNREFUSED, syscall.ECONNREFUSED}
}

func broken() []syscall.Errno {
	return []syscall.Errno{
		windows.WSAECONNRESET, windows.WSAECONNABORTED,
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	}
}

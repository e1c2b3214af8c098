package pages

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// connectionLost is the errors of a server that does not listen, or no longer, in the numbers
// of Windows's sockets and in those that package syscall made up for them.
func connectionLost() []syscall.Errno {
	return []syscall.Errno{
		windows.WSAECONNREFUSED, windows.WSAECONNRESET, windows.WSAECONNABORTED,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	}
}

// Package lost says of an error of the network which connection it tells of: one that never
// came about, or one that is gone. It knows the numbers of this operating system.
package lost

import (
	"errors"
	"slices"
	"syscall"
)

// Refused says whether nobody listened at the address that was dialled: ECONNREFUSED, on
// Windows WSAECONNREFUSED too.
func Refused(err error) bool { return isAny(err, refused()) }

// Broken says whether the connection was there and was cut, by the other side or by this
// machine: ECONNRESET, ECONNABORTED, EPIPE (written to when it was closed already), on Windows
// WSAECONNRESET and WSAECONNABORTED too. A connection that ends as it should, if too early, is
// an io.EOF and not Broken.
func Broken(err error) bool { return isAny(err, broken()) }

func isAny(err error, of []syscall.Errno) bool {
	return slices.ContainsFunc(of, func(number syscall.Errno) bool { return errors.Is(err, number) })
}

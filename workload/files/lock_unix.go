//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package files

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a directory for this Batch alone: another would remove, as leftovers, what
// this one is writing. The kernel unlocks when the file is closed, also when the process
// is killed. Where the file system knows no locks there is none.
func lock(dir *os.Root) (*os.File, error) {
	file, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(errors.New("another run is writing there"), file.Close())
	}
	return file, nil
}

//go:build unix

package files_test

import "syscall"

// setFileLimit lets this process open fewer files.
func setFileLimit(n int) error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = 0
	for range n {
		r.Cur++ // its type is not the same everywhere
	}
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}

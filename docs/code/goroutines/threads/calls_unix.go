//go:build unix

package main

import (
	"sync"
	"syscall"
)

// inSystemCalls has n goroutines read from an empty pipe, without the runtime's
// knowing that it is one: the call blocks its thread.
func inSystemCalls(n int) (threads int, err error) {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	for range n {
		//region call
		wg.Go(func() { _, _ = syscall.Read(ends[0], make([]byte, 1)) })
		//endregion
	}
	threads = threadsWhen("not-in-go", n)
	err = syscall.Close(ends[1]) // ends every Read
	wg.Wait()
	_ = syscall.Close(ends[0])
	return threads, err
}

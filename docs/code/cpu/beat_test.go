package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// On one core a loop without a wait or a call in it ends only if it is interrupted
// to let the other goroutine run. If it were not, this test would never end.
func TestWorkIsInterrupted(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var stop atomic.Bool
	go stop.Store(true)
	for !stop.Load() { // computes, and does not wait
	}
}

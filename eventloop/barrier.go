package eventloop

import (
	"errors"
	"fmt"
)

// ErrBrokenBarrier (asyncio.BrokenBarrierError) says that a barrier was reset while the
// task waited, or is aborted.
var ErrBrokenBarrier = errors.New("eventloop: the barrier is broken")

// A Barrier (asyncio.Barrier) holds tasks up until a number of them have come, then lets
// them all go on. It serves one such party after another: who comes while the last one is
// leaving waits for the next.
//
// It is for work in phases, where nobody may begin the second while anybody is in the
// first. To wait for tasks to end is what [WithTaskGroup] and [Wait] are for.
//
// Asyncio builds it on a Condition. Nobody awaits anything while holding the lock of that,
// so nobody ever waits for the lock, and the barrier does here without it: Reset and
// Abort, which are awaited there, take no [*Co].
type Barrier struct {
	waiters waiters
	parties int
	state   barrierState
	inside  int // tasks that came and have not left
}

type barrierState uint8

const (
	filling   barrierState = iota
	draining               // all have come, and are leaving
	resetting              // Reset was called, and those inside are leaving
	broken                 // Abort was called
)

// NewBarrier makes a barrier for a number of tasks (asyncio.Barrier(parties)). It panics
// if parties is below one.
func NewBarrier(parties int) *Barrier {
	if parties < 1 {
		panic(fmt.Sprintf("eventloop: parties is %d, want at least 1", parties))
	}
	return &Barrier{parties: parties}
}

// Wait suspends the task until as many have come as the barrier is for (Barrier.wait).
// The index, from 0 to parties-1, is the order of arrival: each task of a party has
// another, so that one of them can be told to do what is to be done once. (But when a task
// is cancelled while it waits, those that come later count on from one less, and two have
// the same: so it is in asyncio.)
//
// The error is [ErrBrokenBarrier] if the barrier is reset in the meantime, or aborted.
// After [ErrCancelled] the task does not count any more: the others wait for another one.
func (b *Barrier) Wait(co *Co) (index int, err error) {
	co.mustRun()
	for b.state == draining || b.state == resetting {
		if err := b.wait(co); err != nil {
			return 0, err
		}
	}
	if b.state == broken {
		return 0, ErrBrokenBarrier
	}
	index = b.inside
	b.inside++
	defer b.leave() // also when the loop gives the task up
	if b.inside == b.parties {
		b.become(draining)
		return index, nil
	}
	for b.state == filling {
		if err := b.wait(co); err != nil {
			return 0, err
		}
	}
	if b.state != draining {
		return 0, ErrBrokenBarrier
	}
	return index, nil
}

// wait suspends the task until something changes. As a condition does, it wakes another
// for nothing if it is cancelled: that one is then the last of those who wait.
func (b *Barrier) wait(co *Co) error {
	_, err := b.waiters.wait(co, kindBarrier)
	if err != nil {
		b.waiters.wake()
	}
	return err
}

// become changes the state and wakes all, to look at it.
func (b *Barrier) become(s barrierState) {
	b.state = s
	for b.waiters.wake() {
	}
}

// leave takes a task out, and lets the next party in if it is the last.
func (b *Barrier) leave() {
	b.inside--
	if b.inside == 0 && b.state != broken {
		b.become(filling)
	}
}

// Reset makes the barrier as it was in the beginning (Barrier.reset), also after Abort.
// Those that wait get [ErrBrokenBarrier].
func (b *Barrier) Reset() {
	if b.inside > 0 {
		b.become(resetting)
	} else {
		b.become(filling)
	}
}

// Abort breaks the barrier (Barrier.abort): those that wait get [ErrBrokenBarrier], and
// so do all that come, until it is reset.
func (b *Barrier) Abort() { b.become(broken) }

// Parties is how many tasks the barrier is for (Barrier.parties).
func (b *Barrier) Parties() int { return b.parties }

// Waiting is how many tasks have come and wait for the rest (Barrier.n_waiting).
func (b *Barrier) Waiting() int {
	if b.state != filling {
		return 0
	}
	return b.inside
}

// Broken reports whether the barrier is aborted (Barrier.broken).
func (b *Barrier) Broken() bool { return b.state == broken }

package scale

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// A Bare is a way to wait without a Job: the floor under every model.
type Bare struct {
	Name string // as it stands in /model=NAME

	// Wait has n wait at once, and takes the time from the first that begins to the
	// last that ends. When ctx ends it ends early, with its cause.
	Wait func(ctx context.Context, n int) (Cost, error)

	Need       func(n int) uint64 // bytes of memory, an estimate
	Goroutines func(n int) int    // alive at a time
}

// Bares returns the ways to wait, in the order of their rows.
func Bares() []Bare {
	return []Bare{
		{
			Name:       "goroutine-cold",
			Wait:       func(ctx context.Context, n int) (Cost, error) { return parked(ctx, n, false) },
			Need:       func(n int) uint64 { return Need(0, n) },
			Goroutines: func(n int) int { return n },
		},
		{
			Name:       "goroutine-warm",
			Wait:       func(ctx context.Context, n int) (Cost, error) { return parked(ctx, n, true) },
			Need:       func(n int) uint64 { return Need(0, n) },
			Goroutines: func(n int) int { return n },
		},
		{
			Name:       "timer",
			Wait:       timers,
			Need:       func(n int) uint64 { return need(float64(n) * timerNeed) },
			Goroutines: func(int) int { return 0 },
		},
		{
			Name:       "eventloop",
			Wait:       tasks,
			Need:       func(n int) uint64 { return need(float64(n) * taskNeed) },
			Goroutines: func(n int) int { return n + ofLoop },
		},
		{
			Name:       "eventloop-stackless",
			Wait:       stackless,
			Need:       func(n int) uint64 { return need(float64(n) * stacklessNeed) },
			Goroutines: func(int) int { return ofLoop },
		},
	}
}

// ofLoop are the goroutines of an event loop itself: its own, and its main task's.
const ofLoop = 2

// parked has n goroutines wait at a gate. Warm, it does so twice, and it is the second
// time that is timed: the stacks are there. As the garbage collector would take stacks that are
// not in use, it is off, cold as well as warm. Bytes are counted from the
// beginning: a warm goroutine is not a small one.
func parked(ctx context.Context, n int, warm bool) (Cost, error) {
	overlap.MustLimit("n", n)
	before := settle()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if warm {
		if _, err := park(ctx, n, before); err != nil {
			return Cost{}, err
		}
	}
	return park(ctx, n, before)
}

func park(ctx context.Context, n int, before reading) (Cost, error) {
	cost := Cost{Jobs: n, InFlight: n}
	g := newGate(n, n)
	began := time.Now()
	var keeper, all sync.WaitGroup
	var measuring time.Duration
	var err error
	keeper.Go(func() {
		err = g.keep(ctx, func() {
			began := time.Now()
			now := read()
			now.goroutines-- // this one
			cost.peak(now, before)
			measuring = time.Since(began)
		})
		close(g.release[0])
		close(g.release[1])
	})
	all.Add(n)
	for range n {
		go func() {
			defer all.Done()
			_ = g.wait(ctx)
		}()
	}
	all.Wait()
	cost.Elapsed = time.Since(began) - measuring
	keeper.Wait()
	return cost, err
}

// timers has n timers wait, each for a function to be called in a goroutine of its own: there is none
// before it fires. None does: they are stopped, as the timeout of a call that came
// back. A million that fire at one moment are a million goroutines, for that moment.
func timers(ctx context.Context, n int) (Cost, error) {
	overlap.MustLimit("n", n)
	cost := Cost{Jobs: n, InFlight: n}
	waiting := make([]*time.Timer, n)
	before := settle()
	began := time.Now()
	for i := range waiting {
		waiting[i] = time.AfterFunc(math.MaxInt64, func() {})
	}
	pause := time.Now()
	cost.peak(read(), before)
	measuring := time.Since(pause)
	for _, t := range waiting {
		t.Stop()
	}
	cost.Elapsed = time.Since(began) - measuring
	return cost, context.Cause(ctx)
}

// tasks has n tasks of an event loop sleep, a coroutine each. Like the timers they are
// called off before they are due.
func tasks(ctx context.Context, n int) (Cost, error) {
	sleep := func(co *eventloop.Co) (struct{}, error) { return struct{}{}, co.Sleep(math.MaxInt64 / 2) }
	return onLoop(ctx, n, func(co *eventloop.Co) *eventloop.Future[struct{}] {
		return &eventloop.CreateTask(co, sleep).Future
	})
}

// stackless has n sleeps of an event loop with a step to follow each, and no coroutine.
func stackless(ctx context.Context, n int) (Cost, error) {
	step := func(_ struct{}, err error) (struct{}, error) { return struct{}{}, err }
	return onLoop(ctx, n, func(co *eventloop.Co) *eventloop.Future[struct{}] {
		return eventloop.Then(eventloop.After(co, math.MaxInt64/2), step)
	})
}

// onLoop has n waits at once on an event loop, and then cancels them.
func onLoop(ctx context.Context, n int, begin func(*eventloop.Co) *eventloop.Future[struct{}]) (Cost, error) {
	overlap.MustLimit("n", n)
	cost := Cost{Jobs: n, InFlight: n}
	waiting := make([]*eventloop.Future[struct{}], n)
	before := settle()
	began := time.Now()
	var measuring time.Duration
	_, err := eventloop.Main(ctx, func(co *eventloop.Co) (struct{}, error) {
		for i := range waiting {
			waiting[i] = begin(co)
		}
		if err := co.Yield(); err != nil { // all take their first step
			return struct{}{}, err
		}
		pause := time.Now()
		cost.peak(read(), before)
		measuring = time.Since(pause)
		for _, w := range waiting {
			w.Cancel()
		}
		for _, w := range waiting {
			if _, err := w.Await(co); !errors.Is(err, eventloop.ErrCancelled) {
				return struct{}{}, fmt.Errorf("a wait that was cancelled ended with %v", err)
			}
		}
		return struct{}{}, nil
	})
	cost.Elapsed = time.Since(began) - measuring
	return cost, err
}

package sharing

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// asyncio.Event is a channel that is closed once: all who wait go on, and so does
// everybody who comes later.
func Example_event() {
	//region event
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { <-ready }) // await event.wait()
	}
	close(ready) // event.set()
	wg.Wait()
	//endregion
	fmt.Println("all have gone on")
	// Output: all have gone on
}

// Whoever calls first does it; the others wait for that, and get what it gave.
func Example_once() {
	//region once
	config := sync.OnceValue(func() string {
		fmt.Println("reading the file")
		return "what was in the file"
	})
	fmt.Println(config())
	fmt.Println(config())
	//endregion
	// Output:
	// reading the file
	// what was in the file
	// what was in the file
}

// asyncio.Condition is a sync.Cond: wait until something is so, and look again each
// time that somebody says that it has changed.
func Example_cond() {
	//region cond
	var mu sync.Mutex // guards pages
	changed := sync.NewCond(&mu)
	pages := 0
	go func() {
		for range 3 {
			mu.Lock()
			pages++
			mu.Unlock()
			changed.Broadcast() // condition.notify_all()
		}
	}()

	mu.Lock()
	for pages < 3 {
		changed.Wait() // gives the lock back while it waits
	}
	fmt.Println(pages, "pages are there")
	mu.Unlock()
	//endregion
	// Output: 3 pages are there
}

// Two readers are in at once: each waits until the other is in, too.
func TestReadersShareAReadLock(t *testing.T) {
	var mu sync.RWMutex
	var wg sync.WaitGroup
	met := make(chan bool)
	read := func(meet func()) {
		mu.RLock()
		defer mu.RUnlock()
		meet()
	}
	wg.Go(func() { read(func() { met <- true }) })
	wg.Go(func() { read(func() { <-met }) })
	wg.Wait()

	mu.RLock()
	require.False(t, mu.TryLock(), "a writer is let in beside a reader")
	mu.RUnlock()
	require.True(t, mu.TryLock())
	require.False(t, mu.TryRLock(), "a reader is let in beside a writer")
}

// A channel of one place is a lock that can be waited for in a select, as
// asyncio.Lock can be waited for under a timeout.
func TestAChannelOfOnePlaceIsALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := make(chan struct{}, 1)
		sum, start := 0, time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				lock <- struct{}{}
				defer func() { <-lock }()
				before := sum
				time.Sleep(time.Second) // an await in the middle
				sum = before + 1
			})
		}
		wg.Wait()
		require.Equal(t, 5, sum)
		require.Equal(t, 5*time.Second, time.Since(start), "one after another")
	})
}

// Whoever waits for a mutex waits until it is free. Whoever waits for a channel can
// stop when ctx ends.
func TestALockOfOnePlaceCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := make(chan struct{}, 1)
		lock <- struct{}{} // somebody holds it, for an hour
		time.AfterFunc(time.Hour, func() { <-lock })

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		select {
		case lock <- struct{}{}:
			t.Error("two hold the lock")
		case <-ctx.Done():
		}
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(2 * time.Hour)
	})
}

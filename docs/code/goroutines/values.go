// Package goroutines shows how a goroutine gives a value back: to a slot of its
// own, through a channel, or to whoever holds a handle, as an asyncio task does.
package goroutines

import "sync"

// Slots calls get for each key at the same time and returns the values in the
// order of keys. It is asyncio.gather.
func Slots[K, V any](keys []K, get func(K) V) []V {
	values := make([]V, len(keys)) // a slot for each key
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() { values[i] = get(key) })
	}
	wg.Wait() // after this line all slots are written
	return values
}

// Completed calls get for each key at the same time and gives each value to use as
// soon as it is there. It is asyncio.as_completed.
func Completed[K, V any](keys []K, get func(K) V, use func(K, V)) {
	type answer struct {
		key   K
		value V
	}
	answers := make(chan answer)
	for _, key := range keys {
		go func() { answers <- answer{key, get(key)} }()
	}
	for range keys { // as many as were started
		a := <-answers
		use(a.key, a.value)
	}
}

// Start begins f and returns a function that waits for its value: create_task and
// await. It may be called more than once, and by more than one goroutine.
func Start[V any](f func() V) (await func() V) {
	var value V
	done := make(chan struct{})
	go func() {
		defer close(done)
		value = f()
	}()
	return func() V {
		<-done
		return value
	}
}

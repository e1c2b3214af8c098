package overlap

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// A Keyed is a key with its result, as it travels through a Stream's channel.
type Keyed[K, R any] struct {
	Key K
	Result[R]
}

// Send does the job for key and sends key and result to out, also when the job
// ends the goroutine with runtime.Goexit.
func (j Job[K, B, R]) Send(ctx context.Context, key K, out chan<- Keyed[K, R]) {
	item := Keyed[K, R]{Key: key, Result: Result[R]{Err: ErrGoexit}}
	defer func() { out <- item }()
	item.Result = j.Do(ctx, key)
}

// Pump is what the Streams of all concurrent models have in common, kept here
// so that each of them shows its own idea only. It pulls keys on a goroutine of
// its own and hands them to work through in, and yields what work sends to out.
//
// work must take keys from in until it is closed, send one Keyed to out for
// each, and return when all are sent. It need not watch ctx: Pump closes in when
// ctx has ended and keys has returned, and goes on reading out until work has
// returned, so neither channel ever blocks it for good.
//
// ahead bounds the keys that are pulled and not yet delivered, so an endless
// input runs in constant memory; zero or less means that there is no bound. A
// place is free again when the consumer's loop body has returned.
//
// Breaking out of the loop cancels ctx for the jobs that run, and waits for them
// and for keys: no more is pulled, but an iterator that blocks, on a channel for
// example, must be ended by whoever made it. A panic in keys is raised again in
// the consumer, once the keys pulled before it are delivered, as an error that
// holds the value and the stack of the goroutine that pulled; a runtime.Goexit in
// keys becomes one in the consumer. Nil keys panic at once.
func Pump[K, R any](ctx context.Context, keys iter.Seq[K], ahead int, work func(ctx context.Context, in <-chan K, out chan<- Keyed[K, R])) iter.Seq2[K, Result[R]] {
	MustKeys(keys)
	return func(yield func(K, Result[R]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		in, out := make(chan K), make(chan Keyed[K, R])
		places := make(chan struct{}, max(0, ahead))
		var source source
		var wg sync.WaitGroup

		mayPull := func() bool {
			if ahead > 0 {
				select {
				case places <- struct{}{}:
				case <-ctx.Done():
				}
			}
			return ctx.Err() == nil // asked last: a select picks any ready case
		}
		wg.Go(func() {
			defer close(in)
			source.run(func() {
				if !mayPull() {
					return
				}
				for key := range keys {
					in <- key
					if !mayPull() {
						return
					}
				}
			})
		})
		wg.Go(func() {
			defer close(out)
			work(ctx, in, out)
		})

		defer func() {
			cancel()
			for range out { // broken out of: let every job that runs end
			}
			wg.Wait()
			source.rethrow()
		}()
		for item := range out {
			if !yield(item.Key, item.Result) {
				return
			}
			if ahead > 0 {
				<-places
			}
		}
	}
}

// MustKeys panics, naming the argument, if keys is nil. Every Stream calls it
// before anything begins.
func MustKeys[K any](keys iter.Seq[K]) {
	if keys == nil {
		panic("overlap: keys is nil")
	}
}

// source remembers how the caller's iterator ended, to tell it to the consumer.
type source struct {
	ended bool
	fault *PanicError
}

func (s *source) run(pull func()) {
	defer func() {
		if v := recover(); v != nil {
			s.ended = true
			s.fault = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	pull()
	s.ended = true
}

func (s *source) rethrow() {
	switch {
	case s.fault != nil:
		panic(keysPanic{s.fault})
	case !s.ended:
		runtime.Goexit()
	}
}

// keysPanic prints the stack of the goroutine that pulled keys too: a crash
// prints the consumer's alone.
type keysPanic struct{ *PanicError }

func (p keysPanic) Error() string {
	return fmt.Sprintf("keys panicked: %v\n\n%s", p.Value, p.Stack)
}

func (p keysPanic) Unwrap() error { return p.PanicError }

package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// clause7: one result per key pulled, as it completes; keys are pulled no
// further than the window; what happens when ctx ends or keys panics.
func (s *suite) clause7(t *testing.T) {
	if !s.survives(t, "a panic in keys") {
		return
	}
	s.check(t, "each result comes as its job completes", func(b *bubble, m model) {
		l := newLoad(b, 5*m.some())
		waits, works := lengths(1, l.n), lengths(2, l.n)
		l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
		l.process = func(ctx context.Context, i int) error { return rest(ctx, works[i]) }
		out := m.run(context.Background(), l)
		out.check(succeeded)
		out.onTime()
	})
	s.check(t, "results do not wait for the next key", func(b *bubble, m model) {
		l := newLoad(b, m.some())
		l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
		out := m.loop(context.Background(), l, l.input(func(int) bool { time.Sleep(time.Hour); return true }), nil)
		out.check(succeeded)
		out.onTime()
	})
	s.windows(t)
	s.check(t, "a break ends the pulling", func(b *bubble, m model) {
		for _, at := range []int{1, 2, 2 * m.limit} {
			l := newLoad(b, 20*m.some())
			l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
			seen, pulled := 0, 0
			m.loop(context.Background(), l, l.input(nil), func(int) bool {
				if seen++; seen < at {
					return true
				}
				synctest.Wait()
				pulled = l.pulledSoFar()
				return false
			})
			if got := l.pulledSoFar(); got != pulled {
				b.failf("the consumer broke out when %d keys had been pulled, and %d more were pulled", pulled, got-pulled)
			}
		}
	})
	s.check(t, "ctx has ended before: nothing is pulled", func(b *bubble, m model) {
		for range tries {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errCause)
			l := newLoad(b, m.some())
			m.run(ctx, l)
			if pulled := l.pulledSoFar(); pulled > 0 || l.delivered > 0 {
				b.failf("ctx had ended before, and %d keys were pulled and %d delivered", pulled, l.delivered)
			}
		}
	})
	for _, slow := range []bool{false, true} {
		name := "ctx ends: no key is pulled, no pulled key is lost"
		if slow {
			name += ", and the consumer is slow"
		}
		s.check(t, name, func(b *bubble, m model) { endsPulling(b, m, slow) })
	}
	s.check(t, "ctx ends while keys blocks and heeds it", func(b *bubble, m model) {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		l := newLoad(b, m.some())
		at(time.Minute, func() { cancel(errCause) })
		out := m.loop(ctx, l, l.input(func(i int) bool {
			if i < 2 {
				return true
			}
			<-ctx.Done()
			return false
		}), nil)
		if out.took != time.Minute {
			b.failf("keys returned when ctx ended, after %v, and the loop ended after %v", time.Minute, out.took)
		}
	})
	s.check(t, "ctx ends while keys blocks, and then it gives a key", func(b *bubble, m model) {
		for range tries {
			ctx, cancel := context.WithCancelCause(context.Background())
			l := newLoad(b, m.some())
			at(time.Minute, func() { cancel(errCause) })
			m.loop(ctx, l, l.input(func(i int) bool {
				if i == 2 {
					time.Sleep(time.Hour)
				}
				return true
			}), nil) // loop fails if a pulled key is lost
			if pulled := l.pulledSoFar(); pulled > 3 {
				b.failf("ctx ended while the third key was waited for, and %d keys were pulled", pulled)
			}
			cancel(nil)
		}
	})
	for _, after := range []int{0, 1, 5} {
		s.check(t, fmt.Sprintf("a panic of keys after %d keys comes out of the loop", after), func(b *bubble, m model) {
			for _, value := range []any{errKeys, errKeys.Error()} {
				keysPanic(b, m, after, value)
			}
		})
	}
	for _, asked := range []bool{true, false} {
		what := "keys blocks, and then panics"
		if asked {
			what = "keys is told to stop, and then panics"
		}
		s.check(t, "after a break "+what, func(b *bubble, m model) { keysPanicLate(b, m, asked, true) })
		s.check(t, "after ctx has ended "+what, func(b *bubble, m model) { keysPanicLate(b, m, asked, false) })
	}
}

var errKeys = errors.New("this panic of keys is the suite's own: a Streamer has to raise it again in the consumer")

// windows: keys pulled minus results delivered stays within the window, whoever
// is slow.
func (s *suite) windows(t *testing.T) {
	if s.promise.Ahead == nil {
		t.Run("the window", func(t *testing.T) { t.Skip("the model promises no window") })
		return
	}
	// The key that is being handed over is neither here nor there, so within one
	// moment there may be one more. Once all is quiet there may not.
	const inHand = 1
	slow := func(name string, fetch, process, body time.Duration, spoil func(b *bubble, m model, l *load)) {
		s.check(t, "the window holds: "+name, func(b *bubble, m model) {
			window := m.Ahead(m.limit)
			results := 200 // then the consumer breaks out; the input is far from its end
			if fetch+process+body == 0 {
				results = m.most(5 * many)
			}
			l := newLoad(b, 2*results+10*window)
			wait := func(d time.Duration) func(context.Context, int) error {
				return func(ctx context.Context, _ int) error { return rest(ctx, d) }
			}
			l.fetch, l.process = wait(fetch), wait(process)
			if spoil != nil {
				spoil(b, m, l)
			}
			look := func(when string) {
				if ahead := l.ahead(); ahead > window {
					b.failf("%s, %d keys were pulled and not delivered; the window is %d", when, ahead, window)
				}
			}
			if fetch+process > 0 {
				at(time.Microsecond, func() { look("before the first result") })
				at(fetch+time.Microsecond, func() { look("when the first were fetched") })
			}
			seen := 0
			m.loop(context.Background(), l, l.input(func(i int) bool {
				if ahead := l.ahead(); ahead > window+inHand {
					b.failf("%d keys were pulled and not delivered; the window is %d", ahead, window)
					return false // there may be no end of it
				}
				return true
			}), func(int) bool {
				seen++
				if body > 0 || seen%50 == 0 {
					time.Sleep(body)
					synctest.Wait()
					look(fmt.Sprintf("in the loop's body, at result number %d", seen))
				}
				return seen < results
			})
		})
	}
	slow("the consumer is slow", 0, 0, time.Hour, nil)
	slow("Fetch is slow", time.Hour, 0, 0, nil)
	slow("Process is slow", 0, time.Hour, 0, nil)
	slow("all are slow", 3*time.Second, 5*time.Second, 7*time.Second, nil)
	slow("nobody is slow", 0, 0, 0, nil)
	slow("all jobs fail", time.Second, 0, 2*time.Second, func(_ *bubble, _ model, l *load) {
		l.process = func(_ context.Context, i int) error { return &failure{i, "Process"} }
	})
	slow("jobs go wrong", 0, 0, 2*time.Second, func(b *bubble, m model, l *load) {
		wrong, _ := mixed(b, m, l.n, !s.fragile)
		l.fetch, l.process = wrong.fetch, wrong.process
	})
}

// endsPulling ends ctx at a moment when all is quiet.
func endsPulling(b *bubble, m model, slow bool) {
	moments := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}
	if slow {
		moments = append(moments, 15*time.Second, 35*time.Second) // a job has begun with each result
	}
	for _, moment := range moments {
		ctx, cancel := context.WithCancelCause(context.Background())
		l := newLoad(b, 20*m.some())
		l.fetch = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		pulled := 0
		at(moment+time.Millisecond, func() {
			pulled = l.pulledSoFar()
			l.seal("ctx had ended")
			cancel(errCause)
		})
		out := m.loop(ctx, l, l.input(nil), func(int) bool {
			if slow {
				time.Sleep(10 * time.Second)
			}
			return true
		}) // loop fails if a pulled key is lost
		if got := l.pulledSoFar(); ctx.Err() != nil && got != pulled {
			b.failf("ctx ended when %d keys had been pulled, and %d more were pulled", pulled, got-pulled)
		}
		out.checkEnded(nil)
		cancel(nil)
	}
}

func keysPanic(b *bubble, m model, after int, value any) {
	l := newLoad(b, m.some())
	l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
	before := b.goroutines()
	fault, _ := protect(func() {
		m.loop(newEndless(), l, l.input(func(i int) bool {
			if i == after {
				panic(value)
			}
			return true
		}), nil)
	})
	switch {
	case fault == nil:
		b.failf("keys panicked after %d keys, and the loop ended as if it had not", after)
	case !tells(fault.value, value):
		b.failf("keys panicked with %q, and the panic that came out of the loop does not tell it: %v", value, fault.value)
	}
	if l.delivered != after {
		b.failf("keys panicked after %d keys, and %d of them were delivered", after, l.delivered)
	}
	b.leaks(before, "after a panic in keys")
}

// keysPanicLate lets keys panic once it is over with the loop: after a break, or
// else after ctx has ended. It does so when it is told to stop if asked, or else
// at the second key.
func keysPanicLate(b *bubble, m model, asked, isBreak bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, 20*m.some())
	l.fetch = func(context.Context, int) error { time.Sleep(time.Second); return nil }
	var raised atomic.Bool
	raise := func() { raised.Store(true); panic(errKeys) }
	keys := func(yield func(int) bool) {
		l.input(func(i int) bool {
			if !asked && i == 1 {
				time.Sleep(time.Hour)
				raise()
			}
			return true
		})(yield)
		raise()
	}
	if !isBreak {
		at(1500*time.Millisecond, func() { cancel(errCause) })
	}
	before := b.goroutines()
	fault, _ := protect(func() {
		m.loop(ctx, l, keys, func(int) bool { return !isBreak })
	})
	when := "after ctx had ended"
	if isBreak {
		when = "after the consumer had broken out of the loop"
	}
	switch {
	case fault == nil && raised.Load():
		b.failf("keys panicked %s, and the loop ended as if it had not", when)
	case fault != nil && !tells(fault.value, errKeys):
		b.failf("keys panicked %s, and the panic that came out of the loop does not tell it: %v\n%s", when, fault.value, fault.stack)
	}
	if lost := l.ahead(); lost > 0 && !isBreak {
		b.failf("keys panicked %s, and %d keys that had been pulled were not delivered", when, lost)
	}
	b.leaks(before, "keys panicked "+when+", and when the loop had ended")
}

// tells says whether a panic is the one with value, or one that holds it, or
// holds at least its text.
func tells(panicked, value any) bool {
	if panicked == value {
		return true
	}
	if err, ok := panicked.(error); ok {
		if want, ok := value.(error); ok && errors.Is(err, want) {
			return true
		}
	}
	return strings.Contains(fmt.Sprint(panicked), fmt.Sprint(value))
}

// onTime fails if a result was delivered later than its job ended.
func (out outcome) onTime() {
	out.mu.Lock()
	defer out.mu.Unlock()
	for i := range out.n {
		if out.given[i] && out.at[i] != out.ended[i] {
			out.b.failf("the job of key %d ended after %v, and its result was delivered after %v, to a consumer that was waiting", keyOf(i), out.ended[i], out.at[i])
		}
	}
}

package conform

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// tries is how often a check is repeated whose bug shows only when a select
// happens to choose the wrong one of two ready cases.
const tries = 25

// errCause is why the suite ends a ctx. A model that gives ctx.Err() in its
// place gives context.Canceled.
var errCause = errors.New("the cause that ctx was cancelled with")

// clause4: when ctx ends, no Fetch and no Process begins any more; what did not
// begin gets the cause; functions that run are waited for.
func (s *suite) clause4(t *testing.T) {
	s.check(t, "ctx has ended before", endedBefore)
	for _, half := range halves() {
		s.check(t, "ctx ends while jobs are in "+half, func(b *bubble, m model) {
			for try := range tries {
				// Moments in the first round of jobs and in later ones. Every
				// sleep is of whole milliseconds, so nothing else happens then.
				when := time.Duration(try%9)*7*time.Millisecond + 3*time.Millisecond + time.Microsecond
				endsMeanwhile(b, m, half, when)
			}
		})
		s.check(t, "a job ends ctx itself, in "+half, func(b *bubble, m model) {
			for try := range tries {
				endsInside(b, m, half, m.some(), try%m.some())
			}
		})
		s.check(t, half+" heeds ctx: Run returns at once", func(b *bubble, m model) { heeds(b, m, half) })
		s.check(t, half+" ignores ctx: Run waits for it", func(b *bubble, m model) { ignores(b, m, half) })
	}
	for _, half := range halves() {
		s.crowdAt(t, "the last of many jobs, in "+half, s.largestLimit(), func(b *bubble, m model) {
			n := m.most(5_000)
			endsInside(b, m, half, n, n-n/5)
		})
	}
	s.check(t, "a fetched job waits for its processor", waitsForProcessor)
	s.check(t, "a deadline with a cause", func(b *bubble, m model) {
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Minute, errCause)
		defer cancel()
		l := newLoad(b, m.some())
		l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Hour) }
		out := m.run(ctx, l)
		if out.took != time.Minute {
			b.failf("ctx's deadline is after %v, every Fetch heeds it, and the end came after %v", time.Minute, out.took)
		}
		out.checkEnded(nil)
	})
	s.check(t, "jobs see the values of the caller's ctx", func(b *bubble, m model) {
		type name struct{}
		sees(b, m, context.WithValue(context.Background(), name{}, "value"), func(half string, ctx context.Context) {
			if ctx.Value(name{}) != "value" {
				b.failf("%s is called with a ctx that has not the values of the caller's", half)
			}
		})
	})
	s.check(t, "jobs see the deadline of the caller's ctx", func(b *bubble, m model) {
		limited, cancel := context.WithTimeout(context.Background(), 48*time.Hour)
		defer cancel()
		for _, ctx := range []context.Context{context.Background(), limited} {
			want, _ := ctx.Deadline()
			sees(b, m, ctx, func(half string, ctx context.Context) {
				if got, _ := ctx.Deadline(); !got.Equal(want) {
					b.failf("%s is called with a ctx that has the deadline %v, that of the caller's is %v (0001 is none)", half, got, want)
				}
			})
		}
	})
	if s.streams {
		s.check(t, "a key that comes after ctx has ended is not begun", func(b *bubble, m model) {
			for range tries {
				lateKey(b, m)
			}
		})
		s.check(t, "ctx ends while the consumer is slow", func(b *bubble, m model) { endsPulling(b, m, true) })
		s.check(t, "nothing begins after a break", func(b *bubble, m model) {
			l := newLoad(b, 10*m.some())
			l.fetch = func(context.Context, int) error { time.Sleep(time.Second); return nil }
			l.process = l.fetch
			m.loop(context.Background(), l, l.input(nil), func(int) bool {
				time.Sleep(time.Millisecond) // all that can go on has gone on
				l.seal("the consumer had broken out of the loop")
				return false
			})
		})
	}
}

// sees runs two jobs whose halves look at the ctx that they are given.
func sees(b *bubble, m model, ctx context.Context, look func(half string, ctx context.Context)) {
	see := func(half string) func(ctx context.Context, _ int) error {
		return func(ctx context.Context, _ int) error { look(half, ctx); return nil }
	}
	l := newLoad(b, 2)
	l.fetch, l.process = see("Fetch"), see("Process")
	m.run(ctx, l).check(succeeded)
}

func endedBefore(b *bubble, m model) {
	cancelled := func() (context.Context, error) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx, context.Canceled
	}
	caused := func() (context.Context, error) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errCause)
		return ctx, errCause
	}
	timedOut := func() (context.Context, error) {
		ctx, cancel := context.WithTimeoutCause(context.Background(), 0, errCause)
		cancel()
		return ctx, errCause
	}
	for range tries {
		for _, end := range []func() (context.Context, error){cancelled, caused, timedOut} {
			ctx, cause := end()
			l := newLoad(b, m.some())
			l.seal("ctx had ended before it was given to the model")
			out := m.run(ctx, l)
			if out.took != 0 {
				b.failf("ctx had ended before, and it took %v", out.took)
			}
			for i, r := range out.results {
				if out.given[i] && !errors.Is(r.Err, cause) {
					b.failf("ctx had ended before, and the error of key %d is %v, want context.Cause(ctx): %q", keyOf(i), r.Err, cause)
				}
			}
		}
	}
}

// endsMeanwhile ends ctx at a moment when all goroutines of the model are
// blocked, in functions that ignore ctx.
func endsMeanwhile(b *bubble, m model, half string, when time.Duration) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, m.some())
	// Half of the jobs last longer, so that at every moment some run.
	l.set(half, func(_ context.Context, i int) error {
		time.Sleep(time.Duration(10+10*(i%2)) * time.Millisecond)
		return nil
	})
	other := func(context.Context, int) error { time.Sleep(time.Millisecond); return nil }
	if half == "Fetch" {
		l.process = other
	} else {
		l.fetch = other
	}
	at(when, func() {
		l.seal(fmt.Sprintf("ctx had ended, after %v", when))
		cancel(errCause)
	})
	out := m.run(ctx, l)
	if ctx.Err() == nil {
		return // the model was done earlier
	}
	if want := max(when, out.last); out.took != want {
		b.failf("ctx ended after %v, the last function that ran after %v, and the end came after %v", when, out.last, out.took)
	}
	out.checkEnded(nil)
}

// endsInside lets the j-th of n jobs end ctx and then return, all others being
// blocked: whoever is free next finds ctx ended and work to do.
func endsInside(b *bubble, m model, half string, n, j int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, n)
	waits, works := lengths(1, l.n), lengths(2, l.n)
	end := func(mine string, lengths []time.Duration) func(context.Context, int) error {
		return func(_ context.Context, i int) error {
			time.Sleep(lengths[i])
			if i == j && half == mine {
				l.seal(fmt.Sprintf("the job of key %d had ended ctx", keyOf(j)))
				cancel(errCause)
			}
			return nil
		}
	}
	l.fetch, l.process = end("Fetch", waits), end("Process", works)
	m.run(ctx, l).checkEnded(nil)
}

func heeds(b *bubble, m model, half string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, m.some())
	own := errors.New("the function's own error when ctx ended")
	l.set(half, func(ctx context.Context, i int) error {
		if err := rest(ctx, time.Hour); err == nil {
			b.failf("ctx has ended, and the ctx that %s of key %d was given has not", half, keyOf(i))
		} else if !errors.Is(err, errCause) {
			b.failf("the cause of the ctx that %s was given is %q, not that of the caller's", half, err)
		}
		return own
	})
	// Wherever the other half still runs by then, it ends in the same way.
	other := &l.fetch
	if half == "Fetch" {
		other = &l.process
	}
	*other = func(ctx context.Context, _ int) error {
		if rest(ctx, time.Second) != nil {
			return own
		}
		return nil
	}
	const when = 10*time.Second + time.Microsecond
	at(when, func() {
		l.seal("ctx had ended")
		cancel(errCause)
	})
	out := m.run(ctx, l)
	if out.took != when {
		b.failf("ctx ended after %v, every function heeds it, and the end came after %v", when, out.took)
	}
	out.checkEnded(own)
}

// ignores: one function ignores ctx for an hour. It is waited for, and what it
// returns counts.
func ignores(b *bubble, m model, half string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, m.some())
	var begun atomic.Bool
	l.set(half, func(ctx context.Context, _ int) error {
		if !begun.Swap(true) { // the first
			time.Sleep(time.Hour)
			return nil
		}
		return rest(ctx, 2*time.Hour)
	})
	at(time.Minute, func() { l.seal("ctx had ended"); cancel(errCause) })
	out := m.run(ctx, l)
	if out.last < time.Hour {
		b.failf("a %s that ignores ctx for %v was still running when the model returned, after %v", half, time.Hour, out.took)
	} else if out.took != out.last {
		b.failf("the last function ended after %v, and the end came after %v", out.last, out.took)
	}
	out.checkEnded(errCause)
}

// waitsForProcessor ends ctx while as many bodies as the model holds are
// fetched and none of them can be processed yet.
func waitsForProcessor(b *bubble, m model) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, 10*m.some())
	l.fetch = func(context.Context, int) error { time.Sleep(time.Millisecond); return nil }
	l.process = func(context.Context, int) error { time.Sleep(time.Hour); return nil }
	at(10*time.Minute, func() { l.seal("ctx had ended"); cancel(errCause) })
	out := m.run(ctx, l)
	if out.took != out.last {
		b.failf("the last function ended after %v, and the end came after %v", out.last, out.took)
	}
	out.checkEnded(nil)
}

// lateKey ends ctx while the iterator of keys sleeps; then it gives a key.
func lateKey(b *bubble, m model) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, 3)
	at(time.Minute, func() { l.seal("ctx had ended"); cancel(errCause) })
	m.loop(ctx, l, l.input(func(i int) bool {
		if i == 1 {
			time.Sleep(time.Hour)
		}
		return true
	}), nil).checkEnded(nil)
}

// checkEnded holds each result to what had become of its job when ctx ended.
// own is what functions returned that ended with an error.
func (out outcome) checkEnded(own error) {
	out.mu.Lock()
	defer out.mu.Unlock()
	if own == nil {
		own = errCause
	}
	for i, r := range out.results {
		text := ""
		switch {
		case !out.given[i]:
			continue // a Stream did not pull it, or loop has failed
		case out.processed[i]:
			if text = succeeded(i, r); text != "" {
				text = "its Process was waited for, and " + text
			}
		case out.processes[i] > 0, out.fetches[i] > 0 && !out.fetched[i]:
			if text = failedWith(own, r); text != "" {
				text = "its function ended by itself, and " + text
			}
		case !errors.Is(r.Err, errCause):
			begun := "did not begin"
			if out.fetched[i] {
				begun = "was fetched and not processed"
			}
			text = fmt.Sprintf("it %s, and its error is %v, want context.Cause(ctx): %q", begun, r.Err, errCause)
		}
		if text != "" {
			out.b.failf("ctx has ended: the result of key %d is wrong: %s", keyOf(i), text)
		}
	}
}

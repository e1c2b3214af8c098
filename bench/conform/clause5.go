package conform

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"time"
)

// An endless ctx never ends, and context cannot see into it: whoever derives a
// ctx from it and forgets to cancel that one leaves a goroutine behind.
type endless struct{ done chan struct{} }

func newEndless() endless { return endless{make(chan struct{})} }

func (endless) Deadline() (deadline time.Time, ok bool) { return }
func (e endless) Done() <-chan struct{}                 { return e.done }
func (endless) Err() error                              { return nil }
func (endless) Value(any) any                           { return nil }

// clause5: when Run or the Stream loop has returned, nothing that it started is
// still running.
func (s *suite) clause5(t *testing.T) {
	s.check(t, "after the normal end", func(b *bubble, m model) {
		before := b.goroutines()
		for _, n := range []int{0, 1, m.some()} {
			l := newLoad(b, n)
			l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
			l.process = l.fetch
			m.run(newEndless(), l)
			b.leaks(before, "after the normal end")
		}
	})
	s.check(t, "after jobs that went wrong", func(b *bubble, m model) {
		l, _ := mixed(b, m, m.some(), !s.fragile)
		before := b.goroutines()
		m.run(newEndless(), l)
		b.leaks(before, "after jobs that went wrong")
	})
	s.check(t, "after ctx has ended", func(b *bubble, m model) {
		for _, when := range []time.Duration{0, time.Microsecond, 1500*time.Millisecond + time.Microsecond} {
			ctx, cancel := context.WithCancelCause(context.Background())
			l := newLoad(b, m.some())
			l.fetch = func(ctx context.Context, i int) error {
				if i%2 == 0 {
					time.Sleep(time.Second)
					return nil
				}
				return rest(ctx, time.Second)
			}
			l.process = l.fetch
			before := b.goroutines()
			if when == 0 {
				cancel(errCause)
			} else {
				at(when, func() { cancel(errCause) })
			}
			m.run(ctx, l)
			b.leaks(before, "after ctx has ended")
			cancel(nil)
		}
	})
	if s.streams {
		s.streamEnds(t)
	}
}

func (s *suite) streamEnds(t *testing.T) {
	// Each way to leave a loop is tried at the first result and at a later one,
	// with jobs that run on and with jobs that heed ctx, while ctx lives and when
	// it has just ended.
	leave := func(name string, how func()) {
		s.check(t, name, func(b *bubble, m model) {
			before := b.goroutines()
			for try := range 4 {
				heed, ended := try%2 == 0, try >= 2
				for _, at := range []int{1, 2, m.limit + 3} {
					l := newLoad(b, m.some())
					waits := lengths(3, l.n)
					l.fetch = func(ctx context.Context, i int) error {
						if heed {
							return rest(ctx, waits[i])
						}
						time.Sleep(waits[i])
						return nil
					}
					var ctx context.Context = newEndless()
					end := func(error) {}
					if ended {
						ctx, end = context.WithCancelCause(context.Background())
					}
					left := false
					fault, returned := protect(func() {
						seen := 0
						m.loop(ctx, l, l.input(nil), func(int) bool {
							if seen++; seen == at {
								left = true
								end(errCause)
								if how != nil {
									how()
								}
								return false
							}
							return true
						})
					})
					if how != nil && fault == nil && returned {
						b.failf("%s: it did not come out of the loop", name)
					} else if fault != nil && fault.value != any(errCause) {
						b.failf("%s: another panic came out of the loop: %v\n%s", name, fault.value, fault.stack)
					}
					if !left {
						b.failf("the loop ended before result number %d", at)
					}
					if n := l.stillRunning(); n > 0 {
						b.failf("%s: the loop ended while %d functions were running", name, n)
					}
					if b.leaks(before, name); b.failed() {
						return
					}
				}
			}
		})
	}
	leave("after a break", nil)
	leave("after a panic in the loop's body", func() { panic(errCause) })
	leave("after a Goexit in the loop's body", runtime.Goexit)
	// breaks breaks out at the first result, while ctx lives and when it has just
	// ended.
	breaks := func(m model, check func(run func(l *load, keys iter.Seq[int]) outcome)) {
		for _, ended := range []bool{false, true} {
			check(func(l *load, keys iter.Seq[int]) outcome {
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				return m.loop(ctx, l, keys, func(int) bool {
					if ended {
						cancel(errCause)
					}
					return false
				})
			})
		}
	}
	s.check(t, "a break waits for functions that ignore ctx", func(b *bubble, m model) {
		breaks(m, func(run func(*load, iter.Seq[int]) outcome) {
			l := newLoad(b, 3*m.some())
			l.fetch = func(_ context.Context, i int) error {
				time.Sleep(time.Second)
				if i > 0 {
					time.Sleep(time.Hour)
				}
				return nil
			}
			if out := run(l, l.input(nil)); out.took != out.last {
				b.failf("the last function ended after %v, and the loop after %v", out.last, out.took)
			}
		})
	})
	s.check(t, "a break ends the ctx of functions that heed it", func(b *bubble, m model) {
		l := newLoad(b, 3*m.some())
		l.fetch = func(ctx context.Context, i int) error {
			if i > 0 {
				return rest(ctx, time.Hour)
			}
			return rest(ctx, time.Second)
		}
		out := m.loop(context.Background(), l, l.input(nil), func(int) bool { return false })
		if out.took != time.Second {
			b.failf("the consumer broke out after %v, every function heeds ctx, and the loop ended after %v", time.Second, out.took)
		}
	})
	s.check(t, "a break waits for keys", func(b *bubble, m model) {
		breaks(m, func(run func(*load, iter.Seq[int]) outcome) {
			l := newLoad(b, 3*m.some())
			run(l, l.input(func(i int) bool {
				if i > 0 {
					time.Sleep(time.Hour)
				}
				return true
			})) // loop fails if keys still ran
		})
	})
	s.check(t, "a Stream that nobody loops over", func(b *bubble, m model) {
		l := newLoad(b, m.some())
		before := b.goroutines()
		m.stream(newEndless(), l.job(), l.input(nil))
		b.leaks(before, "a Stream that nobody loops over")
		if l.pulledSoFar() > 0 || l.begun() > 0 {
			b.failf("nobody looped over the Stream, and it pulled %d keys and began %d jobs", l.pulledSoFar(), l.begun())
		}
	})
}

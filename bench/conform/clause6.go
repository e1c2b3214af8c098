package conform

import (
	"context"
	"testing"
	"time"
)

// clause6: never more jobs in flight than the limit. Counted at the job.
func (s *suite) clause6(t *testing.T) {
	if p := s.promise; p.InFlight == nil && p.Fetching == nil && p.Processing == nil {
		t.Skip("the model promises no limit")
	}
	s.check(t, "few jobs and many", func(b *bubble, m model) {
		for _, n := range []int{1, m.limit, m.limit + 1, 2*m.limit + 3, 70, m.most(300)} {
			for _, wait := range []time.Duration{0, time.Second} {
				for _, work := range []time.Duration{0, 3 * time.Second} {
					l := newLoad(b, n)
					l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, wait) }
					l.process = func(ctx context.Context, _ int) error { return rest(ctx, work) }
					m.run(context.Background(), l)
					m.withinLimits(l)
				}
			}
		}
	})
	s.check(t, "jobs of unequal length", func(b *bubble, m model) {
		l := newLoad(b, 10*m.some())
		waits, works := lengths(1, l.n), lengths(2, l.n)
		l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
		l.process = func(ctx context.Context, i int) error { return rest(ctx, works[i]) }
		m.run(context.Background(), l)
		m.withinLimits(l)
	})
	s.check(t, "very many jobs", func(b *bubble, m model) {
		l := newLoad(b, m.most(5_000))
		l.process = func(ctx context.Context, i int) error { return rest(ctx, time.Duration(1+i%7)*time.Millisecond) }
		m.run(context.Background(), l)
		m.withinLimits(l)
	})
	s.check(t, "jobs that go wrong", func(b *bubble, m model) {
		l, _ := mixed(b, m, 10*m.some(), !s.fragile)
		m.run(context.Background(), l)
		m.withinLimits(l)
	})
	for _, half := range halves() {
		s.check(t, "every job fails in "+half, func(b *bubble, m model) {
			l := newLoad(b, 10*m.some())
			waits := lengths(1, l.n)
			l.set(half, func(ctx context.Context, i int) error {
				time.Sleep(waits[i])
				return &failure{i, half}
			})
			m.run(context.Background(), l)
			m.withinLimits(l)
		})
	}
	s.check(t, "ctx ends", func(b *bubble, m model) {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		l := newLoad(b, 10*m.some())
		l.process = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		at(2500*time.Millisecond, func() { cancel(errCause) })
		m.run(ctx, l)
		m.withinLimits(l)
	})
	if s.streams {
		s.check(t, "the consumer is slow", func(b *bubble, m model) {
			l := newLoad(b, m.some())
			l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
			m.loop(context.Background(), l, l.input(nil), func(int) bool { time.Sleep(time.Minute); return true })
			m.withinLimits(l)
		})
	}
}

// withinLimits fails if more was in flight at any moment than is promised.
func (m model) withinLimits(l *load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []struct {
		what string
		peak int
		most int
	}{
		{"jobs were in flight", l.peak.inFlight, bound(m.InFlight, m.limit)},
		{"Fetches ran", l.peak.fetching, bound(m.Fetching, m.limit)},
		{"Processes ran", l.peak.processing, bound(m.Processing, m.limit)},
	} {
		if c.most > 0 && c.peak > c.most {
			l.b.failf("%d %s at once, of %d jobs; the limit allows %d", c.peak, c.what, l.n, c.most)
		}
	}
}

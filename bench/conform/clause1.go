package conform

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

// clause1: one result per key, in input order, whatever the order of
// completion. No keys, one key and 100,000 keys work.
func (s *suite) clause1(t *testing.T) {
	s.check(t, "no keys", func(b *bubble, m model) {
		l := newLoad(b, 0)
		if out := m.run(context.Background(), l); out.took != 0 {
			b.failf("without keys it took %v of virtual time", out.took)
		}
		if m.runner != nil {
			if results := m.runner(context.Background(), l.job(), nil); len(results) != 0 {
				b.failf("%d results came back for keys that are nil", len(results))
			}
		}
	})
	s.check(t, "one key", func(b *bubble, m model) {
		m.run(context.Background(), newLoad(b, 1)).check(succeeded)
	})
	s.check(t, "jobs complete in another order", func(b *bubble, m model) {
		for _, n := range []int{2, 3, 10, 63, 64, 65, 66, 128, 129, 500, 2000} {
			l := newLoad(b, n)
			waits, works := lengths(1, n), lengths(2, n)
			l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
			l.process = func(ctx context.Context, i int) error { return rest(ctx, works[i]) }
			m.run(context.Background(), l).check(succeeded)
		}
	})
	s.checkAt(t, "100,000 keys", s.largestLimit(), func(b *bubble, m model) {
		n := 100_000
		if raceEnabled && m.InFlight == nil {
			n = 5_000 // the race detector allows some 8,000 goroutines at once
		}
		l := newLoad(b, n)
		l.process = func(ctx context.Context, i int) error {
			if i%97 == 0 {
				return rest(ctx, time.Duration(1+i%7)*time.Millisecond)
			}
			return nil
		}
		m.run(context.Background(), l).check(succeeded)
	})
	s.check(t, "equal keys are jobs of their own", s.equalKeys)
	s.check(t, "two runs at once do not meet", func(b *bubble, m model) {
		var runs sync.WaitGroup
		for kind := range uint64(2) {
			l := newLoad(b, m.some()+int(kind))
			waits := lengths(kind, l.n)
			l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
			runs.Go(func() { m.run(context.Background(), l).check(succeeded) })
		}
		runs.Wait()
	})
	if !s.streams {
		s.check(t, "the caller's keys are left as they are", func(b *bubble, m model) {
			l := newLoad(b, m.some())
			keys := l.keys()
			m.runner(context.Background(), l.job(), keys)
			if !slices.Equal(keys, l.keys()) {
				b.failf("the slice of keys that the caller gave has been changed")
			}
		})
	}
}

func (s *suite) equalKeys(b *bubble, m model) {
	keys := []int{7, 7, 0, 7, 3, 0, 7, 3, 7, 7, 7, 0}
	began := map[int]int{}
	l := newLoad(b, 0) // for its lock and clock
	job := Job{
		Fetch: func(ctx context.Context, key int) (string, error) {
			l.mu.Lock()
			began[key]++
			l.mu.Unlock()
			return bodyOf(indexOf(key)), rest(ctx, time.Second)
		},
		Process: func(_ context.Context, body string) (string, error) { return "value of " + body, nil },
	}
	given := map[int]int{}
	if m.stream != nil {
		for key, r := range m.stream(context.Background(), job, slices.Values(keys)) {
			given[key]++
			if text := succeeded(indexOf(key), r); text != "" {
				b.failf("a result of the key %d, which is there more than once, is wrong: %s", key, text)
			}
		}
	} else {
		results := m.runner(context.Background(), job, keys)
		if len(results) != len(keys) {
			b.failf("%d results came back for %d keys, some of them equal", len(results), len(keys))
			return
		}
		for i, r := range results {
			given[keys[i]]++
			if text := succeeded(indexOf(keys[i]), r); text != "" {
				b.failf("result number %d, of the key %d, which is there more than once, is wrong: %s", i+1, keys[i], text)
			}
		}
	}
	for _, key := range []int{7, 0, 3} {
		want := 0
		for _, k := range keys {
			if k == key {
				want++
			}
		}
		if began[key] != want || given[key] != want {
			b.failf("the key %d is there %d times: Fetch was called %d times for it, and %d results came", key, want, began[key], given[key])
		}
	}
}

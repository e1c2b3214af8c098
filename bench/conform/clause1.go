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
		for _, n := range []int{2, 3, 10, 63, 64, 65, 66, 128, 129, 256, 500, 1024, many} {
			if n > m.most(n) {
				continue
			}
			l := newLoad(b, n)
			waits, works := lengths(1, n), lengths(2, n)
			l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
			l.process = func(ctx context.Context, i int) error { return rest(ctx, works[i]) }
			m.run(context.Background(), l).check(succeeded)
		}
	})
	smallest, largest := slices.Min(s.promise.limits()), s.largestLimit()
	if s.promise.Proven {
		s.check(t, "100 keys", func(b *bubble, m model) {
			m.run(context.Background(), huge(b, m, m.most(many))).check(succeeded)
		})
	} else {
		s.crowdAt(t, "131,072 keys", smallest, func(b *bubble, m model) {
			// Twice 65,536: more than a number of 16 bits can count, and 0 in one.
			m.run(context.Background(), huge(b, m, 1<<17)).check(succeeded)
		})
		if largest > smallest {
			s.crowdAt(t, "100,000 keys", largest, func(b *bubble, m model) {
				m.run(context.Background(), huge(b, m, 100_000)).check(succeeded)
			})
		}
	}
	s.check(t, "equal keys are jobs of their own", s.equalKeys)
	s.check(t, "two runs at once do not meet", func(b *bubble, m model) {
		var runs sync.WaitGroup
		for kind := range uint64(2) {
			l := newLoad(b, m.some()+int(kind))
			waits := lengths(kind, l.n)
			l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
			runs.Go(func() {
				fault, returned := protect(func() { m.run(context.Background(), l).check(succeeded) })
				if fault != nil {
					b.failf("of two runs at once, one panicked on its caller's goroutine: %v\n%s", fault.value, fault.stack)
				} else if !returned {
					b.failf("of two runs at once, one ended its caller's goroutine with runtime.Goexit")
				}
			})
		}
		runs.Wait()
	})
	if !s.streams {
		s.check(t, "the caller's keys are left as they are", func(b *bubble, m model) {
			l := newLoad(b, m.some())
			// The caller's array goes on after its keys.
			behind := []int{-41, -42, -43}
			array := slices.Concat(l.keys(), behind)
			m.runner(context.Background(), l.job(), array[:l.n])
			if !slices.Equal(array[:l.n], l.keys()) {
				b.failf("the slice of keys that the caller gave has been changed")
			}
			if !slices.Equal(array[l.n:], behind) {
				b.failf("the caller's array has been written to behind the keys")
			}
		})
		s.check(t, "results stay when the model runs again", func(b *bubble, m model) {
			out := m.run(context.Background(), newLoad(b, m.some()))
			for _, n := range []int{out.n, 1, 2 * out.n} {
				l := newLoad(b, n)
				l.fetch = func(_ context.Context, i int) error { return &failure{i, "Fetch"} }
				m.run(context.Background(), l)
				out.check(succeeded) // what the first run returned, once more
			}
		})
		return
	}
	s.check(t, "a loop after one that was broken", func(b *bubble, m model) {
		for _, at := range []int{1, 2, m.limit + 3} {
			load := func() *load {
				l := newLoad(b, m.some())
				waits := lengths(1, l.n)
				l.fetch = func(ctx context.Context, i int) error { return rest(ctx, waits[i]) }
				return l
			}
			l, seen := load(), 0
			m.loop(context.Background(), l, l.input(nil), func(int) bool { seen++; return seen < at })
			m.run(context.Background(), load()).check(succeeded)
		}
	})
}

// crowd is held by a check that may have a hundred thousand goroutines. To look at the
// stacks of all meanwhile would take seconds, for which they all stand still; and the
// race detector has no room for two such crowds.
var crowd sync.RWMutex

// crowdAt is checkAt for what no other check should be disturbed by.
func (s *suite) crowdAt(t *testing.T, name string, limit int, check func(b *bubble, m model)) {
	crowd.Lock()
	defer crowd.Unlock()
	s.checkAt(t, name, limit, check)
}

// huge is a load of n jobs, or of as many as can be: most do nothing, and now
// and then one rests, so that in the end as many are in flight as may be.
func huge(b *bubble, m model, n int) *load {
	if raceEnabled && m.InFlight == nil {
		n = min(n, 5_000) // the race detector allows some 8,000 goroutines at once
	}
	l := newLoad(b, n)
	l.process = func(ctx context.Context, i int) error {
		if i%97 == 0 {
			return rest(ctx, time.Duration(1+i%7)*time.Millisecond)
		}
		return nil
	}
	return l
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

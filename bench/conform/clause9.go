package conform

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// clause9: a nil function or a limit below one panics at once, before anything
// begins, naming the argument.
func (s *suite) clause9(t *testing.T) {
	if !s.survives(t, "a nil function or a bad limit, not refused on the caller's goroutine,") {
		return
	}
	type spoiled struct {
		what  string
		names []string // one of which the panic has to name
		spoil func(*Job)
	}
	for _, c := range []spoiled{
		{"job.Fetch is nil", []string{"Fetch"}, func(job *Job) { job.Fetch = nil }},
		{"job.Process is nil", []string{"Process"}, func(job *Job) { job.Process = nil }},
		{"job.Fetch and job.Process are nil", []string{"Fetch", "Process"}, func(job *Job) { *job = Job{} }},
	} {
		s.check(t, c.what, func(b *bubble, m model) {
			s.refuses(b, m.limit, c.what, c.names, c.spoil)
			// A model that looks at its first job only has seen one by then.
			m.run(context.Background(), newLoad(b, 3))
			refuses(b, func() model { return m }, c.what+" after a run that was right", c.names, c.spoil)
		})
	}
	if s.streams {
		s.check(t, "keys is nil", func(b *bubble, m model) {
			l := newLoad(b, 1)
			before := b.goroutines()
			for _, when := range []string{"", " after a run that was right"} {
				fault, _ := protect(func() { m.stream(newEndless(), l.job(), nil) }) // that nobody loops over
				if fault == nil {
					b.failf("keys is nil%s, and the call did not panic", when)
				} else if !strings.Contains(fmt.Sprint(fault.value), "keys") {
					b.failf("keys is nil%s, and the panic does not name it (want %q): %v", when, "keys", fault.value)
				}
				b.leaks(before, "keys is nil, and after the call")
				m.run(context.Background(), newLoad(b, 3))
			}
		})
	}
	if s.promise.LimitName == "" {
		t.Run("the limit is below one", func(t *testing.T) { t.Skip("the limit of this model cannot be chosen") })
		return
	}
	for _, limit := range []int{0, -1, math.MinInt} {
		name := fmt.Sprintf("%s is %d", s.promise.LimitName, limit)
		s.one(t, name, func(b *bubble) {
			s.refuses(b, limit, name, []string{s.promise.LimitName}, func(*Job) {})
		})
	}
}

// refuses fails unless the model panics at once. It may do so when it is built
// with the limit or when it is called.
func (s *suite) refuses(b *bubble, limit int, what string, names []string, spoil func(*Job)) {
	refuses(b, func() model { return s.build(limit) }, what, names, spoil)
}

func refuses(b *bubble, build func() model, what string, names []string, spoil func(*Job)) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	before := b.goroutines()
	for _, c := range []struct {
		when string
		ctx  context.Context
		n    int
	}{
		{"with keys", newEndless(), 7},
		{"with one key", newEndless(), 1},
		{"without keys", newEndless(), 0},
		{"with a ctx that has ended", ended, 7},
	} {
		l := newLoad(b, c.n)
		l.fetch = func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
		job := l.job()
		spoil(&job)
		fault, _ := protect(func() {
			m := build()
			if m.stream != nil {
				m.stream(c.ctx, job, l.input(nil)) // that nobody loops over
			} else {
				m.runner(c.ctx, job, l.keys())
			}
		})
		switch {
		case fault == nil:
			b.failf("%s, and the call %s did not panic", what, c.when)
		case !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(fmt.Sprint(fault.value), name) }):
			b.failf("%s, and the panic of the call %s does not name it (want %q): %v", what, c.when, strings.Join(names, " or "), fault.value)
		}
		if l.begun() > 0 || l.pulledSoFar() > 0 {
			b.failf("%s, and the call %s began %d jobs and pulled %d keys", what, c.when, l.begun(), l.pulledSoFar())
		}
	}
	b.leaks(before, what+", and after the calls") // no time has passed since the first
}

package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"example.com/overlap"
)

// A pattern says which of n jobs go wrong.
type pattern struct {
	name  string
	wrong func(i, n int) bool
}

func patterns() []pattern {
	return []pattern{
		{"the first", func(i, _ int) bool { return i == 0 }},
		{"the last", func(i, n int) bool { return i == n-1 }},
		{"one in the middle", func(i, n int) bool { return i == n/2 }},
		{"two neighbours", func(i, n int) bool { return i == n/2 || i == n/2+1 }},
		{"every other", func(i, _ int) bool { return i%2 == 1 }},
		{"all but one", func(i, n int) bool { return i != n/3 }},
		all(),
	}
}

func all() pattern { return pattern{"all", func(int, int) bool { return true }} }

// many is enough jobs for what is counted, kept or grown to show.
const many = 2000

// halves are the two functions of a job. set makes one of them do what do says
// and the other wait a little.
func halves() []string { return []string{"Fetch", "Process"} }

func (l *load) set(half string, do func(ctx context.Context, i int) error) {
	wait := func(ctx context.Context, _ int) error { return rest(ctx, time.Second) }
	l.fetch, l.process = do, wait
	if half == "Process" {
		l.fetch, l.process = wait, do
	}
}

// clause2: a job's error stays with its key; the others go on.
func (s *suite) clause2(t *testing.T) {
	for _, half := range halves() {
		s.check(t, half+" fails", func(b *bubble, m model) {
			for _, p := range patterns() {
				failing(b, m, half, p, m.some(), true)
				failing(b, m, half, p, m.some(), false)
			}
			if m.limit == s.largestLimit() {
				failing(b, m, half, all(), m.most(many), false)
			}
		})
		s.check(t, half+" returns an error that could be taken for something else", func(b *bubble, m model) {
			for _, own := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, overlap.ErrGoexit} {
				oneFails(b, m, half, own)
				oneFails(b, m, half, fmt.Errorf("%s failed: %w", half, own))
			}
			var none *failure // an error all the same, as for every caller that compares it with nil
			oneFails(b, m, half, none)
		})
		s.cannotBeCompared(t, half)
		s.check(t, "ctx of the others lives on when "+half+" fails", func(b *bubble, m model) {
			l := newLoad(b, m.some())
			l.set(half, func(ctx context.Context, i int) error {
				if i == 0 {
					return &failure{i, half}
				}
				if err := rest(ctx, time.Minute); err != nil {
					b.failf("the ctx of key %d ended (%v) because another job had failed", keyOf(i), err)
				}
				return nil
			})
			m.run(context.Background(), l)
		})
	}
}

func (s *suite) cannotBeCompared(t *testing.T, half string) {
	name := half + " returns errors that cannot be compared"
	if s.excepted(t, name) {
		return
	}
	t.Run(name, func(t *testing.T) {
		if !s.survives(t, "an error that cannot be compared") {
			return
		}
		s.check(t, "in a slice", func(b *bubble, m model) {
			for i := range 3 {
				oneFails(b, m, half, several{&failure{i, half}})
			}
		})
	})
}

// several is an error that cannot be compared, nor be the key of a map.
type several []error

func (e several) Error() string { return fmt.Sprint([]error(e)) }

// Is makes up for that.
func (e several) Is(target error) bool {
	other, ok := target.(several)
	return ok && slices.Equal(e, other)
}

// oneFails lets the third job fail with an error of its own.
func oneFails(b *bubble, m model, half string, own error) {
	l := newLoad(b, m.some())
	l.set(half, func(ctx context.Context, i int) error {
		if i == 2 {
			return own
		}
		return rest(ctx, time.Second)
	})
	m.run(context.Background(), l).check(func(i int, r Result) string {
		if i == 2 {
			return failedWith(own, r)
		}
		return succeeded(i, r)
	})
}

// failing lets those of n jobs fail that p says, after equal times or each after
// a time of its own.
func failing(b *bubble, m model, half string, p pattern, n int, equal bool) {
	l := newLoad(b, n)
	waits := lengths(1, n)
	errs := make([]error, n)
	for i := range errs {
		errs[i] = &failure{i, half}
	}
	l.set(half, func(ctx context.Context, i int) error {
		wait := time.Second
		if !equal {
			wait = waits[i]
		}
		time.Sleep(wait)
		if p.wrong(i, n) {
			return errs[i]
		}
		return nil
	})
	out := m.run(context.Background(), l)
	out.check(func(i int, r Result) string {
		if !p.wrong(i, n) {
			if text := succeeded(i, r); text != "" {
				return fmt.Sprintf("%s (%s of %d jobs failed)", text, p.name, n)
			}
			return ""
		}
		if text := failedWith(errs[i], r); text != "" {
			return fmt.Sprintf("%s (%s of %d jobs failed)", text, p.name, n)
		}
		for j := max(0, i-10); j < min(n, i+10); j++ {
			if j != i && errors.Is(r.Err, errs[j]) {
				return fmt.Sprintf("its error holds that of key %d too", keyOf(j))
			}
		}
		if half == "Fetch" && out.processes[i] > 0 {
			return "its Fetch failed, and Process was called all the same"
		}
		return ""
	})
}

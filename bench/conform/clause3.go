package conform

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/overlap"
)

// blowUp panics. Its name is looked for in the stack of the PanicError.
//
//go:noinline
func blowUp(v any) { panic(v) }

// An ending is a way in which the i-th job goes wrong without returning, and
// what is wrong with the result that it got.
type ending struct {
	name  string
	end   func(i int)
	wrong func(i int, r Result) string
}

// A boom is what jobs panic with, each with one of its own.
type boom int

func (b boom) Error() string {
	return fmt.Sprintf("this panic, of the job of key %d, is the suite's own: a model has to recover it", int(b))
}

func panics() []ending {
	return []ending{
		{"an error", func(i int) { blowUp(boom(keyOf(i))) }, func(i int, r Result) string {
			if text := panicked(r, func(v any) bool { return v == boom(keyOf(i)) }); text != "" {
				return text
			}
			if !errors.Is(r.Err, boom(keyOf(i))) {
				return "the job panicked with an error, and errors.Is does not see it in the result's"
			}
			return ""
		}},
		{"a text", func(i int) { blowUp(boom(keyOf(i)).Error()) }, func(i int, r Result) string {
			return panicked(r, func(v any) bool { return v == boom(keyOf(i)).Error() })
		}},
		{"nil", func(int) { blowUp(nil) }, func(_ int, r Result) string {
			return panicked(r, func(v any) bool { _, ok := v.(*runtime.PanicNilError); return ok || v == nil })
		}},
		{"what cannot be compared", func(i int) { blowUp([]int{keyOf(i)}) }, func(i int, r Result) string {
			return panicked(r, func(v any) bool { list, ok := v.([]int); return ok && slices.Equal(list, []int{keyOf(i)}) })
		}},
		{"an index out of range", func(i int) { blowUp(outOfRange(i)) }, func(i int, r Result) string {
			return panicked(r, func(v any) bool {
				err, ok := v.(runtime.Error)
				return ok && err.Error() == outOfRange(i).Error()
			})
		}},
	}
}

// outOfRange is the runtime's own error for an index that is unlike that of any
// other job.
func outOfRange(i int) (err runtime.Error) {
	defer func() { err, _ = recover().(runtime.Error) }()
	_ = make([]int, 0)[keyOf(i)]
	return nil
}

func panicked(r Result, value func(any) bool) string {
	if r.Err == nil {
		return "the job panicked, and its result has no error"
	}
	p, ok := errors.AsType[*overlap.PanicError](r.Err)
	switch {
	case !ok:
		return fmt.Sprintf("the job panicked, and its error is no *overlap.PanicError: %q", r.Err)
	case !value(p.Value):
		return fmt.Sprintf("the PanicError holds %#v, which is not what the job panicked with", p.Value)
	case !strings.Contains(string(p.Stack), "conform.blowUp"):
		return fmt.Sprintf("the stack in the PanicError does not show where the job panicked: %q", p.Stack)
	}
	return ""
}

func goexit() ending {
	return ending{"Goexit", func(int) { runtime.Goexit() }, func(_ int, r Result) string { return exited(r) }}
}

// clause3: a panic or a Goexit in Fetch or Process becomes that key's error;
// nothing else is lost.
func (s *suite) clause3(t *testing.T) {
	if !s.survives(t, "a panic in a job") {
		s.fragile = true
		return
	}
	for _, half := range halves() {
		s.check(t, "a panic in "+half, func(b *bubble, m model) {
			for k, kind := range panics() {
				n := m.some()
				if k > 0 {
					n = min(n, m.limit+23) // what a job panics with matters in no later round
				}
				for _, p := range patterns() {
					endBadly(b, m, half, kind, p, n)
				}
			}
			if m.limit == s.largestLimit() {
				endBadly(b, m, half, panics()[0], all(), m.most(many/4))
			}
		})
		if s.promise.OnCaller {
			s.check(t, "a Goexit in "+half+" ends the caller", func(b *bubble, m model) { endsCaller(b, m, half) })
			continue
		}
		s.check(t, "a Goexit in "+half, func(b *bubble, m model) {
			for _, p := range patterns() {
				endBadly(b, m, half, goexit(), p, m.some())
			}
			if m.limit == s.largestLimit() {
				endBadly(b, m, half, goexit(), all(), m.most(many))
			}
		})
	}
	for _, half := range halves() {
		s.check(t, "after ctx has ended, in "+half, func(b *bubble, m model) {
			for _, kind := range s.promise.endings() {
				endsLate(b, m, half, kind)
			}
		})
	}
	if s.streams {
		s.check(t, "after a break", func(b *bubble, m model) {
			for _, half := range halves() {
				for _, kind := range s.promise.endings() {
					endsAfterBreak(b, m, half, kind)
				}
			}
		})
	}
	s.check(t, "panics, exits and errors together", func(b *bubble, m model) {
		l, wrong := mixed(b, m, 10*m.limit+30, true)
		m.run(context.Background(), l).check(wrong)
	})
}

// endBadly lets those of n jobs end in this way that p says.
func endBadly(b *bubble, m model, half string, kind ending, p pattern, n int) {
	l := newLoad(b, n)
	l.set(half, func(ctx context.Context, i int) error {
		time.Sleep(time.Second)
		if p.wrong(i, n) {
			kind.end(i)
		}
		return nil
	})
	m.run(context.Background(), l).check(func(i int, r Result) string {
		text := ""
		if p.wrong(i, n) {
			text = kind.wrong(i, r)
		} else {
			text = succeeded(i, r)
		}
		if text != "" {
			text = fmt.Sprintf("%s (%s of %d jobs ended so: %s)", text, p.name, n, kind.name)
		}
		return text
	})
}

// endings are the ways in which a job may go wrong without ending the caller.
func (p Promise) endings() []ending {
	if p.OnCaller {
		return panics()
	}
	return append(panics(), goexit())
}

// endsLate: what a function does after ctx has ended counts, a panic too.
func endsLate(b *bubble, m model, half string, kind ending) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	l := newLoad(b, m.some())
	end := func(_ context.Context, i int) error {
		time.Sleep(time.Second)
		kind.end(i)
		return nil
	}
	if half == "Fetch" {
		l.fetch = end
	} else {
		l.process = end
	}
	at(time.Millisecond, func() { l.seal("ctx had ended"); cancel(errCause) })
	out := m.run(ctx, l)
	for i, r := range out.results {
		if out.given[i] && (out.processes[i] > 0 || half == "Fetch" && out.fetches[i] > 0) {
			if text := kind.wrong(i, r); text != "" {
				b.failf("the result of key %d is wrong: after ctx had ended, %s (in %s, %s)", keyOf(i), text, half, kind.name)
			}
		}
	}
}

// endsAfterBreak: nobody gets the results of jobs that run when the consumer
// breaks out of the loop. They are recovered and waited for all the same.
func endsAfterBreak(b *bubble, m model, half string, kind ending) {
	l := newLoad(b, 3*m.some())
	end := func(_ context.Context, i int) error {
		time.Sleep(time.Second)
		if i > 0 {
			time.Sleep(time.Minute)
			kind.end(i)
		}
		return nil
	}
	if half == "Fetch" {
		l.fetch = end
	} else {
		l.process = end
	}
	var left time.Duration
	out := m.loop(context.Background(), l, l.input(nil), func(int) bool {
		time.Sleep(time.Millisecond) // all that can go on has gone on
		left = l.since()
		return false
	})
	if out.took != max(left, out.last) {
		b.failf("the consumer broke out of the loop after %v, the last function ended after %v (%s, in %s), and the loop after %v", left, out.last, kind.name, half, out.took)
	}
}

// endsCaller: where jobs run on the caller's goroutine, their Goexit is the
// caller's, as that of any function that it calls.
func endsCaller(b *bubble, m model, half string) {
	l := newLoad(b, 3)
	l.set(half, func(_ context.Context, i int) error {
		if i == 1 {
			runtime.Goexit()
		}
		return nil
	})
	fault, returned := protect(func() { m.run(context.Background(), l) })
	switch {
	case fault != nil:
		b.failf("a Goexit in a job on the caller's goroutine became the panic %v", fault.value)
	case returned:
		b.failf("the promise is that jobs run on the caller's goroutine, and a Goexit in one did not end the caller")
	case l.begun() != 2:
		b.failf("%d jobs began though the second ended the caller's goroutine", l.begun())
	}
}

// mixed is a load of n jobs of unequal length, many of which go wrong in one way
// or another, and what is wrong with their results. There are panics among them
// if mayPanic, and Goexits unless they would end the caller.
func mixed(b *bubble, m model, n int, mayPanic bool) (*load, func(i int, r Result) string) {
	l := newLoad(b, n)
	waits, works := lengths(1, n), lengths(2, n)
	var kinds []ending
	if mayPanic {
		kinds = panics()
	}
	if !m.OnCaller {
		kinds = append(kinds, goexit(), goexit())
	}
	errs := make([]error, n)
	for i := range errs {
		errs[i] = &failure{i, "job"}
	}
	// Of ten jobs in a row three fail in Fetch, four in Process.
	wrongIn := func(half string, i int) func() error {
		fails := half == "Fetch" && i%10 < 3 || half == "Process" && i%10 >= 6
		switch {
		case !fails:
			return nil
		case i%4 == 0 || len(kinds) == 0:
			return func() error { return errs[i] }
		default:
			return func() error { kinds[i%len(kinds)].end(i); return nil }
		}
	}
	do := func(half string, lengths []time.Duration) func(context.Context, int) error {
		return func(_ context.Context, i int) error {
			time.Sleep(lengths[i])
			if end := wrongIn(half, i); end != nil {
				return end()
			}
			return nil
		}
	}
	l.fetch, l.process = do("Fetch", waits), do("Process", works)
	return l, func(i int, r Result) string {
		switch {
		case wrongIn("Fetch", i) == nil && wrongIn("Process", i) == nil:
			return succeeded(i, r)
		case i%4 == 0 || len(kinds) == 0:
			return failedWith(errs[i], r)
		default:
			return kinds[i%len(kinds)].wrong(i, r)
		}
	}
}

package conform

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A bubble is one check in virtual time: it collects what the check finds, and
// turns the ways in which a bubble ends badly into plain words.
//
// What is found goes through failf, never through a *testing.T: it may be found
// on a goroutine of the model, which must not be ended, and even after the
// watchdog has given the check up.
type bubble struct {
	mu       sync.Mutex
	tag      string // how a stack trace names this bubble's goroutines
	failures []string
}

// maxFailures keeps a model that breaks everything readable.
const maxFailures = 3

func (b *bubble) failf(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	known := slices.ContainsFunc(b.failures, func(other string) bool { return sentence(other) == sentence(text) })
	if len(b.failures) < maxFailures && !known {
		b.failures = append(b.failures, text)
	}
}

// failed says whether anything has been found. A check that repeats itself stops
// then: what a broken model has left behind slows the rest down.
func (b *bubble) failed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.failures) > 0
}

// sentence is a failure without the stacks below it.
func sentence(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return text
}

// inBubble runs check as a subtest in a bubble of its own. It returns false if
// the check had to be given up, with its goroutines still running.
func inBubble(t *testing.T, name string, check func(b *bubble)) (ended bool) {
	ended = true
	t.Run(name, func(t *testing.T) {
		b := &bubble{}
		over := make(chan struct{})
		go func() {
			defer close(over)
			defer b.explain()
			synctest.Test(t, func(*testing.T) { b.run(check) })
		}()
		patience := patience(t)
		select {
		case <-over:
		case <-time.After(patience):
			ended = false
			b.failf("the model does not come to an end: after %v of real time it still computes, or blocks on something that virtual time cannot see (a mutex, a system call, a goroutine from outside)%s",
				patience, b.stacks(nil))
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, failure := range b.failures {
			t.Error(failure)
		}
	})
	return ended
}

// patience is how long a check may take in real time. No check needs a second;
// a quarter of what the test's own timeout leaves is there to give a verdict
// before that timeout gives none.
func patience(t *testing.T) time.Duration {
	most := time.Minute
	if deadline, ok := t.Deadline(); ok {
		most = min(most, time.Until(deadline)/4)
	}
	return most
}

// run does the check so that a panic or a Goexit that the model lets out ends
// the check and nothing else.
func (b *bubble) run(check func(*bubble)) {
	b.mu.Lock()
	b.tag = bubbleTag()
	b.mu.Unlock()
	if fault, returned := protect(func() { check(b) }); fault != nil {
		b.failf("the model panicked on its caller's goroutine: %v\n%s", fault.value, fault.stack)
	} else if !returned {
		b.failf("the model ended its caller's goroutine with runtime.Goexit")
	}
}

// explain is deferred around a bubble and says in words why it did not end.
func (b *bubble) explain() {
	v := recover()
	if v == nil {
		return
	}
	switch text := fmt.Sprint(v); {
	case strings.Contains(text, "main bubble goroutine has exited"):
		b.failf("the model has returned, and goroutines that it started are still blocked%s", b.stacks(nil))
	case strings.Contains(text, "deadlock"):
		b.failf("the model never returns: all of its goroutines are blocked for good%s", b.stacks(nil))
	default:
		b.failf("the check panicked: %v\n%s", v, debug.Stack())
	}
}

// leaks lets everything settle and fails if there is a goroutine in the bubble
// that was not there before. It is asked before ctx is cancelled and before time
// goes on, as either could free a leaked goroutine and hide it.
func (b *bubble) leaks(before map[string]bool, when string) {
	synctest.Wait()
	left := 0
	for id := range b.goroutines() {
		if !before[id] {
			left++
		}
	}
	if left > 0 {
		b.failf("%s, %d of the goroutines that the model started are still there%s", when, left, b.stacks(before))
	}
}

func (b *bubble) goroutines() map[string]bool {
	crowd.RLock()
	defer crowd.RUnlock()
	ids := map[string]bool{}
	for _, trace := range b.traces() {
		ids[goroutineID(trace)] = true
	}
	return ids
}

// stacks shows some of the bubble's goroutines, but for those in known and those
// of the test itself.
func (b *bubble) stacks(known map[string]bool) string {
	var text strings.Builder
	shown := 0
	for _, trace := range b.traces() {
		if known[goroutineID(trace)] || strings.Contains(trace, "conform.(*bubble).run(") && strings.Contains(trace, "testing.tRunner(") ||
			strings.Contains(trace, "[synctest.Run") || strings.Contains(trace, "testing/synctest.testingSynctestTest(") {
			continue
		}
		if shown++; shown > 4 {
			text.WriteString("\n\n(and more)")
			break
		}
		text.WriteString("\n\n" + strings.TrimSpace(trace))
	}
	return text.String()
}

// traces are the stack traces of the bubble's goroutines.
func (b *bubble) traces() []string {
	b.mu.Lock()
	tag := b.tag
	b.mu.Unlock()
	if tag == "" {
		return nil
	}
	var inside []string
	for trace := range strings.SplitSeq(allStacks(), "\n\n") {
		if head, _, _ := strings.Cut(trace, "\n"); strings.Contains(head, tag) {
			inside = append(inside, trace)
		}
	}
	return inside
}

func allStacks() string {
	for size := 1 << 16; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 1<<24 {
			return string(buf[:n])
		}
	}
}

// bubbleTag is what the traces of this goroutine's bubble have in their first
// line, such as "synctest bubble 7]".
func bubbleTag() string {
	buf := make([]byte, 256)
	return regexp.MustCompile(`synctest bubble \d+\]`).FindString(string(buf[:runtime.Stack(buf, false)]))
}

func goroutineID(trace string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(trace, "goroutine "), " ")
	return id
}

// A fault is a panic that protect has caught.
type fault struct {
	value any
	stack []byte
}

// protect calls f on a goroutine of its own and says whether it panicked, and
// whether it returned: after a runtime.Goexit it did neither.
func protect(f func()) (fell *fault, returned bool) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if v := recover(); v != nil {
				fell = &fault{value: v, stack: debug.Stack()}
			}
		}()
		f()
		returned = true
	}()
	<-over
	return fell, returned
}

// at calls f at a moment from now on. All moments of the suite are chosen so
// that nothing else happens at this one: every goroutine of the model
// is blocked when f begins, so what it does next is due to f.
func at(d time.Duration, f func()) { time.AfterFunc(d, f) }

// rest sleeps for d, or until ctx ends.
//
// No time at all is no timer: under the race detector a timer channel that is
// due when it is received from crashes a bubble now and then (golang/go#78156).
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package conform

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/overlap"
)

// A load is n jobs that the suite gives to a model, and the record of what
// became of them. What a job does is up to fetch and process, which get its
// index; nil does nothing.
type load struct {
	b       *bubble
	n       int
	fetch   func(ctx context.Context, i int) error
	process func(ctx context.Context, i int) error
	start   time.Time // when the record was made; moments count from here

	mu                 sync.Mutex
	fetches, processes []int // how often each began
	fetched, processed []bool
	ended              []time.Duration // when each ended, by itself or by failing
	events             []event
	running            int    // functions that run now
	now, peak          counts // of jobs
	sealed             string // why nothing may begin any more; empty: it may
	lastEnd            time.Duration
	pulled, delivered  int // of a Stream's keys
	furthest           int // most keys pulled and not delivered
	pulling            bool
}

type counts struct{ inFlight, fetching, processing int }

// An event is one job more in flight, or one less.
type event struct {
	at    time.Duration
	delta int
}

func newLoad(b *bubble, n int) *load {
	return &load{
		b: b, n: n, start: time.Now(),
		fetches: make([]int, n), processes: make([]int, n),
		fetched: make([]bool, n), processed: make([]bool, n),
		ended: make([]time.Duration, n),
	}
}

// keyOf is the key of the i-th job, and indexOf the way back: unique, without
// order, and 0 among them.
func keyOf(i int) int     { return i ^ 5 }
func indexOf(key int) int { return key ^ 5 }

func bodyOf(i int) string  { return "body of " + strconv.Itoa(keyOf(i)) }
func valueOf(i int) string { return "value of " + bodyOf(i) }

func (l *load) keys() []int {
	keys := make([]int, l.n)
	for i := range keys {
		keys[i] = keyOf(i)
	}
	return keys
}

// A failure is the error of one job, unlike that of any other.
type failure struct {
	i    int
	half string
}

func (f *failure) Error() string { return fmt.Sprintf("%s of key %d failed", f.half, keyOf(f.i)) }

func (l *load) since() time.Duration { return time.Since(l.start) }

func (l *load) job() Job {
	return Job{
		Fetch: func(ctx context.Context, key int) (body string, err error) {
			i := indexOf(key)
			if i < 0 || i >= l.n {
				l.b.failf("Fetch was given the key %d, which is none of the %d keys", key, l.n)
				return "", fmt.Errorf("unknown key %d", key)
			}
			l.beginFetch(i)
			done := false
			defer func() { l.endFetch(i, done && err == nil) }()
			if l.fetch != nil {
				err = l.fetch(ctx, i)
			}
			done = true
			if err != nil {
				return "", err
			}
			return bodyOf(i), nil
		},
		Process: func(ctx context.Context, body string) (value string, err error) {
			key, err := strconv.Atoi(strings.TrimPrefix(body, "body of "))
			i := indexOf(key)
			if err != nil || i < 0 || i >= l.n {
				l.b.failf("Process was given the body %q, which no Fetch returned without an error", body)
				return "", fmt.Errorf("unknown body %q", body)
			}
			l.beginProcess(i)
			done := false
			defer func() { l.endProcess(i, done && err == nil) }()
			if l.process != nil {
				err = l.process(ctx, i)
			}
			done = true
			if err != nil {
				return "", err
			}
			return "value of " + body, nil
		},
	}
}

func (l *load) beginFetch(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin("Fetch", i)
	l.fetches[i]++
	l.now.inFlight++
	l.now.fetching++
	l.peak.inFlight = max(l.peak.inFlight, l.now.inFlight)
	l.peak.fetching = max(l.peak.fetching, l.now.fetching)
	l.events = append(l.events, event{l.since(), 1})
}

func (l *load) endFetch(i int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	l.now.fetching--
	l.lastEnd = l.since()
	l.fetched[i] = ok
	if !ok {
		l.endJob(i)
	}
}

func (l *load) beginProcess(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin("Process", i)
	if !l.fetched[i] {
		l.b.failf("Process began for key %d, whose Fetch had not succeeded", keyOf(i))
	}
	l.processes[i]++
	l.now.processing++
	l.peak.processing = max(l.peak.processing, l.now.processing)
}

func (l *load) endProcess(i int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	l.now.processing--
	l.lastEnd = l.since()
	l.processed[i] = ok
	l.endJob(i)
}

func (l *load) begin(half string, i int) {
	l.running++
	if l.sealed != "" {
		l.b.failf("%s began for key %d after %s", half, keyOf(i), l.sealed)
	}
}

func (l *load) endJob(i int) {
	l.now.inFlight--
	l.ended[i] = l.since()
	l.events = append(l.events, event{l.since(), -1})
}

// seal says that nothing may begin from now on, and why. Whoever calls it must
// know that all of the model's goroutines are blocked, or its own.
func (l *load) seal(why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = why
}

// begun is how many Fetches have begun.
func (l *load) begun() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.fetches {
		n += times
	}
	return n
}

func (l *load) stillRunning() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// input is the load's keys as a Stream's input, and keeps count of those pulled.
// before, if not nil, is called before each key, with its index, and ends
// the input by returning false; it sees the index n too.
func (l *load) input(before func(i int) bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		l.mu.Lock()
		l.pulling = true
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			l.pulling = false
			l.mu.Unlock()
		}()
		for i := 0; ; i++ {
			if before != nil && !before(i) || i >= l.n {
				return
			}
			l.mu.Lock()
			l.pulled++
			l.furthest = max(l.furthest, l.pulled-l.delivered)
			l.mu.Unlock()
			if !yield(keyOf(i)) {
				return
			}
		}
	}
}

func (l *load) deliver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delivered++
}

func (l *load) ahead() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pulled - l.delivered
}

func (l *load) pulledSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pulled
}

// An outcome is what a model returned for a load.
type outcome struct {
	*load
	results []Result
	given   []bool // whether there is a result; a Stream may end early
	at      []time.Duration
	took    time.Duration
	last    time.Duration // when the last function ended, of those that had
}

// run gives the load to the model and waits for its end. It holds the model to
// what is true of every run: a result for each key (of a Stream: for each key
// pulled), and no function still running at the end.
func (m model) run(ctx context.Context, l *load) outcome {
	if m.stream != nil {
		return m.loop(ctx, l, l.input(nil), nil)
	}
	out := outcome{load: l, given: slices.Repeat([]bool{true}, l.n)}
	out.results = m.runner(ctx, l.job(), l.keys())
	l.atEnd(&out)
	if len(out.results) != l.n {
		l.b.failf("%d results came back for %d keys", len(out.results), l.n)
		out.results = append(out.results, make([]Result, l.n)...)[:l.n]
	}
	return out
}

// loop is run for a Stream whose input or consumer is a special one. body, if
// not nil, is called for each result with its index, and breaks out of the loop
// by returning false.
func (m model) loop(ctx context.Context, l *load, keys iter.Seq[int], body func(i int) bool) outcome {
	out := outcome{load: l, results: make([]Result, l.n), given: make([]bool, l.n), at: make([]time.Duration, l.n)}
	broken := false
	for key, result := range m.stream(ctx, l.job(), keys) {
		l.deliver()
		i := indexOf(key)
		if i < 0 || i >= l.n {
			l.b.failf("the key %d was delivered, which is none of the %d keys", key, l.n)
			continue
		}
		if out.given[i] {
			l.b.failf("the result of key %d was delivered twice", key)
		}
		out.results[i], out.given[i], out.at[i] = result, true, l.since()
		if body != nil && !body(i) {
			broken = true
			break
		}
	}
	l.atEnd(&out)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pulling {
		l.b.failf("the loop ended while keys still ran")
	}
	if lost := l.pulled - l.delivered; lost > 0 && !broken {
		l.b.failf("%d keys were pulled, and only %d of them delivered", l.pulled, l.delivered)
	}
	return out
}

// atEnd notes how things stand when the model returns.
func (l *load) atEnd(out *outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out.took, out.last = l.since(), l.lastEnd
	if l.running > 0 {
		l.b.failf("it returned while %d functions were running", l.running)
	}
}

// check holds each job to what it was to become: wrong returns what is wrong
// with the result of the i-th, or nothing. Every job must have been done, once.
func (out outcome) check(wrong func(i int, r Result) string) {
	out.mu.Lock()
	defer out.mu.Unlock()
	for i, r := range out.results {
		if !out.given[i] {
			out.b.failf("there is no result for key %d, number %d of %d", keyOf(i), i+1, out.n)
		} else if times := out.fetches[i]; times != 1 {
			out.b.failf("Fetch was called %d times for key %d", times, keyOf(i))
		} else if times := out.processes[i]; times > 1 {
			out.b.failf("Process was called %d times for key %d", times, keyOf(i))
		} else if text := wrong(i, r); text != "" {
			out.b.failf("the result of key %d (number %d of %d) is wrong: %s", keyOf(i), i+1, out.n, text)
		}
	}
}

// succeeded is what is wrong with the result of a job that does not fail.
func succeeded(i int, r Result) string {
	switch {
	case r.Err != nil:
		return fmt.Sprintf("the job did not fail, and its error is %q", r.Err)
	case r.Value != valueOf(i):
		return fmt.Sprintf("its value is %q, want %q", r.Value, valueOf(i))
	}
	return ""
}

// failedWith is what is wrong with the result of a job that returned want.
func failedWith(want error, r Result) string {
	switch {
	case r.Err == nil:
		return fmt.Sprintf("the job returned the error %q, and its result has none", want)
	case !errors.Is(r.Err, want):
		return fmt.Sprintf("the job returned the error %q, and its result has another: %q", want, r.Err)
	}
	return ""
}

// exited is what is wrong with the result of a job that called runtime.Goexit.
func exited(r Result) string {
	switch {
	case r.Err == nil:
		return "the job ended its goroutine with runtime.Goexit, and its result has no error"
	case !errors.Is(r.Err, overlap.ErrGoexit):
		return fmt.Sprintf("the job ended its goroutine with runtime.Goexit, and the error is %q, not overlap.ErrGoexit", r.Err)
	}
	return ""
}

// lengths are n times of up to a second, different for each kind and always the
// same ones. They are random to the nanosecond, so that no two ends fall on one
// moment, where either may come first.
func lengths(kind uint64, n int) []time.Duration {
	rng := rand.New(rand.NewPCG(kind, uint64(n)))
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration(1 + rng.Int64N(int64(time.Second)))
	}
	return list
}

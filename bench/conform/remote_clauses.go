package conform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/overlap/mockserver"
)

// clause1: one result per key, in input order, whatever the order of completion.
func (s *remote) clause1(t *testing.T) {
	crew := s.newCrew(t, 2, 3)
	s.check(t, "no keys", crew, 0, func(c *remoteCheck) {
		c.run(nil)
		c.run([]errand{})
	})
	s.check(t, "one key", crew, 1, func(c *remoteCheck) { c.run(errands(c.site, 0, 1, nil)) })
	s.check(t, "jobs complete in reversed order", crew, crew.hands(), func(c *remoteCheck) {
		all := errands(c.site, 0, crew.hands(), nil)
		c.site.hold(fetchBegan, all)
		r := c.begin(c.ctx, all)
		c.awaitHeld(len(all))
		for i, e := range slices.Backward(all) {
			c.site.release(fetchBegan, e.Key)
			c.await(processBegan, len(all)-i)
		}
		r.check()
		c.once(all, 1)
	})
	const many = 10_007
	s.check(t, "10,007 keys", crew, many, func(c *remoteCheck) {
		c.run(errands(c.site, 0, many, func(_ int, e *errand) { e.Process = toBeQuiet }))
	})
	s.check(t, "keys that stand more than once", crew, 8, func(c *remoteCheck) {
		keys := []int{7, 7, 0, 7, 3, 0, 7, 3, 7, 7, 7, 0}
		c.run(errands(c.site, 0, len(keys), func(i int, e *errand) { e.Key = keys[i] }))
	})
	s.check(t, "two runs at once with the same keys", crew, 50, func(c *remoteCheck) {
		all := errands(c.site, 0, 50, nil)
		first, second := c.begin(c.ctx, all), c.begin(c.ctx, all)
		first.check()
		second.check()
		c.once(all, 2)
	})
}

// clause2: a job's error stays with its key, by its code; the others go on.
func (s *remote) clause2(t *testing.T) {
	crew := s.newCrew(t, 2, 3)
	s.check(t, "some jobs fail", crew, 60, func(c *remoteCheck) {
		c.run(errands(c.site, 0, 60, func(i int, e *errand) {
			switch i % 5 {
			case 1:
				e.Fetch = toFail
			case 3:
				e.Process = toFail
			}
		}))
	})
	for _, half := range halves() {
		s.check(t, "every job fails in "+half, crew, 30, func(c *remoteCheck) {
			c.run(errands(c.site, 0, 30, func(_ int, e *errand) { e.set(half, toFail) }))
		})
	}
}

// clause3: a panic or a Goexit in Fetch or Process becomes that key's error; nothing else is lost,
// and the workers go on with as many hands as before.
func (s *remote) clause3(t *testing.T) {
	crew := s.newCrew(t, 2, 3)
	endings := []string{toGoexit}
	for _, kind := range slices.Sorted(maps.Keys(remotePanics())) {
		endings = append(endings, toPanic+kind)
	}
	for _, half := range halves() {
		n := 4 * len(endings)
		s.check(t, "jobs that end badly in "+half+" among others", crew, n+crew.hands(), func(c *remoteCheck) {
			c.run(errands(c.site, 0, n, func(i int, e *errand) {
				if i%2 == 0 {
					e.set(half, endings[i/2%len(endings)])
				}
			}))
			c.fullHouse(n)
		})
		for _, ending := range []string{toGoexit, toPanic + "a text"} {
			n := 5 * crew.hands()
			s.check(t, fmt.Sprintf("every %s %s", half, ending), crew, n+crew.hands(), func(c *remoteCheck) {
				c.run(errands(c.site, 0, n, func(_ int, e *errand) { e.set(half, ending) }))
				c.fullHouse(n)
			})
		}
	}
}

// fullHouse shows that no hand of the crew was lost: as many jobs are in flight as may be. The first
// of their keys is from.
func (c *remoteCheck) fullHouse(from int) {
	c.t.Helper()
	all := errands(c.site, from, c.crew.hands(), nil)
	c.site.hold(fetchBegan, all)
	r := c.begin(c.ctx, all)
	c.awaitHeld(len(all))
	for _, e := range all {
		c.site.release(fetchBegan, e.Key)
	}
	r.check()
	c.once(all, 1)
}

// clause4: when ctx ends, no Fetch and no Process begins any more, the functions that run see it
// and are waited for, and what was not done has context.Cause(ctx).
func (s *remote) clause4(t *testing.T) {
	several, alone := s.newCrew(t, 2, 3), s.newCrew(t, 1, 1)
	s.check(t, "ctx had ended before", several, 20, func(c *remoteCheck) {
		for _, end := range endedContexts() {
			ctx, cancel, cause := end(c.ctx)
			all := errands(c.site, 0, 20, nil)
			results := c.begin(ctx, all).wait()
			cancel()
			c.seal()
			if n := c.site.sealed.Requests; n > 0 {
				c.failf("ctx had ended before, and %d requests came", n)
			}
			for i, r := range results {
				if !errors.Is(r.Err, cause) {
					c.failf("the error of key %d is %v, want context.Cause(ctx): %q", all[i].Key, r.Err, cause)
				}
			}
			c.next()
		}
	})
	for _, crew := range []*crew{several, alone} {
		for _, half := range halves() {
			s.check(t, fmt.Sprintf("ctx ends in %s (%s)", half, crew), crew, 4*crew.hands(), func(c *remoteCheck) { c.endsMeanwhile(half) })
		}
	}
	const many = 3_000
	s.check(t, "ctx ends while jobs come and go", several, many, func(c *remoteCheck) {
		ctx, cancel := context.WithCancelCause(c.ctx)
		all := errands(c.site, 0, many, nil)
		r := c.begin(ctx, all)
		c.await(fetchBegan, many/10)
		cancel(errCause)
		r.checkEnded()
		c.next()
	})
	s.check(t, "a function that is slow to end is waited for", several, several.hands(), func(c *remoteCheck) {
		ctx, cancel := context.WithCancelCause(c.ctx)
		all := errands(c.site, 0, several.hands(), func(_ int, e *errand) { e.Fetch = toOutlast })
		c.site.hold(sawEnd, all[:1])
		r := c.begin(ctx, all)
		c.await(fetchBegan, len(all))
		cancel(errCause)
		c.await(sawEnd, len(all))
		// The other hands are free now. What they do takes longer than to give up waiting.
		c.next()
		select {
		case <-r.returned:
			c.giveUp("ctx has ended, and Run has returned while a function of one of its jobs still ran")
		default:
		}
		c.site.release(sawEnd, all[0].Key)
		r.checkEnded()
		c.next()
	})
	late := s.noCrew(t, 1, 3)
	s.check(t, "ctx ends before there is a worker", late, 20, func(c *remoteCheck) {
		ctx, cancel := context.WithCancelCause(c.ctx)
		r := c.begin(ctx, errands(c.site, 0, 20, nil))
		c.settle()
		cancel(errCause)
		r.checkEnded()
		late.hire()
		c.next()
	})
	t.Run("nothing begins until the workers have ended", func(t *testing.T) {
		several.end(t)
		alone.end(t)
		late.end(t)
	})
}

// endedContexts are the ways in which a ctx may have ended, and the cause of each.
func endedContexts() []func(parent context.Context) (context.Context, context.CancelFunc, error) {
	return []func(context.Context) (context.Context, context.CancelFunc, error){
		func(parent context.Context) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithCancel(parent)
			cancel()
			return ctx, cancel, context.Canceled
		},
		func(parent context.Context) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithCancelCause(parent)
			cancel(errCause)
			return ctx, func() {}, errCause
		},
		func(parent context.Context) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithTimeoutCause(parent, 0, errCause)
			return ctx, cancel, errCause
		},
	}
}

// endsMeanwhile ends ctx while each hand of the crew is in a function that ends only after its own
// ctx has ended: so no hand is free before its worker knows.
func (c *remoteCheck) endsMeanwhile(half string) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	hands := c.crew.hands()
	all := errands(c.site, 0, 4*hands, func(i int, e *errand) {
		if e.set(half, toOutlast); i%2 == 1 {
			e.set(half, toHeed)
		}
	})
	r := c.begin(ctx, all)
	step := processBegan
	if half == "Fetch" {
		step = fetchBegan
	}
	c.await(step, hands)
	cancel(errCause)
	record := r.checkEnded()
	if began := total(record, fetchBegan); began != hands {
		c.failf("%d jobs ran when ctx ended, which keep every worker busy until it knows, and %d began in all", hands, began)
	}
	if began := total(record, processBegan); half == "Fetch" && began > 0 {
		c.failf("ctx ended during Fetch, and %d Processes began after it", began)
	}
	if saw := total(record, sawEnd); saw != hands {
		c.failf("%d functions ran when ctx ended, and when Run had returned, %d of them had seen their ctx end", hands, saw)
	}
	c.next()
}

// checkEnded waits for the results of a Run whose ctx has ended, seals the site, and holds each
// result to what the record says of its job.
func (r *running) checkEnded() mockserver.Record {
	c := r.c
	c.t.Helper()
	results := r.wait()
	c.seal()
	record := *c.site.sealed
	if record.InFlight > 0 {
		c.failf("ctx has ended and Run has returned, and %d functions of its jobs still wait for the site", record.InFlight)
	}
	for i, e := range r.errands {
		result := results[i]
		fetches, processes := asked(record, e.Key, fetchBegan), asked(record, e.Key, processBegan)
		switch {
		case fetches > 1 || processes > 1:
			c.failf("of key %d Fetch began %d times, and Process %d times", e.Key, fetches, processes)
		case errors.Is(result.Err, errCause): // and perhaps somebody did it in vain
		case processes == 0 && fetches == 0:
			c.failf("ctx has ended: key %d was not begun, and its error is %v, want context.Cause(ctx): %q", e.Key, result.Err, errCause)
		case processes == 0 && e.Fetch != toHeed:
			c.failf("ctx has ended: key %d was fetched and not processed, and its error is %v, want context.Cause(ctx): %q", e.Key, result.Err, errCause)
		case e.Fetch == toHeed, e.Process == toHeed:
			if result.Err == nil {
				c.failf("ctx has ended: the function of key %d returned an error, and its result has none", e.Key)
			}
		default:
			if text := e.wrong(result); text != "" {
				c.failf("ctx has ended: key %d was processed, and its result is wrong: %s", e.Key, text)
			}
		}
	}
	return record
}

// seal says that Run has returned after its ctx ended.
func (c *remoteCheck) seal() {
	c.site.seal(fmt.Sprintf("%s: ctx had ended and Run had returned", c.t.Name()))
}

// next makes another run through the same queue, with a site of its own: what was left behind in
// front of it would be begun. The check's own site may be sealed.
func (c *remoteCheck) next() {
	c.t.Helper()
	const n = 50
	other := *c
	var err error
	if other.site, err = newSite(n); err != nil {
		c.giveUp("start a site: %v", err)
	}
	c.crew.sites = append(c.crew.sites, other.site)
	other.run(errands(other.site, 0, n, nil))
	other.site.seal(fmt.Sprintf("%s: the next Run had returned", c.t.Name()))
	if text := c.site.broken(); text != "" {
		c.giveUp("%s", text)
	}
}

// clause6: never more jobs in flight than workers have hands, and as many as that.
func (s *remote) clause6(t *testing.T) {
	for _, size := range []struct{ workers, limit int }{{1, 1}, {1, 4}, {3, 2}} {
		t.Run(crewOf(size.workers, size.limit), func(t *testing.T) {
			crew := s.newCrew(t, size.workers, size.limit)
			n := 6 * crew.hands()
			for _, half := range halves() {
				s.check(t, "held in "+half, crew, n, func(c *remoteCheck) { c.neverMore(half, errands(c.site, 0, n, nil)) })
			}
			s.check(t, "jobs that go wrong", crew, n, func(c *remoteCheck) {
				wrong := []string{toReturn, toFail, toGoexit, toPanic + "an error"}
				c.neverMore("Fetch", errands(c.site, 0, n, func(i int, e *errand) {
					e.Fetch, e.Process = wrong[i%4], wrong[i/4%4]
				}))
			})
			s.check(t, "two runs at once", crew, n, func(c *remoteCheck) {
				all := errands(c.site, 0, n, nil)
				c.neverMore("Fetch", all[:n/2], all[n/2:])
			})
		})
	}
}

// neverMore runs errands, all at once, and lets one job of them go on at a time, when the house is
// full: if it can be fuller, it will be.
func (c *remoteCheck) neverMore(half string, runs ...[]errand) {
	step := processBegan
	if half == "Fetch" {
		step = fetchBegan
	}
	var begun []*running
	n := 0
	for _, all := range runs {
		c.site.hold(step, all)
		begun = append(begun, c.begin(c.ctx, all))
		n += len(all)
	}
	hands := c.crew.hands()
	for left := n; left > 0; left-- {
		c.awaitHeld(min(hands, left))
		if left == n || left == n/2 {
			c.settle()
		}
		c.site.releaseOldest()
	}
	for _, r := range begun {
		r.check()
	}
	for _, r := range begun {
		c.once(r.errands, 1)
	}
	if peak := c.site.server.Record().PeakInFlight; peak != int64(hands) {
		c.failf("%d jobs were in flight at once; the limit allows %d (%s)", peak, hands, c.crew)
	}
}

// clause9: a nil function or a limit below one panics at once, naming the argument.
func (s *remote) clause9(t *testing.T) {
	address, run := s.New(t)
	right := remoteJob(newClient())
	for _, c := range []struct {
		what  string
		names []string // one of which the panic has to name
		job   RemoteJob
	}{
		{"job.Fetch is nil", []string{"Fetch"}, RemoteJob{Process: right.Process}},
		{"job.Process is nil", []string{"Process"}, RemoteJob{Fetch: right.Fetch}},
		{"job.Fetch and job.Process are nil", []string{"Fetch", "Process"}, RemoteJob{}},
	} {
		t.Run(c.what, func(t *testing.T) {
			for _, keys := range [][]string{nil, {errand{}.String()}} {
				for _, end := range []bool{true, false} {
					s.refuses(t, fmt.Sprintf("%s, and Run with %d keys", c.what, len(keys)), c.names, end, func(ctx context.Context) { run(ctx, c.job, keys) })
				}
			}
			s.refuses(t, c.what+", and Work", c.names, false, func(ctx context.Context) { _ = s.Work(ctx, address, c.job, 1) })
		})
	}
	for _, limit := range []int{0, -1, math.MinInt} {
		what := fmt.Sprintf("%s is %d", s.LimitName, limit)
		t.Run(what, func(t *testing.T) {
			s.refuses(t, what+", and Work", []string{s.LimitName}, false, func(ctx context.Context) { _ = s.Work(ctx, address, right, limit) })
		})
	}
}

// refuses fails unless call panics, and names what it must. One that does not panic may wait for
// good, so its ctx ends after a while.
func (s *remote) refuses(t *testing.T, what string, names []string, ended bool, call func(ctx context.Context)) {
	t.Helper()
	if s.stopped {
		t.Skip("not run: an earlier check did not come to an end")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience(t))
	defer cancel()
	if ended {
		cancel()
	}
	var fell *fault
	over := make(chan struct{})
	go func() {
		defer close(over)
		fell, _ = protect(func() { call(ctx) })
	}()
	select {
	case <-over:
	case <-time.After(2 * patience(t)):
		s.stopped = true
		t.Fatalf("%s neither panicked nor returned", what)
	}
	switch {
	case fell == nil:
		t.Fatalf("%s did not panic", what)
	case !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(fmt.Sprint(fell.value), name) }):
		t.Fatalf("%s panicked, and the panic does not name it (want %q): %v", what, strings.Join(names, " or "), fell.value)
	}
}

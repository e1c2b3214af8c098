package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/overlap/mockserver"
)

// A remoteCheck is one check, on one crew, with a site of its own as its judge.
type remoteCheck struct {
	*bubble // what is found; there is no virtual time in this one
	t       *testing.T
	crew    *crew
	site    *site
	ctx     context.Context // ends when the check has taken too long, or a worker has died
}

// check runs one check as a subtest, with a site for so many keys. When it has ended, nothing may
// come to that site any more.
func (s *remote) check(t *testing.T, name string, crew *crew, keys int, check func(c *remoteCheck)) {
	t.Run(name, func(t *testing.T) {
		if s.stopped || crew.stuck || crew.ctx.Err() != nil {
			t.Skip("not run: an earlier check did not come to an end")
		}
		site, err := newSite(keys)
		if err != nil {
			t.Fatalf("start a site: %v", err)
		}
		crew.sites = append(crew.sites, site)
		defer site.letGo()
		patience := patience(t)
		ctx, cancel := context.WithTimeoutCause(crew.ctx, patience, fmt.Errorf("the check has taken %v", patience))
		defer cancel()
		c := &remoteCheck{bubble: &bubble{}, t: t, crew: crew, site: site, ctx: ctx}
		defer c.report()
		defer func() { crew.stuck = crew.stuck || ctx.Err() != nil }()
		check(c)
		if site.after == "" {
			site.seal(fmt.Sprintf("%s: Run had returned", t.Name()))
		}
	})
}

// giveUp ends the check.
func (c *remoteCheck) giveUp(format string, args ...any) {
	c.t.Helper()
	c.failf(format, args...)
	c.t.FailNow()
}

func (c *remoteCheck) report() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, failure := range c.failures {
		c.t.Error(failure)
	}
}

// A running is a Run that has been called.
type running struct {
	c        *remoteCheck
	errands  []errand
	returned chan struct{}
	results  []Result // when it has
}

// begin calls Run for these errands. ctx must come from the check's.
func (c *remoteCheck) begin(ctx context.Context, errands []errand) *running {
	keys := make([]string, len(errands))
	for i, e := range errands {
		keys[i] = e.String()
	}
	given := slices.Clone(keys)
	r := &running{c: c, errands: errands, returned: make(chan struct{})}
	job := remoteJob(c.site.client)
	go func() {
		defer close(r.returned)
		fault, returned := protect(func() { r.results = c.crew.run(ctx, job, keys) })
		switch {
		case fault != nil:
			c.failf("Run panicked: %v\n%s", fault.value, fault.stack)
		case !returned:
			c.failf("Run ended its caller's goroutine with runtime.Goexit")
		case !slices.Equal(keys, given):
			c.failf("the slice of keys that the caller gave has been changed")
		}
	}()
	return r
}

// wait waits until Run has returned, with a result for each key, and returns these.
func (r *running) wait() []Result {
	c := r.c
	c.t.Helper()
	select {
	case <-r.returned:
	case <-c.ctx.Done():
		c.failf("Run has not returned (%s): %v", c.progress(), context.Cause(c.ctx))
		c.site.letGo()
		select {
		case <-r.returned:
		case <-time.After(patience(c.t)):
			c.crew.suite.stopped = true
			c.failf("Run does not return, though its ctx has ended")
		}
	}
	if c.failed() {
		c.t.FailNow()
	}
	if len(r.results) != len(r.errands) {
		c.giveUp("Run gave %d results for %d keys", len(r.results), len(r.errands))
	}
	return r.results
}

// run runs errands to their end, and checks what became of each, and that it was done once.
func (c *remoteCheck) run(errands []errand) {
	c.t.Helper()
	c.begin(c.ctx, errands).check()
	c.once(errands, 1)
}

// check waits for the results and checks each.
func (r *running) check() {
	r.c.t.Helper()
	for i, result := range r.wait() {
		if text := r.errands[i].wrong(result); text != "" {
			r.c.failf("result %d of %d, of key %d, is wrong: %s", i+1, len(r.errands), r.errands[i].Key, text)
		}
	}
}

// once checks by the record that each errand was done so many times, both halves of it, and
// nothing else. A key that stands twice may be one job.
func (c *remoteCheck) once(errands []errand, times int) {
	record := c.site.server.Record()
	stands := map[errand]int{}
	for _, e := range errands {
		stands[e]++
	}
	for e, n := range stands {
		for step, want := range map[int]int{fetchBegan: times, processBegan: times} {
			if step == processBegan && (!e.fetched() || e.Process == toBeQuiet) {
				want = 0
			}
			if got := asked(record, e.Key, step); got < want || got > want*n {
				c.failf("of key %d %s %d times, want %d: it stands %d times among the keys, of Run called %d times", e.Key, stepName(step), got, want, n, times)
			}
		}
	}
	if record.InFlight > 0 {
		c.failf("Run has returned, and %d functions of its jobs still wait for the site", record.InFlight)
	}
}

// await waits until the site has seen so many jobs get so far.
func (c *remoteCheck) await(step, n int) {
	c.t.Helper()
	c.until(fmt.Sprintf("%s in %d jobs", stepName(step), n), func(came [pagesEach]int, _ int) bool { return came[step] >= n })
}

// awaitHeld waits until so many answers are held back at once.
func (c *remoteCheck) awaitHeld(n int) {
	c.t.Helper()
	c.until(fmt.Sprintf("%d jobs are in flight at once (%s)", n, c.crew), func(_ [pagesEach]int, held int) bool { return held >= n })
}

func (c *remoteCheck) until(what string, so func(came [pagesEach]int, held int) bool) {
	c.t.Helper()
	for {
		came, held, changed := c.site.now()
		if so(came, held) {
			return
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			c.giveUp("it does not come to it that %s (%s): %v", what, c.progress(), context.Cause(c.ctx))
		}
	}
}

// progress is how far the jobs have come.
func (c *remoteCheck) progress() string {
	came, held, _ := c.site.now()
	return fmt.Sprintf("Fetch began %d times, Process %d times, %d functions saw their ctx end, %d wait for the suite",
		came[fetchBegan], came[processBegan], came[sawEnd], held)
}

// settle gives what must not come the time to come.
func (c *remoteCheck) settle() {
	if err := c.site.settle(c.ctx); err != nil {
		c.giveUp("the site does not answer: %v", errors.Join(err, context.Cause(c.ctx)))
	}
}

// asked is how often a page of a key was asked for.
func asked(record mockserver.Record, key, step int) int {
	return int(record.Paths[mockserver.PagePath(pageOf(key, step))])
}

// total is asked of all keys.
func total(record mockserver.Record, step int) (n int) {
	for path, times := range record.Paths {
		var page int
		if _, err := fmt.Sscanf(path, "/page/%d", &page); err == nil && page%pagesEach == step {
			n += int(times)
		}
	}
	return n
}

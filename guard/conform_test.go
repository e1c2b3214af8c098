package guard_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/conform"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/guard"
)

// An alteration is what of the contract a guard alters, and why. TestTheTableOfClauses
// holds the table in doc.go to these.
type alteration struct {
	why    string
	what   []suiteCheck
	bites  bool // only where the guard has something to do; else the clause is kept
	unseen bool // the suite, which begins each job once, does not see it: another test does
}

// A suiteCheck is one of bench/conform, by its name, and which models have it. Without a name
// it is the whole clause.
type suiteCheck struct {
	clause int
	name   string
	jobsOn modelsWith
}

type modelsWith int

const (
	anyGoroutine modelsWith = iota
	callersGoroutine
	ownGoroutines
)

// alterations are what each guard alters. Everything else is proven below, for each model.
func alterations() map[string][]alteration {
	goexit := suiteCheck{clause: 3, name: "a Goexit in Fetch ends the caller", jobsOn: callersGoroutine}
	othersGoOn := []suiteCheck{
		{clause: 2},
		{clause: 3, name: "a panic in Fetch"}, {clause: 3, name: "a panic in Process"},
		{clause: 3, name: "a Goexit in Fetch", jobsOn: ownGoroutines}, {clause: 3, name: "a Goexit in Process", jobsOn: ownGoroutines},
		{clause: 3, name: "panics, exits and errors together"},
		{clause: 8, name: "jobs that go wrong cost no worker"}, {clause: 8, name: "jobs that go wrong in Fetch cost no worker"},
	}
	waits := func(why string) alteration {
		return alteration{why: why, what: []suiteCheck{{clause: 8}}, bites: true}
	}
	always := func(why string, checks ...suiteCheck) alteration { return alteration{why: why, what: checks} }
	deadline := func(why string) alteration {
		return always(why, suiteCheck{clause: 4, name: "jobs see the deadline of the caller's ctx"})
	}
	return map[string][]alteration{
		"FailFast": {always("the first job that goes wrong ends the others", othersGoOn...)},
		"Deadline": {deadline("a job has a deadline of its own"), waits("a job ends at its deadline")},
		"SingleFlight": {
			always("a Fetch is begun once for equal keys", suiteCheck{clause: 1, name: "equal keys are jobs of their own"}),
			always("it has a goroutine of its own", goexit),
			deadline("it has nobody's deadline"),
			waits("a Fetch ends when the one that it shares does"),
		},
		"Retry": {waits("a job lasts as long as its tries and the waits between them")},
		"Hedge": {
			{why: "two requests of a job may be in flight", what: []suiteCheck{{clause: 6}}, bites: true, unseen: true}, // TestHedgesInFlight
			waits("a Fetch ends when the quicker of two does"),
		},
		"PerHost":   {waits("a Fetch begins when its host has a place")},
		"RateLimit": {waits("a Fetch begins when it is its turn")},
		"Timeout":   {deadline("a Fetch has a deadline of its own"), waits("a Fetch ends at its timeout")},
	}
}

// inWords is an alteration as the table in doc.go has it: its clauses, with the number of checks
// where it is not the whole clause, and why.
func (a alteration) inWords() string {
	var clauses []string
	for i := 0; i < len(a.what); {
		clause, checks := a.what[i], 0
		for ; i < len(a.what) && a.what[i].clause == clause.clause; i++ {
			checks++
		}
		switch {
		case clause.name == "":
			clauses = append(clauses, strconv.Itoa(clause.clause))
		case checks == 1:
			clauses = append(clauses, fmt.Sprintf("%d (1 check)", clause.clause))
		default:
			clauses = append(clauses, fmt.Sprintf("%d (%d checks)", clause.clause, checks))
		}
	}
	return strings.Join(clauses, ", ") + ": " + a.why
}

// exceptions are what a model is not held to under these guards.
func exceptions(guards []string, bites, onCaller bool) (list []conform.Exception) {
	for _, name := range guards {
		for _, a := range alterations()[name] {
			if a.unseen || a.bites && !bites {
				continue
			}
			for _, c := range a.what {
				if c.jobsOn == callersGoroutine && !onCaller || c.jobsOn == ownGoroutines && onCaller {
					continue
				}
				list = append(list, conform.Exception{Clause: c.clause, Check: c.name, Why: "under guard." + name + " " + a.why})
			}
		}
	}
	return list
}

// The table of the package comment says what the guards are held to, to the word.
func TestTheTableOfClauses(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	said := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^//\t([A-Z]\w*) *\| ([^|]+?) *\|`).FindAllStringSubmatch(string(doc), -1) {
		said[row[1]] = row[2]
	}
	held := map[string]string{}
	for name, list := range alterations() {
		var words []string
		for _, a := range list {
			words = append(words, a.inWords())
		}
		held[name] = strings.Join(words, "; ")
	}
	require.Equal(t, held, said)
}

// A guarding puts guards around a job, and at most around its ctx; release ends what is made of
// that. It is made anew for each check of the suite, so what a guard shares between runs is made
// in a bubble of its own.
type guarding[B any] func() func(ctx context.Context, job conform.Job) (inner context.Context, safe overlap.Job[int, B, string], release func())

// same is a guarding that leaves ctx as it is and shares nothing between runs.
func same[B any](guarded func(job conform.Job) overlap.Job[int, B, string]) guarding[B] {
	return func() func(context.Context, conform.Job) (context.Context, overlap.Job[int, B, string], func()) {
		return func(ctx context.Context, job conform.Job) (context.Context, overlap.Job[int, B, string], func()) {
			return ctx, guarded(job), func() {}
		}
	}
}

// failFast is a guarding that ends a run at the first error, outside of others.
func failFast[B any](guarded func(job conform.Job) overlap.Job[int, B, string]) guarding[B] {
	return func() func(context.Context, conform.Job) (context.Context, overlap.Job[int, B, string], func()) {
		return func(ctx context.Context, job conform.Job) (context.Context, overlap.Job[int, B, string], func()) {
			ctx, cancel := context.WithCancel(ctx)
			whole := false
			defer func() {
				if !whole { // a nil function
					cancel()
				}
			}()
			ctx, safe := guard.FailFast(ctx, guarded(job))
			whole = true
			return ctx, safe, cancel
		}
	}
}

// Where a guard has nothing to do, every model under it keeps the contract whole, but for what
// the guard alters always. Clause 8 too: to the nanosecond.
func TestConformWithGuardsThatHaveNothingToDo(t *testing.T) {
	const ample = 10_000 * time.Hour
	oneHost := func(int) string { return "host" }
	never := func(error) bool { return false }
	late := guard.HedgePolicy{MinSamples: 1 << 30}
	wide := func() *rate.Limiter { return rate.NewLimiter(1, 1<<30) }
	tryAll(t, false, "FailFast", failFast(func(job conform.Job) conform.Job { return job }))
	tryAll(t, false, "Deadline", same(func(job conform.Job) overlap.Job[int, guard.Due[string], string] {
		return guard.Deadline(job, ample)
	}))
	tryAll(t, false, "SingleFlight", same(guard.SingleFlight[int, string, string]))
	tryAll(t, false, "Retry", same(func(job conform.Job) conform.Job { return guard.Retry(job, guard.RetryPolicy{Temporary: never}) }))
	tryAll(t, false, "Hedge", same(func(job conform.Job) conform.Job { return guard.Hedge(job, late) }))
	tryAll(t, false, "PerHost", same(func(job conform.Job) conform.Job { return guard.PerHost(job, oneHost, 1<<30) }))
	tryAll(t, false, "RateLimit", same(func(job conform.Job) conform.Job { return guard.RateLimit(job, wide()) }))
	tryAll(t, false, "Timeout", same(func(job conform.Job) conform.Job { return guard.Timeout(job, ample) }))
	// All of them, in the order of doc.go.
	tryAll(t, false, "FailFast Deadline SingleFlight Retry Hedge PerHost RateLimit Timeout", failFast(func(job conform.Job) overlap.Job[int, guard.Due[string], string] {
		job = guard.Timeout(job, ample)
		job = guard.RateLimit(job, wide())
		job = guard.PerHost(job, oneHost, 1<<30)
		job = guard.Hedge(job, late)
		job = guard.Retry(job, guard.RetryPolicy{Temporary: never})
		job = guard.SingleFlight(job)
		return guard.Deadline(job, ample)
	}))
}

// Where a guard bites, every model under it keeps all other clauses. The suite's jobs are begun
// once, so what makes a guard bite stands before the job, inside of the guard: a try that fails,
// a request that takes too long, a wait.
func TestConformWithGuardsThatBite(t *testing.T) {
	again := guard.RetryPolicy{Base: 10 * time.Millisecond, Temporary: func(err error) bool { return errors.Is(err, errTry) }}
	tryAll(t, true, "Retry", same(func(job conform.Job) conform.Job {
		return counted(guard.Retry(biting(job, func(_ context.Context, try int) error {
			if try < 3 {
				return errTry
			}
			return nil
		}), again))
	}))
	// A try that takes too long, and another one by Retry.
	tooLong := func(ctx context.Context, try int) error {
		if try > 1 {
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}
	const perTry = 7 * time.Millisecond
	anyError := guard.RetryPolicy{Base: 10 * time.Millisecond, Temporary: func(error) bool { return true }}
	tryAll(t, true, "Timeout", same(func(job conform.Job) conform.Job {
		// The job itself is not in it, or it would be cut short.
		return counted(before(job, guard.Retry(guard.Timeout(biting(nothing(), tooLong), perTry), anyError)))
	}))
	tryAll(t, true, "Deadline", same(func(job conform.Job) conform.Job {
		return counted(before(job, guard.Retry(guard.Deadline(biting(nothing(), tooLong), perTry), anyError)))
	}))
	// An interval that has no moment in common with those of the suite.
	tryAll(t, true, "RateLimit", same(func(job conform.Job) conform.Job {
		return before(job, guard.RateLimit(nothing(), rate.NewLimiter(rate.Every(19_997*time.Microsecond), 1)))
	}))
	tryAll(t, true, "PerHost", same(func(job conform.Job) conform.Job {
		return guard.PerHost(job, func(key int) string {
			if bitten(key) {
				return "one that many ask"
			}
			return fmt.Sprint(key)
		}, 1)
	}))
	// Each job first wants something that it shares with others: a token, say.
	tryAll(t, true, "SingleFlight", same(func(job conform.Job) conform.Job {
		token := nothing()
		token.Fetch = func(ctx context.Context, _ int) (string, error) { return "token", pause(ctx, 997*time.Microsecond) }
		shared := guard.SingleFlight(token)
		return before(job, conform.Job{
			Fetch: func(ctx context.Context, key int) (string, error) { return shared.Fetch(ctx, key%9) },
		})
	}))
	// The first request is slow; that of the two which is the first to be done with waiting does
	// the job, and the other one loses.
	tryAll(t, true, "Hedge", same(func(job conform.Job) conform.Job {
		return counted(guard.Hedge(biting(job, func(ctx context.Context, try int) error {
			if try > 1 {
				return nil
			}
			return pause(ctx, 97*time.Millisecond)
		}), guard.HedgePolicy{Percentile: 10, MinSamples: 8, Budget: guard.NewBudget(1)}))
	}))
}

var errTry = errors.New("this try fails")

// nothing is a job that brings and makes nothing.
func nothing() conform.Job {
	none := func(context.Context, string) (string, error) { return "", nil }
	return conform.Job{Fetch: func(context.Context, int) (string, error) { return "", nil }, Process: none}
}

// bitten says of every third key that something is done to it. The first job of a load is none.
func bitten(key int) bool { return key%3 == 1 }

// before does what first fetches before each Fetch of job, for every third key.
func before[B any](job conform.Job, first overlap.Job[int, B, string]) conform.Job {
	job.MustValid()
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key int) (string, error) {
		if bitten(key) {
			if _, err := first.Fetch(ctx, key); err != nil {
				return "", err
			}
		}
		return fetch(ctx, key)
	}
	return job
}

// tries is what those of one Fetch know of each other.
type tries struct {
	ctx   context.Context // of the Fetch
	mu    sync.Mutex
	begun int
	taken bool          // one of them does the job
	over  chan struct{} // it has ended
	err   error         // and how, if not with a body
}

type triesKey struct{}

// counted has the tries of each Fetch of job counted, beginning here.
func counted(job conform.Job) conform.Job {
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key int) (string, error) {
		t := &tries{ctx: ctx, over: make(chan struct{}), err: errTry} // which stays of one that panics
		return fetch(context.WithValue(ctx, triesKey{}, t), key)
	}
	return job
}

// biting has each try to Fetch a third of the keys do something first; an error of that is
// the try's. The suite's jobs are begun once: so the first try that gets so far does the job.
// One that comes later fails with it, or waits until nobody wants it any more.
func biting(job conform.Job, first func(ctx context.Context, try int) error) conform.Job {
	job.MustValid()
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key int) (string, error) {
		t := ctx.Value(triesKey{}).(*tries)
		t.mu.Lock()
		t.begun++
		try := t.begun
		t.mu.Unlock()
		if bitten(key) {
			if err := first(ctx, try); err != nil {
				return "", err
			}
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		t.mu.Lock()
		taken := t.taken
		t.taken = true
		t.mu.Unlock()
		if !taken {
			defer close(t.over)
			body, err := fetch(ctx, key)
			t.err = err
			return body, err
		}
		select {
		case <-t.over:
			if t.err != nil {
				return "", t.err
			}
			<-ctx.Done()
		case <-ctx.Done():
		}
		if t.ctx.Err() == nil {
			time.Sleep(time.Millisecond) // a loser that is not waited for is still there
		}
		return "", context.Cause(ctx)
	}
	return job
}

// crowd is held by a model without a limit: the race detector has no room for the goroutines of
// two.
var crowd sync.Mutex

// tryAll tries all models under the guards of this name.
func tryAll[B any](t *testing.T, bites bool, guards string, guarded guarding[B]) {
	names := strings.Fields(guards)
	if bites {
		t.Run(guards+"/it bites", func(t *testing.T) { itBites(t, guarded) })
	}
	for _, m := range bench.Models[int, B, string](bench.Limit{InFlight: 1}) {
		promise := promiseOf[B](m)
		if promise.LimitName != "" && len(names) > 1 {
			promise.Limits = []int{1, 3}
		}
		promise.Except = exceptions(names, bites, promise.OnCaller)
		try := func(form string, test func(t *testing.T)) {
			t.Run(fmt.Sprintf("%s/%s%s", strings.Join(names, "+"), m.Name, form), func(t *testing.T) {
				t.Parallel()
				if m.Peak == 0 {
					crowd.Lock()
					defer crowd.Unlock()
				}
				test(t)
			})
		}
		try("", func(t *testing.T) {
			conform.Test(t, func(limit int) conform.Runner {
				run, around := modelNamed[B](m.Name, limit).Run, guarded()
				return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
					ctx, safe, release := around(ctx, job)
					defer release()
					return run(ctx, safe, keys)
				}
			}, promise)
		})
		if m.Stream == nil {
			continue
		}
		try("-stream", func(t *testing.T) {
			conform.TestStream(t, func(limit int) conform.Streamer {
				stream, around := modelNamed[B](m.Name, limit).Stream, guarded()
				return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) iter.Seq2[int, conform.Result] {
					loop := func(ctx context.Context, results func(iter.Seq2[int, conform.Result])) {
						ctx, safe, release := around(ctx, job)
						defer release()
						results(stream(ctx, safe, keys))
					}
					// It panics at once, if it is to; else nothing begins before the loop does.
					loop(context.Background(), func(iter.Seq2[int, conform.Result]) {})
					return func(yield func(int, conform.Result) bool) {
						loop(ctx, func(results iter.Seq2[int, conform.Result]) { results(yield) })
					}
				}
			}, promise)
		})
	}
}

// itBites fails if the schedule of a pool is the same with the guard.
func itBites[B any](t *testing.T, guarded guarding[B]) {
	job := nothing()
	job.Fetch = func(ctx context.Context, _ int) (string, error) { return "", pause(ctx, time.Millisecond) }
	keys := make([]int, 100)
	for i := range keys {
		keys[i] = 3*i + 1 // bitten
	}
	pool := modelNamed[B]("pool", 3)
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, safe, release := guarded()(t.Context(), job)
		defer release()
		require.NoError(t, overlap.Errors(pool.Run(ctx, safe, keys)))
		require.Greater(t, time.Since(begun), pool.Ideal(slices.Repeat([]schedule.Job{{Wait: time.Millisecond}}, len(keys))).Makespan)
	})
}

// Under every model, up to twice the limit is in flight as a server counts it, and more than
// the limit is.
func TestHedgesInFlight(t *testing.T) {
	const limit, jobs = 3, 50
	for _, m := range bench.Models[int, string, string](bench.Limit{InFlight: limit}) {
		t.Run(m.Name, func(t *testing.T) {
			most := m.Peak
			switch m.Name {
			case "goroutines", "eventloop", "eventloop-to-thread":
				most = jobs // no limit
			case "pipeline":
				most = limit // that fetch
			}
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				now, peak, requests := 0, 0, 0
				job := nothing()
				job.Fetch = func(ctx context.Context, key int) (string, error) {
					mu.Lock()
					now++
					requests++
					peak = max(peak, now)
					mu.Unlock()
					defer func() { mu.Lock(); now--; mu.Unlock() }()
					return "", pause(ctx, time.Duration(1+key)*time.Millisecond)
				}
				hedged := guard.Hedge(job, guard.HedgePolicy{Percentile: 1, MinSamples: 1, Budget: guard.NewBudget(1)})
				keys := make([]int, jobs)
				for i := range keys {
					keys[i] = i
				}
				require.NoError(t, overlap.Errors(m.Run(t.Context(), hedged, keys[:1]))) // which is seen
				require.NoError(t, overlap.Errors(m.Run(t.Context(), hedged, keys)))
				require.Greater(t, requests, jobs+1)
				require.Greater(t, peak, most)
				require.LessOrEqual(t, peak, 2*most)
			})
		})
	}
}

// modelNamed is the one of this name at a limit.
func modelNamed[B any](name string, limit int) bench.Model[int, B, string] {
	all := bench.Models[int, B, string](bench.Limit{InFlight: limit, Process: limit})
	return all[slices.IndexFunc(all, func(m bench.Model[int, B, string]) bool { return m.Name == name })]
}

// promiseOf is what a model promises without a guard. One limit is enough to find out what a
// guard could do to it: the models are proven at others. All guards together are tried with one
// job at a time, too.
func promiseOf[B any](m bench.Model[int, B, string]) conform.Promise {
	promise := conform.Promise{
		Limits:   []int{3},
		AnyOrder: m.AnyOrder,
		OnCaller: m.Name == "sequential",
		Proven:   true,
		Plan: func(jobs []schedule.Job, limit int) schedule.Plan {
			return modelNamed[B](m.Name, limit).Ideal(jobs)
		},
		LimitName: map[string]string{
			"goroutines-limit": "limit", "eventloop-limit": "limit", "pool": "workers", "pool-counter": "workers",
			"pool-steal": "workers", "pipeline": "widths.Fetch", "eventloop-to-thread": "threads",
		}[m.Name],
	}
	if m.Peak > 0 {
		promise.InFlight = func(limit int) int { return modelNamed[B](m.Name, limit).Peak }
		promise.Ahead = func(limit int) int { return modelNamed[B](m.Name, limit).Peak + 1 }
	}
	switch m.Name {
	case "sequential":
		promise.Ahead = promise.InFlight
	case "pipeline":
		promise.Fetching = func(limit int) int { return limit }
		promise.Processing = promise.Fetching
	case "eventloop-to-thread":
		promise.Processing = func(limit int) int { return limit }
	case "eventloop", "eventloop-limit":
		promise.Processing = func(int) int { return 1 }
	}
	if promise.LimitName == "" {
		promise.Limits = []int{1}
	}
	return promise
}

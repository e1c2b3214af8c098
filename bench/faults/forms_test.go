package faults

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/workload/pages"
)

type (
	job    = overlap.Job[string, pages.Body, pages.Page]
	result = overlap.Result[pages.Page]
	model  = bench.Model[string, pages.Body, pages.Page]
)

// limits are small, so that jobs wait for places, and unlike one another.
func limits() bench.Limit { return bench.Limit{InFlight: 8, Process: 3, Buffer: 2} }

// A form is Run or Stream of a model.
type form struct {
	name    string
	peak    int // jobs in flight at most; 0: no bound
	fetches int // fetches at once at most; 0: no bound
	run     func(ctx context.Context, job job, keys []string) answers
}

// answers are what a form gave: for keys[i] so many results, of which the last is kept.
type answers struct {
	results []result
	times   []int
	strange []string // keys that nobody asked for
	pulled  int      // keys that the form took
}

// forms are those of all models.
func forms(limit bench.Limit) []form {
	var all []form
	for _, m := range bench.Models[string, pages.Body, pages.Page](limit) {
		f := form{name: m.Name, peak: m.Peak, fetches: m.Peak}
		if m.Peak > limit.InFlight {
			f.fetches = limit.InFlight // the pipeline's peak has its other stages in it
		}
		f.run = func(ctx context.Context, job job, keys []string) answers { return runAll(ctx, m, job, keys) }
		all = append(all, f)
		if m.Stream != nil {
			f.name += "-stream"
			f.run = func(ctx context.Context, job job, keys []string) answers { return streamAll(ctx, m, job, keys) }
			all = append(all, f)
		}
	}
	return all
}

func runAll(ctx context.Context, m model, job job, keys []string) answers {
	a := answers{results: m.Run(ctx, job, slices.Clone(keys)), times: make([]int, len(keys)), pulled: len(keys)}
	for i := range a.times {
		if i < len(a.results) {
			a.times[i] = 1
		}
	}
	return a
}

func streamAll(ctx context.Context, m model, job job, keys []string) answers {
	a := answers{results: make([]result, len(keys)), times: make([]int, len(keys))}
	var mu sync.Mutex
	pull := func(yield func(string) bool) {
		for _, key := range keys {
			mu.Lock()
			a.pulled++
			mu.Unlock()
			if !yield(key) {
				return
			}
		}
	}
	for key, result := range m.Stream(ctx, job, pull) {
		i := slices.Index(keys, key)
		if i < 0 {
			a.strange = append(a.strange, key)
			continue
		}
		a.results[i] = result
		a.times[i]++
	}
	return a
}

// mustAccount fails unless each key that was taken has one result, and all were taken.
func (a answers) mustAccount(t *testing.T, keys []string) {
	t.Helper()
	require.Equal(t, len(keys), a.pulled, "keys taken")
	require.Len(t, a.results, len(keys))
	require.Empty(t, a.strange, "results for keys that nobody asked for")
	for i, n := range a.times {
		require.Equal(t, 1, n, "results for %s", keys[i])
	}
}

// A watch counts what a model does with a job.
type watch struct {
	mu        sync.Mutex
	fetches   map[string]int // tries, by key
	fetching  int
	working   int
	inFlight  int // from a Fetch's begin to the end of its Process
	fetchPeak int
	peak      int
	late      int // halves that began after their context's end
}

func newWatch() *watch { return &watch{fetches: map[string]int{}} }

// job is inner, watched.
func (w *watch) job(inner job) job {
	return job{
		Fetch: func(ctx context.Context, key string) (body pages.Body, err error) {
			w.note(func() {
				if ctx.Err() != nil {
					w.late++
				}
				w.fetches[key]++
				w.fetching++
				w.inFlight++
				w.fetchPeak = max(w.fetchPeak, w.fetching)
				w.peak = max(w.peak, w.inFlight)
			})
			fetched := false
			defer func() {
				w.note(func() {
					w.fetching--
					if !fetched {
						w.inFlight--
					}
				})
			}()
			body, err = inner.Fetch(ctx, key)
			fetched = err == nil
			return body, err
		},
		Process: func(ctx context.Context, body pages.Body) (pages.Page, error) {
			w.note(func() {
				if ctx.Err() != nil {
					w.late++
				}
				w.working++
			})
			defer w.note(func() { w.working--; w.inFlight-- })
			return inner.Process(ctx, body)
		},
	}
}

func (w *watch) note(what func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what()
}

// mustHold fails if the form broke its limit, left something running, or began what it
// should not have. Without retries each key is fetched once.
func (w *watch) mustHold(t *testing.T, f form, retries bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Zero(t, w.fetching, "fetches that still run")
	require.Zero(t, w.working, "processes that still run")
	require.Zero(t, w.late, "halves that began after the end of their context")
	if f.peak > 0 {
		require.LessOrEqual(t, w.peak, f.peak, "jobs in flight")
		require.LessOrEqual(t, w.fetchPeak, f.fetches, "fetches at once")
	}
	for key, n := range w.fetches {
		if !retries {
			require.Equal(t, 1, n, "fetches of %s", key)
		}
	}
}

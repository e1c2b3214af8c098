package peers

import (
	"context"
	"fmt"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/conform"
	"example.com/overlap/bench/schedule"
)

// A Peer is one way to use a library for what a model does.
type Peer[K, B, R any] struct {
	Name    string // as it stands in /model=NAME
	Package string // its import path
	Uses    string // what of it is used

	// Unlimited says that it has no limit: it begins all jobs at once.
	Unlimited bool
	// AnyOrder says that its documentation promises no order in which jobs begin.
	AnyOrder bool

	open func(limit int, f form[K, B, R]) (overlap.Runner[K, B, R], func(), error)
}

// A Form says how much the function does that the library is given.
type Form string

// The two forms: see the package's documentation.
const (
	Plain   Form = "plain"
	Careful Form = "careful"
)

// ParseForm reads the name of a form.
func ParseForm(name string) (Form, error) {
	switch f := Form(name); f {
	case Plain, Careful:
		return f, nil
	}
	return "", fmt.Errorf("%q is no form, want %s or %s", name, Plain, Careful)
}

// form is what the forms differ in.
type form[K, B, R any] struct {
	do      func(ctx context.Context, job overlap.Job[K, B, R], key K) overlap.Result[R]
	results func(n int) []overlap.Result[R]
	told    func(ctx context.Context) context.Context // what the library is told of ctx
}

func plain[K, B, R any]() form[K, B, R] {
	return form[K, B, R]{
		do: func(ctx context.Context, job overlap.Job[K, B, R], key K) overlap.Result[R] {
			body, err := job.Fetch(ctx, key)
			if err != nil {
				return overlap.Result[R]{Err: err}
			}
			value, err := job.Process(ctx, body)
			return overlap.Result[R]{Value: value, Err: err}
		},
		results: func(n int) []overlap.Result[R] { return make([]overlap.Result[R], n) },
		told:    func(ctx context.Context) context.Context { return ctx },
	}
}

func careful[K, B, R any]() form[K, B, R] {
	return form[K, B, R]{
		do: func(ctx context.Context, job overlap.Job[K, B, R], key K) overlap.Result[R] {
			return job.Do(ctx, key)
		},
		results: overlap.Pending[R],
		told:    context.WithoutCancel,
	}
}

// All are the libraries, in the order of the tables.
func All[K, B, R any]() []Peer[K, B, R] {
	return []Peer[K, B, R]{
		errgroupPeer[K, B, R](),
		semaphorePeer[K, B, R](),
		sizedWaitGroup[K, B, R](),
		concIter[K, B, R](),
		concPool[K, B, R](),
		concStream[K, B, R](),
		antsSubmit[K, B, R](),
		antsFunc[K, B, R](),
		pondGo[K, B, R](),
		pondGroup[K, B, R](),
		workerPool[K, B, R](),
		goPool[K, B, R](),
		pkgzPool[K, B, R](),
		pkgzBatch[K, B, R](),
		goZero[K, B, R](),
		loParallel[K, B, R](),
	}
}

// Open makes what the library keeps for long, for at most limit jobs in flight, and returns the
// Runner on it, and the function that ends it. The Runner may be used from several goroutines,
// and must not be used after that. A limit below 1 panics in the careful form; in the plain one
// it is the library's to refuse, or not.
func (p Peer[K, B, R]) Open(f Form, limit int) (run overlap.Runner[K, B, R], release func(), err error) {
	switch f {
	case Plain:
		run, release, err = p.open(limit, plain[K, B, R]())
	case Careful:
		if !p.Unlimited {
			overlap.MustLimit("limit", limit)
		}
		var library overlap.Runner[K, B, R]
		library, release, err = p.open(limit, careful[K, B, R]())
		run = func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
			job.MustValid()
			return library(ctx, job, keys)
		}
	default:
		_, err = ParseForm(string(f))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return run, release, nil
}

// Once is a Runner that opens the library for each run, and ends it before it returns. It
// panics if the library cannot be opened.
func (p Peer[K, B, R]) Once(f Form, limit int) overlap.Runner[K, B, R] {
	if f == Careful && !p.Unlimited {
		overlap.MustLimit("limit", limit)
	}
	return func(ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
		run, release, err := p.Open(f, limit)
		if err != nil {
			panic(err)
		}
		defer release()
		return run(ctx, job, keys)
	}
}

// Model is the library as a row of a benchmark. Its Ideal is that of the task: a pool's with
// this limit, or all at once where there is none.
func (p Peer[K, B, R]) Model(f Form, limit int) bench.Model[K, B, R] {
	m := bench.Model[K, B, R]{
		Name: p.Name,
		Open: func() (overlap.Runner[K, B, R], func(), error) { return p.Open(f, limit) },
		Ideal: func(jobs []schedule.Job) schedule.Plan {
			return schedule.Pool(jobs, limit)
		},
		Peak:     limit,
		AnyOrder: p.AnyOrder,
	}
	if p.Unlimited {
		m.Ideal, m.Peak = schedule.Goroutines, 0
	}
	return m
}

// Promise is what the library says of itself, for [conform.Test].
func (p Peer[K, B, R]) Promise() conform.Promise {
	promise := conform.Limited("limit")
	if p.Unlimited {
		promise = conform.Unlimited()
	}
	promise.AnyOrder = p.AnyOrder
	return promise
}

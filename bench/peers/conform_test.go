package peers

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
	"example.com/overlap/pool"
)

// TestConform is what a Court starts in a process of its own: the contract's suite on one library
// in one form, which the environment names.
func TestConform(t *testing.T) {
	name, formName, ok := strings.Cut(os.Getenv(conformEnv), "/")
	if !ok {
		t.Skipf("%s names no library and form; TestClauses starts it with one", conformEnv)
	}
	f, err := ParseForm(formName)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.Concat(All[int, string, string](), fakes()) {
		if p.Name != name {
			continue
		}
		conform.Test(t, func(limit int) conform.Runner {
			forget(p)
			return conform.Runner(p.Once(f, limit))
		}, p.Promise())
		return
	}
	t.Fatalf("no library is called %q", name)
}

// forget makes a library forget what it keeps in a sync.Pool for the whole program. A bubble of
// synctest cannot use another one's channels, and conc/stream keeps its channels so. That is the
// suite's limit, not the library's fault. What is in a sync.Pool is gone after two collections.
func forget(p Peer[int, string, string]) {
	if p.Name == "conc-stream" {
		runtime.GC()
		runtime.GC()
	}
}

// fakes are libraries of which it is known what they keep.
func fakes() []Peer[int, string, string] {
	type (
		job     = overlap.Job[int, string, string]
		results = []overlap.Result[string]
	)
	fake := func(name string, first func(ended bool, f form[int, string, string])) Peer[int, string, string] {
		return Peer[int, string, string]{Name: name, open: func(limit int, f form[int, string, string]) (overlap.Runner[int, string, string], func(), error) {
			return func(ctx context.Context, j job, keys []int) results {
				overlap.MustLimit("limit", limit)
				// As in the first check of clause 4, at a limit of 1, and in no other clause.
				first(errors.Is(context.Cause(ctx), context.Canceled) && len(keys) == 11, f)
				return pool.Run(ctx, j, keys, limit)
			}, func() {}, nil
		}}
	}
	isPlain := func(f form[int, string, string]) bool { return f.results(1)[0].Err == nil }
	return []Peer[int, string, string]{
		fake("right", func(bool, form[int, string, string]) {}),
		fake("crashes", func(ended bool, f form[int, string, string]) {
			if ended && isPlain(f) {
				over := make(chan struct{})
				go func() { defer close(over); panic("it crashes when ctx has ended") }()
				<-over
			}
		}),
		fake("hangs", func(ended bool, f form[int, string, string]) {
			if ended && isPlain(f) {
				var mu sync.Mutex
				mu.Lock()
				mu.Lock() // which no bubble sees
			}
		}),
	}
}

package peers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

type (
	numberJob    = overlap.Job[int, int, int]
	numberRunner = overlap.Runner[int, int, int]
)

// Each library gives what a sequential run gives, in both forms, run after run on what it keeps;
// jobs that fail are no exception.
func TestLibrariesGiveTheSequentialResults(t *testing.T) {
	job := numberJob{
		Fetch: func(_ context.Context, n int) (int, error) {
			if n%7 == 3 {
				return 0, fmt.Errorf("fetch %d", n)
			}
			return n, nil
		},
		Process: func(_ context.Context, n int) (int, error) {
			if n%11 == 5 {
				return 0, fmt.Errorf("process %d", n)
			}
			return n * n, nil
		},
	}
	for _, p := range All[int, int, int]() {
		for _, f := range []Form{Plain, Careful} {
			t.Run(p.Name+"/"+string(f), func(t *testing.T) {
				run, release, err := p.Open(f, 4)
				require.NoError(t, err)
				defer release()
				for _, n := range []int{500, 0, 1, 500} {
					require.Equal(t, sequential.Run(t.Context(), job, numbers(n)), run(t.Context(), job, numbers(n)))
				}
				require.Len(t, p.Once(f, 4)(t.Context(), job, numbers(5)), 5)
			})
		}
	}
}

// Each library begins a second job while the first one runs, and never more than its limit. The
// suite's clauses 6 and 8 say how many exactly, in virtual time; this is real time, with all that
// the race detector sees.
func TestLibrariesHeedTheirLimit(t *testing.T) {
	const limit = 3
	for _, p := range All[int, int, int]() {
		for _, f := range []Form{Plain, Careful} {
			t.Run(p.Name+"/"+string(f), func(t *testing.T) {
				run, release, err := p.Open(f, limit)
				require.NoError(t, err)
				defer release()
				var begun, now, most atomic.Int64
				second := make(chan struct{})
				results := run(t.Context(), numberJob{
					Fetch: func(_ context.Context, n int) (int, error) {
						in := now.Add(1)
						for old := most.Load(); in > old && !most.CompareAndSwap(old, in); old = most.Load() {
						}
						switch begun.Add(1) {
						case 1:
							<-second
						case 2:
							close(second)
						}
						return n, nil
					},
					Process: func(_ context.Context, n int) (int, error) { now.Add(-1); return n, nil },
				}, numbers(200))
				require.Zero(t, overlap.Failures(results))
				require.GreaterOrEqual(t, most.Load(), int64(2))
				if !p.Unlimited {
					require.LessOrEqual(t, most.Load(), int64(limit))
				}
			})
		}
	}
}

// Each library in the careful form gives every job that had not begun when ctx ended the cause, and
// keeps what had. The suite's clause 4 says more, in virtual time.
func TestCarefulWhenCtxEnds(t *testing.T) {
	stop := errors.New("stop")
	for _, p := range All[int, int, int]() {
		t.Run(p.Name, func(t *testing.T) {
			run, release, err := p.Open(Careful, 3)
			require.NoError(t, err)
			defer release()
			ctx, cancel := context.WithCancelCause(t.Context())
			var begun, processed atomic.Int64
			results := run(ctx, numberJob{
				Fetch: func(_ context.Context, n int) (int, error) {
					if begun.Add(1) == 50 {
						cancel(stop)
					}
					return n, nil
				},
				Process: func(_ context.Context, n int) (int, error) { processed.Add(1); return n, nil },
			}, numbers(200))
			require.Len(t, results, 200)
			for n, r := range results {
				if r.Err == nil {
					processed.Add(-1)
					require.Equal(t, n, r.Value)
					continue
				}
				require.ErrorIs(t, r.Err, stop)
			}
			require.Zero(t, processed.Load())
			// What the library keeps is as before.
			require.Zero(t, overlap.Failures(run(t.Context(), identity(), numbers(20))))
		})
	}
}

func identity() numberJob {
	same := func(_ context.Context, n int) (int, error) { return n, nil }
	return numberJob{Fetch: same, Process: same}
}

// The careful form refuses what the models refuse, before anything begins.
func TestCarefulRefuses(t *testing.T) {
	for _, p := range All[int, int, int]() {
		t.Run(p.Name, func(t *testing.T) {
			require.PanicsWithValue(t, "overlap: job.Fetch is nil", func() { p.Once(Careful, 1)(t.Context(), numberJob{}, nil) })
			if p.Unlimited {
				return
			}
			require.PanicsWithValue(t, "overlap: limit is 0, want at least 1", func() { p.Once(Careful, 0) })
			require.PanicsWithValue(t, "overlap: limit is 0, want at least 1", func() { _, _, _ = p.Open(Careful, 0) })
		})
	}
}

func TestALibraryThatCannotBeOpened(t *testing.T) {
	broken := Peer[int, int, int]{Name: "broken", open: func(int, form[int, int, int]) (numberRunner, func(), error) {
		return nil, nil, errors.New("no more workers")
	}}
	for _, f := range []Form{Plain, Careful} {
		_, _, err := broken.Open(f, 1)
		require.EqualError(t, err, "broken: no more workers")
		_, _, err = broken.Model(f, 1).Open()
		require.EqualError(t, err, "broken: no more workers")
		require.PanicsWithError(t, "broken: no more workers", func() { broken.Once(f, 1)(t.Context(), numberJob{}, nil) })
	}
	_, _, err := broken.Open("quick", 1)
	require.EqualError(t, err, `broken: "quick" is no form, want plain or careful`)
}

// What a benchmark is told of a library, and the suite.
func TestModelsAndPromises(t *testing.T) {
	jobs := slices.Repeat([]schedule.Job{{Wait: time.Second}}, 10)
	names := map[string]bool{}
	for _, p := range All[int, int, int]() {
		require.False(t, names[p.Name], p.Name)
		names[p.Name] = true
		require.NotEmpty(t, p.Uses, p.Name)
		m, promise := p.Model(Plain, 4), p.Promise()
		require.Equal(t, p.Name, m.Name)
		require.Equal(t, p.AnyOrder, m.AnyOrder)
		require.Equal(t, p.AnyOrder, promise.AnyOrder)
		if p.Unlimited {
			require.Equal(t, time.Second, m.Ideal(jobs).Makespan)
			require.Zero(t, m.Peak)
			require.Empty(t, promise.LimitName)
			continue
		}
		require.Equal(t, 3*time.Second, m.Ideal(jobs).Makespan)
		require.Equal(t, 4, m.Peak)
		require.Equal(t, 4, promise.InFlight(4))
	}
}

func TestRows(t *testing.T) {
	names := func(waits bool) (names []string) {
		for _, m := range rows[int, int, int](waits)(bench.Limit{InFlight: 4}) {
			names = append(names, m.Name)
		}
		return names
	}
	working, waiting := names(false), names(true)
	require.Len(t, working, len(ours())+1+len(All[int, int, int]()))
	require.Equal(t, ours(), working[:len(ours())])
	require.Subset(t, working, []string{"plain-loop", "lo-parallel"})
	require.Len(t, waiting, len(working)-2)
	require.Equal(t, ours(), waiting[:len(ours())])
	require.NotContains(t, waiting, "plain-loop", "it would take as long as all waits together")
	require.NotContains(t, waiting, "lo-parallel", "it has no limit")
}

// All rows of all benchmarks run, and give the right results: a benchmark fails by itself where
// they are not. Small, as the race detector is slow.
func TestBenchmarks(t *testing.T) {
	benchtime := flag.Lookup("test.benchtime").Value
	was := benchtime.String()
	require.NoError(t, benchtime.Set("1x"))
	defer func() { require.NoError(t, benchtime.Set(was)) }()
	ran := func(t *testing.T, f func(b *testing.B)) {
		failed := true
		testing.Benchmark(func(b *testing.B) {
			defer func() { failed = b.Failed() }()
			f(b)
		})
		require.False(t, failed)
	}
	t.Run("work", func(t *testing.T) { ran(t, spinning(200, 10).Run) })
	t.Run("sleep", func(t *testing.T) { ran(t, sleeping(40, 20, time.Millisecond).Run) })
	t.Run("pages", func(t *testing.T) {
		server, err := site.Start(siteOf(10))
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Close()) }()
		ran(t, fetching(t, server, 10, 5, time.Millisecond).Run)
	})
}

// The results that a benchmark expects are those of the job, with its waits.
func TestExpectedResults(t *testing.T) {
	s := sleeping(5, 2, time.Millisecond)
	want, err := s.Want()
	require.NoError(t, err)
	require.Equal(t, want, pool.Run(t.Context(), s.Job, s.Keys, 2))

	server, err := site.Start(siteOf(5))
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	f := fetching(t, server, 5, 2, time.Millisecond)
	require.NoError(t, f.Warm(2))
	_, err = server.Record()
	require.NoError(t, err)
	expected, err := f.Want()
	require.NoError(t, err)
	require.Equal(t, expected, pool.Run(t.Context(), f.Job, f.Keys, 2))
	values, err := overlap.Values(expected)
	require.NoError(t, err)
	require.IsType(t, pages.Page{}, values[0])
	record, err := server.Record()
	require.NoError(t, err)
	require.EqualValues(t, 5, record.Requests)
	require.LessOrEqual(t, record.PeakInFlight, int64(2))
}

func TestVersions(t *testing.T) {
	versions := Versions()
	require.Len(t, versions, 10)
	require.Equal(t, "golang.org/x/sync", versions[0][:len("golang.org/x/sync")])
	for _, v := range versions {
		require.Regexp(t, `^\S+\.\S+/\S+ v[0-9]+\.[0-9]+\.[0-9]+$`, v)
	}
	require.Regexp(t, `^x/sync v\S+, .*panjf2000/ants/v2 v2\.\S+, .*samber/lo v\S+$`, Libraries())
	require.Equal(t, "example.com/none (unknown)", moduleOf("example.com/none"))
	require.Equal(t, "github.com/samber/lox (unknown)", moduleOf("github.com/samber/lox"), "the path is another one's beginning only")
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want settings
		text string
	}{
		{"none", nil, settings{workers: []int{8}, form: Plain}, ""},
		{"all", []string{"-workers=2, 8", "-form=careful", "-spin=900"}, settings{workers: []int{2, 8}, form: Careful, spin: 900}, ""},
		{"workers without a number", []string{"-workers=two"}, settings{}, `invalid value "two" for flag -workers: "two" is not a whole number from 1`},
		{"no workers", []string{"-workers=8,0"}, settings{}, `"0" is not a whole number from 1`},
		{"a form of one's own", []string{"-form=quick"}, settings{}, `invalid value "quick" for flag -form: "quick" is no form, want plain or careful`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := settings{workers: []int{8}, form: Plain}
			set := flag.NewFlagSet("peers", flag.ContinueOnError)
			set.SetOutput(io.Discard)
			s.register(set)
			err := set.Parse(c.args)
			if c.text != "" {
				require.ErrorContains(t, err, c.text)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, s)
		})
	}
	s := settings{measure: func() int { return 7 }}
	require.Equal(t, 7, s.stepsPerMicrosecond())
	s.spin = 9
	require.Equal(t, 9, s.stepsPerMicrosecond())
}

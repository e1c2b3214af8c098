package bench

import (
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/bench/site"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// outcome runs f as a benchmark of one iteration and says how that ended.
func outcome(t *testing.T, f func(b *testing.B)) (failed, skipped bool, metrics map[string]float64) {
	t.Helper()
	benchtime := flag.Lookup("test.benchtime").Value
	was := benchtime.String()
	require.NoError(t, benchtime.Set("1x"))
	defer func() { require.NoError(t, benchtime.Set(was)) }()
	r := testing.Benchmark(func(b *testing.B) {
		defer func() { failed, skipped = failed || b.Failed(), b.Skipped() }()
		f(b)
	})
	return failed, skipped, r.Extra
}

// A benchmark fails by itself when a model gives a wrong result or exceeds its limit.
func TestAWrongModelFailsTheBenchmark(t *testing.T) {
	type model = Model[int, uint64, uint64]
	right := func(workers int) overlap.Runner[int, uint64, uint64] {
		return func(ctx context.Context, job overlap.Job[int, uint64, uint64], keys []int) []overlap.Result[uint64] {
			return pool.Run(ctx, job, keys, workers)
		}
	}
	spoiled := func(spoil func([]overlap.Result[uint64]) []overlap.Result[uint64]) overlap.Runner[int, uint64, uint64] {
		return func(ctx context.Context, job overlap.Job[int, uint64, uint64], keys []int) []overlap.Result[uint64] {
			return spoil(right(4)(ctx, job, keys))
		}
	}
	for _, c := range []struct {
		name  string
		run   overlap.Runner[int, uint64, uint64]
		peak  int
		fails bool
	}{
		{"right", right(4), 4, false},
		{"no limit promised", right(4), 0, false},
		{"a value is wrong", spoiled(func(r []overlap.Result[uint64]) []overlap.Result[uint64] { r[7].Value++; return r }), 4, true},
		{"a result is missing", spoiled(func(r []overlap.Result[uint64]) []overlap.Result[uint64] { return r[1:] }), 4, true},
		{"two are swapped", spoiled(func(r []overlap.Result[uint64]) []overlap.Result[uint64] { r[1], r[2] = r[2], r[1]; return r }), 4, true},
		{"an error where none is", spoiled(func(r []overlap.Result[uint64]) []overlap.Result[uint64] { r[3].Err = io.EOF; return r }), 4, true},
		{"more in flight than the limit", right(4), 3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			failed, skipped, metrics := outcome(t, func(b *testing.B) {
				cell := cpuCell(50, 0)
				arrived, leave := make(chan struct{}), make(chan struct{})
				fetch := cell.job.Fetch
				cell.job.Fetch = func(ctx context.Context, key int) (uint64, error) {
					switch { // the first four meet, so all of them are in flight at once
					case key < 3:
						arrived <- struct{}{}
						<-leave
					case key == 3:
						for range 3 {
							<-arrived
						}
						for range 3 {
							leave <- struct{}{}
						}
					}
					return fetch(ctx, key)
				}
				cell.costs = slices.Repeat([]schedule.Job{{Wait: time.Millisecond}}, 50)
				cell.run(b, model{Name: "x", Run: c.run, Peak: c.peak, Ideal: schedule.Goroutines})
			})
			require.Equal(t, c.fails, failed)
			require.False(t, skipped)
			if !c.fails {
				require.Equal(t, 4.0, metrics["peak-inflight"])
				require.Positive(t, metrics["jobs/s"])
				require.Positive(t, metrics["x-ideal"])
			}
		})
	}
}

func TestCellsThatTakeTooLongAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		name string
		wait time.Duration
		full bool
		skip bool
	}{
		{"two seconds", time.Second, false, false},
		{"a little more", time.Second + time.Millisecond, false, true},
		{"a little more, with -full", time.Second + time.Millisecond, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := cpuCell(2, 0)
			cell.costs, cell.full = slices.Repeat([]schedule.Job{{Wait: c.wait}}, 2), c.full
			failed, skipped, _ := outcome(t, func(b *testing.B) { cell.run(b, Models[int, uint64, uint64](Limit{InFlight: 1})[0]) })
			require.False(t, failed)
			require.Equal(t, c.skip, skipped)
		})
	}
}

func TestCellsBeyondTheMachineAreLeftOut(t *testing.T) {
	cell := cpuCell(20, 0)
	cell.able = func(inFlight int) error {
		if inFlight > 4 {
			return errors.New("too many open files")
		}
		return nil
	}
	for _, m := range Models[int, uint64, uint64](Limit{InFlight: 4}) {
		failed, skipped, _ := outcome(t, func(b *testing.B) { cell.run(b, m) })
		require.False(t, failed)
		require.Equal(t, m.Peak == 0 || m.Peak > 4, skipped, m.Name)
	}
}

// The time to the first result does not hold the wait for the others.
func TestFirstResult(t *testing.T) {
	for _, m := range Models[int, int, int](Limit{InFlight: 4}) {
		if m.Stream == nil {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := overlap.Job[int, int, int]{
					Fetch: func(_ context.Context, key int) (int, error) {
						time.Sleep(time.Second)
						if key > 0 { // ends an hour later, whatever becomes of ctx
							time.Sleep(time.Hour)
						}
						return key, nil
					},
					Process: func(_ context.Context, body int) (int, error) { return body, nil },
				}
				require.Equal(t, time.Second, firstResult(t.Context(), m.Stream, job, []int{0, 1, 2, 3, 4, 5}))
			})
		})
	}
}

func TestDiffer(t *testing.T) {
	broken := errors.New("broken")
	ok := []overlap.Result[int]{{Value: 1}, {Err: broken}}
	for _, c := range []struct {
		name string
		got  []overlap.Result[int]
		text string
	}{
		{"the same", []overlap.Result[int]{{Value: 1}, {Err: broken}}, ""},
		{"an error of the same text", []overlap.Result[int]{{Value: 1}, {Err: errors.New("broken")}}, ""},
		{"too few", ok[:1], "1 results for 2 keys"},
		{"another value", []overlap.Result[int]{{Value: 2}, {Err: broken}}, "job 0: 2, want 1"},
		{"no error", []overlap.Result[int]{{Value: 1}, {}}, "job 1: error <nil>, want broken"},
		{"another error", []overlap.Result[int]{{Value: 1}, {Err: io.EOF}}, "job 1: error EOF, want broken"},
		{"an error too many", []overlap.Result[int]{{Err: io.EOF}, {Err: broken}}, "job 0: error EOF, want <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := differ(c.got, ok, func(a, b int) bool { return a == b })
			if c.text == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.text)
		})
	}
}

// A job that fails or panics is no longer in flight.
func TestCountCountsJobsOut(t *testing.T) {
	job, peaks := count(overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, key int) (int, error) {
			switch key {
			case 0:
				return 0, io.EOF
			case 1:
				panic("fetch")
			}
			return key, nil
		},
		Process: func(_ context.Context, body int) (int, error) {
			if body == 2 {
				panic("process")
			}
			return body, io.EOF
		},
	})
	for range 3 {
		results := pool.Run(t.Context(), job, []int{0, 1, 2, 3}, 1)
		require.Equal(t, 4, overlap.Failures(results))
	}
	require.Zero(t, peaks.now.Load())
	require.EqualValues(t, 1, peaks.inFlight.Load())
}

// The site is a process of its own that serves the pages which the workload
// expects; its record holds the models to their limits, with each client.
func TestPagesCell(t *testing.T) {
	site := startSite(t, 40)
	for _, client := range clients.Names() {
		t.Run(client, func(t *testing.T) { testPagesCell(t, client, site) })
	}
}

func testPagesCell(t *testing.T, client string, site *site.Site) {
	const tasks, latency = 20, time.Millisecond
	cell := pagesCell(t, client, site, tasks, latency)
	require.NoError(t, cell.warm(tasks))
	want, err := cell.want()
	require.NoError(t, err)
	for _, m := range Models[string, stamped[pages.Body], pages.Page](Limit{InFlight: 4, Process: 2}) {
		require.NoError(t, differ(m.Run(t.Context(), cell.job, cell.keys), want, cell.equal))
		record, err := site.Record()
		require.NoError(t, err)
		require.EqualValues(t, tasks, record.Requests, m.Name)
		require.Zero(t, record.Duplicates, m.Name)
		if m.Peak > 0 {
			require.LessOrEqual(t, int(record.PeakInFlight), m.Peak, m.Name)
		}
	}
}

func TestPagesOf(t *testing.T) {
	const ms = time.Millisecond
	of := func(args ...string) []pagesOf {
		s := settings{latency: list[time.Duration]{parse: wait}, tasks: list[int]{parse: positive}}
		set := flag.NewFlagSet("bench", flag.ContinueOnError)
		s.register(set)
		require.NoError(t, set.Parse(args))
		return s.pages()
	}
	require.Equal(t, []pagesOf{{10 * ms, 100}, {50 * ms, 100}, {50 * ms, 500}}, of())
	require.Equal(t, []pagesOf{{10 * ms, 100}, {10 * ms, 500}}, of("-latency=10ms"), "who asks for it gets it")
	require.Equal(t, []pagesOf{{10 * ms, 5}, {50 * ms, 5}, {10 * ms, 70}, {50 * ms, 70}}, of("-tasks=70,5"))
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		text string
	}{
		{"none", nil, ""},
		{"all", []string{"-full", "-latency=1ms, 2s", "-tasks=1,20", "-inflight=3", "-processors=2", "-buffer=0", "-client=fasthttp", "-workers=1,2", "-rate=10,20", "-arrivals=constant,poisson", "-spin=900"}, ""},
		{"a latency without a unit", []string{"-latency=10"}, `invalid value "10" for flag -latency: "10" is not a duration above 0, such as 10ms`},
		{"a latency of nothing", []string{"-latency=0s"}, `"0s" is not a duration above 0`},
		{"no pages", []string{"-tasks=5,0"}, `invalid value "5,0" for flag -tasks: "0" is not a whole number from 1`},
		{"arrivals of no kind", []string{"-arrivals=often"}, `"often" is neither constant nor poisson`},
		{"a rate of nothing", []string{"-rate=0"}, `"0" is not a whole number from 1`},
		{"workers without a number", []string{"-workers=two"}, `"two" is not a whole number from 1`},
		{"less than nothing in flight", []string{"-inflight=-1"}, "-inflight is -1, want 0 or more"},
		{"processors below none", []string{"-processors=-1"}, "-processors is -1, want 0 or more"},
		{"a buffer below nothing", []string{"-buffer=-1"}, "-buffer is -1, want 0 or more"},
		{"no client", []string{"-client=curl"}, `-client: "curl" is no client, want one of nethttp, direct, fasthttp`},
		{"spin below nothing", []string{"-spin=-1"}, "-spin is -1, want 0 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := settings{latency: list[time.Duration]{parse: wait}, tasks: list[int]{parse: positive}, workers: list[int]{parse: positive}, rate: list[int]{parse: positive}, arrivals: list[string]{parse: arrivals}}
			set := flag.NewFlagSet("bench", flag.ContinueOnError)
			set.SetOutput(io.Discard)
			s.register(set)
			err := set.Parse(c.args)
			if err == nil {
				err = s.validate()
			}
			if c.text != "" {
				require.ErrorContains(t, err, c.text)
				return
			}
			require.NoError(t, err)
			if c.args != nil {
				require.Equal(t, []time.Duration{time.Millisecond, 2 * time.Second}, s.latency.or(time.Hour))
				require.Equal(t, []int{1, 20}, s.tasks.or(9))
				require.Equal(t, "1,2", s.workers.String())
			} else {
				require.Equal(t, []int{9}, s.tasks.or(9))
			}
		})
	}
}

func TestModelsToCompareAreNamedAndWhole(t *testing.T) {
	run := func(context.Context, overlap.Job[int, int, int], []int) []overlap.Result[int] { return nil }
	type model = Model[int, int, int]
	require.NoError(t, namedAndWhole([]model{{Name: "a", Run: run}, {Name: "b", Run: run}}))
	require.EqualError(t, namedAndWhole([]model{{Name: "a", Run: run}, {Run: run}}), "model 1 has no Name")
	require.EqualError(t, namedAndWhole([]model{{Name: "mine"}}), `model "mine" has no Run`)
	require.EqualError(t, namedAndWhole([]model{{Name: "pool", Run: run}, {Name: "pool", Run: run}}), `two models are called "pool"`)
}

func TestAllFailed(t *testing.T) {
	down := errors.New("no network")
	type results = []overlap.Result[int]
	require.Equal(t, down, allFailed(results{{Err: down}, {Err: errors.New("again")}}))
	require.NoError(t, allFailed(results{{Err: down}, {Value: 1}}))
}

// Figures and tables know the models' order without the models.
func TestModelsAreInTheOrderOfThePalette(t *testing.T) {
	for i, m := range Models[int, int, int](Limit{InFlight: 1}) {
		require.Equal(t, i, palette.Rank(m.Name), m.Name)
	}
}

package bench_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/calibrate"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/pool"
)

// This is BenchmarkMine in a _test.go file of any module: a job, its keys, some
// limits.
func ExampleCompare() {
	_ = func(b *testing.B) {
		job := overlap.Job[string, []byte, int]{
			Fetch:   func(_ context.Context, path string) ([]byte, error) { return os.ReadFile(path) },
			Process: func(_ context.Context, text []byte) (int, error) { return bytes.Count(text, []byte{'\n'}), nil },
		}
		paths, err := filepath.Glob("*.go")
		if err != nil {
			b.Fatal(err)
		}
		bench.Compare(b, job, paths, bench.Limits(8, 64))
	}
}

func TestLimits(t *testing.T) {
	require.Equal(t, []bench.Limit{{InFlight: 8}, {InFlight: 64}}, bench.Limits(8, 64))
	require.PanicsWithValue(t, "overlap: inFlight is 0, want at least 1", func() { bench.Limits(3, 0) })
}

// A module of somebody else's, with a job, a model and an equality of its own.
const (
	theirMod = `module their.example/shop

go 1.26.0

require example.com/overlap v0.0.0

replace example.com/overlap => %s
`
	theirTest = `package shop

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
)

var job = overlap.Job[string, string, string]{
	Fetch: func(_ context.Context, name string) (string, error) {
		if name == "" {
			return "", errors.New("no name")
		}
		return name, nil
	},
	Process: func(_ context.Context, name string) (string, error) { return strings.ToUpper(name), nil },
}

var names = []string{"tea", "", "honey"}

func BenchmarkMine(b *testing.B) {
	bench.Compare(b, job, names, bench.Limits(8, 64))
}

func mine(change func(string) string) func(bench.Limit) []bench.Model[string, string, string] {
	return func(limit bench.Limit) []bench.Model[string, string, string] {
		return append(bench.Models[string, string, string](limit), bench.Model[string, string, string]{
			Name: "mine",
			Run: func(ctx context.Context, job overlap.Job[string, string, string], keys []string) []overlap.Result[string] {
				results := make([]overlap.Result[string], len(keys))
				for i, key := range keys {
					results[i] = job.Do(ctx, key)
					results[i].Value = change(results[i].Value)
				}
				return results
			},
		})
	}
}

func BenchmarkOwnModel(b *testing.B) {
	bench.Comparison[string, string, string]{
		Job: job, Keys: names, Limits: bench.Limits(2), Models: mine(strings.ToLower), Equal: strings.EqualFold,
	}.Run(b)
}

func BenchmarkWrongModel(b *testing.B) {
	bench.Comparison[string, string, string]{
		Job: job, Keys: names, Limits: bench.Limits(2), Models: mine(strings.ToLower),
	}.Run(b)
}

func BenchmarkNoLimits(b *testing.B) { bench.Compare(b, job, names, nil) }

func BenchmarkCosts(b *testing.B) {
	waits := job
	waits.Fetch = func(ctx context.Context, name string) (string, error) {
		time.Sleep(time.Millisecond)
		return job.Fetch(ctx, name)
	}
	bench.Comparison[string, string, string]{
		Job: waits, Keys: names, Limits: bench.Limits(2), Models: mine(strings.ToUpper),
		Costs: slices.Repeat([]schedule.Job{{Wait: time.Millisecond}}, len(names)), Loopback: true,
	}.Run(b)
}
`
)

func TestCompareFromAnotherModule(t *testing.T) {
	here, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), fmt.Appendf(nil, theirMod, here), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop_test.go"), []byte(theirTest), 0o600))
	// Instead of go mod tidy, which would need the network: our checksums, and -mod=mod.
	sums, err := os.ReadFile(filepath.Join(here, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	run := func(pattern string) (string, error) {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", pattern, "-benchtime", "1x", ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}

	out, err := run("Mine|OwnModel")
	require.NoError(t, err, out)
	models := "sequential goroutines goroutines-limit pool pool-counter pool-steal pipeline"
	for model := range strings.FieldsSeq(models) {
		for _, name := range []string{"Mine/tasks=3/limit=8", "Mine/tasks=3/limit=64", "OwnModel/tasks=3/limit=2"} {
			line := regexp.MustCompile(`(?m)^Benchmark` + name + `/model=` + model + `(-\d+)?\s.*$`).FindString(out)
			for _, unit := range []string{"ns/op", "jobs/s", "ns/job", "peak-inflight", "peak-goroutines", "cpu-ns/job", "peak-heap-B", "peak-stack-B", "p99.9-ms", "cancel-ms", "allocs/op"} {
				require.Contains(t, line, " "+unit, "%s of %s in\n%s", unit, name, out)
			}
		}
	}
	require.Regexp(t, `(?m)^BenchmarkOwnModel/tasks=3/limit=2/model=mine(-\d+)?\s`, out)

	out, err = run("WrongModel")
	require.Error(t, err)
	require.Contains(t, out, "--- FAIL: BenchmarkWrongModel/tasks=3/limit=2/model=mine")
	require.Contains(t, out, "wrong result: job 0: tea, want TEA")

	// On a machine whose loopback carries 4,000 requests a second, 3 at once in a millisecond
	// are too many, and 3 in two milliseconds as well.
	t.Setenv(rounds.CalibrationEnv, calibrate.Calibration{Loopback: 4_000}.String())
	out, err = run("Costs")
	require.NoError(t, err, out)
	ours := regexp.MustCompile(`(?m)^BenchmarkCosts/tasks=3/limit=2/model=pool(-\d+)?\s.*$`).FindString(out)
	require.Contains(t, ours, " x-ideal", out)
	require.Contains(t, out, "saturated: asks for 1,500 requests/s")
	mine := regexp.MustCompile(`(?s)\nBenchmarkCosts/tasks=3/limit=2/model=mine.*`).FindString(out) // the last of them
	require.Contains(t, mine, " peak-inflight", out)
	require.NotContains(t, mine, " x-ideal", "its schedule is not known")
	require.NotContains(t, mine, "saturated", "so it is not known what it asks for")

	out, err = run("NoLimits")
	require.Error(t, err)
	require.Contains(t, out, "bench: there are no limits to compare the models at")
}

// A job that fails, panics or ends its goroutine is compared like any other.
func TestCompareJobsThatGoWrong(t *testing.T) {
	job := overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, n int) (int, error) {
			if n == 1 {
				return 0, errors.New("one")
			}
			return n, nil
		},
		Process: func(_ context.Context, n int) (int, error) {
			if n == 2 {
				panic("two")
			}
			return n, nil
		},
	}
	require.False(t, compared(t, bench.Comparison[int, int, int]{Job: job, Keys: []int{1, 2, 3}, Limits: bench.Limits(2)}))
}

// compared runs a comparison of one iteration each, and says if it failed.
func compared(t *testing.T, c bench.Comparison[int, int, int]) (failed bool) {
	t.Helper()
	benchtime := flag.Lookup("test.benchtime").Value
	was := benchtime.String()
	require.NoError(t, benchtime.Set("1x"))
	defer func() { require.NoError(t, benchtime.Set(was)) }()
	failed = true
	testing.Benchmark(func(b *testing.B) {
		defer func() { failed = b.Failed() }()
		c.Run(b)
	})
	return failed
}

// A model that keeps something opens it before its runs, once, and ends it after them; what it
// keeps counts as added by it.
func TestCompareOpensOnceAndReleases(t *testing.T) {
	identity := func(_ context.Context, n int) (int, error) { return n, nil }
	job := overlap.Job[int, int, int]{Fetch: identity, Process: identity}
	for _, c := range []struct {
		name  string
		err   error
		wants []string
	}{
		{"it opens", nil, []string{"open a", "release a", "open b", "release b"}},
		{"it does not", errors.New("no more workers"), []string{"open a", "open b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen []string
			kept := func(name string, limit int) bench.Model[int, int, int] {
				return bench.Model[int, int, int]{Name: name, Peak: limit, Open: func() (overlap.Runner[int, int, int], func(), error) {
					seen = append(seen, "open "+name)
					if c.err != nil {
						return nil, nil, c.err
					}
					open := true
					run := func(ctx context.Context, job overlap.Job[int, int, int], keys []int) []overlap.Result[int] {
						require.True(t, open)
						return pool.Run(ctx, job, keys, limit)
					}
					return run, func() { open = false; seen = append(seen, "release "+name) }, nil
				}}
			}
			failed := compared(t, bench.Comparison[int, int, int]{
				Job: job, Keys: []int{1, 2, 3}, Limits: bench.Limits(2),
				Models: func(l bench.Limit) []bench.Model[int, int, int] {
					return []bench.Model[int, int, int]{kept("a", l.InFlight), kept("b", l.InFlight)}
				},
			})
			require.Equal(t, c.err != nil, failed)
			require.Equal(t, c.wants, seen)
		})
	}
}

func TestCompareWithCostsAndExpectedResults(t *testing.T) {
	const long = bench.TooLong/2 + time.Millisecond
	runs := func(fetches *atomic.Int64) bench.Comparison[int, int, int] {
		return bench.Comparison[int, int, int]{
			Job: overlap.Job[int, int, int]{
				Fetch:   func(_ context.Context, n int) (int, error) { fetches.Add(1); return n, nil },
				Process: func(_ context.Context, n int) (int, error) { return 2 * n, nil },
			},
			Keys:   []int{1, 2},
			Limits: bench.Limits(1),
			Want:   func() ([]overlap.Result[int], error) { return []overlap.Result[int]{{Value: 2}, {Value: 4}}, nil },
			Models: func(l bench.Limit) []bench.Model[int, int, int] {
				return slices.DeleteFunc(bench.Models[int, int, int](l), func(m bench.Model[int, int, int]) bool { return m.Name != "pool" })
			},
		}
	}
	costs := func(each time.Duration, n int) []schedule.Job { return slices.Repeat([]schedule.Job{{Wait: each}}, n) }
	for _, c := range []struct {
		name    string
		change  func(*bench.Comparison[int, int, int])
		fails   bool
		fetches bool
	}{
		{"as it is", func(*bench.Comparison[int, int, int]) {}, false, true},
		{"the results expected are others", func(c *bench.Comparison[int, int, int]) {
			c.Want = func() ([]overlap.Result[int], error) { return []overlap.Result[int]{{Value: 2}, {Value: 5}}, nil }
		}, true, true},
		{"too few results expected", func(c *bench.Comparison[int, int, int]) {
			c.Want = func() ([]overlap.Result[int], error) { return []overlap.Result[int]{{Value: 2}}, nil }
		}, true, false},
		{"no results expected, for a reason", func(c *bench.Comparison[int, int, int]) {
			c.Want = func() ([]overlap.Result[int], error) { return nil, errors.New("no network") }
		}, true, false},
		{"warmed up for one in flight", func(c *bench.Comparison[int, int, int]) {
			c.Warm = func(inFlight int) error {
				if inFlight != 1 {
					return errors.New("the limit is 1")
				}
				return nil
			}
		}, false, true},
		{"not warm", func(c *bench.Comparison[int, int, int]) {
			c.Warm = func(int) error { return errors.New("no network") }
		}, true, false},
		{"a cost for each key", func(c *bench.Comparison[int, int, int]) { c.Costs = costs(time.Millisecond, 2) }, false, true},
		{"a cost too few", func(c *bench.Comparison[int, int, int]) { c.Costs = costs(time.Millisecond, 1) }, true, false},
		{"too long", func(c *bench.Comparison[int, int, int]) { c.Costs = costs(long, 2) }, false, false},
		{"too long, and to be run", func(c *bench.Comparison[int, int, int]) { c.Costs, c.Full = costs(long, 2), true }, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var fetches atomic.Int64
			comparison := runs(&fetches)
			c.change(&comparison)
			require.Equal(t, c.fails, compared(t, comparison))
			require.Equal(t, c.fetches, fetches.Load() > 0)
		})
	}
}

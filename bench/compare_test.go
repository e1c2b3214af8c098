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
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
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
	"strings"
	"testing"

	"example.com/overlap"
	"example.com/overlap/bench"
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
	benchtime := flag.Lookup("test.benchtime").Value
	was := benchtime.String()
	require.NoError(t, benchtime.Set("1x"))
	defer func() { require.NoError(t, benchtime.Set(was)) }()
	failed := true
	testing.Benchmark(func(b *testing.B) {
		bench.Compare(b, job, []int{1, 2, 3}, bench.Limits(2))
		failed = b.Failed()
	})
	require.False(t, failed)
}

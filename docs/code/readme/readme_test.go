package readme

import (
	"context"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/conform"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
)

func TestWords(t *testing.T) {
	site, err := mockserver.Start("", mockserver.Settings{Pages: 3})
	require.NoError(t, err)
	defer site.Close()
	counts, err := wordsOf(t.Context(), []string{site.PageURL(0), site.PageURL(1), site.PageURL(2)})
	require.NoError(t, err)
	require.Len(t, counts, 3)
	require.NotContains(t, counts, 0)
}

// The twelfth page fails at first: its Fetch is done again. By then there is a whole retry in
// the budget.
func TestGuarded(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context) error{
		"it hangs, and is given up": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"nobody listens": func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				job := guarded(overlap.Job[string, []byte, int]{
					Fetch: func(ctx context.Context, url string) ([]byte, error) {
						if requests++; requests == 12 {
							return nil, fail(ctx)
						}
						return []byte("two words"), nil
					},
					Process: countWords,
				})
				counts, err := overlap.Values(sequential.Run(t.Context(), job, make([]string, 12)))
				require.NoError(t, err)
				require.Equal(t, slices.Repeat([]int{2}, 12), counts)
				require.Equal(t, 13, requests)
			})
		})
	}
}

func BenchmarkMine(b *testing.B) {
	job := overlap.Job[string, []byte, int]{Fetch: download, Process: countWords}
	bench.Compare(b, job, urls(b), bench.Limits(8, 64))
}

func BenchmarkBesideMine(b *testing.B) {
	type model = bench.Model[string, []byte, int]
	bench.Comparison[string, []byte, int]{
		Job:    overlap.Job[string, []byte, int]{Fetch: download, Process: countWords},
		Keys:   urls(b),
		Limits: bench.Limits(8),
		Models: func(limit bench.Limit) []model {
			run := func(ctx context.Context, job overlap.Job[string, []byte, int], keys []string) []overlap.Result[int] {
				return Run(ctx, job, keys, limit.InFlight)
			}
			return append(bench.Models[string, []byte, int](limit), model{Name: "mine", Run: run, Peak: limit.InFlight})
		},
	}.Run(b)
}

// urls are a hundred pages of a site that is there until the benchmark ends.
func urls(b *testing.B) []string {
	site, err := mockserver.Start("", mockserver.Settings{Pages: 100})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = site.Close() })
	var all []string
	for i := range 100 {
		all = append(all, site.PageURL(i))
	}
	return all
}

func TestMine(t *testing.T) {
	conform.Test(t, func(workers int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return Run(ctx, job, keys, workers)
		}
	}, conform.Limited("workers"))
}

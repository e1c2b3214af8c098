package overlap_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

func TestSummaries(t *testing.T) {
	ok := func(value string) result { return result{Value: value} }
	failed := func(err error) result { return result{Err: err} }
	for _, c := range []struct {
		name     string
		results  []result
		values   []string // nil: Values gives the first error
		first    string
		all      string // empty: Errors gives nil
		failures int
	}{
		{name: "nil", results: nil, values: []string{}},
		{name: "no results", results: []result{}, values: []string{}},
		{name: "no job failed", results: []result{ok("a"), ok(""), ok("c")}, values: []string{"a", "", "c"}},
		{
			name: "the first failed", results: []result{failed(errRefused), ok("b")},
			first: "job 0: connection refused", all: "job 0: connection refused", failures: 1,
		},
		{
			name: "the last failed", results: []result{ok("a"), ok("b"), failed(errParse)},
			first: "job 2: no title", all: "job 2: no title", failures: 1,
		},
		{
			name: "several failed", results: []result{ok("a"), failed(errParse), ok("c"), failed(errRefused), failed(errParse)},
			first: "job 1: no title", all: "job 1: no title\njob 3: connection refused\njob 4: no title", failures: 3,
		},
		{
			name: "a value beside the error is not counted as a value", results: []result{{Value: "half", Err: errParse}},
			first: "job 0: no title", all: "job 0: no title", failures: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, err := overlap.Values(c.results)
			require.Equal(t, c.values, values)
			if c.values != nil {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.first)
			}

			err = overlap.Errors(c.results)
			if c.all == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.all)
			}

			require.Equal(t, c.failures, overlap.Failures(c.results))
		})
	}
}

// The errors of jobs are wrapped: errors.Is and errors.As find each of them.
func TestSummariesWrap(t *testing.T) {
	results := []result{
		{Err: errRefused},
		{Err: &overlap.PanicError{Value: errParse}},
		{Err: overlap.ErrGoexit},
	}
	_, first := overlap.Values(results)
	require.ErrorIs(t, first, errRefused)
	require.NotErrorIs(t, first, errParse, "only the first error is given")

	all := overlap.Errors(results)
	require.ErrorIs(t, all, errRefused)
	require.ErrorIs(t, all, errParse)
	require.ErrorIs(t, all, overlap.ErrGoexit)
	p, ok := errors.AsType[*overlap.PanicError](all)
	require.True(t, ok)
	require.Same(t, results[1].Err, p)
}

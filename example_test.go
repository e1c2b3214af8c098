package overlap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"example.com/overlap"
	"example.com/overlap/pool"
)

// A job counts the words of a page; a pool of three workers does it for every
// page of a site. The results come back in the order of the keys, whichever page
// is done first.
func Example() {
	site := map[string]string{
		"/":      "welcome to our shop",
		"/about": "two people and a dog",
		"/terms": "be kind",
	}
	words := overlap.Job[string, string, int]{
		Fetch:   func(ctx context.Context, path string) (string, error) { return site[path], nil },
		Process: func(ctx context.Context, page string) (int, error) { return len(strings.Fields(page)), nil },
	}

	results := pool.Run(context.Background(), words, []string{"/", "/about", "/terms"}, 3)
	counts, err := overlap.Values(results)
	fmt.Println(counts, err)
	// Output: [4 5 2] <nil>
}

// Do is one job on the calling goroutine: it is what every model does for each
// key.
func ExampleJob_Do() {
	shout := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, name string) (string, error) {
			if name == "" {
				return "", errors.New("nobody is there")
			}
			return "hello " + name, nil
		},
		Process: func(ctx context.Context, greeting string) (string, error) { return strings.ToUpper(greeting), nil },
	}

	result := shout.Do(context.Background(), "gopher")
	fmt.Println(result.Value, result.Err)

	result = shout.Do(context.Background(), "")
	fmt.Println(result.Err)

	// Once ctx has ended, nothing begins; the error says why.
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("we are closing"))
	result = shout.Do(ctx, "gopher")
	fmt.Println(result.Err)
	// Output:
	// HELLO GOPHER <nil>
	// nobody is there
	// we are closing
}

// A panic in one job is the error of that job, and nobody else's. The error holds
// what it panicked with, and the stack.
func ExamplePanicError() {
	prices := []int{3, 5}
	price := overlap.Job[int, int, string]{
		Fetch:   func(ctx context.Context, i int) (int, error) { return prices[i], nil },
		Process: func(ctx context.Context, price int) (string, error) { return fmt.Sprintf("$%d", price), nil },
	}

	for _, result := range pool.Run(context.Background(), price, []int{0, 7, 1}, 2) {
		var panicked *overlap.PanicError
		if errors.As(result.Err, &panicked) {
			fmt.Println("a bug:", panicked.Value)
			fmt.Println("there is a stack:", len(panicked.Stack) > 0)
			continue
		}
		fmt.Println(result.Value)
	}
	// Output:
	// $3
	// a bug: runtime error: index out of range [7] with length 2
	// there is a stack: true
	// $5
}

// All values, or the first error: for a caller who can do nothing with a part of
// the results.
func ExampleValues() {
	fmt.Println(overlap.Values([]overlap.Result[string]{
		{Value: "red"},
		{Value: "green"},
	}))
	fmt.Println(overlap.Values([]overlap.Result[string]{
		{Value: "red"},
		{Err: errors.New("connection refused")},
		{Err: errors.New("not found")},
	}))
	// Output:
	// [red green] <nil>
	// [] job 1: connection refused
}

// Everything that went wrong, in one error, for a log. errors.Is finds each
// of them.
func ExampleErrors() {
	errNotFound := errors.New("not found")
	err := overlap.Errors([]overlap.Result[string]{
		{Value: "red"},
		{Err: errors.New("connection refused")},
		{Err: errNotFound},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, errNotFound))
	// Output:
	// job 1: connection refused
	// job 2: not found
	// true
}

// How many failed, for a caller who takes what there is.
func ExampleFailures() {
	results := []overlap.Result[string]{
		{Value: "red"},
		{Err: errors.New("connection refused")},
		{Value: "blue"},
	}
	fmt.Printf("%d of %d failed\n", overlap.Failures(results), len(results))
	// Output: 1 of 3 failed
}

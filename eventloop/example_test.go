package eventloop_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// The pages are fetched all at once, and processed one at a time: what only Process
// touches needs no lock.
func ExampleRun() {
	pages := map[string]string{"/a": "to be or not", "/b": "not to worry", "/c": "or be quiet"}
	count := map[string]int{}
	words := overlap.Job[string, string, int]{
		Fetch: func(ctx context.Context, path string) (string, error) { return pages[path], nil },
		Process: func(ctx context.Context, text string) (int, error) {
			fields := strings.Fields(text)
			for _, word := range fields {
				count[word]++
			}
			return len(fields), nil
		},
	}

	results := eventloop.Run(context.Background(), words, []string{"/a", "/b", "/c"})
	fmt.Println(overlap.Values(results))
	for _, word := range slices.Sorted(maps.Keys(count)) {
		fmt.Println(count[word], word)
	}
	// Output:
	// [4 3 3] <nil>
	// 2 be
	// 2 not
	// 2 or
	// 1 quiet
	// 2 to
	// 1 worry
}

// A server that refuses the fourth request at a time refuses none.
func ExampleRunLimit() {
	const limit = 3
	var inFlight atomic.Int64
	download := overlap.Job[int, string, int]{
		Fetch: func(ctx context.Context, page int) (string, error) {
			defer inFlight.Add(-1)
			if inFlight.Add(1) > limit {
				return "", fmt.Errorf("page %d: too many requests", page)
			}
			return fmt.Sprint("page ", page), nil
		},
		Process: func(ctx context.Context, text string) (int, error) { return len(text), nil },
	}

	results := eventloop.RunLimit(context.Background(), download, make([]int, 100), limit)
	fmt.Printf("%d of %d refused\n", overlap.Failures(results), len(results))
	// Output: 0 of 100 refused
}

// Two photos are developed at the same time, which on the loop they could not be: the
// first would wait for the second for ever.
func ExampleRunToThread() {
	var both sync.WaitGroup
	both.Add(2)
	develop := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, name string) (string, error) { return name + ".raw", nil },
		Process: func(ctx context.Context, file string) (string, error) {
			both.Done()
			both.Wait()
			return strings.TrimSuffix(file, ".raw") + ".jpg", nil
		},
	}

	results := eventloop.RunToThread(context.Background(), develop, []string{"sea", "sky"}, 2)
	fmt.Println(overlap.Values(results))
	// Output: [sea.jpg sky.jpg] <nil>
}

// The input may be endless: no more than limit+1 keys are pulled ahead of the results,
// and a break ends it all.
func ExampleStream() {
	square := overlap.Job[int, int, int]{
		Fetch:   func(ctx context.Context, n int) (int, error) { return n, nil },
		Process: func(ctx context.Context, n int) (int, error) { return n * n, nil },
	}
	numbers := func(yield func(int) bool) {
		for n := 1; yield(n); n++ {
		}
	}

	sum := 0
	for n, result := range eventloop.Stream(context.Background(), square, numbers, 1) {
		sum += result.Value
		if n == 10 {
			break
		}
	}
	fmt.Println(sum)
	// Output: 385
}

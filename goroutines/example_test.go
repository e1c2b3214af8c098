package goroutines_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/overlap"
	"example.com/overlap/goroutines"
)

// All jobs are in flight at once: each of these waits until the last one has
// begun. One after another they would wait for ever.
func ExampleRun() {
	guests := []string{"Ada", "Grace", "Ken"}
	var missing sync.WaitGroup
	missing.Add(len(guests))
	toast := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, guest string) (string, error) {
			missing.Done()
			missing.Wait() // nobody drinks before all are here
			return guest, nil
		},
		Process: func(ctx context.Context, guest string) (string, error) { return "cheers, " + guest, nil },
	}

	for _, result := range goroutines.Run(context.Background(), toast, guests) {
		fmt.Println(result.Value)
	}
	// Output:
	// cheers, Ada
	// cheers, Grace
	// cheers, Ken
}

// A server that takes three connections, and refuses a fourth: with a limit of
// three none of a hundred jobs is refused.
func ExampleRunLimit() {
	const limit = 3
	var open atomic.Int64
	download := overlap.Job[int, string, int]{
		Fetch: func(ctx context.Context, page int) (string, error) {
			defer open.Add(-1)
			if open.Add(1) > limit {
				return "", errors.New("too many connections")
			}
			return "a page", nil
		},
		Process: func(ctx context.Context, text string) (int, error) { return len(text), nil },
	}

	pages := make([]int, 100)
	for i := range pages {
		pages[i] = i
	}
	results := goroutines.RunLimit(context.Background(), download, pages, limit)
	fmt.Printf("%d of %d refused\n", overlap.Failures(results), len(results))
	// Output: 0 of 100 refused
}

// Results come as jobs complete, in any order; each comes with its key.
func ExampleStream() {
	shout := overlap.Job[string, string, string]{
		Fetch:   func(ctx context.Context, word string) (string, error) { return word + "!", nil },
		Process: func(ctx context.Context, word string) (string, error) { return strings.ToUpper(word), nil },
	}

	words := slices.Values([]string{"ready", "steady", "go"})
	for word, result := range goroutines.Stream(context.Background(), shout, words) {
		fmt.Println(word, "becomes", result.Value)
	}
	// Unordered output:
	// ready becomes READY!
	// steady becomes STEADY!
	// go becomes GO!
}

// With a limit the input may be endless: however slow the loop, no more than
// limit+1 keys are pulled ahead of it. A break ends it all.
func ExampleStreamLimit() {
	square := overlap.Job[int, int, int]{
		Fetch:   func(ctx context.Context, n int) (int, error) { return n, nil },
		Process: func(ctx context.Context, n int) (int, error) { return n * n, nil },
	}
	const limit = 4
	var ahead atomic.Int64 // keys pulled and not used
	most := int64(0)
	full := make(chan struct{})
	numbers := func(yield func(int) bool) {
		for n := 0; ; n++ {
			most = max(most, ahead.Add(1))
			if n == limit {
				close(full)
			}
			if !yield(n) {
				return
			}
		}
	}

	used := 0
	for range goroutines.StreamLimit(context.Background(), square, numbers, limit) {
		<-full // a slow loop: the input has come as far as it can
		ahead.Add(-1)
		if used++; used == 100 {
			break
		}
	}
	fmt.Println("results used:", used)
	fmt.Println("keys pulled ahead, at most:", most)
	// Output:
	// results used: 100
	// keys pulled ahead, at most: 5
}

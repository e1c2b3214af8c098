package pool_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"example.com/overlap"
	"example.com/overlap/pool"
)

// Two workers, so the quick page overtakes the slow one. The results come in the
// order of the keys all the same.
func ExampleRun() {
	quickIsDone := make(chan struct{})
	title := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, page string) (string, error) {
			if page == "slow" {
				<-quickIsDone
			}
			return page + " page", nil
		},
		Process: func(ctx context.Context, text string) (string, error) {
			fmt.Println("working on the", text)
			if text == "quick page" {
				close(quickIsDone)
			}
			return strings.ToUpper(text), nil
		},
	}

	results := pool.Run(context.Background(), title, []string{"slow", "quick"}, 2)
	fmt.Println(results[0].Value)
	fmt.Println(results[1].Value)
	// Output:
	// working on the quick page
	// working on the slow page
	// SLOW PAGE
	// QUICK PAGE
}

// RunCounter gives what Run gives; only the way to it is shorter, which shows
// where jobs are as small as these.
func ExampleRunCounter() {
	square := overlap.Job[int, int, int]{
		Fetch:   func(ctx context.Context, n int) (int, error) { return n, nil },
		Process: func(ctx context.Context, n int) (int, error) { return n * n, nil },
	}
	numbers := make([]int, 10_000)
	for i := range numbers {
		numbers[i] = i
	}

	queue := pool.Run(context.Background(), square, numbers, 8)
	counter := pool.RunCounter(context.Background(), square, numbers, 8)
	fmt.Println("the same results:", slices.Equal(queue, counter))
	fmt.Println("the last of them:", counter[9_999].Value)
	// Output:
	// the same results: true
	// the last of them: 99980001
}

// One job is long and lies in one worker's share of the keys; the others take over
// the rest of that share, so it alone is waited for.
func ExampleRunSteal() {
	othersDone := make(chan struct{})
	var done atomic.Int64
	job := overlap.Job[int, int, int]{
		Fetch: func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				<-othersDone // the long one: it ends last
			}
			return n, nil
		},
		Process: func(ctx context.Context, n int) (int, error) {
			if done.Add(1) == 99 {
				close(othersDone)
			}
			return n, nil
		},
	}
	numbers := make([]int, 100)
	for i := range numbers {
		numbers[i] = i
	}

	results := pool.RunSteal(context.Background(), job, numbers, 2)
	fmt.Println(overlap.Failures(results), "failed, and nobody stayed behind the long one")
	// Output: 0 failed, and nobody stayed behind the long one
}

// Work that arrives over time: a shop takes orders, three workers pack them, and
// each parcel leaves as soon as it is packed.
func ExampleStream() {
	orders := make(chan string)
	go func() {
		defer close(orders) // the shop closes; this ends the loop below
		for _, order := range []string{"tea", "honey", "two cups", "a pot"} {
			orders <- order
		}
	}()
	arriving := func(yield func(string) bool) {
		for order := range orders {
			if !yield(order) {
				return
			}
		}
	}
	pack := overlap.Job[string, string, string]{
		Fetch:   func(ctx context.Context, order string) (string, error) { return order + " in a box", nil },
		Process: func(ctx context.Context, box string) (string, error) { return box + ", with a ribbon", nil },
	}

	for order, parcel := range pool.Stream(context.Background(), pack, arriving, 3) {
		fmt.Println(order, "->", parcel.Value)
	}
	// Unordered output:
	// tea -> tea in a box, with a ribbon
	// honey -> honey in a box, with a ribbon
	// two cups -> two cups in a box, with a ribbon
	// a pot -> a pot in a box, with a ribbon
}

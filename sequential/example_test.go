package sequential_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"example.com/overlap"
	"example.com/overlap/sequential"
)

// One job is over before the next begins.
func ExampleRun() {
	bake := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, cake string) (string, error) {
			fmt.Println("buy what goes into the", cake)
			return "dough for a " + cake, nil
		},
		Process: func(ctx context.Context, dough string) (string, error) {
			fmt.Println("bake the", dough)
			return "done", nil
		},
	}

	results := sequential.Run(context.Background(), bake, []string{"strudel", "brownie"})
	fmt.Println(overlap.Values(results))
	// Output:
	// buy what goes into the strudel
	// bake the dough for a strudel
	// buy what goes into the brownie
	// bake the dough for a brownie
	// [done done] <nil>
}

// A key is pulled when the result before it has been used.
func ExampleStream() {
	double := overlap.Job[int, int, int]{
		Fetch:   func(ctx context.Context, n int) (int, error) { return n, nil },
		Process: func(ctx context.Context, n int) (int, error) { return 2 * n, nil },
	}
	numbers := func(yield func(int) bool) {
		for n := 1; ; n++ { // there is no end of it
			fmt.Println("pull", n)
			if !yield(n) {
				return
			}
		}
	}

	for n, result := range sequential.Stream(context.Background(), double, numbers) {
		fmt.Println(n, "doubled is", result.Value)
		if n == 2 {
			break
		}
	}
	// Output:
	// pull 1
	// 1 doubled is 2
	// pull 2
	// 2 doubled is 4
}

// An error stays with its key, and the others go on. To stop at the first one
// is the choice of whoever loops.
func ExampleStream_stop() {
	stock := map[string]int{"apples": 3, "pears": 0, "plums": 8}
	check := overlap.Job[string, int, string]{
		Fetch: func(ctx context.Context, fruit string) (int, error) { return stock[fruit], nil },
		Process: func(ctx context.Context, n int) (string, error) {
			if n == 0 {
				return "", errors.New("sold out")
			}
			return fmt.Sprint(n, " left"), nil
		},
	}

	for fruit, result := range sequential.Stream(context.Background(), check, slices.Values([]string{"apples", "pears", "plums"})) {
		if result.Err != nil {
			fmt.Println(fruit, "failed:", result.Err)
			break
		}
		fmt.Println(fruit, result.Value)
	}
	// Output:
	// apples 3 left
	// pears failed: sold out
}

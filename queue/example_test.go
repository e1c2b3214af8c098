package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"sync"

	"example.com/overlap"
	"example.com/overlap/queue"
)

var errEmpty = errors.New("nothing to count")

// count is the job that the worker and the caller both have in their code.
func count() queue.Job[string, string, int] {
	return queue.Job[string, string, int]{
		Name: "count-words",
		Job: overlap.Job[string, string, int]{
			Fetch: func(_ context.Context, line string) (string, error) {
				if line == "" {
					return "", errEmpty
				}
				return line, nil
			},
			Process: func(_ context.Context, line string) (int, error) { return len(strings.Fields(line)), nil },
		},
		Temporary: func(err error) bool { return !errors.Is(err, errEmpty) },
		Errors:    map[string]error{"empty": errEmpty},
	}
}

// The worker is a goroutine here, so that one file shows both sides. It could as well be another
// program that opens the same directory, or, with Settings.URL, one on another machine.
func Example() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	q, err := queue.Open(context.Background(), queue.Settings{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer q.Close()

	ctx, stop := context.WithCancel(context.Background())
	var worker sync.WaitGroup
	worker.Go(func() {
		if _, err := queue.Work(ctx, q, count(), 8); err != nil {
			log.Print(err)
		}
	})
	for _, result := range queue.Run(ctx, q, count(), []string{"to be or not", "", "to be"}) {
		fmt.Println(result.Value, errors.Is(result.Err, errEmpty))
	}
	stop() // the worker finishes what it has
	worker.Wait()
	// Output:
	// 4 false
	// 0 true
	// 2 false
}

// Add is idempotent: what was interrupted is simply done again. Collect gets the results, also in
// another process, or tomorrow.
func ExampleAdd() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	q, err := queue.Open(ctx, queue.Settings{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer q.Close()

	lines := []string{"to be or not", "to be"}
	for range 2 {
		added, err := queue.Add(ctx, q, count(), "hamlet", slices.Values(lines))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(added.New, "new,", added.Known, "known")
	}
	var worker sync.WaitGroup
	worker.Go(func() {
		if _, err := queue.Work(ctx, q, count(), 8); err != nil {
			log.Print(err)
		}
	})
	for _, result := range queue.Collect(ctx, q, count(), "hamlet", lines) {
		fmt.Println(result.Value, result.Err)
	}
	stop()
	worker.Wait()
	// Output:
	// 2 new, 0 known
	// 0 new, 2 known
	// 4 <nil>
	// 2 <nil>
}

// Workload runs one job under three models, and shows that a model changes when
// things happen, not what comes out.
//
//	go run ./docs/code/workload
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

var errMissing = errors.New("not on the shelf")

// count makes a job of two functions: one waits for a text, one counts its words.
func count(shelf map[string]string, wait time.Duration) overlap.Job[string, string, int] {
	return overlap.Job[string, string, int]{
		Fetch: func(ctx context.Context, name string) (string, error) {
			select {
			case <-time.After(wait): // as if the shelf were far away
			case <-ctx.Done():
				return "", context.Cause(ctx)
			}
			text, ok := shelf[name]
			if !ok {
				return "", errMissing
			}
			return text, nil
		},
		Process: func(ctx context.Context, text string) (int, error) {
			return len(strings.Fields(text)), nil
		},
	}
}

func run(w io.Writer) error {
	shelf := map[string]string{
		"door":  "a door that waits is a wall",
		"river": "the river does not wait for the bridge",
		"snow":  "snow works at night",
	}
	//region run
	job := count(shelf, 50*time.Millisecond)
	keys := []string{"river", "fog", "door", "snow"}
	ctx := context.Background()

	results := sequential.Run(ctx, job, keys)
	for i, r := range results {
		fmt.Fprintf(w, "%-6s %d words, error: %v\n", keys[i], r.Value, r.Err)
	}

	same := reflect.DeepEqual(results, goroutines.Run(ctx, job, keys)) &&
		reflect.DeepEqual(results, pool.Run(ctx, job, keys, 2))
	_, err := fmt.Fprintln(w, "goroutines and a pool of 2 give the same:", same)
	//endregion
	return err
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

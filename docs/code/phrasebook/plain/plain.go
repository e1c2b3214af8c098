// Package plain is the phrasebook's plain Go: for each of asyncio's phrases what a
// Go programmer writes, with goroutines, channels, sync and context.
package plain

import (
	"context"
	"errors"
	"time"
)

// fetch takes its time, as a request does, and gives its name.
func fetch(name string, d time.Duration) string {
	time.Sleep(d)
	return name
}

// fetchContext is fetch for those who may lose interest: it ends when ctx ends.
func fetchContext(ctx context.Context, name string, d time.Duration) (string, error) {
	select {
	case <-time.After(d):
		return name, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// fail takes its time, and fails.
func fail(reason string, d time.Duration) error {
	time.Sleep(d)
	return errors.New(reason)
}

// work keeps a processor busy.
func work(n int) int {
	total := 0
	for i := range n {
		total += i
	}
	return total
}

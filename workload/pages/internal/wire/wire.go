// Package wire is what the clients of the pages workload share that read their answers
// themselves, and what all of them must do alike.
package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// An error's body is read, so that its connection can be used again: what of it comes
// within ErrorTime, at most ErrorBytes.
const (
	ErrorTime  = 100 * time.Millisecond
	ErrorBytes = 64 << 10
)

// Requests is how many requests a page may take: net/http's limit of redirects.
const Requests = 10

// ErrRedirects is a page that takes more than that, in net/http's words.
var ErrRedirects = fmt.Errorf("stopped after %d redirects", Requests)

// MaxBytes is the limit of a body that was asked for: standard if none was. One below zero
// panics.
func MaxBytes(asked, standard int64) int64 {
	switch {
	case asked < 0:
		panic(fmt.Sprintf("pages: maxBytes is %d, want at least 0", asked))
	case asked == 0:
		return standard
	}
	return asked
}

// Shorten cuts a header that is longer than any that makes sense.
func Shorten(header string) string { return header[:min(len(header), 64)] }

// A TimeoutError is an answer that did not come in time, or not all of it.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("no whole answer within %v", e.After) }

// Timeout makes it a net.Error of this kind.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is the other half of a net.Error.
func (e *TimeoutError) Temporary() bool { return true }

// Is makes it what the limit of an http.Client would be.
func (e *TimeoutError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}

// Connect opens n connections: open makes a request and calls hold when it has an answer
// on a connection, which it keeps until hold returns. So no two share one.
func Connect(n int, open func(hold func()) error) error {
	var all, answered sync.WaitGroup
	errs := make([]error, n)
	answered.Add(n)
	for i := range n {
		all.Go(func() {
			arrive := sync.OnceFunc(answered.Done)
			defer arrive() // the others do not wait for one that failed
			errs[i] = open(func() {
				arrive()
				answered.Wait()
			})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("open %d connections: %w", n, err)
	}
	return nil
}

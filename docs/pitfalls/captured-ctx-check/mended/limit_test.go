//go:build pitfall

// Package mended has a limit that heeds the context, each time.
package mended

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

//region run

// run does job for each key, at most limit at a time, until ctx ends.
func run(ctx context.Context, keys iter.Seq[int], limit int, job func(int)) {
	places := make(chan struct{}, limit)
	var wg sync.WaitGroup
	defer wg.Wait()
	for key := range keys {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if ctx.Err() != nil {
			return
		}
		wg.Go(func() {
			defer func() { <-places }()
			job(key)
		})
	}
}

//endregion

// A key comes each 10 ms, in virtual time, and the context ends between the
// second and the third: two jobs should begin.
func TestNoJobAfterCancel(t *testing.T) {
	const tries = 10_000
	late := 0
	for range tries {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
			defer cancel()
			run(ctx, everyTenMilliseconds, 1, func(int) {
				if ctx.Err() != nil {
					late++
				}
			})
		})
	}
	t.Logf("%d tries, %d jobs began after the context had ended", tries, late)
	if late > 0 {
		t.Fail()
	}
}

func everyTenMilliseconds(yield func(int) bool) {
	for key := range 5 {
		time.Sleep(10 * time.Millisecond)
		if !yield(key) {
			return
		}
	}
}

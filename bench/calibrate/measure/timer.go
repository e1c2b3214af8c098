package measure

import (
	"context"
	"time"
)

// Enough waits for a median that holds: as many as last so long, but no fewer than a
// few, however long, and no more than many, however short.
const (
	waitFor            = 200 * time.Millisecond
	minWaits, maxWaits = 11, 400
)

// overshoot is how much longer than asked a wait takes, in the median. A few waits
// before it are not counted. When ctx ends it returns what it has.
func overshoot(ctx context.Context, wait time.Duration) time.Duration {
	for range 2 {
		pause(ctx, wait)
	}
	var late []time.Duration
	begin := time.Now()
	for len(late) < minWaits || (len(late) < maxWaits && time.Since(begin) < waitFor) {
		asked := time.Now()
		if !pause(ctx, wait) {
			break
		}
		late = append(late, time.Since(asked)-wait)
	}
	return max(0, median(late))
}

// pause is a time.Sleep that ends with ctx, and says whether it was slept through. It
// is the same timer, and what a job does that heeds its context.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

package guard

import (
	"fmt"
	"sync"
)

// A Budget bounds the requests that are sent beyond the first of each job to a share of
// those: a service that is overloaded and answers with errors is not given several times the
// load by clients that all try again (a retry storm, which keeps it down). So in
// Google's SRE book (ch. 21, "Handling Overload": a client's retries stay below 10 % of its
// requests), Finagle's RetryBudget and gRPC's retry throttling.
//
// It is a bucket: each first request puts ratio of a token into it, each further one takes
// a whole one, and where there is none it is not sent. The bucket is empty at first, so at
// any time
//
//	requests <= (1 + ratio) * first requests
//
// exactly. It holds no more than 100 tokens: an hour of calm is not saved up for a storm.
//
// A Budget is safe for concurrent use, and shared by all jobs that are given it; those that
// ask the same service should share one. [Retry] and [Hedge] should have one each: both
// count the requests that pass through them as first ones.
type Budget struct {
	share int64 // of a first request, in millionths of a token

	mu    sync.Mutex
	saved int64
}

const (
	token    = 1_000_000
	maxSaved = 100 * token
)

// NewBudget returns an empty budget. The ratio is from 0, which is none at all, to 1, and cut
// to millionths; others panic.
func NewBudget(ratio float64) *Budget {
	if !(ratio >= 0 && ratio <= 1) { // so that NaN panics, too
		panic(fmt.Sprintf("guard: ratio is %v, want 0 to 1", ratio))
	}
	const rounding = 1e-3 // 0.29*1e6 is a little less than 290000
	return &Budget{share: int64(ratio*token + rounding)}
}

// first counts a first request.
func (b *Budget) first() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saved = min(b.saved+b.share, maxSaved)
}

// take says whether one more request may be sent, and counts it.
func (b *Budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.saved < token {
		return false
	}
	b.saved -= token
	return true
}

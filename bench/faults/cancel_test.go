package faults

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// cancelSeed repeats a run of TestCancelAtARandomMoment.
var cancelSeed = flag.Uint64("cancel-seed", 0, "seed of the moments of TestCancelAtARandomMoment; 0 takes a new one")

// cancels is for a longer look: all forms at a thousand moments each take a minute and a half.
var cancels = flag.Int("cancels", 1000, "moments of TestCancelAtARandomMoment, over all forms")

// errStop is the cause of the cancel.
var errStop = errors.New("stopped by the test")

// TestCancelAtARandomMoment cancels runs at a thousand moments, each form in turn, in virtual
// time, with every fault on. Each moment has pages, waits and faults of its own.
func TestCancelAtARandomMoment(t *testing.T) {
	seed := *cancelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat it: -cancel-seed %d", seed)
	all := forms(limits())
	for at, form := range all {
		t.Run(form.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				draw := rand.New(rand.NewPCG(seed, uint64(at)))
				for i := at; i < *cancels; i += len(all) {
					cancelAt(t, form, seed+uint64(i), draw)
				}
			})
		})
	}
}

func cancelAt(t *testing.T, form form, seed uint64, draw *rand.Rand) {
	site := mockserver.Settings{
		Seed: seed, Pages: 30, PageSize: 512, Links: 1, Order: 1,
		Latency: mockserver.Latency{Profile: mockserver.LogNormal, Mean: 100 * time.Millisecond},
		Faults: mockserver.Faults{
			Status: 0.05, Reset: 0.05, Slow: 0.1, Hang: 0.05, Truncate: 0.05, Malformed: 0.05,
			SlowPause: 10 * time.Millisecond,
		},
	}
	const timeout = time.Second // beyond every wait and every slow body
	transport, err := mockserver.NewTransport(site)
	require.NoError(t, err)
	keys := make([]string, site.Pages)
	var waits time.Duration
	for i := range keys {
		keys[i] = transport.PageURL(i)
		waits += site.Latency.For(site.Seed, mockserver.PagePath(i))
	}
	longest := waits
	if form.peak != 1 {
		longest = 500 * time.Millisecond // most are at work until then, and some are done before
	}
	after := 1 + time.Duration(draw.Int64N(int64(longest)))

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	timer := time.AfterFunc(after, func() { cancel(errStop) })
	defer timer.Stop()
	w := newWatch()
	job := w.job(pages.Job(&http.Client{Transport: transport, Timeout: timeout}, 0))
	began := time.Now()
	answers := form.run(ctx, job, keys)
	took := time.Since(began)

	w.mustHold(t, form, false)
	require.LessOrEqual(t, took, after, "all heeds the context, so nothing lasts beyond its end")
	require.Empty(t, answers.strange)
	require.Len(t, answers.results, len(keys))
	record := transport.Record()
	require.Zero(t, record.InFlight)
	require.Zero(t, record.Duplicates)
	if form.fetches > 0 {
		require.LessOrEqual(t, record.PeakInFlight, int64(form.fetches))
	}
	for i, result := range answers.results {
		if answers.times[i] == 0 { // of a Stream that ended before it pulled the key
			require.Error(t, ctx.Err())
			require.GreaterOrEqual(t, i, answers.pulled, "key %d was pulled and has no result", i)
			require.Zero(t, w.fetches[keys[i]])
			continue
		}
		require.Equal(t, 1, answers.times[i], "results for key %d", i)
		mustBeDue(t, site, i, result, ctx)
	}
}

// mustBeDue fails unless a result is what the key's fault makes of it, or the cause of the
// context's end.
func mustBeDue(t *testing.T, site mockserver.Settings, i int, result result, ctx context.Context) {
	t.Helper()
	if result.Err != nil && ctx.Err() != nil && errors.Is(result.Err, errStop) {
		return
	}
	fault := site.Faults.For(site.Seed, mockserver.PagePath(i), 0)
	want := map[mockserver.Fault]Kind{
		mockserver.Status: Status, mockserver.Reset: Broken, mockserver.Hang: Timeout, mockserver.Truncate: Truncated,
	}[fault]
	if want == "" {
		want = Value
	}
	require.Equal(t, want, KindOf(result.Err), "key %d: %v", i, result.Err)
	if want != Value {
		return
	}
	page, err := pages.Parse(pages.Body{Bytes: site.Page(i)})
	require.NoError(t, err)
	if fault == mockserver.Malformed {
		require.NotEqual(t, page.Hash, result.Value.Hash)
		return
	}
	require.Equal(t, page.Hash, result.Value.Hash, "key %d", i)
}

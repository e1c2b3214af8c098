package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"example.com/overlap"
)

// numbered is a key and its place among the keys.
type numbered[K any] struct {
	i   int
	key K
}

func number[K any](keys []K) []numbered[K] {
	all := make([]numbered[K], len(keys))
	for i, key := range keys {
		all[i] = numbered[K]{i, key}
	}
	return all
}

// timed is a body that takes the start of its job along, from Fetch to Process.
type timed[B any] struct {
	body  B
	began time.Time
}

// measured is a job that is watched: what is in flight, how long each takes, how
// far the whole is.
type measured[K, B, R any] struct {
	inner overlap.Job[K, B, R]
	total int // unknown: it turns out while working
	start time.Time

	mu        sync.Mutex
	begun     map[int]bool // by the place of the key
	inFlight  int
	peak      int
	ended     int
	latencies *hdrhistogram.Histogram // of jobs that succeeded, in microseconds
	meter     *meter
}

// longest is the longest latency that the histogram tells apart from others.
const longest = 24 * time.Hour

func newMeasured[K, B, R any](job overlap.Job[K, B, R], total int, meter *meter) *measured[K, B, R] {
	return &measured[K, B, R]{
		inner: job, total: total, start: time.Now(), meter: meter,
		begun:     make(map[int]bool, max(0, total)),
		latencies: hdrhistogram.New(1, longest.Microseconds(), 3),
	}
}

func (m *measured[K, B, R]) job() overlap.Job[numbered[K], timed[B], R] {
	return overlap.Job[numbered[K], timed[B], R]{
		Fetch: func(ctx context.Context, k numbered[K]) (b timed[B], err error) {
			m.begin(k.i)
			fetched := false
			defer func() {
				if !fetched {
					m.end(time.Now(), false)
				}
			}()
			b.began = time.Now()
			b.body, err = m.inner.Fetch(ctx, k.key)
			fetched = err == nil
			return b, err
		},
		Process: func(ctx context.Context, b timed[B]) (value R, err error) {
			processed := false
			defer func() { m.end(b.began, processed) }()
			value, err = m.inner.Process(ctx, b.body)
			processed = err == nil
			return value, err
		},
	}
}

func (m *measured[K, B, R]) begin(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun[i] = true
	m.inFlight++
	m.peak = max(m.peak, m.inFlight)
}

func (m *measured[K, B, R]) end(began time.Time, succeeded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight--
	m.ended++
	if succeeded {
		_ = m.latencies.RecordValue(min(time.Since(began), longest).Microseconds()) // fails only beyond longest
	}
	elapsed := time.Since(m.start)
	left := time.Duration(float64(elapsed) / float64(m.ended) * float64(m.total-m.ended))
	m.meter.show(m.ended, fmt.Sprintf("%d in flight", m.inFlight), left)
}

// report sums up. It is called when the model has returned.
func (m *measured[K, B, R]) report(results []overlap.Result[R], makespan time.Duration) *report {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.meter.end()
	seconds := func(microseconds int64) float64 {
		return (time.Duration(microseconds) * time.Microsecond).Seconds()
	}
	r := &report{
		Jobs:            len(results),
		Failed:          overlap.Failures(results),
		MakespanSeconds: makespan.Seconds(),
		LatencySeconds: latencies{
			P50: seconds(m.latencies.ValueAtQuantile(50)),
			P95: seconds(m.latencies.ValueAtQuantile(95)),
			P99: seconds(m.latencies.ValueAtQuantile(99)),
			Max: seconds(m.latencies.Max()),
		},
		PeakInFlight: m.peak,
		Errors:       kinds(results, func(i int) bool { return m.begun[i] }),
	}
	r.Succeeded = r.Jobs - r.Failed
	r.JobsPerSecond = float64(r.Succeeded) / makespan.Seconds()
	return r
}

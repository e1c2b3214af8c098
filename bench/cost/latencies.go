package cost

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range that Latencies tells apart, to figures significant figures.
const (
	minMicros = 1
	maxMicros = int64(time.Hour / time.Microsecond)
	figures   = 3

	MinLatency = time.Microsecond
	MaxLatency = time.Hour
)

// Latencies is a distribution of durations, in microseconds from 1 µs to 1 hour, to
// three significant figures (an HdrHistogram). The zero value is an empty one, ready
// to use; it must not be copied. All methods may be called from any goroutine at any
// time; what is recorded while another method runs may or may not be in its answer.
//
// Distributions are put together by Merge and in no other way. A percentile cannot
// be averaged, nor got from other percentiles: if one round has its p99 at 1 ms and
// another at 100 ms, the p99 of both may be either or anything around, by how many
// jobs each had and how they lie. The mean of the two is the p99 of nothing. So keep
// the distributions (Encode), merge them, and ask for the quantile at the end.
type Latencies struct {
	shards [maxShards]shard
	next   atomic.Uint32
	near   sync.Pool // of *shard: the one that this P used last
	merge  sync.Mutex
}

// maxShards bounds the memory: a shard in use is 190 KB.
const maxShards = 32

// A shard is one P's own, mostly: its lock is seldom contended.
type shard struct {
	mu           sync.Mutex
	h            *hdrhistogram.Histogram
	below, above int64
	_            [64]byte // neighbours do not share a cache line
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(minMicros, maxMicros, figures)
}

// NewLatencies returns an empty distribution with its memory set aside (190 KB a P,
// for up to 32), so that recording does not allocate it in the middle of a run.
func NewLatencies() *Latencies {
	l := new(Latencies)
	for i := range shardCount() {
		l.shards[i].h = newHistogram()
	}
	return l
}

func shardCount() uint32 { return uint32(min(runtime.GOMAXPROCS(0), maxShards)) }

// Record adds one duration, rounded to microseconds. Less than 1 µs (or below zero)
// is recorded as 1 µs, more than an hour as an hour, and counted by Clamped; nothing
// is lost. It costs some 20 ns, on one core or on several: less than reading the clock.
func (l *Latencies) Record(d time.Duration) {
	s, _ := l.near.Get().(*shard)
	if s == nil { // this P's first, or a collection has emptied the pool
		s = &l.shards[l.next.Add(1)%shardCount()]
	}
	if !s.mu.TryLock() { // two Ps have come to the same one: part, for good
		s = &l.shards[l.next.Add(1)%shardCount()]
		s.mu.Lock()
	}
	if s.h == nil {
		s.h = newHistogram()
	}
	if d < MinLatency {
		s.below++
		d = MinLatency
	} else if d > MaxLatency {
		s.above++
		d = MaxLatency
	}
	// In range, so the only error left is a total of 2^63.
	_ = s.h.RecordValue(int64((d + time.Microsecond/2) / time.Microsecond))
	s.mu.Unlock()
	l.near.Put(s)
}

// Clamped returns how many durations were recorded as 1 µs for being shorter, and as
// an hour for being longer. Encode does not carry these counts, Merge does.
func (l *Latencies) Clamped() (below, above int64) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		below, above = below+s.below, above+s.above
		s.mu.Unlock()
	}
	return below, above
}

// Count returns how many durations were recorded.
func (l *Latencies) Count() int64 {
	var n int64
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		if s.h != nil {
			n += s.h.TotalCount()
		}
		s.mu.Unlock()
	}
	return n
}

// whole returns all shards in one histogram of its own.
func (l *Latencies) whole() *hdrhistogram.Histogram {
	h := newHistogram()
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		if s.h != nil {
			h.Merge(s.h) // of one geometry and bounded by Merge below: drops nothing
		}
		s.mu.Unlock()
	}
	return h
}

// Quantile returns the duration that the share q (0 to 1) of the recorded ones did
// not exceed, to three figures and rather too high: 0.5 is the median, 1 the longest.
// It is absent if nothing was recorded. A q outside 0 to 1 is taken as 0 or 1. It
// costs about 200 µs.
func (l *Latencies) Quantile(q float64) (latency time.Duration, ok bool) {
	h := l.whole()
	if h.TotalCount() == 0 {
		return 0, false
	}
	return min(time.Duration(h.ValueAtQuantile(100*q))*time.Microsecond, MaxLatency), true
}

// Merge adds all that from has recorded, exactly. The only error is a total of more
// than 2^63-1, which only foreign input has; l is then as before.
func (l *Latencies) Merge(from *Latencies) error {
	h := from.whole()
	below, above := from.Clamped()
	l.merge.Lock() // one at a time, or two could pass the check together
	defer l.merge.Unlock()
	if h.TotalCount() > math.MaxInt64-l.Count() {
		return errors.New("cost: merged latencies: more than 2^63-1 in all")
	}
	s := &l.shards[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.h == nil {
		s.h = newHistogram()
	}
	s.h.Merge(h)
	s.below, s.above = s.below+below, s.above+above
	return nil
}

// Encode returns the distribution as one word of text: HdrHistogram's V2 format,
// compressed, in base64, that any HdrHistogram library reads.
func (l *Latencies) Encode() (string, error) {
	text, err := l.whole().Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return "", fmt.Errorf("cost: encode latencies: %w", err)
	}
	return string(text), nil
}

// maxText is more than any distribution of this range can take: a count of nine bytes
// in each of its 23,552 buckets, incompressible, in base64, takes 283 KB.
const maxText = 300_000

// DecodeLatencies reads what Encode wrote. A distribution of another range or
// precision is an error too, since merging it could not be exact; and so is anything
// else: no text makes it panic, or take more than two megabytes.
func DecodeLatencies(text string) (*Latencies, error) {
	if err := checkHeader(text); err != nil {
		return nil, fmt.Errorf("cost: decode latencies: %w", err)
	}
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("cost: decode latencies: %w", err)
	}
	// The buckets reach a little beyond the hour.
	if longest := h.Max(); longest > maxMicros && !h.ValuesAreEquivalent(longest, maxMicros) {
		return nil, fmt.Errorf("cost: decode latencies: one of %d µs, more than an hour", longest)
	}
	l := new(Latencies)
	l.shards[0].h = newHistogram()
	l.shards[0].h.Merge(h) // not h itself, which may carry other things along
	return l, nil
}

// header is what stands before the counts, once decompressed.
type header struct {
	Cookie, Payload, Offset, Figures int32
	Lowest, Highest                  int64
	Ratio                            float64
}

// checkHeader admits only our own geometry. The library's decoder checks a text for
// being whole, and takes as much memory as its header asks for: 50 MB for the widest.
func checkHeader(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("%d characters, at most %d can be a histogram of latencies", len(text), maxText)
	}
	if strings.ContainsAny(text, "\r\n") { // which base64 would pass over
		return errors.New("a line break in the text")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return err
	}
	var outer struct{ Cookie, Length int32 }
	n, err := binary.Decode(raw, binary.BigEndian, &outer)
	if err != nil {
		return fmt.Errorf("%d bytes are too few for a histogram", len(raw))
	}
	if outer.Cookie&^0xf0 != hdrhistogram.V2CompressedEncodingCookieBase {
		return fmt.Errorf("not an HdrHistogram of the compressed V2 format: it begins with %#x", uint32(outer.Cookie))
	}
	if int(outer.Length) != len(raw)-n {
		return fmt.Errorf("cut off or added to: %d bytes follow the header, which says %d", len(raw)-n, outer.Length)
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[n:]))
	if err != nil {
		return err
	}
	defer z.Close()
	var inner header
	first := make([]byte, binary.Size(inner))
	if _, err := io.ReadFull(z, first); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if _, err := binary.Decode(first, binary.BigEndian, &inner); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if inner.Lowest != minMicros || inner.Highest != maxMicros || inner.Figures != figures || inner.Ratio != 1 {
		return fmt.Errorf("a histogram of %d to %d times %g at %d figures, want %d to %d (microseconds) at %d",
			inner.Lowest, inner.Highest, inner.Ratio, inner.Figures, minMicros, maxMicros, figures)
	}
	return nil
}

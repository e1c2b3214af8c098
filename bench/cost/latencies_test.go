package cost

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
)

func TestQuantilesOfLatencies(t *testing.T) {
	l := NewLatencies()
	for i := range 1000 {
		l.Record(time.Duration(i+1) * time.Millisecond)
	}
	require.EqualValues(t, 1000, l.Count())
	for _, c := range []struct {
		q    float64
		want time.Duration
	}{{0, time.Millisecond}, {-1, time.Millisecond}, {0.5, 500 * time.Millisecond}, {0.99, 990 * time.Millisecond},
		{0.999, 999 * time.Millisecond}, {1, time.Second}, {2, time.Second}} {
		got, ok := l.Quantile(c.q)
		require.True(t, ok)
		require.InEpsilon(t, c.want, got, 0.001, "%g", c.q) // three figures
	}
}

func TestNothingRecordedHasNoQuantile(t *testing.T) {
	for name, l := range map[string]*Latencies{"new": NewLatencies(), "zero": new(Latencies)} {
		t.Run(name, func(t *testing.T) {
			_, ok := l.Quantile(0.5)
			require.False(t, ok)
			require.Zero(t, l.Count())
			again := recode(t, l)
			_, ok = again.Quantile(0.5)
			require.False(t, ok)
		})
	}
}

func TestRangeOfLatencies(t *testing.T) {
	for _, c := range []struct {
		name         string
		in, want     time.Duration
		below, above int64
	}{
		{"below zero", -time.Second, time.Microsecond, 1, 0},
		{"the least there is", math.MinInt64, time.Microsecond, 1, 0},
		{"zero", 0, time.Microsecond, 1, 0},
		{"just under a microsecond", 999, time.Microsecond, 1, 0},
		{"a microsecond", time.Microsecond, time.Microsecond, 0, 0},
		{"rounded down", 2499, 2 * time.Microsecond, 0, 0},
		{"rounded up", 2500, 3 * time.Microsecond, 0, 0},
		{"an hour", time.Hour, time.Hour, 0, 0},
		{"just under an hour", time.Hour - 1, time.Hour, 0, 0},
		{"just over an hour", time.Hour + 1, time.Hour, 0, 1},
		{"the most there is", math.MaxInt64, time.Hour, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := new(Latencies)
			l.Record(c.in)
			require.EqualValues(t, 1, l.Count())
			got, ok := l.Quantile(0.5)
			require.True(t, ok)
			require.Equal(t, c.want, got)
			below, above := l.Clamped()
			require.Equal(t, [2]int64{c.below, c.above}, [2]int64{below, above})

			got, ok = recode(t, l).Quantile(0.5)
			require.True(t, ok)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMergedLatenciesAreThoseOfBoth(t *testing.T) {
	fast, slow, both := new(Latencies), new(Latencies), new(Latencies)
	for range 990 {
		fast.Record(time.Millisecond)
		both.Record(time.Millisecond)
	}
	for range 10 {
		slow.Record(100 * time.Millisecond)
		both.Record(100 * time.Millisecond)
	}
	slow.Record(0)
	both.Record(0)
	require.NoError(t, fast.Merge(slow))
	require.True(t, fast.whole().Equals(both.whole()))
	below, _ := fast.Clamped()
	require.EqualValues(t, 1, below)
	require.EqualValues(t, 11, slow.Count())

	require.NoError(t, slow.Merge(slow)) // with itself: twice
	require.EqualValues(t, 22, slow.Count())
}

func TestRecordingFromManyGoroutines(t *testing.T) {
	l, sum := NewLatencies(), new(Latencies)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 1000 {
				l.Record(time.Duration(g*1000+i) * time.Microsecond)
			}
		})
	}
	all.Go(func() { // while they record
		for range 10 {
			l.Quantile(0.99)
			l.Clamped()
			runtime.GC() // empties the pool
			require.NoError(t, new(Latencies).Merge(l))
		}
	})
	all.Wait()
	require.EqualValues(t, 8000, l.Count())
	require.NoError(t, sum.Merge(l))
	want := newHistogram()
	require.NoError(t, want.RecordValue(1)) // for the 0
	for i := range 7999 {
		require.NoError(t, want.RecordValue(int64(i+1)))
	}
	require.True(t, want.Equals(sum.whole()))
}

// A P that meets another one at its shard goes to the next, rather than wait.
func TestRecordingDoesNotWaitForABusyShard(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	l := new(Latencies)
	l.shards[1].mu.Lock() // the one that a first Record goes to
	l.Record(time.Second)
	require.Nil(t, l.shards[1].h)
	l.shards[1].mu.Unlock()
	require.EqualValues(t, 1, l.shards[0].h.TotalCount())
	require.EqualValues(t, 1, l.Count())
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	l := NewLatencies()
	got := testing.AllocsPerRun(1000, func() { l.Record(time.Millisecond) })
	require.Zero(t, got)
}

func recode(t *testing.T, l *Latencies) *Latencies {
	t.Helper()
	text, err := l.Encode()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(text, "HISTF"))
	again, err := DecodeLatencies(text)
	require.NoError(t, err)
	require.True(t, l.whole().Equals(again.whole()))
	return again
}

// A text as a foreign program may write it: any header, any payload.
func foreign(t testing.TB, h header, payload []byte) string {
	var z, all bytes.Buffer
	w := zlib.NewWriter(&z)
	require.NoError(t, binary.Write(w, binary.BigEndian, h))
	_, err := w.Write(payload)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, binary.Write(&all, binary.BigEndian, []int32{hdrhistogram.V2CompressedEncodingCookieBase | 0x10, int32(z.Len())}))
	all.Write(z.Bytes())
	return base64.StdEncoding.EncodeToString(all.Bytes())
}

const innerCookie = hdrhistogram.V2EncodingCookieBase | 0x10

// ours is the header that Encode writes before so many bytes of counts.
func ours(payload int) header {
	return header{innerCookie, int32(payload), 0, figures, minMicros, maxMicros, 1}
}

// hostile are texts that are no distribution of ours, and what must be said of them.
func hostile(t testing.TB) map[string]struct{ text, err string } {
	good, err := func() (string, error) { l := new(Latencies); l.Record(time.Second); return l.Encode() }()
	require.NoError(t, err)
	raw, err := base64.StdEncoding.DecodeString(good)
	require.NoError(t, err)
	edited := func(edit func([]byte) []byte) string {
		return base64.StdEncoding.EncodeToString(edit(bytes.Clone(raw)))
	}
	headed := func(edit func(*header), payload ...byte) string {
		h := ours(len(payload))
		edit(&h)
		return foreign(t, h, payload)
	}
	zeros := func(n int64) []byte { return binary.AppendUvarint(nil, uint64(n)<<1-1) } // zig-zag of -n
	other := func(low, high int64, figures int) string {
		text, err := hdrhistogram.New(low, high, figures).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		require.NoError(t, err)
		return string(text)
	}
	return map[string]struct{ text, err string }{
		"nothing":                    {"", "0 bytes are too few"},
		"not base64":                 {"?", "illegal base64"},
		"base64 over two lines":      {good[:8] + "\n" + good[8:], "line break"},
		"too short":                  {good[:8], "6 bytes are too few"},
		"cut off":                    {good[:len(good)-4], "cut off or added to"},
		"added to":                   {edited(func(b []byte) []byte { return append(b, 0) }), "cut off or added to"},
		"another format":             {edited(func(b []byte) []byte { b[3]--; return b }), "not an HdrHistogram of the compressed V2 format"},
		"a length below zero":        {edited(func(b []byte) []byte { b[4] = 0xff; return b }), "cut off or added to"},
		"not compressed":             {edited(func(b []byte) []byte { b[8] = 0; return b }), "zlib"},
		"a wrong checksum":           {edited(func(b []byte) []byte { b[len(b)-1]++; return b }), "checksum"},
		"no header inside":           {edited(func(b []byte) []byte { return b[:0] }), "too few"},
		"too long":                   {strings.Repeat("A", maxText+4), "at most"},
		"another precision":          {other(minMicros, maxMicros, 2), "at 2 figures, want 1 to 3600000000 (microseconds) at 3"},
		"another range":              {other(minMicros, 1000, 3), "a histogram of 1 to 1000 times 1 at 3 figures"},
		"the widest range":           {other(1, math.MaxInt64, 5), "at 5 figures"},
		"an absurd precision":        {headed(func(h *header) { h.Figures = math.MaxInt32 }), "at 2147483647 figures"},
		"another unit":               {headed(func(h *header) { h.Ratio = 1000 }), "times 1000"},
		"no unit at all":             {headed(func(h *header) { h.Ratio = math.NaN() }), "times NaN"},
		"another format inside":      {headed(func(h *header) { h.Cookie = 7 }), "only V2 is supported"},
		"more counts than said":      {headed(func(h *header) { h.Payload = 0 }, 2), "PayloadLength"},
		"fewer counts than said":     {headed(func(h *header) { h.Payload = 9 }, 2), "PayloadLength"},
		"counts below zero":          {headed(func(h *header) { h.Payload = -1 }), "PayloadLength"},
		"said to be gigantic":        {headed(func(h *header) { h.Payload = math.MaxInt32 }), "PayloadLength"},
		"a count cut off":            {headed(func(h *header) {}, 0x80), "truncated"},
		"more zeros than buckets":    {headed(func(h *header) {}, zeros(1 << 20)[0], zeros(1 << 20)[1], zeros(1 << 20)[2]), "zero-run"},
		"a count that is no 64 bits": {headed(func(h *header) {}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "zero-run"},
		"a total over 64 bits":       {headed(func(h *header) {}, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2), "MaxInt64"},
		"a latency beyond the hour":  {foreign(t, ours(4), append(zeros(23551), 2)), "more than an hour"},
	}
}

func TestHostileTextIsAnError(t *testing.T) {
	for name, c := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			l, err := DecodeLatencies(c.text)
			require.ErrorContains(t, err, "cost: decode latencies: ")
			require.ErrorContains(t, err, c.err)
			require.Nil(t, l)
		})
	}
}

// A header alone makes the library set aside 50 MB; the check before it must not let
// that happen. Nor may counts that unpack to more than a distribution can hold.
func TestHostileTextTakesLittleMemory(t *testing.T) {
	wide := header{innerCookie, 0, 0, 5, 1, math.MaxInt64, 1}
	bomb := ours(math.MaxInt32)
	for name, text := range map[string]string{
		"a wide range":       foreign(t, wide, nil),
		"a zip bomb":         foreign(t, bomb, make([]byte, 8*mib)),
		"a bomb that it may": foreign(t, ours(9*23552), make([]byte, 8*mib)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := DecodeLatencies(text)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*mib))
		})
	}
}

func TestTheMostThatADistributionCanTakeIsRead(t *testing.T) {
	l := new(Latencies)
	h := newHistogram()
	seed := uint64(1)
	n := 0
	for v := int64(1); v <= maxMicros; { // each bucket, counts that do not compress
		seed = seed*6364136223846793005 + 1442695040888963407
		require.NoError(t, h.RecordValues(v, int64(seed>>16)))
		n++
		next := v + 1
		for step := int64(1); h.ValuesAreEquivalent(v, next); step *= 2 {
			next = v + step
		}
		v = next
	}
	require.Greater(t, n, 20_000)
	l.shards[0].h = h
	text, err := l.Encode()
	require.NoError(t, err)
	require.Greater(t, len(text), 150_000)
	require.Less(t, len(text), maxText)
	recode(t, l)
}

func TestMergeRefusesATotalBeyond64Bits(t *testing.T) {
	full, err := DecodeLatencies(foreign(t, ours(9), []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}))
	require.NoError(t, err)
	require.Equal(t, int64(math.MaxInt64), full.Count())
	one := new(Latencies)
	one.Record(time.Second)
	require.ErrorContains(t, one.Merge(full), "more than 2^63-1")
	require.EqualValues(t, 1, one.Count())
	require.ErrorContains(t, full.Merge(one), "more than 2^63-1")
	require.NoError(t, full.Merge(new(Latencies)))
}

// No text makes DecodeLatencies panic, and what it takes comes out of Encode again.
func FuzzDecode(f *testing.F) {
	for _, c := range hostile(f) {
		f.Add(c.text)
	}
	l := new(Latencies)
	f.Add(mustEncode(f, l))
	for i := range 100 {
		l.Record(time.Duration(i*i) * 100 * time.Microsecond)
	}
	f.Add(mustEncode(f, l))
	f.Fuzz(func(t *testing.T, text string) {
		l, err := DecodeLatencies(text)
		if err != nil {
			require.Nil(t, l)
			return
		}
		if q, ok := l.Quantile(0.99); ok {
			require.LessOrEqual(t, q, time.Hour)
		}
		recode(t, l)
	})
}

// The same behind the wrapping that a fuzzer does not find its way through: base64,
// checksum and header are right, the counts are anything, as many as said or not.
func FuzzDecodeInside(f *testing.F) {
	f.Add(int32(0), []byte{2, 4})
	f.Add(int32(1), []byte{2})
	f.Add(int32(0), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add(int32(0), []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2})
	f.Fuzz(func(t *testing.T, more int32, payload []byte) {
		l, err := DecodeLatencies(foreign(t, ours(len(payload)+int(more)), payload))
		if err != nil {
			require.Nil(t, l)
			return
		}
		require.GreaterOrEqual(t, l.Count(), int64(0))
		recode(t, l)
	})
}

func mustEncode(t testing.TB, l *Latencies) string {
	text, err := l.Encode()
	require.NoError(t, err)
	return text
}

func BenchmarkRecord(b *testing.B) {
	b.Run("clock alone", func(b *testing.B) {
		start := time.Now()
		for b.Loop() {
			time.Since(start)
		}
	})
	b.Run("one", func(b *testing.B) {
		l := NewLatencies()
		b.ReportAllocs()
		for b.Loop() {
			l.Record(time.Millisecond)
		}
	})
	b.Run("all cores", func(b *testing.B) {
		l := NewLatencies()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.Record(time.Millisecond)
			}
		})
	})
	b.Run("a hundred goroutines", func(b *testing.B) {
		l := NewLatencies()
		b.ReportAllocs()
		b.SetParallelism(100)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.Record(time.Millisecond)
			}
		})
	})
}

func BenchmarkLatencies(b *testing.B) {
	l := NewLatencies()
	for i := range 100_000 {
		l.Record(time.Duration(i%977) * 100 * time.Microsecond)
	}
	text := mustEncode(b, l)
	b.Run("quantile", func(b *testing.B) {
		for b.Loop() {
			l.Quantile(0.99)
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportMetric(float64(len(text)), "text-B")
		for b.Loop() {
			mustEncode(b, l)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeLatencies(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("merge", func(b *testing.B) {
		sum := new(Latencies)
		for b.Loop() {
			if err := sum.Merge(l); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package timeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"example.com/overlap"
)

var empty = overlap.Job[int, int, int]{
	Fetch:   func(_ context.Context, n int) (int, error) { return n, nil },
	Process: func(_ context.Context, n int) (int, error) { return n, nil },
}

// BenchmarkRecord is what recording adds to a job: recorded less plain. A recorder
// is full after MaxJobs, so each takes so many and gives way to the next.
func BenchmarkRecord(b *testing.B) {
	ctx := context.Background()
	b.Run("job=plain/goroutines=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			empty.Do(ctx, 1)
		}
	})
	b.Run("job=recorded/goroutines=1", func(b *testing.B) {
		b.ReportAllocs()
		recorded, n := Record(empty, NewRecorder[int](nil)), 0
		for b.Loop() {
			if n++; n == MaxJobs {
				recorded, n = Record(empty, NewRecorder[int](nil)), 0
			}
			recorded.Do(ctx, 1)
		}
	})
	b.Run("job=plain/goroutines=cores", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				empty.Do(ctx, 1)
			}
		})
	})
	b.Run("job=recorded/goroutines=cores", func(b *testing.B) {
		b.ReportAllocs()
		share := MaxJobs / runtime.GOMAXPROCS(0) // of a recorder, for each goroutine
		recorders := make([]overlap.Job[int, Body[int], int], b.N/share+1)
		for i := range recorders {
			recorders[i] = Record(empty, NewRecorder[int](nil))
		}
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				recorders[n/share].Do(ctx, 1)
			}
		})
	})
}

// BenchmarkDraw is the whole way from a recording to the picture. Its size is
// beside its time.
func BenchmarkDraw(b *testing.B) {
	for _, c := range []struct{ jobs, lanes int }{{1_000, 20}, {100_000, 20}, {100_000, 1_000}, {100_000, 100_000}} {
		b.Run(fmt.Sprintf("jobs=%d/lanes=%d", c.jobs, c.lanes), func(b *testing.B) {
			recorded := many(c.jobs, c.lanes)
			var size written
			for b.Loop() {
				size = 0
				if err := Draw(&size, recorded, Drawing{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "svg-B")
		})
	}
}

// BenchmarkFile writes and reads a hundred thousand jobs.
func BenchmarkFile(b *testing.B) {
	recorded := many(100_000, 20)
	var file bytes.Buffer
	if err := Write(&file, recorded); err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(file.Len()))
		for b.Loop() {
			if err := Write(io.Discard, recorded); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(file.Len()))
		for b.Loop() {
			if _, err := Read("x", bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// written counts bytes.
type written int

func (w *written) Write(p []byte) (int, error) {
	*w += written(len(p))
	return len(p), nil
}

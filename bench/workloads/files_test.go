package workloads

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/pool"
	"example.com/overlap/workload/files"
)

// filesInFlight is more than there are cores, so that some may wait for the disk while others
// work.
const filesInFlight = 8

// BenchmarkFiles reads files, compresses them or computes their hashes, and writes the results
// so that they are on the disk and whole. The files were just written, so they come from the
// operating system's memory: what waits is the writing, which ends with an fsync. Of small files it
// is most of the time; of large ones the work is.
//
// Each operation does all files again.
func BenchmarkFiles(b *testing.B) {
	for _, set := range []struct {
		size string
		files.Set
	}{
		{"4KiB", files.Set{Files: 500, Size: 4 << 10, Seed: 1}},
		{"16MiB", files.Set{Files: 4, Size: 16 << 20, Seed: 1}},
	} {
		for _, work := range []files.Work{files.Gzip, files.SHA256} {
			b.Run(fmt.Sprintf("size=%s/work=%s", set.size, work), func(b *testing.B) {
				overFiles(b, set.Set, work).Run(b)
			})
		}
	}
}

func overFiles(b testing.TB, set files.Set, work files.Work) bench.Comparison[string, files.Body, files.Done] {
	in := b.TempDir()
	keys, err := files.Generate(b.Context(), in, set, nil) // 0.3 s at the most
	require.NoError(b, err)
	batch, err := files.Open(files.Settings{In: in, Out: b.TempDir(), Work: work, Again: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, batch.Close()) })
	return bench.Comparison[string, files.Body, files.Done]{
		Job:    batch.Job(),
		Keys:   keys,
		Limits: bench.Limits(filesInFlight),
		Want: func() ([]overlap.Result[files.Done], error) { // in less time than a sequential run
			want := pool.Run(b.Context(), batch.Job(), keys, filesInFlight)
			for i, key := range keys {
				if done := want[i].Value; want[i].Err == nil && (done.Skipped || done.Read != int64(set.Size)) {
					return nil, fmt.Errorf("%s was not done: %+v", key, done)
				}
			}
			return want, overlap.Errors(want)
		},
	}
}

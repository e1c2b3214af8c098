package queue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

func TestFirst(t *testing.T) {
	q, err := queue.Open(t.Context(), queue.Settings{Dir: t.TempDir()})
	require.NoError(t, err)
	defer q.Close()
	job := queue.Job[int, int, string]{Name: "first", Job: overlap.Job[int, int, string]{
		Fetch:   func(ctx context.Context, key int) (int, error) { return key * 2, nil },
		Process: func(ctx context.Context, body int) (string, error) { return fmt.Sprint(body), nil },
	}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		worked, err := queue.Work(ctx, q, job, 64)
		fmt.Println(worked, err)
	})
	keys := slices.Collect(func(yield func(int) bool) {
		for i := range 20000 {
			if !yield(i) {
				return
			}
		}
	})
	begin := time.Now()
	for i, r := range queue.Run(t.Context(), q, job, keys) {
		require.NoError(t, r.Err)
		require.Equal(t, fmt.Sprint(2*i), r.Value)
	}
	fmt.Println(time.Since(begin))
	fmt.Println(q.Status(t.Context(), "first"))
	cancel()
	wg.Wait()
}
